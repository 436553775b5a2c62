#!/usr/bin/python3
"""Writes hierarchical_reference.json: a bootstrap over families, models and questions in NumPy.

    /usr/bin/python3 tests/stats/make_hierarchical_reference.py > tests/stats/hierarchical_reference.json

Its random numbers are not ours: agreement is within Monte Carlo error.
"""

import json

import numpy as np

DRAWS = 100_000


def slopes(x, y, groups):
    """(about common means, about the means of each drawn family)."""
    xc, yc = x - x.mean(), y - y.mean()
    pooled = (xc @ yc) / (xc @ xc) if np.ptp(x) > 0 else np.nan
    xx = xy = 0.0
    for begin, end in groups:
        a, b = x[begin:end], y[begin:end]
        if np.ptp(a) > 0:
            xx += np.sum((a - a.mean()) ** 2)
            xy += np.sum((a - a.mean()) * (b - b.mean()))
    return pooled, xy / xx if xx > 0 else np.nan


def main():
    rng = np.random.default_rng(5)
    sizes = {0: [7.1, 7.6, 8.2, 8.9], 1: [7.4, 8.0, 9.0], 2: [8.3, 9.1], 3: [7.0, 7.9, 8.4, 9.2, 9.9]}
    x, family, right = [], [], []
    difficulty = rng.normal(size=60)
    for label, sizes_of_family in sizes.items():
        level, slope = 0.5 * rng.normal(), 0.8 + 0.3 * rng.normal()
        for size in sizes_of_family:
            x.append(size)
            family.append(label)
            logit = level + slope * (size - 8) - difficulty
            right.append((rng.random(60) < 1 / (1 + np.exp(-logit))).astype(int))
    x, family, right = np.array(x), np.array(family), np.array(right)

    members = [np.flatnonzero(family == label) for label in sizes]
    draws = np.empty((DRAWS, 2))
    for d in range(DRAWS):
        score = right[:, rng.integers(60, size=60)].mean(axis=1)
        picked, groups = [], []
        for f in rng.integers(len(members), size=len(members)):
            groups.append((len(picked), len(picked) + len(members[f])))
            picked.extend(rng.choice(members[f], size=len(members[f])))
        draws[d] = slopes(x[picked], score[picked], groups)

    reference = {"x": x.tolist(), "family": family.tolist(), "right": right.tolist()}
    for i, name in enumerate(("all_models", "within_families")):
        kept = draws[~np.isnan(draws[:, i]), i]
        reference[name] = {
            "low": float(np.quantile(kept, 0.025)),
            "high": float(np.quantile(kept, 0.975)),
            "standard_error": float(kept.std(ddof=1)),
            "degenerate_share": float(np.mean(np.isnan(draws[:, i]))),
        }
    print(json.dumps(reference))


if __name__ == "__main__":
    main()
