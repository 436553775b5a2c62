#include "stats/equivalence.hpp"

#include <cmath>

#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Scatter scatter_of(const nlohmann::json& input) {
  return {input[0], input[1], input[2]};
}

TEST(Tost, AgreesWithSciPy) {
  for (const auto& expected : reference("test_reference.json")["tost"]) {
    const auto& in = expected["input"];
    const Equivalence test = tost(in[0], in[1], in[2], in[3]);
    expect_close(test.p_lower, expected["p_lower"], "lower " + in.dump());
    expect_close(test.p_upper, expected["p_upper"], "upper " + in.dump());
    EXPECT_EQ(test.p, std::max(test.p_lower, test.p_upper));
    EXPECT_EQ(test.undefined, Undefined::no);
  }
}

// The (1 - 2 alpha) interval touches the margin exactly where p = alpha.
TEST(Tost, IsTheIntervalInsideTheMargin) {
  // t(0.95, 5) = 2.015048373 (tables)
  const double half_width = 2.015048373 * 0.01;
  EXPECT_NEAR(tost(0.02, 0.01, 5, 0.02 + half_width).p, 0.05, 1e-10);
  EXPECT_NEAR(tost(-0.02, 0.01, 5, 0.02 + half_width).p, 0.05, 1e-10);
}

TEST(Tost, DegenerateInputHasItsOutcome) {
  EXPECT_EQ(tost(0.01, 0, 3, 0.05).p, 0);
  EXPECT_EQ(tost(0.05, 0, 3, 0.05).p, 1);
  EXPECT_EQ(tost(-0.2, 0, 3, 0.05).p_lower, 1);
  EXPECT_EQ(tost(-0.2, 0, 3, 0.05).p_upper, 0);
  EXPECT_EQ(tost(0.01, 0.01, 0, 0.05).undefined, Undefined::too_few);
  EXPECT_TRUE(std::isnan(tost(0.01, 0.01, 0, 0.05).p));
  EXPECT_EQ(tost(kNan, 0.01, 3, 0.05).undefined, Undefined::not_finite);
  EXPECT_EQ(tost(0.01, kNan, 3, 0.05).undefined, Undefined::not_finite);
  EXPECT_EQ(tost(0.01, kInfinity, 3, 0.05).undefined, Undefined::not_finite);
}

TEST(Power, OfEquivalenceAgreesWithOwensQ) {
  for (const auto& expected : reference("test_reference.json")["tost_power"]) {
    const auto& in = expected["input"];
    expect_close(tost_power(in[0], in[1], in[2], in[3], in[4]), expected["power"], in.dump());
  }
}

// The worked example of the R package PowerTOST: a crossover of 40 subjects, coefficient of
// variation 0.3, ratio 0.95, margin 1.25 on the log scale: power 0.815845, and 38 do not reach 0.8.
TEST(Power, OfEquivalenceAgreesWithAPublishedValue) {
  const auto power = [](int subjects) {
    const double error = std::sqrt(std::log(1 + 0.3 * 0.3) * 2 / subjects);
    return tost_power(std::log(0.95), error, subjects - 2, std::log(1.25), 0.05);
  };
  EXPECT_NEAR(power(40), 0.815845, 5e-7);
  EXPECT_LT(power(38), 0.8);
}

TEST(Power, OfTheTTestAgreesWithTheNonCentralTOfSciPy) {
  for (const auto& expected : reference("test_reference.json")["t_power"]) {
    const auto& in = expected["input"];
    expect_close(t_test_power(in[0], in[1], in[2], in[3]), expected["power"], in.dump());
  }
}

TEST(Power, HasItsLimits) {
  EXPECT_NEAR(t_test_power(0, 0.1, 7, 0.05), 0.05, 1e-12);
  EXPECT_NEAR(t_test_power(1, 1e-200, 2, 0.05), 1, 1e-12);
  EXPECT_NEAR(tost_power(0, 1e-200, 2, 0.05, 0.05), 1, 1e-12);
  EXPECT_NEAR(tost_power(0.05, 1e-4, 20, 0.05, 0.05), 0.05, 1e-6);
  EXPECT_LT(tost_power(0, 1, 2, 0.05, 0.05), 0.01);
}

TEST(SizesNeeded, AreTheFewestThatReachThePower) {
  for (const auto& expected : reference("test_reference.json")["sizes_needed"]) {
    const auto& in = expected["input"];
    EXPECT_EQ(sizes_needed(scatter_of(in), in[3], in[4], in[5]), expected["sizes"].get<int>())
        << in.dump();
  }
  for (const auto& expected : reference("test_reference.json")["sizes_for_equivalence"]) {
    const auto& in = expected["input"];
    EXPECT_EQ(sizes_needed_for_equivalence(scatter_of(in), in[3], in[4], in[5], in[6]),
              expected["sizes"].get<int>())
        << in.dump();
  }
}

TEST(SizesNeeded, NoNumberOfThemMayDo) {
  const Scatter scatter{.residual_deviation = 0.1, .size_deviation = 0.7};
  EXPECT_EQ(sizes_needed(scatter, 0, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed(scatter, 1e-6, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed(scatter, kNan, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed({kNan, 0.7}, 0.1, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed({0.1, 0}, 0.1, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed_for_equivalence(scatter, 0.05, 0.05, 0.8, 0.05), std::nullopt);
  EXPECT_EQ(sizes_needed_for_equivalence(scatter, 0.05, 0.05, 0.8, kNan), std::nullopt);
  // Without scatter the fewest that have a degree of freedom do.
  EXPECT_EQ(sizes_needed({0, 0.7, 3}, 0.1, 0.05), 5);
  EXPECT_EQ(sizes_needed_for_equivalence({0, 0.7, 1}, 0.05, 0.05), 3);
}

}  // namespace
}  // namespace allometer::stats
