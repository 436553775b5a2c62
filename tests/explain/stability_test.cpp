#include "explain/stability.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace allometer::explain {
namespace {

Attribution run(std::vector<double> weights, std::vector<double> errors) {
  const auto size = static_cast<Eigen::Index>(weights.size());
  return {Eigen::Map<Eigen::VectorXd>(weights.data(), size),
          Eigen::Map<Eigen::VectorXd>(errors.data(), size)};
}

TEST(Stability, IsThePapersOnThreeRuns) {
  // Tops of two: {0, 1}, {0, 1}, {0, 2}. Pairs have 2, 1 and 1 of 2 in common.
  // Feature 0: |1 - .9| <= 1.96 * .1 for runs 0 and 1; runs 0 and 2 are .5 apart; runs 1 and 2 are
  // .4 apart, and no error reaches so far. Feature 1: -.5 and -.5 overlap. Feature 2: one run.
  const std::vector<Attribution> runs{run({1, -.5, .1}, {.05, .01, .01}),
                                      run({.9, -.5, .1}, {.05, .01, .01}),
                                      run({.5, .1, .3}, {.05, .01, .01})};
  const Stability result = stability(runs, 2);
  EXPECT_NEAR(result.vsi, (2 + 1 + 1) / 6.0, 1e-12);
  EXPECT_NEAR(result.csi, (1.0 / 3 + 1) / 2, 1e-12);
}

TEST(Stability, RunsThatSayTheSameAreWhollyStable) {
  const std::vector<Attribution> runs(4, run({1, 2, 0}, {0, 0, 0}));
  EXPECT_EQ(stability(runs, 10).vsi, 1);
  EXPECT_EQ(stability(runs, 10).csi, 1);
}

TEST(Stability, NothingInCommon) {
  const std::vector<Attribution> runs{run({1, 0}, {9, 9}), run({0, 1}, {9, 9})};
  EXPECT_EQ(stability(runs, 1).vsi, 0);
  EXPECT_TRUE(std::isnan(stability(runs, 1).csi));
  EXPECT_TRUE(std::isnan(stability({runs.data(), 1}, 1).vsi));
}

}  // namespace
}  // namespace allometer::explain
