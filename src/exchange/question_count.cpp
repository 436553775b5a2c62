#include "exchange/question_count.hpp"

#include <cmath>
#include <limits>

namespace allometer::exchange {
namespace {

/// Files give sixteen digits, of which a square loses one or two.
constexpr double kRelative = 1e-8;

bool is_whole(double value) {
  return std::abs(value - std::round(value)) <= kRelative * std::max(1.0, std::abs(value));
}

}  // namespace

std::int32_t questions_behind(std::span<const ShareEstimate> estimates) {
  constexpr double kMost = 1e5;  // beyond, rounding hides which whole number it is
  double common = 0;
  for (const auto& [p, error] : estimates) {
    if (!(p > 0) || !(p < 1) || !(error > 0)) continue;
    const double n = p * (1 - p) / (error * error) + 1;
    const double whole = std::round(n);
    if (!(n > 1) || n > kMost || !is_whole(n) || !is_whole(p * whole)) return 0;
    if (common != 0 && common != whole) return 0;
    common = whole;
  }
  return static_cast<std::int32_t>(common);
}

double standard_error_of_share(double p, std::int32_t n) {
  if (n <= 1 || !(p >= 0) || !(p <= 1) || !is_whole(p * n)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::sqrt(p * (1 - p) / (n - 1));
}

}  // namespace allometer::exchange
