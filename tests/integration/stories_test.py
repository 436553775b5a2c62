"""The shipped job on the trained ladder: what a user reads off it."""

from sweep_harness import *  # noqa: F403


@needs_shared_data
class Stories(SweepTest):
    def test_the_shipped_job(self):
        output = self.folder / "stories.h5"
        out, _ = self.run_sweep(SOURCE / "jobs/stories.yaml", output, ranks=2)
        left = [path.name for path in pathlib.Path("/dev/shm").glob("allometer-*")]
        self.assertEqual(left, [], "packed weights outlive the job")
        import h5py
        with h5py.File(output) as file:
            table = {name: [text.decode() if isinstance(text, bytes) else text for text in data[:]]
                     for name, data in file["stories/analysis_size"].items()}
        rows = list(zip(table["task"], table["metric"], table["trend"], table["spearman_rho"], table["num_models"]))
        trends = {(task, metric): trend for task, metric, trend, _, models in rows if models == 5}
        self.assertEqual(trends[("story_coin", "acc")], "at chance")
        self.assertEqual(trends[("story_lm", "nats_per_token")], "improves")
        strengths = [abs(rho) for _, _, _, rho, models in rows if models == 5]
        self.assertEqual(strengths, sorted(strengths), "weakest correlation first")
        # The published losses of the ladder, to the digits that a table prints.
        for loss in ("2.70", "2.19", "1.93", "1.29", "1.71"):
            self.assertIn(loss, out)
        self.assertRegex(out, "at chance: story_coin")


if __name__ == "__main__":
    unittest.main(verbosity=2)
