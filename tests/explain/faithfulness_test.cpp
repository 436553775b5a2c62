#include "explain/faithfulness.hpp"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explain/random_game.hpp"

namespace allometer::explain {
namespace {

using testing::ElementsAre;

/// Written another way: the k-th largest weight is found by counting, one share at a time.
double mean_drop(const Eigen::VectorXd& weights, const RandomGame& game,
                 const std::vector<double>& shares, bool keep_top) {
  const auto n = static_cast<int>(weights.size());
  double sum = 0;
  for (const double share : shares) {
    int k = 1;
    while (k < n && k < share * n - 1e-9) ++k;
    Mask mask;
    for (int i = 0; i < n; ++i) {
      int before = 0;
      for (int j = 0; j < n; ++j) {
        if (weights[j] > weights[i] || (weights[j] == weights[i] && j < i)) ++before;
      }
      mask.push_back((before < k) == keep_top ? 1 : 0);
    }
    sum += game(full_mask(n)) - game(mask);
  }
  return sum / static_cast<double>(shares.size());
}

TEST(Faithfulness, EqualsASecondImplementationOnRandomInput) {
  SplitMix64 random(11);
  for (int trial = 0; trial < 200; ++trial) {
    const int n = 1 + static_cast<int>(random.below(40));
    Eigen::VectorXd weights = random_weights(n, random);
    if (trial % 3 == 0) weights = (weights * 2).array().round();  // ties
    const RandomGame game(random());
    const std::vector<int> ranking = ranking_of(weights);
    std::set<Mask> asked{full_mask(n)};
    for (const Mask& mask : faithfulness_masks(ranking)) asked.insert(mask);
    const Faithfulness result = faithfulness(ranking, [&](const Mask& mask) {
      EXPECT_TRUE(asked.contains(mask));
      return game(mask);
    });
    const std::vector<double> heyen{.1, .3, .5};
    const std::vector<double> eraser{.01, .05, .1, .2, .5};
    EXPECT_NEAR(result.comprehensiveness, mean_drop(weights, game, heyen, false), 1e-12);
    EXPECT_NEAR(result.sufficiency, mean_drop(weights, game, heyen, true), 1e-12);
    EXPECT_NEAR(result.aopc_comprehensiveness, mean_drop(weights, game, eraser, false), 1e-12);
    EXPECT_NEAR(result.aopc_sufficiency, mean_drop(weights, game, eraser, true), 1e-12);
  }
}

TEST(Faithfulness, CountsAndRanks) {
  EXPECT_EQ(num_top(.3, 10), 3);  // .3 * 10 is a little above 3 as a double
  EXPECT_EQ(num_top(.1, 30), 3);
  EXPECT_EQ(num_top(.31, 10), 4);
  EXPECT_EQ(num_top(.01, 10), 1);
  EXPECT_EQ(num_top(1, 10), 10);
  EXPECT_EQ(num_top(.5, 1), 1);
  EXPECT_THAT(ranking_of(Eigen::Vector4d(-3, 1, 2, 1)), ElementsAre(2, 1, 3, 0));
}

TEST(Faithfulness, TheRightRankingIsComprehensiveAndSufficient) {
  // The probability is .9 with feature 2 and .1 without it.
  const auto probability = [](const Mask& mask) { return mask[2] != 0 ? .9 : .1; };
  const Faithfulness right = faithfulness({2, 0, 1, 3, 4, 5, 6, 7, 8, 9}, probability);
  EXPECT_NEAR(right.comprehensiveness, .8, 1e-12);
  EXPECT_NEAR(right.sufficiency, 0, 1e-12);
  const Faithfulness wrong = faithfulness({0, 1, 3, 4, 5, 6, 7, 8, 9, 2}, probability);
  EXPECT_NEAR(wrong.aopc_comprehensiveness, 0, 1e-12);
  EXPECT_NEAR(wrong.aopc_sufficiency, .8, 1e-12);
}

}  // namespace
}  // namespace allometer::explain
