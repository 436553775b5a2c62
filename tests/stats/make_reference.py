#!/usr/bin/python3
"""Writes reference.json: what SciPy and NumPy say about a few small data sets.

    /usr/bin/python3 tests/stats/make_reference.py > tests/stats/reference.json

Deterministic; the file is committed, so that the tests need no SciPy.
"""

import itertools
import json

import numpy as np
from scipy import stats

DATA_SETS = {
    "stories_loss": ([3.766, 4.527, 5.008, 5.357, 5.785], [2.7049, 2.1943, 1.9284, 1.2903, 1.7141]),
    "four_sizes_rising": ([8.1, 8.5, 9.1, 9.85], [0.251, 0.262, 0.313, 0.402]),
    "ties_in_y": ([1, 2, 3, 4, 5, 6], [0.25, 0.25, 0.5, 0.25, 0.5, 0.75]),
    "ties_in_both": ([1, 1, 2, 3, 3, 3, 4], [2, 1, 1, 5, 5, 3, 2]),
    "nine_sizes": ([1, 2, 3, 4, 5, 6, 7, 8, 9], [0.31, 0.18, 0.52, 0.47, 0.33, 0.71, 0.68, 0.49, 0.9]),
    "large_offset": ([1, 2, 3, 4, 5], [1e9 + 1, 1e9 + 3, 1e9 + 2, 1e9 + 5, 1e9 + 4]),
    "tiny_values": ([1, 2, 3, 4], [1e-200, 3e-200, 2e-200, 5e-200]),
}


def t_quantile(probability, df):
    """SciPy's quantile is good to nine digits only; two Newton steps on its distribution function give the rest."""
    t = stats.t.ppf(probability, df)
    for _ in range(2):
        # From the nearer tail, where the probability has all its digits.
        error = stats.t.cdf(t, df) - probability if probability < 0.5 else (1 - probability) - stats.t.sf(t, df)
        t -= error / stats.t.pdf(t, df)
    return float(t)


def permutation_ps(x, y, orders):
    """p and smallest p of r, rho and tau over the given orders of y, of which the first is the observed one."""
    x = np.asarray(x, float)

    def correlations(a, b_orders):
        a = a - a.mean()
        b = b_orders - b_orders.mean(axis=1, keepdims=True)
        return (b @ a) / np.sqrt((a @ a) * (b**2).sum(axis=1))

    y = np.asarray(y, float) / np.max(np.abs(y))
    i, j = np.triu_indices(len(x), 1)
    sign_x = np.sign(x[i] - x[j])
    ranks = stats.rankdata(y)
    statistics = {
        "pearson": np.abs(correlations(x, y[orders])),
        "spearman": np.abs(correlations(stats.rankdata(x), ranks[orders])),
        "kendall": np.abs(sum(s * np.sign(y[orders[:, a]] - y[orders[:, b]]) for s, a, b in zip(sign_x, i, j))),
    }
    out = {}
    for name, values in statistics.items():
        observed = values[0]  # the first order is the data as they stand
        out[name] = {
            "p": float(np.mean(values >= observed * (1 - 1e-9) - 1e-12)),
            "smallest_p": float(np.mean(values >= values.max() * (1 - 1e-9))),
        }
    return out


def reference_of(x, y):
    line = stats.linregress(x, y)
    half = line.stderr * t_quantile(0.975, len(x) - 2)
    orders = np.array(list(itertools.permutations(range(len(x)))))
    return {
        "x": list(map(float, x)),
        "y": list(map(float, y)),
        "ranks_y": stats.rankdata(y).tolist(),
        "pearson": float(stats.pearsonr(x, y).statistic),
        "spearman": float(stats.spearmanr(x, y).correlation),
        "kendall": float(stats.kendalltau(x, y).correlation),
        "slope": float(line.slope),
        "intercept": float(line.intercept),
        "slope_standard_error": float(line.stderr),
        "slope_low_95": float(line.slope - half),
        "slope_high_95": float(line.slope + half),
        "standard_error_of_mean": float(stats.sem(y)),
        "permutation": permutation_ps(x, y, orders),
    }


def main():
    t_points = [(t, df) for df in (1, 2, 3, 7, 30, 100) for t in (-30.0, -2.5, -0.1, 0.0, 0.7, 4.0)]
    probabilities = [(p, df) for df in (1, 2, 3, 7, 30, 100) for p in (1e-6, 0.025, 0.3, 0.5, 0.95, 0.975, 0.9995)]
    sample = np.random.default_rng(7).normal(size=101)
    # SciPy's own bootstrap interval of a ratio of sums: agreement within Monte Carlo error.
    rng = np.random.default_rng(11)
    weights = rng.integers(20, 200, size=300).astype(float)
    values = -1.3 * weights + 8 * rng.normal(size=300) * np.sqrt(weights)
    boot = stats.bootstrap((values, weights), lambda v, w, axis: v.sum(axis=axis) / w.sum(axis=axis), paired=True,
                           vectorized=True, n_resamples=200000, batch=2000, method="percentile", random_state=3)
    # Twelve points have too many orders to count: a quarter of a million at random.
    twelve = [5, 2, 9, 11, 1, 7, 4, 12, 3, 10, 6, 8]
    orders = rng.permuted(np.tile(np.arange(12), (250001, 1)), axis=1)
    orders[0] = np.arange(12)
    reference = {
        "twelve_points": {
            "y": twelve,
            "p": {name: v["p"] for name, v in permutation_ps(range(1, 13), twelve, orders).items()},
        },
        "data_sets": {name: reference_of(x, y) for name, (x, y) in DATA_SETS.items()},
        "t_cdf": [[t, df, float(stats.t.cdf(t, df))] for t, df in t_points],
        "t_quantile": [[p, df, t_quantile(p, df)] for p, df in probabilities],
        "quantile": {
            "values": sample.tolist(),
            "confidence": [0.5, 0.9, 0.95, 0.99],
            "low": [float(np.quantile(sample, (1 - c) / 2)) for c in (0.5, 0.9, 0.95, 0.99)],
            "high": [float(np.quantile(sample, (1 + c) / 2)) for c in (0.5, 0.9, 0.95, 0.99)],
            "standard_deviation": float(sample.std(ddof=1)),
        },
        "bootstrap": {
            "values": values.tolist(),
            "weights": weights.tolist(),
            "low": float(boot.confidence_interval.low),
            "high": float(boot.confidence_interval.high),
            "standard_error": float(boot.standard_error),
        },
    }
    print(json.dumps(reference, indent=1))


if __name__ == "__main__":
    main()
