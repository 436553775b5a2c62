#include "stats/equivalence.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "core/contract.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

double normal_cdf(double z) {
  return boost::math::cdf(boost::math::normal(), z);
}

/// The mean of `given` over u = s / sigma in (0, limit), where degrees * u^2 is chi-squared: what
/// is likely given the estimated error, made likely before it is known.
template <class Given>
double over_estimated_error(double degrees, double limit, const Given& given) {
  const double half = 0.5 * degrees;
  const double log_constant = std::log(2.0) + half * std::log(half) - boost::math::lgamma(half);
  const auto weighted = [&](double u) {
    return given(u) * std::exp(log_constant + (degrees - 1) * std::log(u) - half * u * u);
  };
  // The standard deviation of u is at most 1 / sqrt(2 degrees): nothing to be seen lies ten of them
  // from 1.
  const double reach = 10 / std::sqrt(2 * degrees);
  const double low = std::max(0.0, 1 - reach);
  const double high = std::min(limit, 1 + reach);
  if (high <= low) return 0;
  using Quadrature = boost::math::quadrature::gauss_kronrod<double, 61>;
  return std::clamp(Quadrature::integrate(weighted, low, high, 15, 1e-12), 0.0, 1.0);
}

/// The fewest sizes whose power is reached, which grows with the number.
std::optional<std::int64_t> fewest_sizes(
    const Scatter& scatter, double power,
    const std::function<double(double standard_error, double degrees)>& power_at) {
  const double deviation = scatter.residual_deviation;
  const double spread = scatter.size_deviation;
  ALLOMETER_EXPECT(power > 0 && power < 1 && scatter.families > 0);
  if (!std::isfinite(deviation) || !std::isfinite(spread) || spread <= 0) return std::nullopt;
  const std::int64_t fewest = scatter.families + 2;
  if (deviation <= 0) return fewest;
  const auto suffices = [&](std::int64_t sizes) {
    const auto n = static_cast<double>(sizes);
    return power_at(deviation / (spread * std::sqrt(n)), n - scatter.families - 1) >= power;
  };
  std::int64_t enough = fewest;
  std::int64_t too_few = fewest - 1;
  while (!suffices(enough)) {
    if (enough == kMaxSizesNeeded) return std::nullopt;
    too_few = enough;
    enough = std::min(2 * enough, kMaxSizesNeeded);
  }
  while (enough - too_few > 1) {
    const std::int64_t middle = too_few + (enough - too_few) / 2;
    (suffices(middle) ? enough : too_few) = middle;
  }
  return enough;
}

}  // namespace

Equivalence tost(double estimate, double standard_error, double degrees_of_freedom, double margin) {
  ALLOMETER_EXPECT(margin > 0);
  if (!std::isfinite(estimate) || !std::isfinite(standard_error) ||
      std::isnan(degrees_of_freedom)) {
    return {};
  }
  if (degrees_of_freedom <= 0) return {.undefined = Undefined::too_few};
  Equivalence result{.undefined = Undefined::no};
  if (standard_error == 0) {
    result.p_lower = estimate > -margin ? 0 : 1;
    result.p_upper = estimate < margin ? 0 : 1;
  } else {
    // The upper tail from the lower one of the mirrored t: small p keep their digits.
    result.p_lower = student_t_cdf(-(estimate + margin) / standard_error, degrees_of_freedom);
    result.p_upper = student_t_cdf((estimate - margin) / standard_error, degrees_of_freedom);
  }
  result.p = std::max(result.p_lower, result.p_upper);
  return result;
}

double tost_power(double effect, double standard_error, double degrees_of_freedom, double margin,
                  double alpha) {
  ALLOMETER_EXPECT(standard_error > 0 && degrees_of_freedom > 0 && margin > 0);
  ALLOMETER_EXPECT(alpha > 0 && alpha < 0.5);
  const double critical = student_t_quantile(1 - alpha, degrees_of_freedom);
  const double below = (margin + effect) / standard_error;
  const double above = (margin - effect) / standard_error;
  // Equivalence is found where the estimate lies within margin - critical * s; beyond the limit
  // nothing does.
  return over_estimated_error(degrees_of_freedom, (above + below) / (2 * critical), [&](double u) {
    return normal_cdf(above - critical * u) - normal_cdf(critical * u - below);
  });
}

double t_test_power(double effect, double standard_error, double degrees_of_freedom, double alpha) {
  ALLOMETER_EXPECT(standard_error > 0 && degrees_of_freedom > 0);
  ALLOMETER_EXPECT(alpha > 0 && alpha < 1);
  const double critical = student_t_quantile(1 - 0.5 * alpha, degrees_of_freedom);
  const double shift = std::abs(effect) / standard_error;
  // By quadrature too: Boost's series for the distribution itself gives up on large shifts.
  return over_estimated_error(
      degrees_of_freedom, std::numeric_limits<double>::infinity(), [&](double u) {
        return normal_cdf(shift - critical * u) + normal_cdf(-shift - critical * u);
      });
}

std::optional<std::int64_t> sizes_needed(const Scatter& scatter, double slope, double alpha,
                                         double power) {
  if (!std::isfinite(slope) || slope == 0) return std::nullopt;
  return fewest_sizes(scatter, power, [&](double standard_error, double degrees) {
    return t_test_power(slope, standard_error, degrees, alpha);
  });
}

std::optional<std::int64_t> sizes_needed_for_equivalence(const Scatter& scatter, double margin,
                                                         double alpha, double power, double slope) {
  if (!std::isfinite(slope) || std::abs(slope) >= margin) return std::nullopt;
  return fewest_sizes(scatter, power, [&](double standard_error, double degrees) {
    return tost_power(slope, standard_error, degrees, margin, alpha);
  });
}

}  // namespace allometer::stats
