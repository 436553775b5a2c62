#pragma once
/// The slope of a score per decade of size, had other families, other models of them and other
/// questions been there: a bootstrap that resamples each level within the one above (Davison and
/// Hinkley 1997, section 3.8). It needs many families; how often its interval holds the true slope
/// is in hierarchical_coverage.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include "stats/bootstrap.hpp"
#include "stats/undefined.hpp"

namespace allometer::stats {

enum class SlopeOf {
  all_models,       ///< one line through all models
  within_families,  ///< an intercept for each family, one slope
};

/// Slopes of the draws first_draw .. first_draw + num_draws - 1, NaN where a draw has none: all its
/// models have one size (for within_families: all models of each drawn family), or an estimate is
/// not finite. A draw takes as many families as there are, with replacement, and for each of them
/// as many of its models as it has, with replacement; a family that was drawn twice counts as two,
/// with a model resample and an intercept each. It depends on (key, draw) alone, so that ranks may
/// share the draws.
///
/// x: [models], log10 of the sizes, finite; family: [models], equal labels for models trained alike
/// (empty: one family). estimates: [num_draws x models], a bootstrap over questions of every
/// model's score, row i for draw first_draw + i; or [1 x models], scores whose questions are taken
/// as given.
Eigen::ArrayXd hierarchical_slopes(std::string_view key, std::int32_t first_draw,
                                   std::int32_t num_draws, std::span<const double> x,
                                   std::span<const int> family,
                                   const Eigen::Ref<const Eigen::MatrixXd>& estimates,
                                   SlopeOf slope_of);

struct HierarchicalInterval {
  Interval interval;  ///< percentiles of the draws that have a slope
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  std::int64_t num_draws = 0;
  /// Draws without a slope, which are left out. Where they are many, the interval is one of
  /// resamples that happened to have sizes to compare.
  std::int64_t degenerate_draws = 0;
  /// constant: no draw has a slope.
  Undefined undefined = Undefined::too_few;
};

HierarchicalInterval hierarchical_interval(std::span<const double> slopes, double confidence);

/// How often the 95 % interval of `slope_of` held the slope of all families in a simulation of so
/// many families with so many models each; NaN for fewer than one family or two models. Between the
/// simulated numbers it is interpolated in the logarithm of both, beyond the largest (twelve) it is
/// that of the largest.
///
/// The figures were printed by tests/bench/hierarchical_bench: the lower of two kinds of families,
/// each of 2000 data sets of 1000 draws (standard error of a figure: 0.005 at 0.95, 0.01 at 0.7).
/// Sizes span 1.5 decades in even steps from a start that varies by a decade. Standard deviations,
/// of scores that rise by 0.10 per decade: families somewhat unlike each other, intercepts 0.05,
/// slopes 0.03, models about their family's line 0.02; and very much so, 0.10, 0.06, 0.005. The
/// error of questions is half of that of models. Other data are covered better or worse: the figure
/// is a warning, not a correction.
double hierarchical_coverage(double families, double models_per_family, SlopeOf slope_of);

}  // namespace allometer::stats
