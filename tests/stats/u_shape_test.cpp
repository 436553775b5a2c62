#include "stats/u_shape.hpp"

#include <cmath>

#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using nlohmann::json;
using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;
using Labels = std::vector<int>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void expect_slope(const CoefficientTest& slope, const json& expected, const std::string& what) {
  expect_close(slope.estimate, expected["estimate"], what);
  expect_close(slope.standard_error, expected["standard_error"], what + " error");
  expect_close(slope.p, expected["p"], what + " p");
  expect_close(slope.degrees_of_freedom, expected["df"], what + " df");
}

TEST(UShape, AgreesWithRegressionsOfStatsmodels) {
  for (const auto& [name, expected] : reference("models_reference.json")["u_shapes"].items()) {
    const Values x = expected["x"];
    const Values y = expected["y"];
    const Labels family = expected["family"];
    const QuadraticTest quadratic = quadratic_test(x, y, family, 0.95);
    EXPECT_EQ(name_of(quadratic.bend), expected["bend"].get<std::string>()) << name;
    expect_close(quadratic.curvature.estimate, expected["curvature"], name + " curvature");
    expect_close(quadratic.p, expected["lind_mehlum_p"], name + " Lind and Mehlum");
    expect_close(quadratic.turning_point.value, expected["turning_point"], name + " turn");
    EXPECT_EQ(quadratic.turns_inside, quadratic.p < 0.5) << name;
    const TwoLinesTest lines = two_lines_test(x, y, family, 0.95);
    EXPECT_EQ(lines.undefined, Undefined::no);
    const json& at_break = expected["two_lines"][expected["sizes_before"].get<std::size_t>()];
    expect_close(lines.break_point, at_break["break"], name + " break");
    expect_slope(lines.first, at_break["first"], name + " first");
    expect_slope(lines.second, at_break["second"], name + " second");
    EXPECT_EQ(name_of(lines.bend), expected["two_lines_bend"].get<std::string>()) << name;
    expect_close(lines.p, lines.bend == Bend::none ? 1 : std::max(lines.first.p, lines.second.p),
                 name);
  }
}

TEST(UShape, ALevellingCurveIsNoUForTwoLines) {
  Values x;
  Values y;
  for (int i = 0; i < 10; ++i) {
    x.push_back(7.5 + 0.3 * i);
    y.push_back(0.3 * (1 - std::exp(-0.4 * i)) + (i % 2 == 0 ? 0.002 : -0.002));
  }
  EXPECT_LT(quadratic_test(x, y, {}, 0.95).p, 0.05) << "what the two lines are for";
  const TwoLinesTest lines = two_lines_test(x, y, {}, 0.95);
  EXPECT_GT(lines.p, 0.05);
}

TEST(UShape, ManyFamiliesAreClusters) {
  // Eight families with the same V, their offsets, and scatter that differs by family.
  Values x;
  Values y;
  Labels family;
  for (int f = 0; f < 8; ++f) {
    for (int i = 0; i < 7; ++i) {
      x.push_back(7 + 0.5 * i);
      y.push_back(0.1 * std::abs(i - 3) + 0.05 * f + 0.003 * f * std::sin(2.0 * i + f));
      family.push_back(f);
    }
  }
  const TwoLinesTest lines = two_lines_test(x, y, family, 0.95);
  EXPECT_EQ(lines.bend, Bend::u);
  EXPECT_LT(lines.p, 1e-4);
  EXPECT_LE(lines.first.degrees_of_freedom, 7 + 1e-9) << "families, not models";
  EXPECT_LE(quadratic_test(x, y, family, 0.95).curvature.degrees_of_freedom, 7 + 1e-9);
}

TEST(UShape, SaysWhyThereIsNone) {
  const auto expect_none = [](const Values& x, const Values& y, Undefined reason) {
    const QuadraticTest quadratic = quadratic_test(x, y, {}, 0.95);
    const TwoLinesTest lines = two_lines_test(x, y, {}, 0.95);
    EXPECT_EQ(quadratic.undefined, reason);
    EXPECT_EQ(lines.undefined, reason);
    EXPECT_TRUE(std::isnan(quadratic.p) && std::isnan(lines.p));
  };
  expect_none({}, {}, Undefined::too_few);
  expect_none({7, 8, 9}, {1, 0, 1}, Undefined::too_few);
  expect_none({7, 7, 8, 8, 9, 9}, {1, 1.1, 0, 0.1, 1, 1.1}, Undefined::too_few);
  expect_none({8, 8, 8}, {1, 2, 3}, Undefined::constant);
  expect_none({7, 8, 9, 10, 11, 12}, {1, kNan, 3, 4, 5, 6}, Undefined::not_finite);
  EXPECT_EQ(two_lines_test(Values{7, 8, 9, 10}, Values{2, 1, 1, 2}, {}, 0.95).undefined,
            Undefined::too_few)
      << "four sizes";
  const Values equal(6, 0.1);
  EXPECT_EQ(two_lines_test(Values{7, 8, 9, 10, 11, 12}, equal, {}, 0.95).p, 1);
  EXPECT_EQ(quadratic_test(Values{7, 8, 9, 10, 11, 12}, equal, {}, 0.95).p, 1);
}

TEST(DeclinesThroughout, OnlyIfNoSizeRises) {
  const Values x = {7, 8, 9, 10};
  EXPECT_TRUE(declines_throughout(x, Values{0.5, 0.4, 0.4, 0.2}, {}, {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, Values{0.5, 0.4, 0.41, 0.2}, {}, {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, Values{0.5, 0.5, 0.5, 0.5}, {}, {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, Values{0.2, 0.3, 0.4, 0.5}, {}, {}, 0.95));
  EXPECT_FALSE(declines_throughout(Values{7, 8, 8}, Values{0.5, 0.4, 0.4}, {}, {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, Values{0.5, kNan, 0.3, 0.2}, {}, {}, 0.95));
}

TEST(DeclinesThroughout, ButForNoise) {
  const Values x = {7, 8, 9, 10};
  const Values y = {0.5, 0.4, 0.41, 0.2};
  // The rise of 0.01 is 1.96 standard errors of a difference at 0.0036 each.
  EXPECT_TRUE(declines_throughout(x, y, Values(4, 0.0037), {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, y, Values(4, 0.0035), {}, 0.95));
  EXPECT_FALSE(declines_throughout(x, y, Values(4, 0.2), {}, 0.95)) << "nor does it fall then";
  EXPECT_FALSE(declines_throughout(x, y, Values(4, kNan), {}, 0.95));
}

TEST(DeclinesThroughout, WithinFamilies) {
  const Values x = {7, 8, 9, 7.5, 8.5};
  const Values y = {0.3, 0.2, 0.1, 0.9, 0.8};
  EXPECT_FALSE(declines_throughout(x, y, {}, {}, 0.95));
  EXPECT_TRUE(declines_throughout(x, y, {}, Labels{0, 0, 0, 1, 1}, 0.95));
}

}  // namespace
}  // namespace allometer::stats
