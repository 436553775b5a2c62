#include "explain/shapley.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "explain/attribution.hpp"
#include "explain/random_game.hpp"

namespace allometer::explain {
namespace {

/// By the definition: what a feature adds, over all orders in which features may come.
Eigen::VectorXd shapley_by_orders(int num_features, const RandomGame& game) {
  std::vector<std::size_t> order(static_cast<std::size_t>(num_features));
  std::iota(order.begin(), order.end(), std::size_t{0});
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(num_features);
  int orders = 0;
  do {
    Mask mask = empty_mask(num_features);
    double before = game(mask);
    for (const std::size_t feature : order) {
      mask[feature] = 1;
      const double after = game(mask);
      sum[static_cast<Eigen::Index>(feature)] += after - before;
      before = after;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  return sum / orders;
}

ShapleyEstimate estimate(const WeightedCoalitions& coalitions, int num_features,
                         const RandomGame& game) {
  return solve_kernel_shap(coalitions, game(coalitions.masks), game(empty_mask(num_features)),
                           game(full_mask(num_features)));
}

TEST(Shapley, ExactIsTheMeanOverAllOrders) {
  for (int features = 1; features <= 7; ++features) {
    const RandomGame game(static_cast<std::uint64_t>(features));
    const Eigen::VectorXd exact = exact_shapley(game(all_coalitions(features)));
    EXPECT_LT((exact - shapley_by_orders(features, game)).cwiseAbs().maxCoeff(), 1e-12) << features;
  }
}

TEST(Shapley, KernelShapIsExactAtFullBudget) {
  for (int features = 1; features <= kMaxExactFeatures; ++features) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const RandomGame game(100 * seed + static_cast<std::uint64_t>(features));
      const int budget = std::max(1, (1 << features) - 2);
      const WeightedCoalitions all = kernel_shap_coalitions(features, budget, SplitMix64(seed));
      ASSERT_EQ(all.masks.size(), static_cast<std::size_t>((1 << features) - 2));
      const Eigen::VectorXd exact = exact_shapley(game(all_coalitions(features)));
      const ShapleyEstimate shap = estimate(all, features, game);
      EXPECT_LT((shap.values - exact).cwiseAbs().maxCoeff(), 1e-6) << features;
    }
  }
}

TEST(Shapley, SumConstraintHoldsForEveryBudget) {
  for (const int features : {1, 2, 3, 6, 13, 40}) {
    for (const int budget : {1, 2, 5, 30, 301, 2048}) {
      const RandomGame game(static_cast<std::uint64_t>(features * 10000 + budget));
      const WeightedCoalitions drawn =
          kernel_shap_coalitions(features, budget, SplitMix64(static_cast<std::uint64_t>(budget)));
      const ShapleyEstimate shap = estimate(drawn, features, game);
      EXPECT_NEAR(shap.values.sum(), game(full_mask(features)) - game(empty_mask(features)), 1e-12);
      EXPECT_TRUE(shap.values.allFinite() && shap.standard_errors.allFinite());
      EXPECT_EQ(shap.values.size(), features);
    }
  }
}

TEST(Shapley, AnAdditiveGameIsRecoveredFromASample) {
  constexpr int kFeatures = 20;
  SplitMix64 random(8);
  const Eigen::VectorXd truth = random_weights(kFeatures, random);
  const WeightedCoalitions drawn = kernel_shap_coalitions(kFeatures, 300, SplitMix64(1));
  Eigen::VectorXd values =
      Eigen::VectorXd::Constant(static_cast<Eigen::Index>(drawn.masks.size()), 0.25);
  for (std::size_t row = 0; row < drawn.masks.size(); ++row) {
    for (std::size_t i = 0; i < kFeatures; ++i)
      values[static_cast<Eigen::Index>(row)] +=
          drawn.masks[row][i] * truth[static_cast<Eigen::Index>(i)];
  }
  const ShapleyEstimate shap = solve_kernel_shap(drawn, values, 0.25, 0.25 + truth.sum());
  EXPECT_LT((shap.values - truth).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_LT(shap.standard_errors.maxCoeff(), 1e-10);
}

int size_of(const Mask& mask) {
  return std::accumulate(mask.begin(), mask.end(), 0);
}

TEST(Shapley, CoalitionsAreDistinctPairedAndWithinTheBudget) {
  for (const int features : {2, 5, 8, 12, 25}) {
    for (const int budget : {1, 7, 40, 200, 2098}) {
      const WeightedCoalitions drawn = kernel_shap_coalitions(features, budget, SplitMix64(7));
      EXPECT_LE(drawn.masks.size(), static_cast<std::size_t>(budget));
      EXPECT_EQ(drawn.masks.size(), drawn.weights.size());
      const std::set<Mask> distinct(drawn.masks.begin(), drawn.masks.end());
      EXPECT_EQ(distinct.size(), drawn.masks.size()) << features << " features, budget " << budget;
      int unpaired = 0;
      for (const Mask& mask : drawn.masks) {
        EXPECT_GT(size_of(mask), 0);
        EXPECT_LT(size_of(mask), features);
        Mask other = mask;
        for (std::int8_t& present : other) present = static_cast<std::int8_t>(1 - present);
        if (2 * size_of(mask) != features && !distinct.contains(other)) ++unpaired;
      }
      EXPECT_LE(unpaired, 1);  // the last one, where the budget ends between the two
      EXPECT_NEAR(std::accumulate(drawn.weights.begin(), drawn.weights.end(), 0.0), 1, 1e-12);
    }
  }
}

TEST(Shapley, SmallSizesAreEnumeratedWithTheirKernelWeights) {
  // 25 features: 50 coalitions of sizes 1 and 24, 600 of sizes 2 and 23; of the 4,600 of sizes 3
  // and 22 the budget would give less than one sample to each.
  constexpr int kFeatures = 25;
  const WeightedCoalitions drawn = kernel_shap_coalitions(kFeatures, 4000, SplitMix64(7));
  EXPECT_EQ(drawn.masks.size(), 4000U);
  std::vector<int> count(kFeatures + 1);
  std::vector<double> weight(kFeatures + 1);
  for (std::size_t i = 0; i < drawn.masks.size(); ++i) {
    ++count[static_cast<std::size_t>(size_of(drawn.masks[i]))];
    weight[static_cast<std::size_t>(size_of(drawn.masks[i]))] += drawn.weights[i];
  }
  EXPECT_EQ(count[1], 25);
  EXPECT_EQ(count[24], 25);
  EXPECT_EQ(count[2], 300);
  EXPECT_EQ(count[23], 300);
  EXPECT_LT(count[3], 2300);
  double sum = 0;
  for (int s = 1; s < kFeatures; ++s) sum += 24.0 / (s * (25 - s));
  EXPECT_NEAR(weight[1], 1.0 / sum, 1e-12);
  EXPECT_NEAR(weight[23], 24.0 / (2 * 23) / sum, 1e-12);
  // What was drawn shares what is left, size by size as the kernel has it, but for chance.
  EXPECT_NEAR(weight[3], 24.0 / (3 * 22) / sum, 0.02);
  EXPECT_EQ(kernel_shap_samples(kFeatures), 2098);
}

}  // namespace
}  // namespace allometer::explain
