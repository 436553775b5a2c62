#!/usr/bin/python3
"""Writes models_reference.json: what statsmodels, SciPy and NumPy say about linear models, partial correlations and curves.

    /usr/bin/python3 tests/stats/make_models_reference.py > tests/stats/models_reference.json

Deterministic; the file is committed, so that the tests need none of them.
"""

import json

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats

from make_reference import t_quantile


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


def power_law(x, a, alpha):
    return a * 10 ** (-alpha * x)


def saturating_power_law(x, c, a, alpha):
    return c + a * 10 ** (-alpha * x)


def sigmoid(x, chance, top, k, x0):
    return chance + (top - chance) / (1 + np.exp(-k * (x - x0)))


def derivatives(function, number):
    """By complex steps: exact but for rounding."""

    def jacobian(x, *p):
        columns = []
        for j in range(number):
            moved = np.array(p, complex)
            moved[j] += 1e-30j
            columns.append(np.imag(function(x, *moved)) / 1e-30)
        return np.column_stack(columns)

    return jacobian


def curve_case(function, start, x, y, given=()):
    """The fit of scipy.optimize.curve_fit from a start near the optimum; given: (chance, top), each a number or None."""
    free = function
    if given:
        chance, top = given

        def free(x, *p):
            p = list(p)
            levels = [v if v is not None else p.pop(0) for v in (chance, top)]
            return function(x, *levels, *p)

    p, covariance = optimize.curve_fit(free, x, y, p0=start, jac=derivatives(free, len(start)), method="lm", ftol=1e-15,
                                       xtol=1e-15, gtol=1e-15, maxfev=100000)
    n, rss = len(y), float(np.sum((free(x, *p) - y) ** 2))
    q = len(p) + 1
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "given": list(given),
        "estimate": p.tolist(),
        "standard_error": np.sqrt(np.diag(covariance)).tolist(),
        "t_975": t_quantile(0.975, n - len(p)),
        "rss": rss,
        "r_squared": 1 - rss / float(np.sum((y - y.mean()) ** 2)),
        "aicc": float(n * np.log(rss / n) + 2 * q + 2 * q * (q + 1) / (n - q - 1)) if n > q + 1 else None,
    }


def curves():
    rng = np.random.default_rng(8)
    noisy = lambda values, scatter: (values + scatter * rng.normal(size=len(values))).round(5)
    eight = np.array([7.28, 7.93, 8.48, 8.91, 9.08, 9.4, 9.81, 10.05])
    five = np.array([6.0, 6.8, 7.5, 8.3, 9.2])
    twenty = rng.uniform(6.5, 11, 20).round(2)
    return {
        "power_law": {
            "loss": curve_case(power_law, (10, 0.07), eight, noisy(power_law(eight, 9.0, 0.06), 0.02)),
            "rising": curve_case(power_law, (0.01, -0.15), five, noisy(power_law(five, 0.012, -0.16), 0.01)),
            "below_nought": curve_case(power_law, (-3, 0.05), twenty, noisy(power_law(twenty, -4.0, 0.04), 0.05)),
            "three_points": curve_case(power_law, (10, 0.07), eight[:3], noisy(power_law(eight[:3], 9.0, 0.06), 0.02)),
        },
        "saturating_power_law": {
            "loss": curve_case(saturating_power_law, (1.7, 400, 0.35), eight,
                               noisy(saturating_power_law(eight, 1.69, 406.4, 0.34), 0.002)),
            "accuracy": curve_case(saturating_power_law, (0.8, -700, 0.5), twenty,
                                   noisy(saturating_power_law(twenty, 0.8, -800, 0.5), 0.01)),
            "five_sizes": curve_case(saturating_power_law, (2, 4e4, 0.7), five,
                                     noisy(saturating_power_law(five, 2, 5e4, 0.72), 0.01)),
        },
        "sigmoid": {
            "both_free": curve_case(sigmoid, (0.25, 0.9, 2.5, 8.9), twenty,
                                    noisy(sigmoid(twenty, 0.25, 0.88, 2.6, 8.8), 0.01), (None, None)),
            "falling": curve_case(sigmoid, (0.7, 0.3, 3, 8.5), twenty,
                                  noisy(sigmoid(twenty, 0.7, 0.32, 3, 8.5), 0.01), (None, None)),
            "chance_given": curve_case(sigmoid, (0.9, 2.5, 8.9), eight,
                                       noisy(sigmoid(eight, 0.25, 0.88, 2.6, 8.8), 0.01), (0.25, None)),
            "falls_to_chance": curve_case(sigmoid, (0.7, -2.5, 8.9), eight,
                                          noisy(sigmoid(eight, 0.25, 0.7, -2.6, 8.8), 0.01), (0.25, None)),
            "top_given": curve_case(sigmoid, (0.3, 2.5, 8.9), eight,
                                    noisy(sigmoid(eight, 0.3, 1, 2.6, 8.8), 0.01), (None, 1.0)),
            "both_given": curve_case(sigmoid, (1.5, 9.5), eight,
                                     noisy(sigmoid(eight, 0.25, 1, 1.6, 9.4), 0.02), (0.25, 1.0)),
            "seven_points": curve_case(sigmoid, (0.25, 0.9, 3, 8.6), eight[:7],
                                       noisy(sigmoid(eight[:7], 0.25, 0.88, 4, 8.7), 0.01), (None, None)),
        },
    }


def fieller_sets():
    """By root finding: where |b - r c| is t standard errors."""
    cases = {
        "well_known": (0.12, 0.08, 0.0003, 0.00005, -0.00002, 9),
        "negative": (-0.12, 0.08, 0.0003, 0.0001, 0.00004, 5.5),
        "denominator_may_be_nought": (0.5, 0.05, 0.0003, 0.002, 0, 9),
        "neither_known": (0.01, 0.02, 0.003, 0.002, 0, 9),
    }
    out = {}
    for name, (b, c, var_b, var_c, cov, df) in cases.items():
        t = t_quantile(0.975, df)
        excess = lambda r: (b - r * c) ** 2 - t * t * (var_b - 2 * r * cov + r * r * var_c)
        grid = np.linspace(-200, 200, 400002)
        values = excess(grid)
        roots = [float(optimize.brentq(excess, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-14))
                 for i in np.nonzero(np.sign(values[:-1]) != np.sign(values[1:]))[0]]
        kind = "everything" if not roots else "bounded" if excess(200) > 0 else "complement"
        out[name] = {"input": [b, c, var_b, var_c, cov, df], "set": kind}
        if roots:
            out[name]["low"], out[name]["high"] = roots
    return out


def slope_of(fit, column):
    return {"estimate": float(fit.params[column]), "standard_error": float(fit.bse[column]),
            "p": float(fit.pvalues[column]), "df": float(fit.df_resid)}


def u_shape_case(x, y, family, sizes_before, two_lines_bend):
    """Quadratic and both lines for every break; sizes_before: how many possible breaks are below the expected one."""
    intercepts = (family[:, None] == np.unique(family)).astype(float)

    def slopes(bases):
        return sm.OLS(y, np.column_stack([intercepts, *bases])).fit()

    f = intercepts.shape[1]
    quadratic = slopes([x, x**2])
    sign = 1 if quadratic.params[f + 1] > 0 else -1
    one_sided = []
    for end, direction in ((x.min(), -sign), (x.max(), sign)):
        at_end = slopes([x - end, (x - end) ** 2])  # the slope at that end is a coefficient
        one_sided.append(float(stats.t.cdf(-direction * at_end.tvalues[f], at_end.df_resid)))
    lines = []
    for c in np.unique(x)[2:-2]:
        first = slopes([np.where(x <= c, x - c, 0), np.where(x > c, x - c, 0), x > c])
        second = slopes([np.where(x < c, x - c, 0), np.where(x >= c, x - c, 0), x >= c])
        lines.append({"break": float(c), "first": slope_of(first, f), "second": slope_of(second, f + 1)})
    return {
        "x": x.tolist(), "y": y.tolist(), "family": family.tolist(),
        "bend": "U" if sign > 0 else "inverted U",
        "curvature": float(quadratic.params[f + 1]),
        "turning_point": float(-quadratic.params[f] / (2 * quadratic.params[f + 1])),
        "lind_mehlum_p": max(one_sided),
        "two_lines": lines, "sizes_before": sizes_before, "two_lines_bend": two_lines_bend,
    }


def u_shapes():
    rng = np.random.default_rng(9)
    nine = np.arange(9) * 0.4 + 7.1
    one = np.zeros(9, int)
    two = np.repeat([0, 1], 9)
    noise = lambda n: 0.004 * rng.normal(size=n)
    return {
        "v_in_the_middle": u_shape_case(nine, 0.2 * np.abs(nine - nine[4]) + noise(9), one, 2, "U"),
        "peak_of_two_families": u_shape_case(np.tile(nine, 2), 0.1 * two - 0.2 * np.abs(np.tile(nine, 2) - nine[4]) + noise(18),
                                             two, 2, "inverted U"),
        "rising": u_shape_case(nine, 0.02 * np.exp(nine - 7) + noise(9), one, 0, "none"),
    }


def main():
    reference = {
        "ordinary_least_squares": ordinary_least_squares(),
        "partial_correlations": partial_correlations(),
        "curves": curves(),
        "fieller": fieller_sets(),
        "u_shapes": u_shapes(),
    }
    print(json.dumps(reference, indent=1))


if __name__ == "__main__":
    main()
