#pragma once
/// Does a value go with size once other factors are taken off? The correlation of what is left of
/// both after a linear regression on the other columns.

#include <limits>
#include <span>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// In [-1, 1], or NaN with the reason.
struct PartialCorrelation {
  double value = std::numeric_limits<double>::quiet_NaN();
  /// n - 2 - (columns that tell something new); for Fisher's z interval this takes the place of
  /// n - 2.
  int degrees_of_freedom = 0;
  double p = std::numeric_limits<double>::quiet_NaN();  ///< two-sided t; NaN without df
  Undefined undefined = Undefined::too_few;
};

/// Pearson's r of x and y given the columns of `given` [n x k], levers as dummies, and an intercept
/// (Fisher 1924, Metron 3); t = r sqrt(df / (1 - r^2)). A side that the columns determine wholly is
/// constant: of a lever that only some sizes have, size cannot be told apart. k = 0 is the plain
/// correlation.
PartialCorrelation partial_pearson(std::span<const double> x, std::span<const double> y,
                                   const Eigen::Ref<const Eigen::MatrixXd>& given);

/// The same of average ranks of x, y and every column (Conover 1999, 5.4).
PartialCorrelation partial_spearman(std::span<const double> x, std::span<const double> y,
                                    const Eigen::Ref<const Eigen::MatrixXd>& given);

/// Two-sided p of a correlation r by Student's t with `degrees_of_freedom` (n - 2 for two columns);
/// NaN below one.
double correlation_p(double r, int degrees_of_freedom);

}  // namespace allometer::stats
