#!/usr/bin/python3
"""Writes test_reference.json: what SciPy and statsmodels say of equivalence tests, power, adjusted p and intervals of
correlations.

    /usr/bin/python3 tests/stats/make_test_reference.py > tests/stats/test_reference.json

Deterministic; the file is committed, so that the tests need neither.
"""

import json
import math

import numpy as np
from scipy import integrate, special, stats
from statsmodels.stats.multitest import multipletests

from make_reference import t_quantile

P_VALUES = {
    "ordinary": [0.01, 0.04, 0.03, 0.005, 0.8, 0.2],
    "ties": [0.02, 0.02, 0.5, 0.02, 0.5, 0.001],
    "edges": [0.0, 1.0, 0.05, 0.0, 1.0],
    "one": [0.04],
    "all_one": [1.0, 1.0, 1.0],
    "missing": [None, 0.01, None, 0.04, 0.03],
    "only_missing": [None, None],
    "none": [],
    "many": np.random.default_rng(5).beta(0.4, 1.5, size=200).tolist(),
}


def adjusted(p, method):
    """Tests that were not made (None) count for nothing."""
    made = [v for v in p if v is not None]
    values = iter(multipletests(made, method=method)[1].tolist() if made else [])
    return [None if v is None else next(values) for v in p]


def tost(estimate, error, df, margin):
    p_lower = stats.t.sf((estimate + margin) / error, df)
    p_upper = stats.t.cdf((estimate - margin) / error, df)
    return {"input": [estimate, error, df, margin], "p_lower": float(p_lower), "p_upper": float(p_upper)}


def owens_q(t, delta, upper, df):
    """Owen's Q (1965) as Phillips (1990) uses it, with the chi density of SciPy as its weight."""
    integrand = lambda x: special.ndtr(t * x / math.sqrt(df) - delta) * stats.chi.pdf(x, df)
    points = np.unique(np.clip([max(0, math.sqrt(df) - 8), math.sqrt(df), math.sqrt(df) + 8], 0, upper))
    pieces = [integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
              for a, b in zip(np.r_[0, points], np.r_[points, min(upper, math.sqrt(df) + 30)]) if b > a]
    return sum(pieces)


def tost_power(effect, error, df, margin, alpha):
    critical = t_quantile(1 - alpha, df)
    upper = math.sqrt(df) * 2 * margin / error / (2 * critical)
    above = owens_q(-critical, (effect - margin) / error, upper, df)
    below = owens_q(critical, (effect + margin) / error, upper, df)
    return {"input": [effect, error, df, margin, alpha], "power": max(0.0, above - below)}


def t_power(effect, error, df, alpha):
    critical, shift = t_quantile(1 - alpha / 2, df), abs(effect) / error
    power = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
    return {"input": [effect, error, df, alpha], "power": float(power)}


def fewest_sizes(scatter, goal, power_at):
    """Counted up from the fewest that leave a degree of freedom. scatter: residual deviation, size deviation, families."""
    deviation, spread, families = scatter
    n = families + 2
    while power_at(deviation / (spread * math.sqrt(n)), n - families - 1) < goal:
        n += 1
    return n


def sizes_needed(scatter, slope, alpha, goal):
    sizes = fewest_sizes(scatter, goal, lambda error, df: t_power(slope, error, df, alpha)["power"])
    return {"input": [*scatter, slope, alpha, goal], "sizes": sizes}


def sizes_for_equivalence(scatter, margin, alpha, goal, slope):
    sizes = fewest_sizes(scatter, goal, lambda error, df: tost_power(slope, error, df, margin, alpha)["power"])
    return {"input": [*scatter, margin, alpha, goal, slope], "sizes": sizes}


def zou(r12, r13, r23, n, confidence):
    half = stats.norm.isf((1 - confidence) / 2) / math.sqrt(n - 3)
    (l12, u12), (l13, u13) = (np.tanh(np.arctanh(r) + np.array([-half, half])) for r in (r12, r13))
    shared = ((r23 - r12 * r13 / 2) * (1 - r12**2 - r13**2 - r23**2) + r23**3) / ((1 - r12**2) * (1 - r13**2))
    low = r12 - r13 - math.sqrt((r12 - l12)**2 + (u13 - r13)**2 - 2 * shared * (r12 - l12) * (u13 - r13))
    high = r12 - r13 + math.sqrt((u12 - r12)**2 + (r13 - l13)**2 - 2 * shared * (u12 - r12) * (r13 - l13))
    return {"input": [r12, r13, r23, n, confidence], "low": low, "high": high}


def main():
    tests = [(e, s, df, m) for e in (0.0, 0.01, -0.049, 0.2) for s in (0.004, 0.05) for df in (1, 2.7, 5, 40)
             for m in (0.05,)]
    powers = [(e, s, df, 0.05, a) for e in (0.0, 0.02, -0.04) for s in (0.005, 0.015, 0.06) for df in (1, 3, 12, 400)
              for a in (0.05, 0.005)]
    t_powers = [(e, s, df, a) for e in (1e-6, 0.05, -0.3) for s in (0.01, 0.04, 0.3) for df in (1, 3, 12, 400)
                for a in (0.05, 0.005)]
    triples = [(0.396, 0.179, 0.088, 200), (0.9, 0.85, 0.95, 7), (-0.3, 0.6, 0.1, 4), (0.5, 0.5, 0.2, 30)]
    scatters = [(0.03, 0.7, 1), (0.08, 0.5, 1), (0.03, 0.45, 6), (0.0001, 0.7, 2)]
    reference = {
        "adjusted": {name: {"p": p, "holm": adjusted(p, "holm"), "benjamini_hochberg": adjusted(p, "fdr_bh")}
                     for name, p in P_VALUES.items()},
        "tost": [tost(*t) for t in tests],
        "tost_power": [tost_power(*t) for t in powers],
        "t_power": [t_power(*t) for t in t_powers],
        "sizes_needed": [sizes_needed(s, slope, a, g) for s in scatters for slope in (0.05, -0.2) for a in (0.05, 0.01)
                         for g in (0.8, 0.95)],
        "sizes_for_equivalence": [sizes_for_equivalence(s, 0.05, 0.05, g, slope) for s in scatters
                                  for slope in (0.0, 0.03) for g in (0.8, 0.95)],
        "zou": [zou(*t, confidence) for t in triples for confidence in (0.8, 0.95)],
    }
    print(json.dumps(reference, indent=1))


if __name__ == "__main__":
    main()
