#!/usr/bin/python3
"""Writes models_reference.json: what statsmodels, SciPy and NumPy say about linear models, partial correlations and curves.

    /usr/bin/python3 tests/stats/make_models_reference.py > tests/stats/models_reference.json

Deterministic; the file is committed, so that the tests need none of them.
"""

import json

import numpy as np
import statsmodels.api as sm
from scipy import stats


def ordinary_least_squares():
    """OLS with classical and HC2 errors, the latter with normal quantiles left out."""
    rng = np.random.default_rng(5)
    cases = {}
    for name, n in (("three", 3), ("six", 6), ("thirty", 30)):
        x = rng.uniform(7, 11, n).round(3)
        lever = (np.arange(n) % 2).astype(float)
        design = np.column_stack([np.ones(n), x] if n < 6 else [np.ones(n), x, lever, x * lever])
        y = 0.1 * x - 0.4 + 0.05 * rng.normal(size=n)
        fit = sm.OLS(y, design).fit()
        hc2 = fit.get_robustcov_results("HC2")
        cases[name] = {
            "design": design.tolist(),
            "y": y.tolist(),
            "estimate": fit.params.tolist(),
            "standard_error": fit.bse.tolist(),
            "p": fit.pvalues.tolist(),
            "low_90": fit.conf_int(0.1)[:, 0].tolist(),
            "high_90": fit.conf_int(0.1)[:, 1].tolist(),
            "hc2_standard_error": hc2.bse.tolist(),
            "rss": float(fit.ssr),
        }
    return cases


def partial(x, y, given):
    """Pearson's r of residuals of NumPy's least squares and its t test, as pingouin.partial_corr has them."""
    design = np.column_stack([np.ones(len(x)), given])
    residual = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (x, y)]
    r = np.corrcoef(*residual)[0, 1]
    df = len(x) - 2 - (np.linalg.matrix_rank(design) - 1)
    return {"r": float(r), "df": int(df), "p": float(2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r * r)), df))}


def partial_correlations():
    rng = np.random.default_rng(6)
    cases = {}
    for name, n, k in (("one_lever", 9, 1), ("three_levers", 25, 3), ("repeated_lever", 12, 2), ("plain", 7, 0)):
        x = rng.uniform(7, 11, n).round(1)  # with ties
        given = (rng.uniform(size=(n, k)) < 0.5).astype(float)
        given[0] = 1
        given[1] = 0
        if name == "three_levers":
            given[:, 2] = rng.normal(size=n).round(1)
        if name == "repeated_lever":
            given[:, 1] = 1 - given[:, 0]
        y = (0.1 * x + 0.3 * given.sum(axis=1) + 0.2 * rng.normal(size=n)).round(2)
        ranks = [stats.rankdata(v) for v in (x, y)]
        given_ranks = np.column_stack([stats.rankdata(c) for c in given.T]) if k else given
        cases[name] = {
            "x": x.tolist(),
            "y": y.tolist(),
            "given": given.tolist(),
            "pearson": partial(x, y, given),
            "spearman": partial(*ranks, given_ranks),
        }
    plain = cases["plain"]
    assert np.isclose(plain["pearson"]["p"], stats.pearsonr(plain["x"], plain["y"]).pvalue)
    assert np.isclose(plain["spearman"]["p"], stats.spearmanr(plain["x"], plain["y"]).pvalue)
    return cases


def main():
    reference = {
        "ordinary_least_squares": ordinary_least_squares(),
        "partial_correlations": partial_correlations(),
    }
    print(json.dumps(reference, indent=1))


if __name__ == "__main__":
    main()
