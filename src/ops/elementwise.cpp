#include "ops/elementwise.hpp"

#include "core/contract.hpp"
#include "ops/detail/kernels.hpp"

namespace allometer::ops {
namespace {

/// Elements below which waking other threads costs more than it saves.
constexpr std::size_t kWorthThreads = 1U << 15;

std::size_t extent(int rows, std::size_t n) {
  return static_cast<std::size_t>(rows) * n;
}

}  // namespace

void rms_norm(const float* x, int rows, std::span<const float> weight, float eps,
              Precision out_precision, void* out) {
  const auto& kernel = detail::kernels().rms_norm;
  const std::size_t n = weight.size();
  const bool is_bf16 = out_precision == Precision::bf16;
#pragma omp parallel for schedule(static) if (extent(rows, n) >= kWorthThreads)
  for (int r = 0; r < rows; ++r) {
    const std::size_t at = extent(r, n);
    kernel(x + at, weight.data(), eps, static_cast<int>(n),
           static_cast<std::byte*>(out) + at * size_of(out_precision), is_bf16);
  }
}

void silu_mul(const float* gate_up, int rows, int n, Precision out_precision, void* out) {
  const auto& kernel = detail::kernels().silu_mul;
  const auto width = static_cast<std::size_t>(n);
  const bool is_bf16 = out_precision == Precision::bf16;
#pragma omp parallel for schedule(static) if (extent(rows, width) >= kWorthThreads)
  for (int r = 0; r < rows; ++r) {
    const float* gate = gate_up + extent(r, 2 * width);
    kernel(gate, gate + width, n,
           static_cast<std::byte*>(out) + extent(r, width) * size_of(out_precision), is_bf16);
  }
}

void add_bias(std::span<const float> bias, int rows, float* dst) {
  const auto& kernel = detail::kernels().add;
  for (int r = 0; r < rows; ++r)
    kernel(bias.data(), static_cast<int>(bias.size()), dst + extent(r, bias.size()));
}

void to_bf16(std::span<const float> x, std::span<std::uint16_t> out) {
  ALLOMETER_EXPECT(x.size() == out.size());
  detail::kernels().to_bf16(x.data(), x.size(), out.data());
}

void row_statistics(const float* logits, int rows, int n, std::span<RowStatistics> out) {
  ALLOMETER_EXPECT(out.size() >= static_cast<std::size_t>(rows));
  const auto& kernel = detail::kernels().row_maximum;
  const auto width = static_cast<std::size_t>(n);
#pragma omp parallel for schedule(static) if (extent(rows, width) >= kWorthThreads)
  for (int r = 0; r < rows; ++r) {
    const detail::RowMaximum row = kernel(logits + extent(r, width), n);
    out[static_cast<std::size_t>(r)] = {row.maximum, row.index, row.sum};
  }
}

}  // namespace allometer::ops
