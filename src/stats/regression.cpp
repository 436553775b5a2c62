#include "stats/regression.hpp"

#include <cmath>
#include <set>

#include <Eigen/Core>
#include <boost/math/distributions/students_t.hpp>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

using ConstVector = Eigen::Map<const Eigen::VectorXd>;

ConstVector as_vector(std::span<const double> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

}  // namespace

double student_t_cdf(double t, double degrees_of_freedom) {
  ALLOMETER_EXPECT(degrees_of_freedom > 0);
  if (std::isnan(t)) return t;
  if (std::isinf(t)) return t > 0 ? 1.0 : 0.0;
  return boost::math::cdf(boost::math::students_t(degrees_of_freedom), t);
}

double student_t_quantile(double probability, double degrees_of_freedom) {
  ALLOMETER_EXPECT(degrees_of_freedom > 0);
  if (!(probability >= 0 && probability <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (probability == 0) return -std::numeric_limits<double>::infinity();
  if (probability == 1) return std::numeric_limits<double>::infinity();
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), probability);
}

Line least_squares(std::span<const double> x, std::span<const double> y, double confidence) {
  ALLOMETER_EXPECT(x.size() == y.size());
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  Line line;
  if (x.size() < 2) return line;
  const auto fail = [&](Undefined reason) {
    line.undefined = line.interval_undefined = reason;
    return line;
  };
  if (!as_vector(x).allFinite() || !as_vector(y).allFinite()) return fail(Undefined::not_finite);
  const std::size_t distinct = std::set<double>(x.begin(), x.end()).size();
  if (distinct < 2) return fail(Undefined::constant);

  const double mean_x = as_vector(x).mean();
  // The mean of equal values may differ from them by rounding, which would pass for a slope.
  const bool is_flat = std::set<double>(y.begin(), y.end()).size() == 1;
  const double mean_y = is_flat ? y.front() : as_vector(y).mean();
  const Eigen::VectorXd dx = as_vector(x).array() - mean_x;
  const Eigen::VectorXd dy = as_vector(y).array() - mean_y;
  const double sxx = dx.squaredNorm();
  const double slope = dx.dot(dy) / sxx;
  if (!std::isfinite(slope)) return fail(Undefined::not_finite);
  line.slope = slope;
  line.intercept = mean_y - slope * mean_x;
  line.undefined = Undefined::no;
  line.degrees_of_freedom = static_cast<int>(x.size()) - 2;
  if (distinct < 3) return line;

  line.slope_standard_error =
      std::sqrt((dy - slope * dx).squaredNorm() / line.degrees_of_freedom / sxx);
  const double half_width = line.slope_standard_error *
                            student_t_quantile(0.5 + 0.5 * confidence, line.degrees_of_freedom);
  line.slope_low = slope - half_width;
  line.slope_high = slope + half_width;
  line.interval_undefined = Undefined::no;
  return line;
}

}  // namespace allometer::stats
