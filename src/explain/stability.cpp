#include "explain/stability.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/contract.hpp"

namespace allometer::explain {
namespace {

constexpr double kNormalQuantile = 1.96;

/// Which features have the largest |weight|; ties: the earlier one.
std::vector<std::uint8_t> top_of(const Attribution& run, int count) {
  std::vector<std::size_t> order(static_cast<std::size_t>(run.weights.size()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto size = [&](std::size_t i) {
    return std::abs(run.weights[static_cast<Eigen::Index>(i)]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  std::vector<std::uint8_t> is_top(order.size(), 0);
  for (int i = 0; i < count; ++i) is_top[order[static_cast<std::size_t>(i)]] = 1;
  return is_top;
}

bool overlap(const Attribution& a, const Attribution& b, Eigen::Index feature) {
  const double reach = kNormalQuantile * (a.standard_errors[feature] + b.standard_errors[feature]);
  return std::abs(a.weights[feature] - b.weights[feature]) <= reach;
}

}  // namespace

Stability stability(std::span<const Attribution> runs, int num_features) {
  ALLOMETER_EXPECT(num_features >= 1);
  if (runs.size() < 2) return {};
  const Eigen::Index features = runs.front().weights.size();
  const int count = std::min(num_features, static_cast<int>(features));
  std::vector<std::vector<std::uint8_t>> tops;
  for (const Attribution& run : runs) tops.push_back(top_of(run, count));

  double common = 0;
  double pairs = 0;
  double concordance = 0;
  double compared = 0;
  for (Eigen::Index feature = 0; feature < features; ++feature) {
    double both = 0;
    double overlapping = 0;
    for (std::size_t a = 0; a < runs.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const auto at = static_cast<std::size_t>(feature);
        if (tops[a][at] == 0 || tops[b][at] == 0) continue;
        ++both;
        overlapping += overlap(runs[a], runs[b], feature) ? 1 : 0;
      }
    }
    common += both;
    if (both == 0) continue;
    concordance += overlapping / both;
    ++compared;
  }
  pairs = static_cast<double>(runs.size() * (runs.size() - 1)) / 2;
  Stability result;
  result.vsi = common / (pairs * count);
  if (compared > 0) result.csi = concordance / compared;
  return result;
}

}  // namespace allometer::explain
