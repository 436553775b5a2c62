"""Results that others published, imported and analysed: what the results file says, held against SciPy on the raw files."""

import csv
import math

from sweep_harness import *  # noqa: F403

# Parameters without embeddings of the Pythia models.
PYTHIA_SIZES = {"70m": 18915328, "160m": 85056000, "410m": 302311424, "1b": 805736448, "1.4b": 1208602624,
                "2.8b": 2517652480, "6.9b": 6444163072, "12b": 11327027200}
SHOTS = {"zero-shot": 0, "five-shot": 5}


def pythia_size(model):
    return PYTHIA_SIZES[model.removeprefix("pythia-").removesuffix("-deduped")]


def raw_pythia():
    """{(model, task, shots): {metric: value, metric_stderr: value}}"""
    cells = {}
    for path in sorted(pathlib.Path(SHARED, "pythia").glob("*.json")):
        model, shots = path.stem.split("_")
        for task, metrics in json.loads(path.read_text())["results"].items():
            cells[model, task, SHOTS[shots]] = metrics
    return cells


def texts(column):
    return [text.decode() for text in column[:]]


def table_of(group):
    """The rows of a table of the results file, as dicts."""
    columns = {}
    for name, data in group.items():
        if b"not a netCDF variable" in data.attrs.get("NAME", b""):
            continue
        columns[name] = [value.decode() if isinstance(value, bytes) else value for value in data[:].tolist()]
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def within_slope(x, y, families):
    """The common slope of a line per family: least squares on deviations from the means of families."""
    products = squares = 0
    for family in set(families):
        own = [(a, b) for a, b, f in zip(x, y, families) if f == family]
        mean_x, mean_y = (sum(values) / len(own) for values in zip(*own))
        products += sum((a - mean_x) * (b - mean_y) for a, b in own)
        squares += sum((a - mean_x) ** 2 for a, _ in own)
    return products / squares


class ResultsOf:
    """The tables of one results file that a test reads."""

    def __init__(self, path):
        import h5py
        with h5py.File(path) as file:
            job = next(iter(file.values()))
            self.tables = {name: table_of(group) for name, group in job.items() if isinstance(group, h5py.Group)}
            self.published = list(zip(job["published_cell_index"][:].tolist(), texts(job["published_metric"]),
                                      job["published_value"][:].tolist(), job["published_standard_error"][:].tolist()))
            self.models = texts(job["model"])
            self.cells = list(zip(texts(job["cell_model"]), texts(job["cell_task"]), job["num_fewshot"][:].tolist()))

    def points_of_rows(self):
        """(row of the size table, {model: value}) for all of its rows."""
        points = [{} for _ in self.tables["analysis_size"]]
        for point in self.tables["analysis_points"]:
            points[int(point["row_index"])][point["model"]] = point["value"]
        return list(zip(self.tables["analysis_size"], points))


@needs_shared_data
class Published(SweepTest):
    def import_and_analyse(self, data, sidecar):
        """(what the import said, the tables as text, the results file)"""
        output = self.folder / "published.h5"
        said, _ = self.run_program("import", pathlib.Path(SHARED, data), "--models", SOURCE / "jobs/published" / sidecar,
                                   "-o", output)
        tables, _ = self.run_program("analyze", output)
        return said, tables, ResultsOf(output)

    def pythia(self):
        return self.import_and_analyse("pythia", "pythia.yaml")

    def assert_close(self, actual, expected, what, tolerance=1e-10):
        self.assertLessEqual(abs(actual - expected), tolerance * max(1, abs(expected)), f"{what}: {actual}, not {expected}")

    def assert_relation(self, row, x, values, what):
        """Coefficients and slope of a row of the size table are those of SciPy."""
        from scipy import stats
        self.assert_close(row["slope_per_decade"], stats.linregress(x, values).slope, what)
        if len(set(values)) == 1:
            self.assertTrue(math.isnan(row["spearman_rho"]), what)
            return
        self.assert_close(row["spearman_rho"], stats.spearmanr(x, values).correlation, what)
        self.assert_close(row["pearson_r"], stats.pearsonr(x, values).statistic, what)
        self.assert_close(row["kendall_tau_b"], stats.kendalltau(x, values).correlation, what)

    def test_one_command_imports_all_of_pythia(self):
        said, _, results = self.pythia()
        raw = raw_pythia()
        self.assertRegex(said, "30 files: 15 models")
        self.assertEqual(len(results.models), 15)
        expected = {(*cell, metric): (value, metrics.get(metric + "_stderr")) for cell, metrics in raw.items()
                    for metric, value in metrics.items() if not metric.endswith("_stderr")}
        published = {}
        for cell, metric, value, error in results.published:
            published[(*results.cells[cell], metric)] = (value, error)
        self.assertEqual(published.keys(), expected.keys())
        for key, (value, error) in expected.items():
            self.assertEqual(published[key][0], value, key)
            self.assertTrue(published[key][1] == error or (error is None and math.isnan(published[key][1])), key)

    def test_every_correlation_and_slope_is_that_of_scipy(self):
        _, _, results = self.pythia()
        raw = raw_pythia()
        checked = 0
        for row, points in results.points_of_rows():
            what = f"{row['task']} {row['metric']} {row['num_fewshot']} shots, {row['models']}"
            values = [raw[model, row["task"], row["num_fewshot"]][row["metric"]] for model in points]
            self.assertEqual(list(points.values()), values, what)
            x = [math.log10(pythia_size(model)) for model in points]
            self.assert_relation(row, x, values, what)
            checked += 1
        self.assertGreater(checked, 300)

    def test_lambada_piqa_and_arc_easy_climb_and_logiqa_does_not(self):
        _, _, results = self.pythia()
        rho = {}
        for row, points in results.points_of_rows():
            if row["metric"] == "acc" and len({model.endswith("-deduped") for model in points}) == 1:
                rho.setdefault(row["task"], []).append(row["spearman_rho"])
        for task in ("lambada_openai", "piqa", "arc_easy"):
            self.assertEqual(len(rho[task]), 4, "plain and deduplicated, no and five demonstrations")
            self.assertGreaterEqual(min(rho[task]), 0.97, task)
        self.assertEqual(len(rho["logiqa"]), 4)
        self.assertLess(max(rho["logiqa"]), 0.97)
        verdicts = {}
        for row in results.tables["analysis_verdict"]:
            verdicts.setdefault((row["kind"], row["name"]), set()).add(row["verdict"])
        for task in ("lambada_openai", "piqa", "arc_easy"):
            self.assertEqual(verdicts["task", task], {"grows"}, task)
        self.assertNotIn("grows", verdicts["task", "logiqa"] | verdicts["ability", "logic"])
        self.assertEqual(verdicts["ability", "language"], {"grows"})

    def test_wsc_with_five_demonstrations_is_said_to_be_constant(self):
        _, tables, results = self.pythia()
        rows = [row for row in results.tables["analysis_size"] if row["task"] == "wsc" and row["num_fewshot"] == 5]
        self.assertGreaterEqual(len(rows), 2)
        for row in rows:
            self.assertEqual(row["trend"], "constant")
            self.assertEqual(row["slope_per_decade"], 0)
        self.assertRegex(tables, r"constant: .*wsc")

    def test_deduplicated_data_beside_size(self):
        _, _, results = self.pythia()
        raw = raw_pythia()
        chance = {"lambada_openai": 0, "piqa": 0.5, "arc_easy": 0.25, "logiqa": 0.25}
        rows = {row["task"]: row for row in results.tables["analysis_lever"] if row["lever"] == "data"}
        for task, guessing in chance.items():
            differences = {}
            for model, of_task, shots in raw:
                plain = (model.removesuffix("-deduped"), task, shots)
                if of_task == task and model.endswith("-deduped") and plain in raw:
                    difference = raw[model, task, shots]["acc"] - raw[plain]["acc"]
                    differences.setdefault(pythia_size(model), []).append(difference / (1 - guessing))
            mean = sum(sum(some) / len(some) for some in differences.values()) / len(differences)
            row = rows[task]
            sign = 1 if row["level"] == "deduplicated" else -1
            self.assertEqual(row["num_matched"], len(differences), task)
            self.assert_close(sign * row["matched"], mean, task)
            self.assertLess(row["effect_low"], row["effect"])
            self.assertGreater(row["effect_high"], row["effect"])
            self.assertLess(abs(row["effect"]), row["decade"] if task != "logiqa" else 0.05, task)

    def test_gain_of_five_demonstrations_against_size(self):
        from scipy import stats
        _, _, results = self.pythia()
        raw = raw_pythia()
        points = {}
        for point in results.tables["analysis_shots_points"]:
            points.setdefault(int(point["row_index"]), {})[point["model"]] = point["gain"]
        checked = 0
        for index, row in enumerate(results.tables["analysis_shots"]):
            gains = points[index]
            what = f"{row['task']} {row['metric']}, {row['models']}"
            for model, gain in gains.items():
                none, five = (raw[model, row["task"], shots][row["metric"]] for shots in (0, 5))
                self.assert_close(gain, (five - none) / math.log(6), f"{what}: {model}")
            expected = stats.spearmanr([pythia_size(model) for model in gains], list(gains.values())).correlation
            if math.isnan(expected):
                self.assertTrue(math.isnan(row["gain_spearman_rho"]), what)
            else:
                self.assert_close(row["gain_spearman_rho"], expected, what)
            checked += 1
        self.assertGreater(checked, 100)

    def test_dense_models_of_obs_scaling(self):
        _, _, results = self.import_and_analyse("obs_scaling", "obs_scaling.yaml")
        self.assertFalse([model for model in results.models if "mixtral" in model.lower()], "a mixture of experts is in")
        with open(pathlib.Path(SHARED, "obs_scaling", "base_llm_benchmark_eval.csv")) as file:
            raw = {row["Model"].rsplit("/")[-1]: row for row in csv.DictReader(file)}
        columns = {"mmlu": "MMLU", "arc_challenge": "ARC-C", "hellaswag": "HellaSwag", "winogrande": "Winograd",
                   "truthfulqa": "TruthfulQA", "gsm8k": "GSM8K", "xwinograd": "XWinograd", "humaneval": "HumanEval"}
        # The sidecar corrects this one: it has 7 billion parameters.
        raw["open_llama_7b_v2"]["Model Size (B)"] = "7"
        pooled, single = {}, {}
        for row, points in results.points_of_rows():
            task = row["task"]
            what = f"{task}, {row['models']}"
            x = [math.log10(float(raw[model]["Model Size (B)"]) * 1e9) for model in points]
            y = [float(raw[model][columns[task]]) for model in points]
            self.assertEqual(list(points.values()), y, what)
            self.assert_relation(row, x, y, what)
            if len({raw[model]["Model Family"] for model in points}) > 1:
                self.assertNotIn(task, pooled, "one row of all families")
                pooled[task] = row
                families = [raw[model]["Model Family"] for model in points]
                self.assert_close(row["within_slope_per_decade"], within_slope(x, y, families), what)
                self.assertLess(row["within_slope_t_low"], row["within_slope_per_decade"], what)
                self.assertGreater(row["within_slope_t_high"], row["within_slope_per_decade"], what)
                self.assertLess(row["slope_t_low"], row["slope_per_decade"], what)
                self.assertGreater(row["slope_t_high"], row["slope_per_decade"], what)
            elif row["num_sizes"] >= 3:
                single[task] = single.get(task, 0) + 1
                self.assertFalse(math.isnan(row["slope_t_low"]), what)
        self.assertEqual(pooled.keys(), columns.keys())
        self.assertEqual(single.keys(), columns.keys())
        self.assertGreaterEqual(pooled["mmlu"]["num_models"], 140)


if __name__ == "__main__":
    unittest.main(verbosity=2)
