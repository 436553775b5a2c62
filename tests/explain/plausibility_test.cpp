#include "explain/plausibility.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "explain/random_game.hpp"

namespace allometer::explain {
namespace {

/// Is feature i among the k of largest weight, the earlier first?
bool is_predicted(const Eigen::VectorXd& weights, int i, int k) {
  int before = 0;
  for (int j = 0; j < weights.size(); ++j)
    before += weights[j] > weights[i] || (weights[j] == weights[i] && j < i);
  return before < k;
}

/// scikit-learn's precision_recall_curve, then auc: a point per distinct threshold.
double second_auprc(const Eigen::VectorXd& weights, const std::vector<std::uint8_t>& is_gold) {
  const std::set<double> thresholds(weights.begin(), weights.end());
  std::vector<std::pair<double, double>> points;  // recall, precision
  for (const double threshold : thresholds) {
    double above = 0;
    double hits = 0;
    double gold = 0;
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
      const double one = is_gold[static_cast<std::size_t>(i)];
      gold += one;
      if (weights[i] >= threshold) above += 1;
      if (weights[i] >= threshold) hits += one;
    }
    points.emplace_back(hits / gold, hits / above);
  }
  points.emplace_back(0, 1);
  double area = 0;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    area += (points[i].first - points[i + 1].first) * (points[i].second + points[i + 1].second) / 2;
  }
  return area;
}

TEST(Plausibility, EqualsASecondImplementationOnRandomInput) {
  SplitMix64 random(21);
  for (int trial = 0; trial < 300; ++trial) {
    const int n = 1 + static_cast<int>(random.below(30));
    Eigen::VectorXd weights = random_weights(n, random);
    if (trial % 3 == 0) weights = weights.array().round();
    Rationale rationale;
    int num_gold = 0;
    for (int i = 0; i < n; ++i) {
      rationale.is_gold.push_back(random.below(4) == 0 ? 1 : 0);
      rationale.word.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(n))) - 1);
      num_gold += rationale.is_gold.back();
    }
    if (num_gold == 0) continue;
    if (trial % 2 == 0) rationale.share = .1 + .8 * random.uniform();
    const int k = rationale.share > 0
                      ? std::min(n, static_cast<int>(std::ceil(rationale.share * n)))
                      : num_gold;
    double hits = 0;
    std::set<int> predicted;
    std::set<int> gold;
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      hits += is_predicted(weights, i, k) && rationale.is_gold[at] != 0 ? 1 : 0;
      if (is_predicted(weights, i, k) && rationale.word[at] >= 0)
        predicted.insert(rationale.word[at]);
      if (rationale.is_gold[at] != 0 && rationale.word[at] >= 0) gold.insert(rationale.word[at]);
    }
    std::set<int> either = predicted;
    either.insert(gold.begin(), gold.end());
    const auto common = static_cast<double>(predicted.size() + gold.size() - either.size());

    const Plausibility result = plausibility(weights, rationale);
    if (either.empty()) {
      EXPECT_TRUE(std::isnan(result.token_iou));
    } else {
      EXPECT_NEAR(result.token_iou, common / static_cast<double>(either.size()), 1e-12);
    }
    const double precision = hits / k;
    const double recall = hits / num_gold;
    const double f1 = hits == 0 ? 0 : 2 * precision * recall / (precision + recall);
    EXPECT_NEAR(result.token_f1, f1, 1e-12);
    EXPECT_NEAR(result.auprc, second_auprc(weights, rationale.is_gold), 1e-12);
  }
}

TEST(Plausibility, BestAndWorst) {
  const Rationale rationale{{0, 1, 1, 0}, {0, 1, 2, 3}, 0};
  const Plausibility best = plausibility(Eigen::Vector4d(0, 2, 1, -1), rationale);
  EXPECT_EQ(best.token_iou, 1);
  EXPECT_EQ(best.token_f1, 1);
  EXPECT_EQ(best.auprc, 1);
  const Plausibility worst = plausibility(Eigen::Vector4d(2, -1, -2, 1), rationale);
  EXPECT_EQ(worst.token_iou, 0);
  EXPECT_EQ(worst.token_f1, 0);
  EXPECT_LT(worst.auprc, .5);
}

TEST(Plausibility, NothingGoldIsUndefined) {
  const Plausibility none = plausibility(Eigen::Vector2d(1, 2), {{0, 0}, {0, 1}, .5});
  EXPECT_TRUE(std::isnan(none.token_iou) && std::isnan(none.token_f1) && std::isnan(none.auprc));
}

}  // namespace
}  // namespace allometer::explain
