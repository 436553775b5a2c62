#pragma once
/// Do two models, or two slopes, differ on the same questions? Both were resampled with the same
/// draws (resampled_sums of one key), so that a question that is hard for both does not count as a
/// difference.

#include <cstdint>
#include <limits>
#include <span>

#include "stats/bootstrap.hpp"

namespace allometer::stats {

struct PairedDifference {
  double difference = std::numeric_limits<double>::quiet_NaN();  ///< first - second
  Interval interval;                                             ///< of the percentiles
  /// Two-sided, of no difference: twice the smaller share of draws on either side of nought, with
  /// (b + 1) / (draws + 1) for a share so that it is never 0 (Davison and Hinkley 1997, Bootstrap
  /// Methods, 4.2), at most 1. It is below 1 - confidence where the interval excludes nought, up to
  /// one draw.
  double p = std::numeric_limits<double>::quiet_NaN();
  std::int64_t draws = 0;     ///< that have a difference
  std::int64_t left_out = 0;  ///< without one: an estimate or a slope is undefined for the resample
};

/// first, second: estimates (or slopes) of all questions; draws_*: the same of every draw, in the
/// same order. NaN where undefined. Without a finite difference or draw: all NaN.
PairedDifference paired_difference(double first, std::span<const double> draws_of_first,
                                   double second, std::span<const double> draws_of_second,
                                   double confidence);

}  // namespace allometer::stats
