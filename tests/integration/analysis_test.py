"""The same statistics, to the last bit, whoever worked them out: ranks of `run`, of `collect` and of `analyze`."""

import h5py

from sweep_harness import *  # noqa: F403

JOB = """\
name: analysis
models:
{models}
tasks: [{tasks}]
task_directories: [{folder}/tasks]
shots: [0, 2]
analysis: {{bootstrap_draws: 300, hierarchical: true, contrast: choices-1}}
"""
NUM_TASKS = 5


def analysis_of(path, without=()):
    """{group/column: its bytes or texts} of all that the statistics wrote."""
    columns = {}
    with h5py.File(path) as file:
        job = file[next(iter(file))]
        groups = [name for name in job if isinstance(job[name], h5py.Group) and name not in without]
        for name in groups:
            for column, dataset in job[name].items():
                values = dataset[()]
                columns[f"{name}/{column}"] = values.tolist() if values.dtype == object else values.tobytes()
    return columns


class Analysis(SweepTest):
    def prepare(self):
        models = ""
        for i, hidden in enumerate((48, 72, 96, 144)):
            family = "odd" if i % 2 else "even"
            self.run_program("make-model", self.folder / f"m{i}", "--hidden-size", hidden, "--num-hidden-layers", 1,
                             "--num-attention-heads", 6, "--num-key-value-heads", 3, "--intermediate-size", 2 * hidden,
                             "--max-position-embeddings", 512, "--dtype", "F32", "--initializer-range", 0.1,
                             "--seed", i, "--tokenizer", SOURCE / "jobs/random/tokenizer")
            models += f"  - path: {self.folder}/m{i}\n    family: {family}\n"
        rows = [json.loads(line) for line in (SOURCE / "jobs/random/story_text.jsonl").read_text().splitlines()]
        texts = [row["text"] for row in rows]
        for t in range(NUM_TASKS):
            questions = [{"id": f"q{i}", "question": texts[(i + t) % len(texts)][:60 + t],
                          "choices": [texts[(i + k) % len(texts)][: 9 + 5 * k] for k in range(4)], "gold": (i + t) % 4}
                         for i in range(8)]
            self.write(f"tasks/choices-{t}.jsonl", "".join(json.dumps(question) + "\n" for question in questions))
            self.write(f"tasks/choices-{t}.yaml", TASK_TEXT.format(name=f"choices-{t}", data=f"choices-{t}.jsonl"))
        return self.write("job.yaml", JOB.format(models=models, folder=self.folder,
                                                 tasks=", ".join(f"choices-{t}" for t in range(NUM_TASKS))))

    def ranks_do(self, ranks, *arguments):
        """Standard output of a subcommand that was started as several ranks."""
        process = self.start(arguments, ranks, OMP_NUM_THREADS=1)
        out, err = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 0, f"\nstdout:\n{out[-3000:]}\nstderr:\n{err[-3000:]}")
        return out

    def test_any_number_of_ranks(self):
        job = self.prepare()
        outputs = []
        for ranks in (1, 2, 4):
            outputs.append(self.folder / f"ranks{ranks}.h5")
            self.run_sweep(job, outputs[-1], ranks, options=["--threads", "1"])
        # What answers cost differs from run to run.
        costs = ("analysis_efficiency", "analysis_answers", "analysis_pareto")
        expected = analysis_of(outputs[0], costs)
        self.assertGreater(len(expected), 30)
        for output in outputs[1:]:
            self.assertEqual(analysis_of(output, costs), expected, output)

        file = outputs[0]
        once = self.run_program("analyze", file, OMP_NUM_THREADS=1)[0]
        expected = analysis_of(file)
        for ranks in (1, 2, 4):
            self.assertEqual(self.ranks_do(ranks, "analyze", file), once)
            self.assertEqual(analysis_of(file), expected, f"analyze, {ranks} ranks")
        self.run_program("analyze", file, OMP_NUM_THREADS=3)
        self.assertEqual(analysis_of(file), expected, "analyze, 3 threads")
        self.ranks_do(3, "collect", file)
        self.assertEqual(analysis_of(file), expected, "collect, 3 ranks")

    def test_a_mistake_is_told_once(self):
        job = self.prepare()
        file = self.folder / "out.h5"
        self.run_sweep(job, file, 1)
        for arguments in (("analyze", file, "--task", "chess"), ("collect", self.folder / "other.h5")):
            process = self.start(arguments, 3, OMP_NUM_THREADS=1)
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 2, err)
            self.assertEqual(out, "")
            self.assertEqual(sum(line.startswith("error: ") for line in err.splitlines()), 1, err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
