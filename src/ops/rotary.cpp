#include "ops/rotary.hpp"

#include <algorithm>
#include <cmath>

namespace allometer::ops {

void RotaryTable::reserve(int num_positions) {
  if (num_positions <= num_positions_) return;
  const int wanted = std::max(num_positions, 2 * num_positions_);
  const std::size_t half = inverse_frequencies_.size();
  table_.resize(static_cast<std::size_t>(wanted) * 2 * half);
  for (int p = num_positions_; p < wanted; ++p) {
    float* row = table_.data() + static_cast<std::size_t>(p) * 2 * half;
    for (std::size_t i = 0; i < half; ++i) {
      const float angle = static_cast<float>(p) * inverse_frequencies_[i];
      row[i] = amplitude_ * static_cast<float>(std::cos(static_cast<double>(angle)));
      row[half + i] = amplitude_ * static_cast<float>(std::sin(static_cast<double>(angle)));
    }
  }
  num_positions_ = wanted;
}

}  // namespace allometer::ops
