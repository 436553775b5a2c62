#include "explain/faithfulness.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace allometer::explain {
namespace {

constexpr std::array kHeyenShares{.1, .3, .5};
constexpr std::array kEraserShares{.01, .05, .1, .2, .5};

/// The first k of the ranking set to `top`, the others to its opposite.
Mask top_mask(const std::vector<int>& ranking, double share, std::int8_t top) {
  Mask mask(ranking.size(), static_cast<std::int8_t>(1 - top));
  const int k = num_top(share, static_cast<int>(ranking.size()));
  for (int i = 0; i < k; ++i)
    mask[static_cast<std::size_t>(ranking[static_cast<std::size_t>(i)])] = top;
  return mask;
}

}  // namespace

std::vector<int> ranking_of(const Eigen::Ref<const Eigen::VectorXd>& weights) {
  std::vector<int> ranking(static_cast<std::size_t>(weights.size()));
  std::iota(ranking.begin(), ranking.end(), 0);
  std::stable_sort(ranking.begin(), ranking.end(),
                   [&](int a, int b) { return weights[a] > weights[b]; });
  return ranking;
}

int num_top(double share, int num_features) {
  constexpr double kRounding = 1e-9;  // .3 * 10 may come out above 3
  const double count = std::ceil(share * num_features - kRounding);
  return std::clamp(static_cast<int>(count), 1, num_features);
}

std::vector<Mask> faithfulness_masks(const std::vector<int>& ranking) {
  std::vector<Mask> masks;
  const auto add = [&](std::span<const double> shares) {
    for (const double share : shares) {
      masks.push_back(top_mask(ranking, share, 0));
      masks.push_back(top_mask(ranking, share, 1));
    }
  };
  add(kHeyenShares);
  add(kEraserShares);
  return masks;
}

Faithfulness faithfulness(const std::vector<int>& ranking,
                          const std::function<double(const Mask&)>& probability) {
  const double full = probability(full_mask(static_cast<int>(ranking.size())));
  const auto mean_drop = [&](std::span<const double> shares, std::int8_t top) {
    double sum = 0;
    for (const double share : shares) sum += full - probability(top_mask(ranking, share, top));
    return sum / static_cast<double>(shares.size());
  };
  return {mean_drop(kHeyenShares, 0), mean_drop(kHeyenShares, 1), mean_drop(kEraserShares, 0),
          mean_drop(kEraserShares, 1)};
}

}  // namespace allometer::explain
