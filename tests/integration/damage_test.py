"""Bad input and bad luck: the right message, the right exit code, and every other cell finished."""

from sweep_harness import *  # noqa: F403


@needs_shared_data
class Damage(SweepTest):
    def job_with(self, models, tasks="[story_coin]", limit=20, more=""):
        lines = "".join(f"  - path: {model}\n    family: stories\n" for model in models)
        return self.write("job.yaml", f"name: damage\nmodels:\n{lines}tasks: {tasks}\nlimit: {limit}\n{more}")

    def run_with_damage(self, damage, message):
        """stories-50k damaged beside a sound stories-14k: one cell fails with `message`, the other is done."""
        model = self.copy_model("stories-50k", "damaged")
        damage(model)
        output = self.folder / "damage.h5"
        _, err = self.run_sweep(self.job_with([f"{SHARED}/stories/stories-14k", model]), output, ranks=2, code=3)
        self.assertRegex(err, message)
        self.assertNotIn("terminate called", err)
        state = self.state(output)
        self.assertEqual((state["cells_done"], state["cells_failed"]), (1, 1))
        import h5py
        with h5py.File(output) as file:
            reasons = [reason.decode() for reason in file["damage/status_reason"][:]]
        self.assertEqual(sum(bool(reason) for reason in reasons), 1)
        self.assertRegex("".join(reasons), message)

    def test_unreadable_checkpoint(self):
        # Root may read anything: a link to nowhere cannot be opened by anyone.
        def damage(model):
            (model / "model.safetensors").unlink()
            (model / "model.safetensors").symlink_to("/nowhere/model.safetensors")
        self.run_with_damage(damage, r"model\.safetensors")

    def test_truncated_safetensors(self):
        def damage(model):
            path = model / "model.safetensors"
            path.write_bytes(path.read_bytes()[:-1000])
        self.run_with_damage(damage, r"damaged/model\.safetensors.*(beyond|truncated|bytes)")

    def test_header_that_lies(self):
        def damage(model):
            path = model / "model.safetensors"
            path.write_bytes((1 << 60).to_bytes(8, "little") + path.read_bytes()[8:])
        self.run_with_damage(damage, r"damaged/model\.safetensors.*header")

    def test_config_that_does_not_fit_the_tensors(self):
        def damage(model):
            config = json.loads((model / "config.json").read_text())
            config["hidden_size"] = 64
            (model / "config.json").write_text(json.dumps(config))
        self.run_with_damage(damage, r"(?s)damaged.*shape|heads")

    def test_unknown_architecture_is_named(self):
        def damage(model):
            config = json.loads((model / "config.json").read_text())
            config["architectures"] = ["SphinxForCausalLM"]
            (model / "config.json").write_text(json.dumps(config))
        self.run_with_damage(damage, "SphinxForCausalLM")

    def test_token_id_beyond_the_vocabulary(self):
        # The tokenizer knows 512 pieces, the checkpoint embeds 400.
        import numpy

        def damage(model):
            config = json.loads((model / "config.json").read_text())
            config["vocab_size"] = 400
            (model / "config.json").write_text(json.dumps(config))
            raw = (model / "model.safetensors").read_bytes()
            length = int.from_bytes(raw[:8], "little")
            header = json.loads(raw[8:8 + length])
            data = raw[8 + length:]
            out, offset, body = {}, 0, []
            for name, entry in header.items():
                if name == "__metadata__":
                    continue
                begin, end = entry["data_offsets"]
                values = numpy.frombuffer(data[begin:end], "f4").reshape(entry["shape"])
                if entry["shape"][0] == 512:
                    values = values[:400]
                body.append(values.tobytes())
                out[name] = {"dtype": "F32", "shape": list(values.shape),
                             "data_offsets": [offset, offset + len(body[-1])]}
                offset += len(body[-1])
            text = json.dumps(out).encode()
            (model / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(body))
        self.run_with_damage(damage, r"token id \d+.*(400|vocab)")

    def test_missing_field_in_row_17(self):
        rows = [{"id": f"q{i}", "question": f"Say {i}.", "choices": ["yes", "no"], "gold": i % 2} for i in range(30)]
        del rows[16]["question"]
        self.write("tasks/rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("tasks/holes.yaml", TASK_TEXT.format(name="holes", data="rows.jsonl"))
        output = self.folder / "damage.h5"
        job = self.job_with([f"{SHARED}/stories/stories-14k"], tasks="[holes, story_coin]", limit=25,
                            more=f"task_directories: [{self.folder}/tasks]\n")
        _, err = self.run_sweep(job, output, code=3)
        self.assertRegex(err, r"rows\.jsonl.*17.*question")
        state = self.state(output)
        self.assertEqual((state["cells_done"], state["cells_failed"]), (1, 1))

    def test_all_mistakes_of_a_job_are_told_once(self):
        job = self.write("job.yaml", f"name: x\nmodels:\n  - path: {SHARED}/stories/stories-14k\n    famly: a\n"
                                     "tasks: [story_coin]\nlimit: -3\nvariants:\n  - precision: f8\n")
        _, err = self.run_sweep(job, self.folder / "x.h5", ranks=4, code=2)
        for message in (r"job\.yaml:4: .*famly.*family", r"job\.yaml:6: .*limit", r"job\.yaml:8: .*f8"):
            self.assertEqual(len(self.matches(message, err)), 1, err)
        self.assertFalse((self.folder / "x.h5.journal").exists())

    @staticmethod
    def matches(pattern, text):
        import re
        return re.findall(pattern, text)

    def test_a_cut_line_of_a_dataset_is_found_before_any_work(self):
        self.write("tasks/rows.jsonl", '{"question": "a", "choices": ["x", "y"], "gold": 0}\n{"question": "b", "cho')
        self.write("tasks/cut.yaml", TASK_TEXT.format(name="cut", data="rows.jsonl"))
        job = self.job_with([f"{SHARED}/stories/stories-14k"], tasks="[cut, story_con]",
                            more=f"task_directories: [{self.folder}/tasks]\n")
        _, err = self.run_sweep(job, self.folder / "x.h5", ranks=2, code=2)
        self.assertRegex(err, r"rows\.jsonl:2: ")
        self.assertRegex(err, "story_con")  # both mistakes at once
        self.assertNotIn("MPI_ABORT", err)

    def test_a_computation_that_hangs_ends_the_job(self):
        # The ranks' other threads go on: only the one that computes sleeps.
        job = self.stories_job(limit=20)
        _, err = self.run_sweep(job, self.folder / "hang.h5", ranks=2, code=None, timeout=100,
                                ALLOMETER_WATCHDOG_SECONDS=3, ALLOMETER_TEST_HANG="mid_shard")
        self.assertRegex(err, r"cell stories-\d+k/f32 .* made no progress for \d+ s")

    def test_unknown_task_is_suggested(self):
        _, err = self.run_sweep(self.job_with([f"{SHARED}/stories/stories-14k"], tasks="[story_coi]"),
                                self.folder / "x.h5", ranks=2, code=2)
        self.assertRegex(err, r"job\.yaml:\d+: .*story_coi.*story_coin")

    def test_a_wrong_option_is_told_by_one_rank(self):
        _, err = self.run_sweep(self.job_with([f"{SHARED}/stories/stories-14k"]), self.folder / "x.h5", ranks=4,
                                options=["--thread", "2"], code=2)
        self.assertEqual(len(self.matches("error: .*--thread", err)), 1, err)

    def test_second_job_on_one_output_is_refused(self):
        job = self.stories_job()
        output = self.folder / "shared.h5"
        # The first job cannot end before it has been asked about: its computation sleeps.
        first = self.start(["run", job, "-o", output], ranks=1, ALLOMETER_TEST_HANG="mid_shard")
        self.addCleanup(first.kill)
        self.wait_until(lambda: pathlib.Path(f"{output}.journal").exists(), what="the first job")
        _, err = self.run_sweep(job, output, code=2)
        self.assertRegex(err, r"shared\.h5 is being written by job 'stories', process \d+ on ")
        self.run_program("status", output, "--exit-code", code=1)
        first.kill()
        first.communicate()
        # Its death gives the output free.
        self.wait_until(lambda: self.start_is_possible(job, output), what="the lock of a dead job")

    def start_is_possible(self, job, output):
        process = self.start(["run", job, "-o", output])
        process.communicate(timeout=120)
        return process.returncode == 0

    def test_full_disk(self):
        mount = self.folder / "small"
        mount.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", mount], capture_output=True).returncode:
            self.skipTest("a small tmpfs cannot be mounted here (root is needed)")
        self.addCleanup(subprocess.run, ["umount", mount])
        job = self.stories_job(limit=400, tasks="[story_lm, story_cloze]",
                               more="engine: {shard_seconds: 0.05}\nvariants: [{precision: f32}, {precision: bf16}]\n")
        output = mount / "full.h5"
        _, err = self.run_sweep(job, output, ranks=2, code=1)
        self.assertRegex(err, r"(?i)no space left")
        # With more room the same command carries on: nothing that was finished is lost.
        subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
        _, err = self.run_sweep(job, output, ranks=2)
        self.assertNotRegex(err, r"\(0 questions kept\)")
        expected = self.folder / "undisturbed.h5"
        self.run_sweep(job, expected, ranks=2)
        self.assert_same_records(expected, output)

    def test_a_rank_that_hangs_ends_the_job(self):
        job = self.stories_job(limit=400, tasks="[story_lm]", models=("stories-658k",),
                               more="engine: {shard_seconds: 0.1}\n")
        process = self.start(["run", job, "-o", self.folder / "hang.h5"], ranks=2, ALLOMETER_WATCHDOG_SECONDS=12)
        self.addCleanup(process.kill)
        self.wait_until(lambda: (self.folder / "hang.h5.journal").exists(), what="the start")
        os.kill(ranks_of(process)[1], signal.SIGSTOP)
        _, err = process.communicate(timeout=120)
        self.assertNotEqual(process.returncode, 0)
        self.assertRegex(err, r"nothing was heard of rank \d on ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
