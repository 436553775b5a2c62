#include "stats/paired_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/contract.hpp"

namespace allometer::stats {

PairedDifference paired_difference(double first, std::span<const double> draws_of_first,
                                   double second, std::span<const double> draws_of_second,
                                   double confidence) {
  ALLOMETER_EXPECT(draws_of_first.size() == draws_of_second.size());
  std::vector<double> differences;
  differences.reserve(draws_of_first.size());
  std::int64_t not_above = 0;
  std::int64_t not_below = 0;
  for (std::size_t i = 0; i < draws_of_first.size(); ++i) {
    const double difference = draws_of_first[i] - draws_of_second[i];
    if (!std::isfinite(difference)) continue;
    differences.push_back(difference);
    not_above += difference <= 0;
    not_below += difference >= 0;
  }
  PairedDifference result;
  result.draws = static_cast<std::int64_t>(differences.size());
  result.left_out = static_cast<std::int64_t>(draws_of_first.size()) - result.draws;
  if (!std::isfinite(first - second) || differences.empty()) return result;
  result.difference = first - second;
  result.interval = percentile_interval(differences, confidence);
  const auto smaller = static_cast<double>(std::min(not_above, not_below));
  result.p = std::min(2 * (smaller + 1) / static_cast<double>(result.draws + 1), 1.0);
  return result;
}

}  // namespace allometer::stats
