#!/usr/bin/python3
"""Writes capacity_density_reference.json: the laws of loss and score, fitted by SciPy's least_squares.

    /usr/bin/python3 tests/stats/make_capacity_density_reference.py > tests/stats/capacity_density_reference.json

In the parameters as they are, from the ones that made the data, and polished until the gradient is nought.
"""

import json

import numpy as np
from scipy.optimize import least_squares

REFERENCE_TOKENS = 1e12
TRUE_LOSS = {"a": 8.0, "alpha": 0.11, "b": 30.0, "beta": 0.14}
TRUE_SCORE = {"c": 0.7, "gamma": -4.0, "l": 2.1, "d": 0.25}


def loss_law(p, n, tokens):
    return p[0] * n ** -p[1] + (p[2] * tokens ** -p[3] if len(p) == 4 else 0)


def score_law(p, loss, floor):
    return p[0] / (1 + np.exp(-p[1] * (loss - p[2]))) + (p[3] if floor is None else floor)


def fit(function, start, y):
    best = least_squares(lambda p: function(p) - y, start, method="lm", x_scale=np.abs(start), xtol=1e-15, ftol=1e-15, gtol=1e-15,
                         max_nfev=100000).x
    # Gauss and Newton, with derivatives by central differences of relative step 1e-5.
    for _ in range(30):
        steps = 1e-5 * np.abs(best)
        jacobian = np.array([(function(best + h * e) - function(best - h * e)) / (2 * h) for h, e in zip(steps, np.eye(len(best)))]).T
        scale = np.linalg.norm(jacobian, axis=0)
        best = best - np.linalg.lstsq(jacobian / scale, function(best) - y, rcond=None)[0] / scale
    rss = float(np.sum((function(best) - y) ** 2))
    covariance = rss / (len(y) - len(best)) * np.linalg.inv(jacobian.T @ jacobian / np.outer(scale, scale)) / np.outer(scale, scale)
    return best, np.sqrt(np.diag(covariance)), rss


def reference(n, tokens, floor, noise, seed):
    rng = np.random.default_rng(seed)
    loss_start = list(TRUE_LOSS.values())[: 4 if np.ptp(tokens) > 0 else 2]
    if len(loss_start) == 2:
        loss_start = [12.0, 0.09]
    loss = loss_law(loss_start, n, tokens) + noise * rng.normal(size=len(n))
    score_start = list(TRUE_SCORE.values())[: 4 if floor is None else 3]
    score = score_law(score_start, loss, floor) + noise * rng.normal(size=len(n))
    loss_fit, loss_error, loss_rss = fit(lambda p: loss_law(p, n, tokens), np.array(loss_start), loss)
    score_fit, score_error, score_rss = fit(lambda p: score_law(p, loss, floor), np.array(score_start), score)

    models = []
    d = floor if floor is not None else score_fit[3]
    for size, value in ((7e8, 0.45), (7e9, 0.6), (3e9, 0.4)):
        at = score_fit[2] - np.log(score_fit[0] / (value - d) - 1) / score_fit[1]
        rest = at - (loss_fit[2] * REFERENCE_TOKENS ** -loss_fit[3] if len(loss_fit) == 4 else 0)
        effective = (rest / loss_fit[0]) ** (-1 / loss_fit[1])
        models.append({"size": size, "score": value, "effective": effective, "density": effective / size})
    return {
        "parameters": n.tolist(), "tokens": tokens.tolist(), "loss": loss.tolist(), "score": score.tolist(), "floor": floor,
        "loss_fit": loss_fit.tolist(), "loss_error": loss_error.tolist(), "loss_rss": loss_rss,
        "score_fit": score_fit.tolist(), "score_error": score_error.tolist(), "score_rss": score_rss, "models": models,
    }


def main():
    size = np.array([7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10])
    grid = np.tile(size[[0, 2, 3, 5, 7]], 3), np.repeat([5e9, 1e11, 2e12], 5)
    print(json.dumps({
        "sizes_and_tokens": reference(*grid, None, 0.004, 1),
        "equal_tokens": reference(size, np.full(8, 3e11), 0.25, 0.003, 2),
        "equal_tokens_fitted_floor": reference(size, np.full(8, 3e11), None, 0.002, 6),
    }))


if __name__ == "__main__":
    main()
