#pragma once
/// Causal attention over caches of keys and values.
///
/// A row at absolute position p attends to positions 0..p of its cache. Its scores are one sum
/// each, in order of the head's dimensions; the softmax's sum keeps 16 partial sums (position
/// modulo 16) in rising order and joins them in a fixed tree; values are summed in order of
/// position. Nothing else enters: the slots beyond p, whatever stands in them, are masked before
/// they can meet a sum. So a row's bits do not depend on the rows computed beside it, on how a
/// sequence was cut into segments, or on threads.
///
/// Keys and values are kept in F32 for both precisions: they are F32 when they leave the products,
/// and a kernel that widens bf16 loads is no faster where a key is used by several queries.

#include <cstddef>
#include <span>

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

/// Segments are taken in order: each writes its keys (rotated) and values at its positions, then
/// its rows attend. qkv: F32 [rows, (num_heads + 2 num_kv_heads) * head_dim], queries, keys,
/// values. Scores are scaled by `scale`. out: [rows, num_heads * head_dim] in out_precision.
void attention(const AttentionShape& shape, const float* qkv,
               std::span<const AttentionSegment> segments, const RotaryTable& rotary, float scale,
               Precision out_precision, void* out);

namespace testing {
/// Tests only: makes the order of the softmax's sum depend on the number of rows of a segment, the
/// mistake that the invariance tests exist to catch. Off unless the environment has
/// ALLOMETER_TEST_REORDER=1.
void reorder_reductions(bool on);
}  // namespace testing

}  // namespace allometer::ops
