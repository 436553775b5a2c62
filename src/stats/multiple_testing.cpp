#include "stats/multiple_testing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

/// Where the tests that were made stand in p, smallest p first.
std::vector<std::size_t> ascending(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (std::isnan(p[i])) continue;
    ALLOMETER_EXPECT(p[i] >= 0 && p[i] <= 1);
    order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  std::vector<double> adjusted(p.begin(), p.end());
  const std::vector<std::size_t> order = ascending(p);
  double largest = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, static_cast<double>(order.size() - k) * p[order[k]]);
    adjusted[order[k]] = std::min(largest, 1.0);
  }
  return adjusted;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<double> adjusted(p.begin(), p.end());
  const std::vector<std::size_t> order = ascending(p);
  const auto tests = static_cast<double>(order.size());
  double smallest = 1;
  for (std::size_t k = order.size(); k > 0; --k) {
    smallest = std::min(smallest, tests / static_cast<double>(k) * p[order[k - 1]]);
    adjusted[order[k - 1]] = smallest;
  }
  return adjusted;
}

}  // namespace allometer::stats
