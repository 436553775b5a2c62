#pragma once
/// What happens to rows between matrix products. Computed in F32; results that feed a product are
/// written in its precision (bf16 as its 16 bits, round to nearest even) in the same pass. A row's
/// bits depend on that row alone.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/precision.hpp"

namespace allometer::ops {

constexpr std::size_t size_of(Precision precision) {
  return precision == Precision::bf16 ? 2 : 4;
}

/// out = x / sqrt(mean(x^2) + eps) * weight (Zhang, Sennrich 2019, arXiv 1910.07467). x: F32 [rows,
/// n], n = weight.size(); out: [rows, n] in out_precision.
void rms_norm(const float* x, int rows, std::span<const float> weight, float eps,
              Precision out_precision, void* out);

/// out = silu(gate) * up (Shazeer 2020, arXiv 2002.05202). gate_up: F32 [rows, 2n], the gates of a
/// row first; out: [rows, n] in out_precision.
void silu_mul(const float* gate_up, int rows, int n, Precision out_precision, void* out);

/// dst += bias in every row. dst: F32 [rows, bias.size()].
void add_bias(std::span<const float> bias, int rows, float* dst);

/// Round to nearest even; sizes must be equal.
void to_bf16(std::span<const float> x, std::span<std::uint16_t> out);

/// Of one row of logits: maximum (its first index), and the sum of exp(x - maximum).
struct RowStatistics {
  float maximum = 0;
  int argmax = 0;
  float sum_of_exp = 0;
};
/// logits: F32 [rows, n]; out: [rows].
void row_statistics(const float* logits, int rows, int n, std::span<RowStatistics> out);

}  // namespace allometer::ops
