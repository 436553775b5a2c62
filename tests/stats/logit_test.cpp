#include "stats/logit.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "stats/slope.hpp"

namespace allometer::stats {
namespace {

using Values = std::vector<double>;

TEST(Logit, AndLogisticAreInverse) {
  EXPECT_DOUBLE_EQ(logit(0.75), std::log(3));
  EXPECT_DOUBLE_EQ(logit(0.5), 0);
  for (const double z : {-700.0, -3.0, 0.0, 1e-9, 2.5, 30.0}) {
    const double p = logistic(z);
    EXPECT_DOUBLE_EQ(p + logistic(-z), 1);
    // Near 1 the digits of 1 - p are lost.
    if (z < 5) {
      EXPECT_NEAR(logit(p), z, 1e-13 * std::max(1.0, std::abs(z)));
    }
  }
  EXPECT_EQ(logit(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(logit(1), std::numeric_limits<double>::infinity());
  EXPECT_EQ(logistic(-1e9), 0);
  EXPECT_TRUE(std::isnan(logit(1.01)));
  EXPECT_TRUE(std::isnan(logit(std::nan(""))));
}

TEST(EmpiricalLogit, IsFiniteEverywhere) {
  EXPECT_DOUBLE_EQ(empirical_logit(0, 20), -std::log(41));
  EXPECT_DOUBLE_EQ(empirical_logit(1, 20), std::log(41));
  EXPECT_DOUBLE_EQ(empirical_logit(0.5, 20), 0);
  EXPECT_DOUBLE_EQ(empirical_logit(0.35, 20), std::log(7.5 / 13.5));
  EXPECT_TRUE(std::isnan(empirical_logit(1.2, 20)));
  EXPECT_TRUE(std::isnan(empirical_logit(std::nan(""), 20)));
}

TEST(EmpiricalLogit, CountsFromChance) {
  // 0.625 with four choices: half of the questions are known.
  EXPECT_DOUBLE_EQ(empirical_logit(0.625, 40, 0.25), 0);
  EXPECT_DOUBLE_EQ(empirical_logit(0.4, 40, 0.25), std::log(8.5 / 32.5));
  EXPECT_DOUBLE_EQ(empirical_logit(1, 40, 0.25), std::log(81));
  for (const double at_or_below : {0.25, 0.2, 0.0}) {
    EXPECT_DOUBLE_EQ(empirical_logit(at_or_below, 40, 0.25), -std::log(81));
  }
}

TEST(EmpiricalLogit, ApproachesTheLogitWithManyQuestions) {
  EXPECT_NEAR(empirical_logit(0.8, 1e9), logit(0.8), 1e-8);
}

TEST(LogitScores, SayHowManySitOnAWall) {
  const LogitScores scores = logit_scores(Values{0.2, 0.25, 0.5, 0.9, 1}, Values(5, 100), 0.25);
  EXPECT_EQ(scores.num_at_chance, 2);
  EXPECT_EQ(scores.num_at_ceiling, 1);
  ASSERT_EQ(scores.values.size(), 5U);
  EXPECT_DOUBLE_EQ(scores.values[2], empirical_logit(0.5, 100, 0.25));
}

TEST(LogitScores, OfASigmoidGoAlongALine) {
  const Values x = {7, 8, 9, 10, 11};
  Values accuracy;
  for (const double v : x) accuracy.push_back(0.25 + 0.75 * logistic(1.3 * (v - 9)));
  const LogitScores scores = logit_scores(accuracy, Values(5, 1e9), 0.25);
  const Slope slope = pooled_slope(x, scores.values, {}, 0.95);
  EXPECT_NEAR(slope.test.estimate, 1.3, 1e-6);
  EXPECT_LT(slope.test.high - slope.test.low, 1e-5);
}

}  // namespace
}  // namespace allometer::stats
