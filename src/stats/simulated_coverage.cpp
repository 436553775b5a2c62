#include "stats/simulated_coverage.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

namespace allometer::stats {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr std::array kFamilies = {1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0};
constexpr std::array kSizes = {3.0, 4.0, 5.0, 6.0, 8.0, 12.0};

using Table = std::array<std::array<double, kSizes.size()>, kFamilies.size()>;

// "Within families, the families given: coverage in %, models scatter alike"
constexpr Table kOfThese = {{{95.0, 96.9, 96.5, 96.2, 95.7, 95.3},
                             {96.4, 96.3, 96.1, 94.9, 94.8, 95.4},
                             {95.5, 94.8, 95.5, 95.4, 95.1, 95.4},
                             {95.6, 95.4, 95.3, 95.3, 95.4, 94.9},
                             {95.0, 95.3, 94.6, 94.9, 95.3, 95.2},
                             {kNone, kNone, kNone, kNone, kNone, kNone},
                             {kNone, kNone, kNone, kNone, kNone, kNone}}};

// "Within families, a few families whose slopes differ", then "families whose slopes differ"
constexpr Table kOfAll = {{{91.8, 92.2, 87.8, 85.1, 78.0, 69.4},
                           {92.6, 88.0, 86.4, 82.7, 76.7, 70.1},
                           {90.9, 89.2, 86.3, 83.6, 80.0, 72.0},
                           {92.7, 89.5, 86.0, 82.8, 79.5, 73.0},
                           {91.7, 89.3, 86.6, 84.9, 81.1, 72.9},
                           {94.8, 95.2, 94.6, 94.6, 95.5, 94.6},
                           {95.0, 94.7, 94.7, 94.6, 94.6, 94.9}}};

/// The last of the rising numbers that is not above `value`, which is at least the first.
template <std::size_t n>
std::size_t step_at(const std::array<double, n>& numbers, double value) {
  const auto above = std::upper_bound(numbers.begin(), numbers.end(), value);
  return static_cast<std::size_t>(std::distance(numbers.begin(), above)) - 1;
}

}  // namespace

SimulatedCoverage simulated_coverage(double families, double sizes_per_family) {
  if (!(families >= kFamilies.front() && sizes_per_family >= kSizes.front())) return {kNone, kNone};
  const std::size_t row = step_at(kFamilies, families);
  const std::size_t column = step_at(kSizes, sizes_per_family);
  return {kOfThese[row][column] / 100, kOfAll[row][column] / 100};
}

}  // namespace allometer::stats
