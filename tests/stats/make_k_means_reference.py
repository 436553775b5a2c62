#!/usr/bin/python3
"""Writes k_means_reference.json: scikit-learn's k-means (Lloyd) from given centres.

    /usr/bin/python3 tests/stats/make_k_means_reference.py > tests/stats/k_means_reference.json
"""

import json

import numpy as np
from sklearn.cluster import KMeans


def reference(points, centres):
    fit = KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(points)
    return {
        "points": points.tolist(), "start": centres.tolist(), "labels": fit.labels_.tolist(),
        "centres": fit.cluster_centers_.tolist(), "inertia": float(fit.inertia_),
    }


def main():
    rng = np.random.default_rng(4)
    blobs = np.concatenate([centre + rng.normal(size=(20, 2)) for centre in ([0, 0], [4, 1], [1, 5])])
    cloud = rng.normal(size=(60, 5))
    lonely = blobs[:3].copy()
    lonely[2] = [100, 100]  # no point is nearest to it
    print(json.dumps({
        "blobs": reference(blobs, blobs[[0, 1, 25]]),
        "cloud": reference(cloud, cloud[[3, 17, 20, 41, 59, 7, 8]]),
        "empty_cluster": reference(blobs, lonely),
    }))


if __name__ == "__main__":
    main()
