#pragma once
/// Is an effect too small to matter? Two one-sided tests against a margin, what such a test and the
/// test against nought can find, and how many sizes of models it would take.

#include <cstdint>
#include <limits>
#include <optional>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// p of "the effect is outside (-margin, margin)"; NaN with the reason.
struct Equivalence {
  double p = std::numeric_limits<double>::quiet_NaN();        ///< the larger of the two below
  double p_lower = std::numeric_limits<double>::quiet_NaN();  ///< of "at or below -margin"
  double p_upper = std::numeric_limits<double>::quiet_NaN();  ///< of "at or above margin"
  Undefined undefined = Undefined::not_finite;
};

/// Two one-sided t tests (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15): p < alpha where the
/// (1 - 2 alpha) interval of the estimate lies inside the margin. standard_error >= 0, in the unit
/// of the estimate, as is margin > 0; degrees_of_freedom > 0 need not be whole (Satterthwaite).
/// Without error the outcome is certain: p is 0 or 1.
Equivalence tost(double estimate, double standard_error, double degrees_of_freedom, double margin);

/// How likely tost gives p < alpha where the effect is `effect` and the estimate normal with this
/// standard error, estimated by a scaled chi with these degrees of freedom (exact: Owen's Q as in
/// Phillips 1990, J. Pharmacokinet. Biopharm. 18, by quadrature). 0 < alpha < 0.5,
/// standard_error > 0.
double tost_power(double effect, double standard_error, double degrees_of_freedom, double margin,
                  double alpha);

/// How likely a two-sided t test against nought gives p < alpha, under the same conditions: the
/// non-central t distribution (Cohen 1988, Statistical Power Analysis, ch. 12).
double t_test_power(double effect, double standard_error, double degrees_of_freedom, double alpha);

/// What is known of how values scatter about a line in log10 size.
struct Scatter {
  double residual_deviation;  ///< standard deviation about the line, divisor n - families - 1
  /// Standard deviation of log10 size within families, divisor n. That further sizes spread like
  /// those at hand is the assumption of both numbers below: models beyond the range tell more,
  /// models between tell less.
  double size_deviation;
  std::int32_t families = 1;  ///< each costs an intercept
};

/// As many sizes, over all families together, as give the t test of a slope (change of the value
/// per decade; not 0) this power. At least families + 2; nullopt where that many as
/// kMaxSizesNeeded are too few, where sizes do not spread, or where a number is not finite.
/// 0 < power < 1.
std::optional<std::int64_t> sizes_needed(const Scatter& scatter, double slope, double alpha,
                                         double power = 0.8);

/// The same for tost to find a slope inside the margin when the true one is `slope`; nullopt also
/// where |slope| is not below the margin.
std::optional<std::int64_t> sizes_needed_for_equivalence(const Scatter& scatter, double margin,
                                                         double alpha, double power = 0.8,
                                                         double slope = 0);

/// More sizes than anyone will train: beyond it the answer is "more sizes will not do".
inline constexpr std::int64_t kMaxSizesNeeded = 1'000'000;

}  // namespace allometer::stats
