#pragma once
/// Correlation coefficients of a few points, as SciPy's pearsonr, spearmanr and kendalltau give
/// them.

#include <limits>
#include <span>
#include <vector>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// In [-1, 1], or NaN with the reason.
struct Coefficient {
  double value = std::numeric_limits<double>::quiet_NaN();
  Undefined undefined = Undefined::too_few;
};

/// Ranks 1..n; equal values share the mean of their ranks. Values must not be NaN.
std::vector<double> average_ranks(std::span<const double> values);

/// Of every coefficient below: x and y have equal length; fewer than two points are too_few, a side
/// without variation is constant.

/// Product-moment correlation (Pearson 1895).
Coefficient pearson(std::span<const double> x, std::span<const double> y);

/// Pearson's r of average ranks (Spearman 1904).
Coefficient spearman(std::span<const double> x, std::span<const double> y);

/// tau-b = (concordant - discordant) / sqrt((pairs - ties in x)(pairs - ties in y)) (Kendall 1945).
Coefficient kendall_tau_b(std::span<const double> x, std::span<const double> y);

}  // namespace allometer::stats
