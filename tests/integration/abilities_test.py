"""The five batteries, as jobs/abilities.yaml asks them: the same for any number of ranks, each ability in the table."""

from sweep_harness import *  # noqa: F403

BATTERIES = ("explainability", "instruction_following", "visual_spatial", "few_shot", "contrast")


@needs_shared_data
class Abilities(SweepTest):
    def test_ranks_give_the_same_records_and_the_table_names_each_ability(self):
        # The shipped job, with few questions and few of the demonstrations' numbers and draws.
        text = (SOURCE / "jobs" / "abilities.yaml").read_text()
        self.assertIn("tasks: [" + ", ".join(BATTERIES) + "]", text)
        job = self.write("job.yaml", text + "  - {shots: [1, 8, 16, 32]}\n  - {seed: [1, 2, 3, 4]}\nlimit: 4\n")
        outputs, tables = {}, {}
        for ranks in (1, 2, 4):
            outputs[ranks] = self.folder / f"ranks_{ranks}.h5"
            tables[ranks], _ = self.run_sweep(job, outputs[ranks], ranks)
        self.assert_same_records(outputs[1], outputs[2])
        self.assert_same_records(outputs[1], outputs[4])
        table = tables[1].split("Abilities against log10 N")[1].split("What grows with size")[0]
        for ability in BATTERIES:
            self.assertRegex(table, rf"(?m)^{ability} .*\.\.", "a row with its interval")
        self.check_file(outputs[1])

    def check_file(self, output):
        import h5py
        with h5py.File(output) as file:
            group = file["abilities"]["analysis_ability"]
            abilities = [name.decode() for name in group["ability"][:]]
            for ability in BATTERIES:
                row = abilities.index(ability)
                self.assertGreaterEqual(group["num_sizes"][row], 5)
                self.assertLessEqual(group["spearman_rho_ci_low"][row], group["spearman_rho_ci_high"][row])


if __name__ == "__main__":
    unittest.main(verbosity=2)
