#pragma once
/// Two correlations with one variable in common, over the same points: does one ability go with
/// size less than another does? And the interval of a single correlation.

#include <cstdint>
#include <limits>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// Of all below: 1 is what both correlations share (log10 size), 2 and 3 are the two measures; each
/// r in [-1, 1] or NaN (not_finite), the three of the same n points, so that their matrix is
/// positive semi-definite (to 1e-9, for rounded ones).

struct WilliamsTest {
  double t = std::numeric_limits<double>::quiet_NaN();  ///< positive where r12 > r13
  double degrees_of_freedom = std::numeric_limits<double>::quiet_NaN();  ///< n - 3
  double p = std::numeric_limits<double>::quiet_NaN();                   ///< two-sided
  Undefined undefined = Undefined::too_few;
};

/// Williams' t of r12 = r13 (Williams 1959, J. R. Statist. Soc. B 21; Steiger 1980, Psychol. Bull.
/// 87, T2). Needs n > 3; measures that are one (r23 = 1), or each other's mirror under perfect
/// correlations, have no difference that varies: constant.
WilliamsTest williams_t(double r12, double r13, double r23, std::int64_t n);

struct CorrelationInterval {
  double estimate = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  Undefined undefined = Undefined::too_few;  ///< of the interval
};

/// tanh(atanh(r) +- z / sqrt(n - 3)) (Fisher 1921, Metron 1), for bivariate normal points. Needs
/// n > 3; |r| = 1 has an interval of no width.
CorrelationInterval fisher_interval(double r, std::int64_t n, double confidence);

/// Interval of r12 - r13 from the Fisher intervals of both and the correlation between them
/// (Zou 2007, Psychol. Methods 12). Needs n > 3.
CorrelationInterval zou_interval(double r12, double r13, double r23, std::int64_t n,
                                 double confidence);

}  // namespace allometer::stats
