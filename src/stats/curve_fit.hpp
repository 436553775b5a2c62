#pragma once
/// Which shape has a score against size? Curves of growth and decline, fitted by least squares,
/// with what the data say of each parameter, and what they cannot say.

#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// With x = log10 N, parameters in this order:
enum class Curve {
  line,                  ///< y = intercept + slope x
  power_law,             ///< y = a N^-alpha (Hestness et al. 2017, arXiv 1712.00409)
  saturating_power_law,  ///< y = c + a N^-alpha, alpha > 0 (Kaplan et al. 2020; Hoffmann et al.
                         ///< 2022)
  sigmoid,               ///< y = chance + (top - chance) / (1 + exp(-k (x - x0)))
};

/// "line", "power law", "saturating power law", "sigmoid".
std::string_view name_of(Curve curve);

struct CurveParameter {
  std::string_view name;  ///< as in Curve
  double estimate = std::numeric_limits<double>::quiet_NaN();
  double standard_error =
      std::numeric_limits<double>::quiet_NaN();           ///< 0 where fixed, NaN without interval
  double low = std::numeric_limits<double>::quiet_NaN();  ///< of the t interval, symmetric
  double high = std::numeric_limits<double>::quiet_NaN();
  bool is_fixed = false;
};

struct CurveFit {
  Curve curve = Curve::line;
  std::vector<CurveParameter> parameters;  ///< empty where undefined
  double residual_sum_of_squares = std::numeric_limits<double>::quiet_NaN();
  double r_squared = std::numeric_limits<double>::quiet_NaN();  ///< 1 - RSS / TSS
  /// n ln(RSS / n) + 2 q + 2 q (q + 1) / (n - q - 1), q = free parameters + 1 for the scatter
  /// (Sugiura 1978; Hurvich and Tsai 1989): the curve with the smallest describes new points best.
  /// NaN below q + 2 points; minus infinity for a perfect fit.
  double aicc = std::numeric_limits<double>::quiet_NaN();
  int degrees_of_freedom = 0;  ///< points - free parameters
  /// Of the curve: too_few points or distinct sizes for its parameters; constant y; not_finite
  /// input; not_converged; not_identified where the best curve is a limit of the family and not in
  /// it: no curvature (of a saturating power law, the level could be anything), a jump between two
  /// sizes, a midpoint far outside the sizes.
  Undefined undefined = Undefined::too_few;
  /// Of standard errors and intervals: also not_identified where parameters can be traded for each
  /// other.
  Undefined interval_undefined = Undefined::too_few;

  /// The curve at x = log10 N; NaN where undefined.
  double at(double x) const;
};

/// All: x = log10 N and y of each model, two distinct x at least; 0 < confidence < 1. Errors are
/// those of scipy.optimize.curve_fit: from the derivatives at the optimum, with the scatter
/// estimated from the residuals.

CurveFit fit_line(std::span<const double> x, std::span<const double> y, double confidence);

/// In y itself, not in its logarithm: y may be of either sign.
CurveFit fit_power_law(std::span<const double> x, std::span<const double> y, double confidence);

CurveFit fit_saturating_power_law(std::span<const double> x, std::span<const double> y,
                                  double confidence);

/// chance and top: given, or fitted where empty. With both fitted k > 0, chance is the level of
/// small sizes and top that of large ones. With one given k may be negative.
CurveFit fit_sigmoid(std::span<const double> x, std::span<const double> y,
                     std::optional<double> chance, std::optional<double> top, double confidence);

/// Index of the fit with the smallest AICc; empty if none has one.
std::optional<std::size_t> smallest_aicc(std::span<const CurveFit> fits);

}  // namespace allometer::stats
