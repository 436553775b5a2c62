#include "stats/correlation.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "stats/permutation.hpp"
#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Correlation, AgreesWithSciPy) {
  for (const auto& [name, expected] : reference()["data_sets"].items()) {
    const Values x = expected["x"];
    const Values y = expected["y"];
    EXPECT_EQ(average_ranks(y), expected["ranks_y"].get<Values>()) << name;
    expect_close(pearson(x, y).value, expected["pearson"], name + " r");
    expect_close(spearman(x, y).value, expected["spearman"], name + " rho");
    expect_close(kendall_tau_b(x, y).value, expected["kendall"], name + " tau");
  }
}

TEST(Correlation, SaysWhyThereIsNone) {
  const auto expect_none = [](const Values& x, const Values& y, Undefined reason) {
    for (const Coefficient& c : {pearson(x, y), spearman(x, y), kendall_tau_b(x, y)}) {
      EXPECT_TRUE(std::isnan(c.value));
      EXPECT_EQ(c.undefined, reason) << name_of(c.undefined);
    }
    EXPECT_TRUE(std::isnan(permutation_test(x, y).pearson.p));
    EXPECT_TRUE(std::isnan(permutation_test(x, y).spearman.smallest_p));
  };
  expect_none({}, {}, Undefined::too_few);
  expect_none({1}, {2}, Undefined::too_few);
  expect_none({1, 2, 3}, {5, 5, 5}, Undefined::constant);
  expect_none({4, 4, 4}, {1, 2, 3}, Undefined::constant);
  expect_none({1, 2, 3}, {1, kNan, 3}, Undefined::not_finite);
  expect_none({1, kInfinity, 3}, {1, 2, 3}, Undefined::not_finite);
  EXPECT_EQ(name_of(Undefined::constant), "constant");
}

TEST(Correlation, PerfectIsExactlyOne) {
  const Values x = {0.1, 0.2, 0.3, 0.7};
  const Values falling = {3, 2, 1, -3};
  EXPECT_EQ(spearman(x, falling).value, -1);
  EXPECT_EQ(kendall_tau_b(x, falling).value, -1);
  EXPECT_NEAR(pearson(x, falling).value, -1, 1e-15);
  EXPECT_GE(pearson(x, falling).value, -1);
}

TEST(Correlation, LargeValuesDoNotOverflow) {
  expect_close(pearson(Values{1, 2, 3}, Values{1e200, 3e200, 2e200}).value, 0.5, "r");
}

TEST(StudentT, AgreesWithSciPy) {
  for (const auto& point : reference()["t_cdf"]) {
    expect_close(student_t_cdf(point[0], point[1]), point[2], "cdf " + point.dump());
  }
  for (const auto& point : reference()["t_quantile"]) {
    expect_close(student_t_quantile(point[0], point[1]), point[2], "quantile " + point.dump());
  }
}

TEST(StudentT, EdgesAreDefined) {
  EXPECT_EQ(student_t_quantile(0, 3), -kInfinity);
  EXPECT_EQ(student_t_quantile(1, 3), kInfinity);
  EXPECT_TRUE(std::isnan(student_t_quantile(1.5, 3)));
  EXPECT_EQ(student_t_cdf(kInfinity, 3), 1);
  EXPECT_TRUE(std::isnan(student_t_cdf(kNan, 3)));
}

TEST(LeastSquares, AgreesWithSciPy) {
  for (const auto& [name, expected] : reference()["data_sets"].items()) {
    const Line line = least_squares(expected["x"].get<Values>(), expected["y"].get<Values>(), 0.95);
    expect_close(line.slope, expected["slope"], name + " slope");
    expect_close(line.intercept, expected["intercept"], name + " intercept");
    expect_close(line.slope_standard_error, expected["slope_standard_error"], name + " error");
    expect_close(line.slope_low, expected["slope_low_95"], name + " low");
    expect_close(line.slope_high, expected["slope_high_95"], name + " high");
  }
}

TEST(LeastSquares, HasNoIntervalBelowThreeDistinctSizes) {
  const Line two = least_squares(Values{1, 3}, Values{2, 8}, 0.95);
  EXPECT_DOUBLE_EQ(two.slope, 3);
  EXPECT_TRUE(std::isnan(two.slope_low));
  EXPECT_EQ(two.interval_undefined, Undefined::too_few);
  const Line repeated = least_squares(Values{1, 1, 3, 3}, Values{2, 3, 8, 9}, 0.95);
  EXPECT_DOUBLE_EQ(repeated.slope, 3);
  EXPECT_TRUE(std::isnan(repeated.slope_high));
  EXPECT_EQ(least_squares(Values{2, 2}, Values{1, 3}, 0.95).undefined, Undefined::constant);
  EXPECT_EQ(least_squares(Values{2}, Values{1}, 0.95).undefined, Undefined::too_few);
  EXPECT_EQ(least_squares(Values{1, 2, 3}, Values{1, kNan, 3}, 0.95).undefined,
            Undefined::not_finite);
}

TEST(LeastSquares, EqualValuesHaveNoSlopeAtAll) {
  const std::vector<double> x = {0, 0.1, 0.7, 1.6, 2.2, 2.8, 3.5};
  for (const double value : {0.1, 1.0 / 3.0, 0.7, 1e-9}) {
    const Line line = least_squares(x, std::vector<double>(x.size(), value), 0.95);
    EXPECT_EQ(line.slope, 0) << value;
    EXPECT_EQ(line.intercept, value);
    EXPECT_EQ(line.slope_low, 0);
    EXPECT_EQ(line.slope_high, 0);
  }
}

TEST(LeastSquares, PointsOnALineHaveAnIntervalOfNoWidth) {
  const Line line = least_squares(Values{0, 1, 2, 3}, Values{1, 3, 5, 7}, 0.99);
  EXPECT_EQ(line.slope, 2);
  EXPECT_EQ(line.slope_low, 2);
  EXPECT_EQ(line.slope_high, 2);
}

TEST(Permutation, AgreesWithCountingAllOrders) {
  for (const auto& [name, expected] : reference()["data_sets"].items()) {
    const auto test = permutation_test(expected["x"].get<Values>(), expected["y"].get<Values>());
    EXPECT_TRUE(test.exact);
    const auto expect_p = [&, &name = name](const PermutationP& actual, const nlohmann::json& p) {
      EXPECT_NEAR(actual.p, p["p"], 1e-12) << name;
      EXPECT_NEAR(actual.smallest_p, p["smallest_p"], 1e-12) << name;
    };
    expect_p(test.pearson, expected["permutation"]["pearson"]);
    expect_p(test.spearman, expected["permutation"]["spearman"]);
    expect_p(test.kendall, expected["permutation"]["kendall"]);
  }
}

Values up_to(int n) {
  Values x(static_cast<std::size_t>(n));
  std::iota(x.begin(), x.end(), 1.0);
  return x;
}

// n = 4: .083; n = 5: only |rho| = 1 is below .05.
TEST(Permutation, FloorOfFewSizesIsThePublishedOne) {
  double orders = 6;
  for (int n = 4; n <= 9; ++n) {
    orders *= n;
    const auto test = permutation_test(up_to(n), up_to(n));
    EXPECT_DOUBLE_EQ(test.spearman.p, 2 / orders) << n;
    EXPECT_DOUBLE_EQ(test.spearman.smallest_p, 2 / orders) << n;
    EXPECT_DOUBLE_EQ(test.kendall.smallest_p, 2 / orders) << n;
  }
  EXPECT_NEAR(permutation_test(up_to(4), up_to(4)).spearman.smallest_p, 0.083, 5e-4);
  EXPECT_GT(permutation_test(up_to(5), Values{1, 2, 3, 5, 4}).spearman.p, 0.05);
}

// Critical values of |rho| at two-sided .05 (Zar 1972): .886 for 6 points, .786 for 7, .738 for 8;
// the next value below each is not significant.
TEST(Permutation, CriticalValuesOfRhoAreThePublishedOnes) {
  const auto expect_critical = [](const Values& at, double rho, const Values& below, double less) {
    const Values x = up_to(static_cast<int>(at.size()));
    EXPECT_NEAR(spearman(x, at).value, rho, 5e-4);
    EXPECT_LE(permutation_test(x, at).spearman.p, 0.05);
    EXPECT_NEAR(spearman(x, below).value, less, 5e-4);
    EXPECT_GT(permutation_test(x, below).spearman.p, 0.05);
  };
  expect_critical({2, 1, 4, 3, 5, 6}, 0.886, {3, 1, 2, 4, 5, 6}, 0.829);
  expect_critical({1, 2, 3, 5, 6, 7, 4}, 0.786, {1, 2, 3, 5, 7, 6, 4}, 0.75);
  expect_critical({1, 2, 3, 5, 6, 8, 7, 4}, 0.738, {1, 2, 3, 5, 8, 7, 4, 6}, 0.714);
}

TEST(Permutation, StaysWithinStrata) {
  // Two families of three: 3! * 3! orders, and the strongest is reached by one order up and, here,
  // none down as strong.
  const Values x = {1, 2, 3, 4, 5, 6};
  const Values y = {1, 2, 3, 14, 15, 16};
  const std::vector<int> family = {0, 0, 0, 1, 1, 1};
  const auto test = permutation_test(x, y, family);
  EXPECT_TRUE(test.exact);
  EXPECT_EQ(test.permutations, 36);
  EXPECT_DOUBLE_EQ(test.spearman.p, 1.0 / 36);
  EXPECT_DOUBLE_EQ(test.spearman.smallest_p, 1.0 / 36);
  // A family of one has one order.
  EXPECT_EQ(permutation_test(x, y, std::vector<int>{0, 1, 2, 3, 4, 5}).permutations, 1);
}

TEST(Permutation, DrawsBeyondNinePoints) {
  const auto& expected = reference()["twelve_points"];
  const Values y = expected["y"];
  const auto drawn = permutation_test(up_to(12), y, {}, 5, 19999);
  EXPECT_FALSE(drawn.exact);
  EXPECT_EQ(drawn.permutations, 19999);
  // The reference drew 250,001 orders: its own error is small beside ours.
  const double error = std::sqrt(0.25 / 19999 + 0.25 / 250001);
  EXPECT_NEAR(drawn.pearson.p, expected["p"]["pearson"], 5 * error);
  EXPECT_NEAR(drawn.spearman.p, expected["p"]["spearman"], 5 * error);
  EXPECT_NEAR(drawn.kendall.p, expected["p"]["kendall"], 5 * error);
  EXPECT_DOUBLE_EQ(drawn.spearman.smallest_p, 1.0 / 20000);
  EXPECT_DOUBLE_EQ(permutation_test(up_to(12), up_to(12), {}, 5, 999).pearson.p, 1.0 / 1000);
  // The seed decides.
  EXPECT_EQ(permutation_test(up_to(12), y, {}, 5, 999).pearson.p,
            permutation_test(up_to(12), y, {}, 5, 999).pearson.p);
  EXPECT_NE(permutation_test(up_to(12), y, {}, 5, 9999).pearson.p,
            permutation_test(up_to(12), y, {}, 6, 9999).pearson.p);
}

TEST(Permutation, OrderOfPointsDoesNotMatter) {
  const Values x = {3, 1, 2, 5, 4, 4};
  const Values y = {0.3, 0.1, 0.4, 0.9, 0.2, 0.5};
  const Values x2 = {4, 5, 1, 4, 3, 2};
  const Values y2 = {0.5, 0.9, 0.1, 0.2, 0.3, 0.4};
  EXPECT_EQ(permutation_test(x, y).pearson.p, permutation_test(x2, y2).pearson.p);
  EXPECT_EQ(permutation_test(x, y).kendall.p, permutation_test(x2, y2).kendall.p);
}

}  // namespace
}  // namespace allometer::stats
