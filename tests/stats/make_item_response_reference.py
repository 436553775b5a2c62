#!/usr/bin/python3
"""Writes item_response_reference.json: two-parameter logistic fits by another road than ours.

    /usr/bin/python3 tests/stats/make_item_response_reference.py > tests/stats/item_response_reference.json

The marginal log posterior on a fine grid of abilities is climbed directly, by SciPy's BFGS on its analytic gradient and then by
Newton's steps with numerical second derivatives; ours is expectation and maximisation on a coarse grid.
"""

import json

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp

ABILITY = np.linspace(-9, 9, 2001)
STEP = ABILITY[1] - ABILITY[0]
LOG_PRIOR = -0.5 * ABILITY**2 + np.log(STEP / np.sqrt(2 * np.pi))


def posterior(parameters, right, asked):
    log_slope, difficulty = np.split(parameters, 2)
    logit = np.exp(log_slope)[:, None] * (ABILITY - difficulty[:, None])
    log_density = (right * asked).T @ log_expit(logit) + ((1 - right) * asked).T @ log_expit(-logit) + LOG_PRIOR
    evidence = logsumexp(log_density, axis=1)
    return logit, np.exp(log_density - evidence[:, None]), evidence.sum()


def objective(parameters, right, asked):
    """Minus the log posterior, and its gradient by Fisher's identity."""
    log_slope, difficulty = np.split(parameters, 2)
    logit, weight, evidence = posterior(parameters, right, asked)
    prior = -0.5 * np.sum((log_slope / 0.5) ** 2 + (difficulty / 2) ** 2)
    prior -= len(log_slope) * (np.log(2 * np.pi) + np.log(0.5) + np.log(2))
    residual = (right * asked) @ weight - (asked @ weight) * expit(logit)
    from_slope = np.sum(residual * logit, axis=1) - log_slope / 0.25
    from_difficulty = -np.exp(log_slope) * residual.sum(axis=1) - difficulty / 4
    return -(evidence + prior), -np.concatenate([from_slope, from_difficulty])


def fit(right):
    asked = 1.0 - np.isnan(right)
    filled = np.nan_to_num(right)
    best = minimize(objective, np.zeros(2 * len(right)), args=(filled, asked), jac=True, method="BFGS",
                    options={"gtol": 1e-7, "maxiter": 5000}).x
    for _ in range(3):
        gradient = objective(best, filled, asked)[1]
        h = 1e-5
        second = np.array([(objective(best + h * e, filled, asked)[1] - objective(best - h * e, filled, asked)[1]) / (2 * h)
                           for e in np.eye(len(best))])
        best = best - np.linalg.solve(0.5 * (second + second.T), gradient)
    value, gradient = objective(best, filled, asked)
    assert np.abs(gradient).max() < 1e-9, gradient
    _, weight, _ = posterior(best, filled, asked)
    mean = weight @ ABILITY
    log_slope, difficulty = np.split(best, 2)
    return {
        "right": [[None if np.isnan(v) else int(v) for v in row] for row in right],
        "discrimination": np.exp(log_slope).tolist(),
        "difficulty": difficulty.tolist(),
        "ability": mean.tolist(),
        "standard_error": np.sqrt(np.sum(weight * (ABILITY - mean[:, None]) ** 2, axis=1)).tolist(),
        "log_posterior": -value,
    }


def answers(seed, questions, models, missing):
    rng = np.random.default_rng(seed)
    slope, difficulty = np.exp(0.4 * rng.normal(size=questions)), 1.5 * rng.normal(size=questions)
    ability = rng.normal(size=models)
    right = (rng.random((questions, models)) < expit(slope[:, None] * (ability - difficulty[:, None]))).astype(float)
    right[rng.random(right.shape) < missing] = np.nan
    return right


def main():
    constant = answers(3, 15, 6, 0)
    constant[0], constant[1], constant[:, 2] = 1, 0, 1
    sets = {"complete": answers(1, 25, 8, 0), "with_gaps": answers(2, 20, 10, 0.2), "with_constants": constant}
    print(json.dumps({name: fit(right) for name, right in sets.items()}))


if __name__ == "__main__":
    main()
