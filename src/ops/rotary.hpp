#pragma once
/// Rotary position embedding (Su et al. 2021, arXiv 2104.09864), halves rotated as Hugging Face's
/// Llama does.

#include <span>
#include <vector>

namespace allometer::ops {

/// Cosines and sines of position x inverse frequency. Angles are rounded to F32 before the cosine,
/// as the reference does; the frequencies that it raises to a power in F32 are given here as the
/// F32 nearest to their exact values, at most a few units in the last place away.
class RotaryTable {
 public:
  RotaryTable() = default;
  /// inverse_frequencies: one per pair of rotated dimensions; empty: nothing is rotated. amplitude:
  /// what cosines and sines are multiplied by.
  explicit RotaryTable(std::vector<float> inverse_frequencies, float amplitude = 1)
      : inverse_frequencies_(std::move(inverse_frequencies)), amplitude_(amplitude) {}

  /// Makes positions [0, num_positions) available.
  void reserve(int num_positions);
  int num_positions() const { return num_positions_; }
  /// Dimensions of a head that are rotated.
  int rotary_dim() const { return 2 * static_cast<int>(inverse_frequencies_.size()); }
  /// rotary_dim/2 cosines, then as many sines; the rows of positions follow one another.
  const float* row(int position) const {
    return table_.data() + static_cast<std::ptrdiff_t>(position) * rotary_dim();
  }

 private:
  std::vector<float> inverse_frequencies_;
  float amplitude_ = 1;
  std::vector<float> table_;
  int num_positions_ = 0;
};

}  // namespace allometer::ops
