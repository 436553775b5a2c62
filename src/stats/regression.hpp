#pragma once
/// A straight line through a few points, with Student's t interval for its slope.

#include <limits>
#include <span>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// P(T <= t) for Student's t with `degrees_of_freedom` > 0 (Student 1908); NaN for NaN.
double student_t_cdf(double t, double degrees_of_freedom);
/// The t with student_t_cdf(t) = probability; infinite at 0 and 1, NaN outside [0, 1].
double student_t_quantile(double probability, double degrees_of_freedom);

struct Line {
  double slope = std::numeric_limits<double>::quiet_NaN();  ///< units of y per unit of x
  double intercept = std::numeric_limits<double>::quiet_NaN();
  double slope_standard_error = std::numeric_limits<double>::quiet_NaN();
  double slope_low = std::numeric_limits<double>::quiet_NaN();
  double slope_high = std::numeric_limits<double>::quiet_NaN();
  int degrees_of_freedom = 0;                         ///< points - 2
  Undefined undefined = Undefined::too_few;           ///< of slope and intercept
  Undefined interval_undefined = Undefined::too_few;  ///< of standard error and interval
};

/// Ordinary least squares of y on x; slope +- t(1 - (1 - confidence)/2, n - 2) * s / sqrt(Sxx),
/// where s^2 is the residual sum of squares / (n - 2) (Draper and Smith 1998, 1.4). Fewer than two
/// points: too_few; one distinct x: constant; fewer than three distinct x: a slope without
/// interval. Points that lie on a line have an interval of zero width. 0 < confidence < 1.
Line least_squares(std::span<const double> x, std::span<const double> y, double confidence);

}  // namespace allometer::stats
