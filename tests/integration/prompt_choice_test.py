"""A cell that needs what another cell makes: a prompt chosen without a development set, on any number of ranks, killed
and rerun, and where the choice cannot be made."""

import h5py

from sweep_harness import *  # noqa: F403

TASK = """\
task: which_animal
dataset_path: test.jsonl
fewshot_path: train.jsonl
output_type: multiple_choice
doc_to_text: "{{name}} has a pet. It is a {{animal}}. The pet of {{name}} is a"
doc_to_choice: [cat, dog]
doc_to_target: "{{gold}}"
metric_list:
  - metric: acc
prompt_choice:
  by: BY
  examples: 6
  orders: 2
  candidates:
    - doc_to_text: "{{name}} has a pet. It is a {{animal}}. The pet of {{name}} is a"
    - doc_to_text: "Who? {{name}}. What? {{animal}}. What?"
    - doc_to_text: "{{animal}}"
"""
NAMES = ["Tom", "Lily", "Ben", "Sue", "Tim", "Anna", "Max", "Mia", "Sam", "Lucy", "Jack", "Amy"]
MORE = "engine: {shard_seconds: 0.05}\nshots: [0, 2]\nseeds: [0, 1]\n"


def rows(names):
    return "".join(json.dumps({"name": name, "animal": ["cat", "dog"][gold], "gold": gold}) + "\n"
                   for name in names for gold in (0, 1))


@needs_shared_data
class PromptChoice(SweepTest):
    def job(self, by="leave_one_out", more=MORE):
        self.write("tasks/test.jsonl", rows(NAMES[:6]))
        self.write("tasks/train.jsonl", rows(NAMES[6:]))
        task = self.write("tasks/which_animal.yaml", TASK.replace("BY", by))
        return self.stories_job(tasks=f"[{task}, story_coin]", more=more)

    def undisturbed(self, job):
        output = self.folder / "undisturbed.h5"
        self.run_sweep(job, output)
        return output

    def choices(self, output):
        """[(name of the choosing cell, chosen prompt, its questions' scores)] of a results file."""
        found = []
        with h5py.File(output) as file:
            job = file["stories"]
            names = [f"{variant.decode()} {shots} {seed}" for variant, shots, seed in
                     zip(job["cell_variant"][:], job["num_fewshot"][:], job["seed"][:])]
            for cell, needed in enumerate(job["cell_needs_index"][:]):
                is_asked = job["cell_task"][cell] == b"which_animal"
                self.assertEqual(needed >= 0, is_asked)
                if not is_asked:
                    continue
                self.assertEqual(job["cell_task"][needed], b"which_animal.prompt_choice")
                self.assertEqual(names[needed].split()[0::2], names[cell].split()[0::2])
                start, size = job["record_row_start"][needed], job["record_row_size"][needed]
                artifact = json.loads(job["cell_artifact"][needed])
                scores = list(job["nll" if "nll" in artifact else "codelength"][start:start + size])
                self.assertEqual(artifact["prompt"], scores.index(min(scores)))
                found.append((names[needed], artifact["prompt"], scores))
        return found

    def test_any_number_of_ranks_and_starts(self):
        job = self.job()
        expected = self.undisturbed(job)
        choices = self.choices(expected)
        # Two models, two seeds, and as many shots as the task itself has.
        self.assertEqual(len({name for name, _, _ in choices}), 8)
        self.assertEqual({len(scores) for _, _, scores in choices}, {3})
        for ranks in (2, 4):
            output = self.folder / f"{ranks}.h5"
            self.run_sweep(job, output, ranks)
            self.assert_same_records(expected, output)
            self.assertEqual(self.choices(output), choices)

    def test_the_chosen_prompt_is_the_one_that_is_asked(self):
        # Every candidate as a plain task: the cell's records are those of the one that was chosen.
        job = self.job("mdl")
        output = self.undisturbed(job)
        texts = [line.split('doc_to_text: ')[1] for line in TASK.splitlines() if "- doc_to_text" in line]
        head = TASK.split("prompt_choice:")[0]
        chosen = set()
        with h5py.File(output) as file:
            asked = file["stories"]
            for number, text in enumerate(texts):
                # Under the same name, by which demonstrations are drawn.
                plain = "\n".join(f"doc_to_text: {text}" if line.startswith("doc_to_text") else line
                                  for line in head.splitlines()).replace("_path: ", "_path: ../tasks/")
                task = self.write(f"plain{number}/which_animal.yaml", plain + "\n")
                alone = self.folder / f"plain{number}.h5"
                self.run_sweep(self.stories_job("plain.yaml", tasks=f"[{task}]", more=MORE), alone)
                with h5py.File(alone) as other:
                    chosen |= self.compare_cells(asked, other["stories"], number)
        self.assertEqual(chosen, {cell for cell, needed in self.needs_of(output) if needed >= 0})

    def needs_of(self, output):
        with h5py.File(output) as file:
            return list(enumerate(file["stories/cell_needs_index"][:]))

    def compare_cells(self, asked, plain, number):
        """The cells asked by prompt `number`, each checked against the cell of the plain task."""
        cells = set()
        for cell, needed in enumerate(asked["cell_needs_index"][:]):
            if needed < 0 or json.loads(asked["cell_artifact"][needed])["prompt"] != number:
                continue
            cells.add(cell)
            same = [other for other in range(len(plain["seed"])) if all(
                plain[key][other] == asked[key][cell] for key in ("cell_variant", "num_fewshot", "seed"))]
            self.assertEqual(len(same), 1)
            self.assertEqual(self.likelihoods(plain, same[0]), self.likelihoods(asked, cell))
        return cells

    def likelihoods(self, job, cell):
        first, count = job["record_row_start"][cell], job["record_row_size"][cell]
        begin = job["request_row_start"][first]
        end = begin + sum(job["request_row_size"][first:first + count])
        return job["log_likelihood"][begin:end].tolist()

    def test_killed_before_between_and_after_the_choices(self):
        job = self.job()
        expected = self.undisturbed(job)
        output = self.folder / "killed.h5"
        points = ["stories-50k/f32 which_animal.prompt_choice, 2 shots, seed 1", "journal_written:5",
                  "stories-14k/f32 which_animal, 2 shots, seed 0"]
        for ranks, point in zip((1, 2, 4), points):
            _, err = self.run_sweep(job, output, ranks, code=None, ALLOMETER_TEST_KILL=point)
            self.assertRegex(err, "(?i)signal 9|Killed", f"the point '{point}' was not hit")
        self.run_sweep(job, output, 2)
        self.assert_same_records(expected, output)
        self.assertEqual(self.choices(output), self.choices(expected))

    def test_a_choice_that_fails_fails_what_needs_it(self):
        job = self.job("mdl")
        output = self.folder / "poison.h5"
        poison = "stories-50k/f32 which_animal.prompt_choice, 5 shots, seed 0"
        for _ in range(8):
            _, err = self.run_sweep(job, output, 2, code=None, ALLOMETER_TEST_KILL=poison)
            if self.state(output)["outcome"] != "running":
                break
        self.assertEqual(self.state(output)["outcome"], "failed_cells", err[-2000:])
        self.assertEqual(self.state(output)["cells_failed"], 3)  # the choice, and its 0 and 2 shots
        with h5py.File(output) as file:
            reasons = [text.decode() for text in file["stories/status_reason"][:] if b"the cell that it needs" in text]
        self.assertEqual(len(reasons), 2)
        for reason in reasons:
            self.assertIn(f"failed, {poison}: questions 0 to 2 were handed out 3 times", reason)
        self.run_sweep(job, output, 2, options=["--retry-failed"])
        self.assert_same_records(self.undisturbed(job), output)

    def test_the_plan_counts_the_choices(self):
        out, _ = self.run_program("plan", self.job(), "--ranks", "4", "--ranks-per-node", "2")
        # Of which 8 are the task, 8 its choices and 8 story_coin.
        self.assertIn("24 cells", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
