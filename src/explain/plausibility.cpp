#include "explain/plausibility.hpp"

#include <algorithm>
#include <set>

#include "core/contract.hpp"
#include "explain/faithfulness.hpp"

namespace allometer::explain {
namespace {

double iou(const std::vector<int>& predicted, const Rationale& rationale) {
  std::set<int> predicted_words;
  std::set<int> gold_words;
  for (const int feature : predicted)
    predicted_words.insert(rationale.word[static_cast<std::size_t>(feature)]);
  for (std::size_t i = 0; i < rationale.is_gold.size(); ++i) {
    if (rationale.is_gold[i] != 0) gold_words.insert(rationale.word[i]);
  }
  predicted_words.erase(-1);
  gold_words.erase(-1);
  const auto common = std::count_if(predicted_words.begin(), predicted_words.end(),
                                    [&](int word) { return gold_words.contains(word); });
  const auto either =
      static_cast<double>(predicted_words.size() + gold_words.size()) - static_cast<double>(common);
  return either == 0 ? Plausibility::kUndefined : static_cast<double>(common) / either;
}

double area_under_precision_recall(const Eigen::Ref<const Eigen::VectorXd>& weights,
                                   const std::vector<int>& ranking,
                                   const std::vector<std::uint8_t>& is_gold, int num_gold) {
  double area = 0;
  double recall = 0;
  double precision = 1;
  int hits = 0;
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    hits += is_gold[static_cast<std::size_t>(ranking[i])];
    if (i + 1 < ranking.size() && weights[ranking[i]] == weights[ranking[i + 1]]) continue;
    const double next_precision = hits / static_cast<double>(i + 1);
    const double next_recall = hits / static_cast<double>(num_gold);
    area += (next_recall - recall) * (precision + next_precision) / 2;
    precision = next_precision;
    recall = next_recall;
  }
  return area;
}

}  // namespace

Plausibility plausibility(const Eigen::Ref<const Eigen::VectorXd>& weights,
                          const Rationale& rationale) {
  const auto num_features = static_cast<int>(weights.size());
  ALLOMETER_EXPECT(rationale.is_gold.size() == static_cast<std::size_t>(num_features) &&
                   rationale.word.size() == rationale.is_gold.size());
  const auto num_gold =
      static_cast<int>(std::count_if(rationale.is_gold.begin(), rationale.is_gold.end(),
                                     [](std::uint8_t is_gold) { return is_gold != 0; }));
  if (num_gold == 0) return {};
  const std::vector<int> ranking = ranking_of(weights);
  const int k = rationale.share > 0 ? num_top(rationale.share, num_features) : num_gold;
  const std::vector<int> predicted(ranking.begin(), ranking.begin() + k);
  const auto hits = std::count_if(predicted.begin(), predicted.end(), [&](int feature) {
    return rationale.is_gold[static_cast<std::size_t>(feature)] != 0;
  });
  return {iou(predicted, rationale), 2.0 * static_cast<double>(hits) / (k + num_gold),
          area_under_precision_recall(weights, ranking, rationale.is_gold, num_gold)};
}

}  // namespace allometer::explain
