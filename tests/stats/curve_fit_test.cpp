#include "stats/curve_fit.hpp"

#include <cmath>
#include <numeric>

#include "stats/logit.hpp"
#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using nlohmann::json;
using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr auto kFree = std::nullopt;

const json& cases(const char* curve) {
  return reference("models_reference.json")["curves"][curve];
}

/// SciPy's optimum to 1e-6 of each parameter, its errors to 1e-4 of themselves.
void expect_same(const CurveFit& fit, const json& expected, const std::string& what) {
  ASSERT_EQ(fit.undefined, Undefined::no) << what << ": " << name_of(fit.undefined);
  ASSERT_EQ(fit.interval_undefined, Undefined::no) << what;
  std::size_t k = 0;
  for (const CurveParameter& p : fit.parameters) {
    const std::string name = what + " " + std::string(p.name);
    if (p.is_fixed) {
      EXPECT_EQ(p.standard_error, 0) << name;
      EXPECT_EQ(p.low, p.estimate) << name;
      continue;
    }
    const double estimate = expected["estimate"][k];
    const double error = expected["standard_error"][k];
    EXPECT_NEAR(p.estimate, estimate, 1e-6 * std::abs(estimate)) << name;
    EXPECT_NEAR(p.standard_error, error, 1e-4 * error) << name;
    const double half = expected["t_975"].get<double>() * error;
    EXPECT_NEAR(p.low, estimate - half, 1e-4 * half) << name;
    EXPECT_NEAR(p.high, estimate + half, 1e-4 * half) << name;
    ++k;
  }
  EXPECT_EQ(k, expected["estimate"].size()) << what;
  EXPECT_NEAR(fit.residual_sum_of_squares, expected["rss"], 1e-9 * expected["rss"].get<double>());
  expect_close(fit.r_squared, expected["r_squared"], what + " R^2");
  if (expected["aicc"].is_null()) {
    EXPECT_TRUE(std::isnan(fit.aicc)) << what;
  } else {
    EXPECT_NEAR(fit.aicc, expected["aicc"], 1e-7) << what;
  }
}

TEST(CurveFit, PowerLawAgreesWithSciPy) {
  for (const auto& [name, expected] : cases("power_law").items()) {
    expect_same(fit_power_law(expected["x"].get<Values>(), expected["y"].get<Values>(), 0.95),
                expected, name);
  }
}

TEST(CurveFit, SaturatingPowerLawAgreesWithSciPy) {
  for (const auto& [name, expected] : cases("saturating_power_law").items()) {
    expect_same(
        fit_saturating_power_law(expected["x"].get<Values>(), expected["y"].get<Values>(), 0.95),
        expected, name);
  }
}

TEST(CurveFit, SigmoidAgreesWithSciPy) {
  const auto level = [](const json& given) {
    return given.is_null() ? std::nullopt : std::optional<double>(given.get<double>());
  };
  for (const auto& [name, expected] : cases("sigmoid").items()) {
    const CurveFit fit =
        fit_sigmoid(expected["x"].get<Values>(), expected["y"].get<Values>(),
                    level(expected["given"][0]), level(expected["given"][1]), 0.95);
    expect_same(fit, expected, name);
  }
}

TEST(CurveFit, LineIsLeastSquares) {
  const json& expected = cases("power_law")["loss"];
  const Values x = expected["x"];
  const Values y = expected["y"];
  const Line line = least_squares(x, y, 0.9);
  const CurveFit fit = fit_line(x, y, 0.9);
  ASSERT_EQ(fit.parameters.size(), 2U);
  expect_close(fit.parameters[1].estimate, line.slope, "slope");
  expect_close(fit.parameters[1].low, line.slope_low, "low");
  expect_close(fit.parameters[0].estimate, line.intercept, "intercept");
  expect_close(fit.at(9), line.intercept + 9 * line.slope, "at 9");
}

const Values kSizes = {7.28, 7.93, 8.48, 8.91, 9.08, 9.4, 9.81, 10.05};

template <typename Function>
Values values_of(const Function& function) {
  Values y;
  for (const double x : kSizes) y.push_back(function(x));
  return y;
}

TEST(CurveFit, GivesBackTheCurveThatDataLieOn) {
  const auto power = [](double x) { return 9 * std::pow(10, -0.06 * x); };
  const auto saturating = [](double x) { return 1.69 + 406.4 * std::pow(10, -0.34 * x); };
  const auto sigmoid = [](double x) { return 0.25 + 0.6 * logistic(2 * (x - 8.7)); };
  const CurveFit a = fit_power_law(kSizes, values_of(power), 0.95);
  const CurveFit b = fit_saturating_power_law(kSizes, values_of(saturating), 0.95);
  const CurveFit c = fit_sigmoid(kSizes, values_of(sigmoid), kFree, kFree, 0.95);
  for (const double x : {5.0, 8.2, 12.0}) {
    EXPECT_NEAR(a.at(x), power(x), 1e-9);
    EXPECT_NEAR(b.at(x), saturating(x), 1e-7);
    EXPECT_NEAR(c.at(x), sigmoid(x), 1e-7);
  }
  EXPECT_NEAR(b.parameters[2].estimate, 0.34, 1e-8);
  EXPECT_NEAR(b.r_squared, 1, 1e-12);
}

TEST(CurveFit, SizesThatNearlyCoincideDoNotHideTheCurve) {
  const Values x = {7.28, 7.2801, 7.93, 8.48, 8.91, 9.08, 9.4, 9.81, 10.05};
  Values y;
  for (const double v : x) y.push_back(1.69 + 406.4 * std::pow(10, -0.34 * v));
  const CurveFit saturating = fit_saturating_power_law(x, y, 0.95);
  ASSERT_EQ(saturating.undefined, Undefined::no) << name_of(saturating.undefined);
  EXPECT_NEAR(saturating.parameters[0].estimate, 1.69, 1e-8);
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = 0.25 + 0.6 * logistic(2 * (x[i] - 8.7));
  const CurveFit sigmoid = fit_sigmoid(x, y, kFree, kFree, 0.95);
  ASSERT_EQ(sigmoid.undefined, Undefined::no) << name_of(sigmoid.undefined);
  EXPECT_NEAR(sigmoid.parameters[2].estimate, 2, 1e-6);
}

TEST(CurveFit, WithoutCurvatureTheLevelIsNotIdentified) {
  Values line;
  Values accelerating;
  for (const double x : kSizes) {
    line.push_back(0.3 * x - 2);
    accelerating.push_back(0.02 * std::exp(x - 7));
  }
  for (const Values& y : {line, accelerating}) {
    const CurveFit fit = fit_saturating_power_law(kSizes, y, 0.95);
    EXPECT_EQ(fit.undefined, Undefined::not_identified);
    EXPECT_TRUE(fit.parameters.empty());
    EXPECT_TRUE(std::isnan(fit.aicc));
    EXPECT_TRUE(std::isnan(fit.at(9)));
  }
  // Only the smallest model differs: any alpha that is large enough fits.
  EXPECT_EQ(fit_saturating_power_law(kSizes, Values{1, 2, 2, 2, 2, 2, 2, 2}, 0.95).undefined,
            Undefined::not_identified);
}

TEST(CurveFit, SigmoidThatDataDoNotShowIsNotIdentified) {
  // The foot alone, a straight line, a jump between two sizes.
  const Values foot = values_of([](double x) { return 0.25 + 1e-3 * std::exp(1.2 * (x - 7)); });
  const Values line = values_of([](double x) { return 0.3 * x - 2; });
  const Values jump = {0.25, 0.25, 0.25, 0.25, 0.9, 0.9, 0.9, 0.9};
  EXPECT_EQ(fit_sigmoid(kSizes, foot, 0.25, kFree, 0.95).undefined, Undefined::not_identified);
  EXPECT_EQ(fit_sigmoid(kSizes, line, kFree, kFree, 0.95).undefined, Undefined::not_identified);
  EXPECT_EQ(fit_sigmoid(kSizes, jump, kFree, kFree, 0.95).undefined, Undefined::not_identified);
}

TEST(CurveFit, SaysWhyThereIsNone) {
  const auto expect_none = [](const Values& x, const Values& y, Undefined reason) {
    for (const CurveFit& fit :
         {fit_line(x, y, 0.95), fit_power_law(x, y, 0.95), fit_saturating_power_law(x, y, 0.95),
          fit_sigmoid(x, y, kFree, kFree, 0.95)}) {
      EXPECT_EQ(fit.undefined, reason) << name_of(fit.curve) << " " << name_of(fit.undefined);
      EXPECT_EQ(fit.interval_undefined, reason);
      EXPECT_TRUE(fit.parameters.empty());
    }
  };
  expect_none({}, {}, Undefined::too_few);
  expect_none({8, 9}, {1, 2}, Undefined::too_few);
  expect_none({8, 8, 8, 8, 8, 8}, {1, 2, 3, 4, 5, 6}, Undefined::too_few);
  expect_none({7, 8, 9, 10, 11, 12}, {2, 2, 2, 2, 2, 2}, Undefined::constant);
  expect_none({7, 8, kNan, 10, 11, 12}, {1, 2, 3, 2, 2, 2}, Undefined::not_finite);
  expect_none({7, 8, 9, 10, 11, 12}, {1, INFINITY, 3, 2, 2, 2}, Undefined::not_finite);
  // Three sizes determine a saturating power law exactly and leave nothing to judge it by; two
  // distinct sizes do not show it, however many models there are.
  EXPECT_EQ(fit_saturating_power_law(Values{7, 8, 9}, Values{3, 2, 1.5}, 0.95).undefined,
            Undefined::too_few);
  EXPECT_EQ(
      fit_saturating_power_law(Values{7, 7, 9, 9, 9}, Values{3, 2, 1.5, 1, 2}, 0.95).undefined,
      Undefined::too_few);
}

TEST(CurveFit, SmallestAiccChoosesTheShapeOfTheData) {
  const auto choice = [](const Values& y) {
    const std::vector<CurveFit> fits = {fit_line(kSizes, y, 0.95), fit_power_law(kSizes, y, 0.95),
                                        fit_saturating_power_law(kSizes, y, 0.95),
                                        fit_sigmoid(kSizes, y, 0.25, kFree, 0.95)};
    return fits[smallest_aicc(fits).value()].curve;
  };
  // Scatter of a few thousandths, the same for each.
  const Values scatter = {0.002, -0.003, 0.001, 0.002, -0.002, 0.003, -0.001, -0.002};
  const auto with_scatter = [&](Values y) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += scatter[i];
    return y;
  };
  EXPECT_EQ(choice(with_scatter(values_of([](double x) { return 0.2 * x - 1; }))), Curve::line);
  EXPECT_EQ(choice(with_scatter(values_of([](double x) { return 90 * std::pow(10, -0.2 * x); }))),
            Curve::power_law);
  EXPECT_EQ(choice(with_scatter(
                values_of([](double x) { return 1.69 + 4064 * std::pow(10, -0.44 * x); }))),
            Curve::saturating_power_law);
  EXPECT_EQ(choice(with_scatter(
                values_of([](double x) { return 0.25 + 0.6 * logistic(4 * (x - 8.7)); }))),
            Curve::sigmoid);
  EXPECT_FALSE(smallest_aicc({}).has_value());
  const std::vector<CurveFit> none(2);
  EXPECT_FALSE(smallest_aicc(none).has_value());
}

}  // namespace
}  // namespace allometer::stats
