#!/usr/bin/python3
"""Writes shots_reference.json: level and gain of a few models by NumPy, their correlations with size by SciPy.

    /usr/bin/python3 tests/report/make_shots_reference.py > tests/report/shots_reference.json

Deterministic; the file is committed, so that the tests need no SciPy.
"""

import json

import numpy as np
from scipy import stats

SHOTS = [0, 1, 2, 4, 8, 16, 32]
PARAMETERS = [5840, 33632, 101808, 227264, 609504]


def main():
    random = np.random.default_rng(7)
    x = np.log1p(SHOTS)
    models = []
    for number, parameters in enumerate(PARAMETERS):
        line = 0.25 + 0.03 * number + (0.1 - 0.02 * number) * x
        values = line + random.normal(0, 0.04, (5, len(SHOTS)))  # [draw, shots]
        gain, level = np.polyfit(x, values.mean(axis=0), 1)
        fit = stats.linregress(x, values.mean(axis=0))
        t = stats.t.ppf(0.975, len(SHOTS) - 2)
        models.append({
            "parameters": parameters, "values": values.tolist(), "level": level, "gain": gain,
            "gain_t_low": fit.slope - t * fit.stderr, "gain_t_high": fit.slope + t * fit.stderr,
            "spread": float(np.sqrt(values.var(axis=0, ddof=1).mean())),
            "gain_spread": float(np.std([np.polyfit(x, draw, 1)[0] for draw in values], ddof=1))})
    size = np.log10(PARAMETERS)
    reference = {"shots": SHOTS, "models": models}
    for name in ("level", "gain"):
        estimates = [model[name] for model in models]
        reference[name] = {"pearson": stats.pearsonr(size, estimates)[0], "spearman": stats.spearmanr(size, estimates)[0]}
    print(json.dumps(reference, indent=1))


if __name__ == "__main__":
    main()
