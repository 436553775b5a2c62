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

/// The same in place, over `groups` neighbouring vectors of n in each row, as over the heads of
/// queries. Rows lie row_stride numbers apart.
void rms_norm_groups(float* x, int rows, std::size_t row_stride, int groups,
                     std::span<const float> weight, float eps);

/// out = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias, var without Bessel's correction (Ba et
/// al. 2016, arXiv 1607.06450). Shapes as rms_norm; bias.size() = n.
void layer_norm(const float* x, int rows, std::span<const float> weight,
                std::span<const float> bias, float eps, Precision out_precision, void* out);

enum class Activation {
  silu,       ///< x / (1 + exp(-x))
  gelu,       ///< x Phi(x) (Hendrycks, Gimpel 2016, arXiv 1606.08415), Phi from erf
  gelu_tanh,  ///< its approximation x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
  relu,
};

/// out = activation(x). x: F32 [rows, n]; out: [rows, n] in out_precision.
void activate(Activation activation, const float* x, int rows, int n, Precision out_precision,
              void* out);
/// out = activation(gate) * up (Shazeer 2020, arXiv 2002.05202). gate_up: F32 [rows, 2n], the gates
/// of a row first; out: [rows, n] in out_precision.
void activate_gated(Activation activation, const float* gate_up, int rows, int n,
                    Precision out_precision, void* out);

/// x = cap tanh(x / cap) (Bello et al. 2016, arXiv 1611.09940), n numbers.
void soft_cap(float cap, std::size_t n, float* x);
/// x *= factor, n numbers.
void multiply(float factor, std::size_t n, float* x);

/// dst += bias in every row. dst: F32 [rows, bias.size()].
void add_bias(std::span<const float> bias, int rows, float* dst);
/// dst += x, n numbers.
void add(const float* x, std::size_t n, float* dst);

/// Round to nearest even; sizes must be equal.
void to_bf16(std::span<const float> x, std::span<std::uint16_t> out);
/// n numbers in another precision.
void convert(const float* x, std::size_t n, Precision out_precision, void* out);

/// Of one row of logits: maximum (its first index), and the sum of exp(x - maximum).
struct RowStatistics {
  float maximum = 0;
  int argmax = 0;
  float sum_of_exp = 0;
};
/// logits: F32 [rows, n]; out: [rows].
void row_statistics(const float* logits, int rows, int n, std::span<RowStatistics> out);

}  // namespace allometer::ops
