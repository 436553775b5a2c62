#include "stats/simulated_coverage.hpp"

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "stats/slope.hpp"

namespace allometer::stats {
namespace {

TEST(SimulatedCoverage, IsWhatTheBenchPrinted) {
  EXPECT_DOUBLE_EQ(simulated_coverage(1, 5).of_these_families, 0.965);
  EXPECT_DOUBLE_EQ(simulated_coverage(1, 12).of_all_families, 0.694);
  EXPECT_DOUBLE_EQ(simulated_coverage(12, 3).of_all_families, 0.950);
  // Between the simulated numbers, and beyond the last.
  EXPECT_DOUBLE_EQ(simulated_coverage(7.5, 5.9).of_these_families, 0.946);
  EXPECT_DOUBLE_EQ(simulated_coverage(100, 1000).of_all_families, 0.949);
}

TEST(SimulatedCoverage, IsNotThereWithoutAnInterval) {
  EXPECT_TRUE(std::isnan(simulated_coverage(0, 5).of_all_families));
  EXPECT_TRUE(std::isnan(simulated_coverage(3, 2.9).of_these_families));
  EXPECT_TRUE(
      std::isnan(simulated_coverage(std::numeric_limits<double>::quiet_NaN(), 5).of_all_families));
  EXPECT_TRUE(std::isnan(simulated_coverage(8, 5).of_these_families));
}

TEST(SimulatedCoverage, PromisesNoMoreThanItIsSaidTo) {
  for (const double families : {1.0, 2.0, 3.0, 4.0, 6.0}) {
    for (const double sizes : {5.0, 6.0, 8.0, 12.0}) {
      const double coverage = simulated_coverage(families, sizes).of_these_families;
      EXPECT_TRUE(coverage >= 0.93 && coverage <= 0.97) << families << " " << sizes;
    }
  }
  for (const double sizes : {3.0, 5.0, 12.0}) {
    const double coverage = simulated_coverage(8, sizes).of_all_families;
    EXPECT_TRUE(coverage >= 0.93 && coverage <= 0.97) << sizes;
  }
}

/// The rule itself, not the table: an interval of another rule would fail here.
TEST(SimulatedCoverage, IsThatOfTheIntervals) {
  constexpr int kSimulations = 2000;
  for (const auto& [families, sizes, slope_deviation] :
       std::vector<std::tuple<int, int, double>>{{1, 5, 0}, {4, 6, 0}, {8, 5, 0.03}}) {
    SplitMix64 random(11);
    int covered = 0;
    for (int i = 0; i < kSimulations; ++i) {
      std::vector<double> x;
      std::vector<double> y;
      std::vector<int> family;
      for (int f = 0; f < families; ++f) {
        const double intercept = 0.05 * random.normal();
        const double slope = 0.1 + slope_deviation * random.normal();
        for (int s = 0; s < sizes; ++s) {
          x.push_back(2.5 * s / (sizes - 1) + 0.1 * (2 * random.uniform() - 1));
          y.push_back(intercept + slope * x.back() + 0.04 * random.normal());
          family.push_back(f);
        }
      }
      const CoefficientTest test = within_slope(x, y, family, 0.95).test;
      covered += test.low <= 0.1 && 0.1 <= test.high;
    }
    const auto table = simulated_coverage(families, sizes);
    const double expected = slope_deviation > 0 ? table.of_all_families : table.of_these_families;
    // Four standard errors of both simulations.
    EXPECT_NEAR(static_cast<double>(covered) / kSimulations, expected, 4 * 0.006)
        << families << " families";
  }
}

}  // namespace
}  // namespace allometer::stats
