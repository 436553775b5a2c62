#pragma once
/// Does a method say the same when its random numbers are others? (Visani et al. 2020, "Statistical
/// stability indices for LIME")

#include <limits>
#include <span>

#include "explain/attribution.hpp"

namespace allometer::explain {

/// Shares in [0, 1] (the paper multiplies by 100); NaN for fewer than two runs.
struct Stability {
  /// Variables stability index: the mean over pairs of runs of the share of features that the top
  /// num_features by |weight| have in common.
  double vsi = std::numeric_limits<double>::quiet_NaN();
  /// Coefficients stability index: of each feature that stands at some run's top, the share of the
  /// pairs of runs that have it there whose intervals of weight +- 1.96 standard errors overlap;
  /// the mean over the features with such a pair. NaN if no feature has one.
  double csi = std::numeric_limits<double>::quiet_NaN();
};

/// runs: of one text, with other random numbers each. num_features >= 1.
Stability stability(std::span<const Attribution> runs, int num_features);

}  // namespace allometer::explain
