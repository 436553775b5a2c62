#include "report/rescale.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace allometer::report {
namespace {

results::PlannedMetric metric(bool higher_is_better, double chance, double best) {
  results::PlannedMetric metric;
  metric.higher_is_better = higher_is_better;
  metric.chance = chance;
  metric.best = best;
  return metric;
}

TEST(Rescale, IsNoughtAtChanceAndOneWherePerfect) {
  const std::vector<double> estimates = {0.3, 0.5};
  const Rescale share = rescale_of(metric(true, 0.25, 1), estimates);
  EXPECT_EQ(share.kind, ScoreUnit::range);
  EXPECT_DOUBLE_EQ(share(0.25), 0);
  EXPECT_DOUBLE_EQ(share(1), 1);
  EXPECT_DOUBLE_EQ(share(0.1), -0.2) << "below guessing is below nought";
  const Rescale brier = rescale_of(metric(false, 0.75, 0), estimates);
  EXPECT_EQ(brier.kind, ScoreUnit::range);
  EXPECT_DOUBLE_EQ(brier(0.75), 0);
  EXPECT_DOUBLE_EQ(brier(0), 1);
  EXPECT_DOUBLE_EQ(rescale_of(metric(true, kUndefined, 1), estimates)(0.4), 0.4)
      << "nothing can be guessed";
}

TEST(Rescale, OfALossIsRelativeToTheModels) {
  const std::vector<double> estimates = {2, kUndefined, 4};
  const Rescale loss = rescale_of(metric(false, kUndefined, 0), estimates);
  EXPECT_EQ(loss.kind, ScoreUnit::mean);
  EXPECT_DOUBLE_EQ(loss(3), -1);
  EXPECT_DOUBLE_EQ(loss(1.5), -0.5) << "less is better";
  // A log-likelihood: negative, best nought, more is better.
  const std::vector<double> likelihoods = {-2, -4};
  const Rescale likelihood = rescale_of(metric(true, kUndefined, 0), likelihoods);
  EXPECT_DOUBLE_EQ(likelihood(-3), -1);
  EXPECT_DOUBLE_EQ(likelihood(-1.5), -0.5);
}

TEST(Rescale, HasNoScaleWhereAllIsNought) {
  EXPECT_TRUE(std::isnan(rescale_of(metric(false, kUndefined, 0), std::vector<double>{0, 0}).unit));
  EXPECT_TRUE(std::isnan(rescale_of(metric(false, kUndefined, 0), {}).unit));
}

}  // namespace
}  // namespace allometer::report
