#include "stats/dependent_correlations.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/normal.hpp>

#include "core/contract.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

/// Determinant of the matrix of the three correlations. What rounding leaves below nought is
/// nought.
double determinant(double r12, double r13, double r23) {
  const double value = 1 - r12 * r12 - r13 * r13 - r23 * r23 + 2 * r12 * r13 * r23;
  ALLOMETER_EXPECT(!(value < -1e-9));
  return std::max(value, 0.0);
}

/// How far the intervals of r12 and r13 move together: the asymptotic correlation of the two
/// estimates (Olkin and Siotani 1976; Zou 2007). An estimate of +-1 does not move.
double correlation_of_estimates(double r12, double r13, double r23) {
  const double variation = (1 - r12 * r12) * (1 - r13 * r13);
  if (variation == 0) return 0;
  const double rest = 1 - r12 * r12 - r13 * r13 - r23 * r23;
  return std::clamp(((r23 - 0.5 * r12 * r13) * rest + r23 * r23 * r23) / variation, -1.0, 1.0);
}

}  // namespace

WilliamsTest williams_t(double r12, double r13, double r23, std::int64_t n) {
  if (!std::isfinite(r12) || !std::isfinite(r13) || !std::isfinite(r23)) {
    return {.undefined = Undefined::not_finite};
  }
  if (n <= 3) return {};
  const auto points = static_cast<double>(n);
  const double mean = 0.5 * (r12 + r13);
  const double variance = 2 * (points - 1) / (points - 3) * determinant(r12, r13, r23) +
                          mean * mean * std::pow(1 - r23, 3);
  if (variance <= 0) return {.undefined = Undefined::constant};
  WilliamsTest test{.undefined = Undefined::no};
  test.t = (r12 - r13) * std::sqrt((points - 1) * (1 + r23) / variance);
  test.degrees_of_freedom = points - 3;
  test.p = 2 * student_t_cdf(-std::abs(test.t), test.degrees_of_freedom);
  return test;
}

CorrelationInterval fisher_interval(double r, std::int64_t n, double confidence) {
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  if (!std::isfinite(r)) return {.undefined = Undefined::not_finite};
  if (n <= 3) return {.estimate = r};
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + 0.5 * confidence);
  const double half_width = z / std::sqrt(static_cast<double>(n - 3));
  return {r, std::tanh(std::atanh(r) - half_width), std::tanh(std::atanh(r) + half_width),
          Undefined::no};
}

CorrelationInterval zou_interval(double r12, double r13, double r23, std::int64_t n,
                                 double confidence) {
  if (!std::isfinite(r23)) return {.undefined = Undefined::not_finite};
  const CorrelationInterval first = fisher_interval(r12, n, confidence);
  const CorrelationInterval second = fisher_interval(r13, n, confidence);
  CorrelationInterval difference{.estimate = r12 - r13};
  difference.undefined = first.undefined != Undefined::no ? first.undefined : second.undefined;
  if (difference.undefined != Undefined::no) return difference;
  const double shared = correlation_of_estimates(r12, r13, r23);
  const auto reach = [&](double a, double b) {
    return std::sqrt(std::max(a * a + b * b - 2 * shared * a * b, 0.0));
  };
  difference.low = difference.estimate - reach(r12 - first.low, second.high - r13);
  difference.high = difference.estimate + reach(first.high - r12, r13 - second.low);
  return difference;
}

}  // namespace allometer::stats
