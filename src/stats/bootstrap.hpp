#pragma once
/// Bootstrap over questions (Efron 1979): how much would an estimate move, had other questions of
/// the same kind been asked? Each draw takes as many questions as there are, with replacement, from
/// a stream keyed by (key, draw) alone: every model gets the same resample, and nothing depends on
/// ranks, order or blocking.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

namespace allometer::stats {

/// Sums of every column over the questions of each draw: [num_draws x columns].
/// columns: [questions x columns], finite, one row per question. Values are rounded to multiples of
/// 2^-52 * questions * (largest of the column), so that every sum is exact and the result the same
/// to the last bit for any blocking, thread or instruction set. Columns of whole numbers from 0 to
/// 15, as of right and wrong, take an eighth of the time. draws_per_block: 0 chooses a block that
/// stays in the cache.
Eigen::MatrixXd resampled_sums(std::string_view key, std::int32_t num_draws,
                               const Eigen::Ref<const Eigen::MatrixXd>& columns,
                               std::int32_t draws_per_block = 0);

struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// The (1 - confidence)/2 and (1 + confidence)/2 quantiles of the draws (Efron and Tibshirani
/// 1993, 13.3), interpolated linearly as numpy.quantile does. Draws that are NaN (an estimate that
/// is undefined for that resample) are left out; if all are, so is the interval.
Interval percentile_interval(std::span<const double> draws, double confidence);

/// Standard deviation of the draws that are not NaN, divisor n - 1: the bootstrap standard error.
/// NaN for fewer than two.
double standard_deviation(std::span<const double> values);

/// Sample standard deviation / sqrt(n), as lm-evaluation-harness reports it for a mean; NaN for
/// fewer than two values.
double standard_error_of_mean(std::span<const double> values);

/// Of each draw, over the models: coefficients and slope of its estimates against x.
struct DrawnCoefficients {
  Eigen::ArrayXd pearson;  ///< [num_draws], NaN where the draw's estimates are constant
  Eigen::ArrayXd spearman;
  Eigen::ArrayXd kendall;
  Eigen::ArrayXd slope;
};

/// x: [models], not constant; estimates: [num_draws x models].
DrawnCoefficients drawn_coefficients(std::span<const double> x,
                                     const Eigen::Ref<const Eigen::MatrixXd>& estimates);

}  // namespace allometer::stats
