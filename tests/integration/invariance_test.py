"""The same records, to the last bit, whoever computed them: ranks, threads, shards, chunks, batches."""

from sweep_harness import *  # noqa: F403

# Long contexts (over 600 tokens) and prefixes that branch at odd depths; the model's weights are random, so every bit
# of every kernel shows.
JOB = """\
name: invariance
models:
  - path: {folder}/model
    family: random
    random: true
tasks: [{tasks}]
task_directories: [{folder}/tasks]
variants:
  - precision: f32
  - precision: bf16
shots: [0, 2]
exclude:
  - {{task: story_lm, shots: 2}}
engine: {{chunk_tokens: {chunk}, shard_seconds: {shard}, generation_memory: {memory}}}
"""


class Invariance(SweepTest):
    def prepare(self, limit, layers, hidden):
        self.limit = limit
        tokenizer = SOURCE / "jobs/random/tokenizer"
        self.run_program("make-model", self.folder / "model", "--hidden-size", hidden, "--num-hidden-layers", layers,
                         "--num-attention-heads", 6, "--num-key-value-heads", 3, "--intermediate-size", 3 * hidden,
                         "--max-position-embeddings", 1024, "--dtype", "F32", "--initializer-range", 0.1, "--seed", 7,
                         "--tokenizer", tokenizer)
        rows = [json.loads(line) for line in (SOURCE / "jobs/random/story_text.jsonl").read_text().splitlines()]
        texts = [row["text"] for row in rows]
        long_prefix = " ".join(texts)[:2600]
        questions = []
        for i in range(limit):
            # A shared long beginning, cut where no chunk ends; every third question leaves it early.
            cut = len(long_prefix) - 37 * (i % 3)
            questions.append({"id": f"q{i}", "question": long_prefix[:cut] + " " + texts[i % len(texts)][: 40 + 7 * i % 90],
                              "choices": [texts[(i + k) % len(texts)][: 9 + 11 * k] for k in range(4)], "gold": i % 4})
        self.write("tasks/long.jsonl", "".join(json.dumps(question) + "\n" for question in questions))
        self.write("tasks/branchy.yaml", TASK_TEXT.format(name="branchy", data="long.jsonl"))
        self.write("tasks/continue_long.yaml",
                   "task: continue_long\ndataset_path: long.jsonl\noutput_type: generate_until\n"
                   "doc_to_text: \"{{question}}\"\ndoc_to_target: \"{{id}}\"\nnum_fewshot: 0\n"
                   "generation_kwargs: {until: [\"@\"], max_gen_toks: 24}\nmetric_list:\n  - metric: exact_match\n")
        self.write("tasks/rolling.yaml",
                   "task: story_lm\ndataset_path: long.jsonl\noutput_type: loglikelihood_rolling\n"
                   "doc_to_text: \"\"\ndoc_to_target: \"{{question}}\"\nnum_fewshot: 0\n"
                   "metric_list:\n  - metric: bits_per_byte\n")

    def sweep(self, name, ranks=1, chunk=256, shard=20, memory="256MiB", options=(), **environment):
        job = self.write(f"{name}.yaml", JOB.format(folder=self.folder, chunk=chunk, shard=shard, memory=memory,
                                                    tasks="branchy, continue_long, story_lm"))
        output = self.folder / f"{name}.h5"
        began = time.monotonic()
        self.run_sweep(job, output, ranks, options=options, timeout=900, **environment)
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
        return output

    def count_leases(self, name):
        return sum(file.read_bytes().count(b'"attempt"') for file in (self.folder / f"{name}.h5.journal").iterdir())

    def killed_and_rerun(self, point):
        name = "killed_" + point.split(":")[0]
        job = self.write(f"{name}.yaml", JOB.format(folder=self.folder, chunk=61, shard=0.05, memory="256MiB",
                                                    tasks="branchy, continue_long, story_lm"))
        output = self.folder / f"{name}.h5"
        _, err = self.run_sweep(job, output, ranks=2, code=None, timeout=900, ALLOMETER_TEST_KILL=point)
        self.assertRegex(err, "(?i)signal 9|Killed", f"the point '{point}' was not hit")
        self.run_sweep(job, output, ranks=2, timeout=900)
        return output

    def check_all(self):
        reference = self.sweep("reference", options=["--threads", "1"])
        for output in [
                self.sweep("two_ranks", ranks=2, options=["--threads", "1"]),
                self.sweep("four_ranks", ranks=4, options=["--threads", "1"]),
                self.sweep("two_threads", options=["--threads", "2"]),
                self.sweep("small_shards", ranks=2, shard=0.02, memory="8MiB", options=["--threads", "1"]),
                self.sweep("other_chunks", ranks=2, chunk=61, options=["--threads", "1"])]:
            self.assert_same_records(reference, output)
        # Not the same shards under another name: more leases were handed out.
        self.assertGreater(self.count_leases("small_shards"), self.count_leases("reference"))
        for point in ("mid_shard:5", "journal_written:2"):
            self.assert_same_records(reference, self.killed_and_rerun(point))
        self.assert_different_records(
            reference, self.sweep("reordered", chunk=61, options=["--threads", "1"], ALLOMETER_TEST_REORDER=1))

    def test_short_job(self):
        self.prepare(limit=8, layers=2, hidden=96)
        self.check_all()

    @unittest.skipUnless(os.environ.get("ALLOMETER_LONG_TESTS"), "a job of over a minute: ./check --full runs it")
    def test_job_of_over_a_minute(self):
        self.prepare(limit=60, layers=8, hidden=384)
        self.check_all()


if __name__ == "__main__":
    unittest.main(verbosity=2)
