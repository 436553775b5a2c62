"""Explanations as a sweep makes them: the same for any number of ranks, and readable in the results file."""

from sweep_harness import *  # noqa: F403


@needs_shared_data
class Explanations(SweepTest):
    def test_ranks_give_the_same_explanations(self):
        tasks = "[sentiment_lime, sentiment_lime_stability, sentiment_lime_tokens, nli_shap, nli_random]"
        job = self.stories_job(tasks=tasks, limit=6, more="engine: {shard_seconds: 0.2}\n")
        outputs = {}
        for ranks in (1, 2, 4):
            outputs[ranks] = self.folder / f"ranks_{ranks}.h5"
            self.run_sweep(job, outputs[ranks], ranks)
        self.assert_same_records(outputs[1], outputs[2])
        self.assert_same_records(outputs[1], outputs[4])
        self.check_explanations(outputs[1])

    def check_explanations(self, output):
        import h5py
        with h5py.File(output) as file:
            group = file["stories"]
            texts = [json.loads(text) for text in group["generated"][:]]
            self.assertEqual(len(texts), 2 * 5 * 6, "one explanation per record")
            for text in texts:
                units = sum(len(units) for units in text["units"])
                features = {feature for features in text["features"] for feature in features}
                self.assertEqual(units, sum(len(features) for features in text["features"]))
                self.assertEqual(len(text["weights"]), len(features))
                self.assertAlmostEqual(sum(text["probabilities"]), 1)
            for metric in ("acc", "comprehensiveness", "aopc_sufficiency_relative", "token_iou", "vsi"):
                self.assertIn(metric, group)


if __name__ == "__main__":
    unittest.main(verbosity=2)
