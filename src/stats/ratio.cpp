#include "stats/ratio.hpp"

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// r with a r^2 - 2 h r + c <= 0. The set is never empty where a > 0: b / c is in it.
void solve(double a, double h, double c, Ratio& ratio) {
  const double discriminant = h * h - a * c;
  if (a == 0 && h != 0) {  // a half-line
    ratio.set = RatioSet::complement;
    ratio.low = h > 0 ? -kInfinity : c / (2 * h);
    ratio.high = h > 0 ? c / (2 * h) : kInfinity;
    return;
  }
  if (a == 0 || (a < 0 && discriminant <= 0)) {
    ratio.set = RatioSet::everything;
    ratio.low = -kInfinity;
    ratio.high = kInfinity;
    return;
  }
  // The root of the larger numerator first, the other from their product: nothing cancels.
  const double larger = h + std::copysign(std::sqrt(std::max(0.0, discriminant)), h);
  const double first = larger / a;
  const double second = larger == 0 ? first : c / larger;
  ratio.set = a > 0 ? RatioSet::bounded : RatioSet::complement;
  ratio.low = std::min(first, second);
  ratio.high = std::max(first, second);
}

}  // namespace

std::string_view name_of(RatioSet set) {
  switch (set) {
    case RatioSet::bounded:
      return "bounded";
    case RatioSet::complement:
      return "complement";
    case RatioSet::everything:
      return "everything";
  }
  return "";
}

Ratio fieller(double b, double c, double var_b, double var_c, double covariance,
              double degrees_of_freedom, double confidence) {
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  ALLOMETER_EXPECT(!(var_b < 0) && !(var_c < 0));
  Ratio ratio;
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!finite(b) || !finite(c)) {
    ratio.undefined = ratio.interval_undefined = Undefined::not_finite;
    return ratio;
  }
  ratio.undefined = c == 0 ? Undefined::constant : Undefined::no;
  if (c != 0) ratio.value = b / c;
  if (!finite(var_b) || !finite(var_c) || !finite(covariance) || !(degrees_of_freedom > 0)) {
    ratio.interval_undefined = Undefined::not_finite;
    return ratio;
  }
  const double t = student_t_quantile(0.5 + 0.5 * confidence, degrees_of_freedom);
  solve(c * c - t * t * var_c, b * c - t * t * covariance, b * b - t * t * var_b, ratio);
  ratio.interval_undefined = Undefined::no;
  return ratio;
}

Ratio ratio_of(const LinearModel& model, const Eigen::VectorXd& numerator,
               const Eigen::VectorXd& denominator, Errors errors, double confidence) {
  const CoefficientTest b = model.test(numerator, errors, confidence);
  const CoefficientTest c = model.test(denominator, errors, confidence);
  const auto without_interval = [&](Undefined reason) {
    Ratio ratio = fieller(b.estimate, c.estimate, 0, 0, 0, 1, confidence);
    ratio.low = ratio.high = std::numeric_limits<double>::quiet_NaN();
    ratio.interval_undefined = reason;
    return ratio;
  };
  for (const CoefficientTest& test : {b, c}) {
    if (test.undefined == Undefined::no) continue;
    Ratio ratio;
    ratio.undefined = ratio.interval_undefined = test.undefined;
    return ratio;
  }
  if (b.interval_undefined != Undefined::no) return without_interval(b.interval_undefined);
  if (c.interval_undefined != Undefined::no) return without_interval(c.interval_undefined);
  const double value = c.estimate == 0 ? 0 : b.estimate / c.estimate;
  const CoefficientTest difference =
      model.test(numerator - value * denominator, errors, confidence);
  // A ratio that is known exactly has no such difference.
  const double df = difference.interval_undefined == Undefined::no ? difference.degrees_of_freedom
                                                                   : b.degrees_of_freedom;
  return fieller(b.estimate, c.estimate, b.standard_error * b.standard_error,
                 c.standard_error * c.standard_error,
                 model.covariance(numerator, denominator, errors), df, confidence);
}

}  // namespace allometer::stats
