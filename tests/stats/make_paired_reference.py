#!/usr/bin/python3
"""Writes paired_reference.json: what statsmodels, SciPy and NumPy say of measures of the same questions.

    /usr/bin/python3 tests/stats/make_paired_reference.py > tests/stats/paired_reference.json

Deterministic; the file is committed, so that the tests need none of them.
"""

import itertools
import json

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

DISCORDANT = [(1, 7), (7, 1), (4, 4), (0, 1), (0, 9), (30, 12), (5, 5), (130, 95), (1200, 1100)]


def mcnemar_of(first_only, second_only):
    table = [[3, first_only], [second_only, 2]]
    corrected = mcnemar(table, exact=False, correction=True)
    # Mid-p by its definition: what is more extreme counts whole, what is as extreme by half.
    n = first_only + second_only
    probability = stats.binom.pmf(np.arange(n + 1), n, 0.5)
    distance = np.abs(2 * np.arange(n + 1) - n)
    observed = abs(first_only - second_only)
    mid_p = probability[distance > observed].sum() + 0.5 * probability[distance == observed].sum()
    return {
        "input": [first_only, second_only],
        "exact_p": float(mcnemar(table, exact=True).pvalue),
        "mid_p": float(mid_p),
        "chi_squared": float(corrected.statistic),
        "chi_squared_p": float(corrected.pvalue),
    }


def all_halves(scores):
    """Mean of Pearson's r between halves over every split of the questions; scores: [questions, models]."""
    questions = range(len(scores))
    correlations = []
    for half in itertools.combinations(questions, len(scores) // 2):
        rest = [q for q in questions if q not in half]
        correlations.append(np.corrcoef(scores[list(half)].mean(axis=0), scores[rest].mean(axis=0))[0, 1])
    mean = float(np.mean(correlations))
    return {"scores": scores.tolist(), "mean_correlation": mean, "deviation": float(np.std(correlations)),
            "value": 2 * mean / (1 + mean)}


def bootstrap_of(scores, statistic):
    """Percentile interval, standard error and the smaller share of draws on a side of nought; scores: [questions, k]."""
    rng = np.random.default_rng(17)
    draws = np.concatenate([
        statistic(scores[rng.integers(0, len(scores), size=(2000, len(scores)))].mean(axis=1)) for _ in range(100)])
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"difference": float(statistic(scores.mean(axis=0)[None])[0]), "low": float(low), "high": float(high),
            "standard_error": float(draws.std(ddof=1)), "share": float(min((draws <= 0).mean(), (draws >= 0).mean()))}


def main():
    rng = np.random.default_rng(23)
    ability = np.array([-1.2, -0.4, 0.1, 0.5, 1.4, 2.0])
    difficulty = np.linspace(-1.5, 1.5, 9)
    halves = 1 / (1 + np.exp(difficulty[:, None] - ability)) + 0.25 * rng.normal(size=(9, 6))
    # 240 questions of ten models in two ladders of five sizes: hard questions are hard for all.
    x = np.array([0.0, 0.4, 1.1, 1.5, 2.2])
    hardness = rng.normal(size=(240, 1))
    level = np.concatenate([0.3 * x - 0.4, 0.15 * x - 0.1])
    answers = (level - hardness + 0.8 * rng.normal(size=(240, 10)) > 0).astype(float)
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    reference = {
        "mcnemar": [mcnemar_of(*pair) for pair in DISCORDANT],
        "halves": all_halves(halves),
        "answers": answers.astype(int).tolist(),
        "x": x.tolist(),
        "models": bootstrap_of(answers, lambda means: means[:, 4] - means[:, 2]),
        "slopes": bootstrap_of(answers, lambda means: means[:, :5] @ weights - means[:, 5:] @ weights),
    }
    print(json.dumps(reference))


if __name__ == "__main__":
    main()
