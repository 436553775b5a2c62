#pragma once
/// Causal attention over caches of keys and values.
///
/// A row at absolute position p attends to positions 0..p of its cache or, with a window w, to
/// p - w + 1..p. Its scores are one sum each, in order of the head's dimensions; the softmax's sum
/// keeps 16 partial sums (position modulo 16) in rising order and joins them in a fixed tree;
/// values are summed in order of position. Nothing else enters: the slots beyond p, whatever stands
/// in them, are masked before they can meet a sum. So a row's bits do not depend on the rows
/// computed beside it, on how a sequence was cut into segments, or on threads.
///
/// Keys and values are kept in F32 for both precisions: they are F32 when they leave the products,
/// and a kernel that widens bf16 loads is no faster where a key is used by several queries.

#include <cstddef>
#include <span>
#include <vector>

#include "core/precision.hpp"
#include "ops/rotary.hpp"

namespace allometer::ops {

/// The largest head_dim that the kernels take.
inline constexpr int kMaxHeadDim = 512;

struct AttentionShape {
  int num_heads = 0;
  int num_kv_heads =
      0;  ///< divides num_heads; query head h uses key/value head h / (num_heads / num_kv_heads)
  int head_dim = 0;  ///< <= kMaxHeadDim
};

/// The cache of one layer of one sequence: per key/value head, keys transposed in tiles of 16
/// positions [tiles][head_dim][16] F32, then values [positions][head_dim rounded up to 16] F32.
/// 64-byte aligned; zero at first.
struct CacheLayout {
  int num_kv_heads = 0;
  int head_dim = 0;
  int max_positions = 0;

  std::size_t key_floats() const;    ///< of one head
  std::size_t value_floats() const;  ///< of one head
  std::size_t num_bytes() const;
};
/// Copies positions [0, num_positions) between two caches of one layer that may differ in
/// max_positions only.
void copy_cache_prefix(const CacheLayout& from_layout, const std::byte* from,
                       const CacheLayout& to_layout, std::byte* to, int num_positions);

/// Rows that follow one another in one sequence.
struct AttentionSegment {
  int first_row = 0;
  int num_rows = 0;
  int position = 0;  ///< of the first row
  std::byte* cache = nullptr;
  int max_positions = 0;  ///< of that cache
};

/// Linear biases on scores by the position of the key (Press et al. 2021, arXiv 2108.12409), with a
/// slope a head.
class AlibiTable {
 public:
  enum class Rounding {
    none,
    bf16,  ///< slope, position and their product, as Hugging Face's Falcon does
  };
  AlibiTable() = default;
  /// A bias is slope x position x scale.
  AlibiTable(std::vector<float> slopes, Rounding rounding, float scale)
      : slopes_(std::move(slopes)), rounding_(rounding), scale_(scale) {}

  bool empty() const { return slopes_.empty(); }
  /// Makes positions [0, num_positions) available.
  void reserve(int num_positions);
  int num_positions() const { return num_positions_; }
  /// The biases of a head by position.
  const float* row(int head) const {
    return table_.data() + static_cast<std::ptrdiff_t>(head) * num_positions_;
  }

 private:
  std::vector<float> slopes_;
  Rounding rounding_ = Rounding::none;
  float scale_ = 1;
  std::vector<float> table_;  ///< [heads, num_positions_]
  int num_positions_ = 0;
};

/// What becomes of the product of a query and a key before the softmax, in this order.
struct ScoreRule {
  float scale = 1;
  const AlibiTable* alibi = nullptr;  ///< null: none
  float soft_cap = 0;                 ///< c: c tanh(score / c); 0: none
  int window = 0;                     ///< a row sees itself and window - 1 before it; 0: all
};

/// Segments are taken in order: each writes its keys (rotated) and values at its positions, then
/// its rows attend. qkv: F32 [rows, (num_heads + 2 num_kv_heads) * head_dim], queries, keys,
/// values. out: [rows, num_heads * head_dim] in out_precision.
void attention(const AttentionShape& shape, const float* qkv,
               std::span<const AttentionSegment> segments, const RotaryTable& rotary,
               const ScoreRule& rule, Precision out_precision, void* out);

namespace testing {
/// Tests only: makes the order of the softmax's sum depend on the number of rows of a segment, the
/// mistake that the invariance tests exist to catch. Off unless the environment has
/// ALLOMETER_TEST_REORDER=1.
void reorder_reductions(bool on);
}  // namespace testing

}  // namespace allometer::ops
