"""Nothing that was finished is lost: SIGKILL anywhere, orderly stops, changed jobs, poisonous shards."""

from sweep_harness import *  # noqa: F403

MORE = "engine: {shard_seconds: 0.05}\nvariants: [{precision: f32}, {precision: bf16}]\n"


@needs_shared_data
class Resume(SweepTest):
    def undisturbed(self, job):
        output = self.folder / "undisturbed.h5"
        self.run_sweep(job, output, ranks=2)
        return output

    def kill_and_rerun(self, point, ranks=2):
        job = self.stories_job(tasks="[story_cloze, story_continue]", more=MORE)
        output = self.folder / "killed.h5"
        _, err = self.run_sweep(job, output, ranks, code=None, ALLOMETER_TEST_KILL=point)
        self.assertRegex(err, "(?i)signal 9|Killed", f"the point '{point}' was not hit")
        self.run_sweep(job, output, ranks)
        self.assert_same_records(self.undisturbed(job), output)
        self.assertEqual(self.state(output)["outcome"], "done")
        return output

    def test_killed_while_packing(self):
        # Two ranks: the other one waits for the lock that dies with the packer.
        self.kill_and_rerun("packing")

    def test_killed_in_mid_shard(self):
        self.kill_and_rerun("mid_shard:20")

    def test_killed_between_journal_write_and_acknowledgement(self):
        self.kill_and_rerun("journal_written:3")

    def test_killed_before_the_rename_of_the_results_file(self):
        self.kill_and_rerun("before_rename", ranks=1)

    def test_killed_after_the_rename_of_the_results_file(self):
        self.kill_and_rerun("after_rename", ranks=1)

    def test_killed_again_and_again(self):
        job = self.stories_job(more=MORE)
        expected = self.undisturbed(job)
        output = self.folder / "killed.h5"
        # Twice: a third death would be held against the shards that were out each time.
        for passage in (3, 7):
            self.run_sweep(job, output, ranks=4, code=None, ALLOMETER_TEST_KILL=f"mid_shard:{passage}")
        self.run_sweep(job, output, ranks=1)
        self.assert_same_records(expected, output)

    def stop_with(self, number):
        job = self.stories_job(limit=400, tasks="[story_lm, story_cloze]", models=("stories-260k", "stories-658k"),
                               more="engine: {shard_seconds: 0.1}\n")
        output = self.folder / "stopped.h5"
        process = self.start(["run", job, "-o", output], ranks=2)
        journal = pathlib.Path(f"{output}.journal")
        self.wait_until(lambda: process.poll() is not None or (
            journal.exists() and sum(f.stat().st_size for f in journal.iterdir()) > 400_000), what="finished shards")
        signal_ranks(process, number)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 4, err[-3000:])
        self.assertEqual(self.state(output)["outcome"], "stopped")
        self.run_program("status", output, "--exit-code", code=4)
        self.assertIn("the same command carries on", err)
        self.run_sweep(job, output, ranks=2)
        self.run_program("status", output, "--exit-code", code=0)
        expected = self.folder / "undisturbed.h5"
        self.run_sweep(job, expected, ranks=2)
        self.assert_same_records(expected, output)

    def test_sigusr1_stops_in_good_order(self):
        self.stop_with(signal.SIGUSR1)

    def test_sigterm_stops_in_good_order(self):
        self.stop_with(signal.SIGTERM)

    def test_time_limit(self):
        job = self.stories_job(limit=400, tasks="[story_lm]", models=("stories-658k",),
                               more="engine: {shard_seconds: 0.1}\n")
        output = self.folder / "limited.h5"
        self.run_sweep(job, output, options=["--time-limit", "0.01"], code=4)
        self.assertIn("time limit", self.state(output)["reason"])

    def test_collect_from_a_killed_sweep(self):
        job = self.stories_job(more=MORE)
        output = self.folder / "killed.h5"
        self.run_sweep(job, output, ranks=2, code=None, ALLOMETER_TEST_KILL="mid_shard:12")
        self.assertFalse(output.exists())
        out, _ = self.run_program("collect", output)
        self.assertTrue(output.exists())
        self.assertIn("story_cloze", out)

    def test_a_changed_job_adds_keeps_and_marks(self):
        output = self.folder / "grown.h5"
        self.run_sweep(self.stories_job(models=("stories-14k", "stories-50k")), output)
        changed = self.stories_job("changed.yaml", models=("stories-50k", "stories-126k"))
        out, err = self.run_sweep(changed, output, options=["--dry-run"])
        self.assertIn("2 cells new:\n  stories-126k/f32 story_cloze, 0 shots, seed 0\n", out)
        self.assertIn("2 cells no longer in the job, kept in the file and marked:\n  stories-14k/f32 story_cloze", out)
        self.assertRegex(err, "4 cells: 2 new, 0 to be continued, 2 finished before .*; 2 finished cells of an earlier")
        self.run_sweep(changed, output)
        fresh = self.folder / "fresh.h5"
        self.run_sweep(changed, fresh)
        import h5py
        with h5py.File(output) as grown, h5py.File(fresh) as alone:
            self.assertEqual(sorted(grown["stories/in_job"][:]), [0, 0, 1, 1, 1, 1])
            self.assertEqual(list(alone["stories/in_job"][:]), [1, 1, 1, 1])

    def test_a_shard_that_kills_its_rank_every_time_fails_its_cell_alone(self):
        job = self.stories_job(tasks="[story_cloze, story_coin]", more="engine: {shard_seconds: 0.05}\n")
        output = self.folder / "poison.h5"
        poison = "stories-50k/f32 story_coin, 0 shots, seed 0"
        for attempt in range(8):
            _, err = self.run_sweep(job, output, ranks=2, code=None, ALLOMETER_TEST_KILL=poison)
            if self.state(output)["outcome"] != "running":
                break
        self.assertEqual(self.state(output)["outcome"], "failed_cells", f"after {attempt + 1} starts: {err[-2000:]}")
        self.assertEqual(self.state(output)["cells_failed"], 1)
        self.assertEqual(self.state(output)["cells_done"], 3)
        self.assertIn("handed out 3 times", err)
        self.run_program("status", output, "--exit-code", code=3)
        # The reason stands in the file; once the poison is gone, --retry-failed heals it.
        self.run_sweep(job, output, code=3)
        self.run_sweep(job, output, options=["--retry-failed"])
        self.assert_same_records(self.undisturbed(job), output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
