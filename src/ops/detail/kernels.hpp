#pragma once
/// The table of hand-written kernels. One source (ops/kernels/kernels.cpp) is compiled per
/// instruction set; all of them work in 16 lanes of F32, and no reduction mixes rows: a row's bits
/// depend on that row alone.
///
/// Nothing but plain types here: the kernels are compiled with wider instructions than the rest of
/// the program, and an inline function shared with other files could be linked in its wide version.

#include <cstddef>
#include <cstdint>

namespace allometer::ops::detail {

/// Positions per tile of the key cache, and the width of a panel of packed weights.
inline constexpr int kLanes = 16;
/// The most (row, head) pairs in one attention block.
inline constexpr int kMaxQueries = 24;

/// silu, gelu, gelu_tanh, relu: the order of ops::Activation.
inline constexpr int kNumActivations = 4;

/// Rows that follow one another in a sequence, times query heads that share one key/value head.
struct AttentionBlock {
  const float* queries;  ///< of the first row and head; heads lie head_dim apart
  std::size_t query_row_stride;
  int rows;
  int heads;  ///< rows * heads <= kMaxQueries
  int head_dim;
  int position;  ///< of the first row
  float scale;
  float soft_cap;       ///< 0: none
  int window;           ///< positions that a row sees, its own included; 0: all
  const float* biases;  ///< of the first head, by position, added to the scaled scores; null: none
  std::size_t bias_stride;  ///< between heads
  const float* rotary;      ///< of the first row: per row rotary_dim/2 cosines, then as many sines
  int rotary_dim;
  const float* keys;           ///< [tiles][head_dim][16]
  const float* values;         ///< [positions][padded head_dim]
  std::size_t value_stride;    ///< head_dim rounded up to 16
  float* scratch;              ///< attention_scratch floats, 64-byte aligned
  void* out;                   ///< of the first row and head; F32, or bf16 as 16 bits
  std::size_t out_row_stride;  ///< in elements
  bool out_is_bf16;
  bool reversed;  ///< tests only: sum the softmax's tiles from the last to the first
};

/// One key and value row into the cache of one head.
struct CacheRow {
  const float* key;
  const float* value;
  const float* rotary;  ///< cosines, then sines
  int rotary_dim;
  int head_dim;
  int position;
  float* keys;
  float* values;
  std::size_t value_stride;
};

/// Of one row of logits: the maximum, its first index, and the sum of exp(x - maximum).
struct RowMaximum {
  float maximum;
  int index;
  float sum;
};

struct Kernels {
  /// out = x / sqrt(mean(x^2) + eps) * weight
  void (*rms_norm)(const float* x, const float* weight, float eps, int n, void* out,
                   bool out_is_bf16);
  /// out = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, int n,
                     void* out, bool out_is_bf16);
  /// out = f(x) or, where factor is not null, f(x) * factor; by ops::Activation.
  void (*activate[kNumActivations])(const float* x, const float* factor, int n, void* out,
                                    bool out_is_bf16);
  void (*soft_cap)(float cap, int n, float* x);  ///< x = cap * tanh(x / cap)
  void (*multiply)(float factor, int n, float* x);
  void (*add)(const float* x, int n, float* dst);
  void (*to_bf16)(const float* x, std::size_t n, std::uint16_t* out);  ///< round to nearest even
  void (*from_bf16)(const std::uint16_t* x, std::size_t n, float* out);
  RowMaximum (*row_maximum)(const float* x, int n);
  /// dst [rows, width] (+)= src [rows, k] x panel [k][16]; width <= 16.
  void (*matmul_panel)(const float* src, int rows, int k, const float* panel, int width, float* dst,
                       std::size_t dst_stride, bool accumulate);
  void (*store_row)(const CacheRow& row);
  void (*attend)(const AttentionBlock& block);
};

extern const Kernels kKernels_avx2;
extern const Kernels kKernels_avx512;

/// Those of the instruction set in force (linear.hpp, limit_instruction_set).
const Kernels& kernels();

/// Floats of scratch that a block over `positions` positions needs.
constexpr std::size_t attention_scratch(int head_dim, int positions) {
  const auto padded =
      static_cast<std::size_t>((positions + 2 * kLanes - 1) / (2 * kLanes)) * 2 * kLanes;
  return static_cast<std::size_t>(kMaxQueries) *
         (padded + kLanes + static_cast<std::size_t>(head_dim) + kLanes);
}

}  // namespace allometer::ops::detail
