#include "stats/ratio.hpp"

#include <cmath>

#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Fieller, EndsAreWhereTheDifferenceBecomesSignificant) {
  for (const auto& [name, expected] : reference("models_reference.json")["fieller"].items()) {
    const auto& in = expected["input"];
    const Ratio ratio = fieller(in[0], in[1], in[2], in[3], in[4], in[5], 0.95);
    EXPECT_EQ(name_of(ratio.set), expected["set"].get<std::string>()) << name;
    EXPECT_EQ(ratio.interval_undefined, Undefined::no) << name;
    expect_close(ratio.value, in[0].get<double>() / in[1].get<double>(), name);
    if (ratio.set == RatioSet::everything) {
      EXPECT_EQ(ratio.low, -kInfinity) << name;
      EXPECT_EQ(ratio.high, kInfinity) << name;
      continue;
    }
    expect_close(ratio.low, expected["low"], name + " low");
    expect_close(ratio.high, expected["high"], name + " high");
  }
}

TEST(Fieller, DegenerateInput) {
  const Ratio no_denominator = fieller(0.3, 0, 0.01, 0.01, 0, 8, 0.95);
  EXPECT_EQ(no_denominator.undefined, Undefined::constant);
  EXPECT_TRUE(std::isnan(no_denominator.value));
  EXPECT_EQ(no_denominator.set, RatioSet::complement);
  EXPECT_EQ(no_denominator.low, -no_denominator.high);
  const Ratio exact = fieller(0.3, 0.1, 0, 0, 0, 8, 0.95);
  EXPECT_EQ(exact.set, RatioSet::bounded);
  EXPECT_DOUBLE_EQ(exact.low, 3);
  EXPECT_DOUBLE_EQ(exact.high, 3);
  const Ratio nothing_added = fieller(0, 0.1, 0.0001, 0, 0, kInfinity, 0.95);
  EXPECT_NEAR(nothing_added.high, 1.959963984540054 * 0.1, 1e-12) << "normal quantile";
  EXPECT_EQ(fieller(std::nan(""), 1, 1, 1, 0, 3, 0.95).undefined, Undefined::not_finite);
  const Ratio no_error = fieller(1, 2, std::nan(""), 1, 0, 3, 0.95);
  EXPECT_EQ(no_error.undefined, Undefined::no);
  EXPECT_EQ(no_error.interval_undefined, Undefined::not_finite);
  EXPECT_TRUE(std::isnan(no_error.low));
}

/// Intercept, x and a lever over eight models.
Eigen::MatrixXd lever_design() {
  Eigen::MatrixXd design(8, 3);
  design << 1, 7, 0, 1, 7, 1, 1, 8, 0, 1, 8, 1, 1, 9, 0, 1, 9, 1, 1, 10.2, 0, 1, 10, 1;
  return design;
}

TEST(Ratio, LeverInDecadesOfSize) {
  const LinearModel model(lever_design(), Values{0.2, 0.33, 0.31, 0.41, 0.4, 0.54, 0.53, 0.6});
  const Eigen::Vector3d lever(0, 0, 1);
  const Eigen::Vector3d size(0, 1, 0);
  for (const Errors errors : {Errors::classical, Errors::clustered}) {
    const Ratio ratio = ratio_of(model, lever, size, errors, 0.95);
    ASSERT_EQ(ratio.set, RatioSet::bounded);
    expect_close(ratio.value,
                 model.test(lever, errors, 0.95).estimate / model.test(size, errors, 0.95).estimate,
                 "ratio");
    EXPECT_LT(ratio.low, ratio.value);
    EXPECT_GT(ratio.high, ratio.value);
    if (errors == Errors::clustered) continue;
    // With classical errors both ends are exactly where the difference has p = 0.05.
    for (const double end : {ratio.low, ratio.high}) {
      expect_close(model.test(lever - end * size, errors, 0.95).p, 0.05, "p at the end");
    }
  }
}

TEST(Ratio, SaysWhyThereIsNone) {
  const Eigen::Vector3d lever(0, 0, 1);
  const Eigen::Vector3d size(0, 1, 0);
  const LinearModel three(lever_design().topRows(3), Values{0.2, 0.33, 0.31});
  const Ratio no_interval = ratio_of(three, lever, size, Errors::classical, 0.95);
  EXPECT_EQ(no_interval.undefined, Undefined::no);
  EXPECT_EQ(no_interval.interval_undefined, Undefined::too_few);
  EXPECT_TRUE(std::isnan(no_interval.low));
  Eigen::MatrixXd same = lever_design();
  same.col(2).setZero();
  const LinearModel no_lever(same, Values{0.2, 0.33, 0.31, 0.41, 0.4, 0.54, 0.53, 0.6});
  EXPECT_EQ(ratio_of(no_lever, lever, size, Errors::classical, 0.95).undefined,
            Undefined::not_identified);
}

}  // namespace
}  // namespace allometer::stats
