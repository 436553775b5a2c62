#include "ops/elementwise.hpp"

#include <algorithm>

#include "core/contract.hpp"
#include "ops/detail/kernels.hpp"

namespace allometer::ops {
namespace {

/// Elements below which waking other threads costs more than it saves.
constexpr std::size_t kWorthThreads = 1U << 15;

std::size_t extent(int rows, std::size_t n) {
  return static_cast<std::size_t>(rows) * n;
}

/// f(row, its begin in out) for every row of `width` numbers.
template <class F>
void for_each_row(int rows, std::size_t width, Precision precision, void* out, const F& f) {
#pragma omp parallel for schedule(static) if (extent(rows, width) >= kWorthThreads)
  for (int r = 0; r < rows; ++r)
    f(r, static_cast<std::byte*>(out) + extent(r, width) * size_of(precision));
}

/// f(first, count) over blocks of n numbers that belong to no row.
template <class F>
void for_each_block(std::size_t n, const F& f) {
  constexpr std::size_t kBlock = 1U << 12;
#pragma omp parallel for schedule(static) if (n >= kWorthThreads)
  for (std::size_t first = 0; first < n; first += kBlock)
    f(first, static_cast<int>(std::min(kBlock, n - first)));
}

}  // namespace

void rms_norm(const float* x, int rows, std::span<const float> weight, float eps,
              Precision out_precision, void* out) {
  const auto& kernel = detail::kernels().rms_norm;
  for_each_row(rows, weight.size(), out_precision, out, [&](int r, void* to) {
    kernel(x + extent(r, weight.size()), weight.data(), eps, static_cast<int>(weight.size()), to,
           out_precision == Precision::bf16);
  });
}

void rms_norm_groups(float* x, int rows, std::size_t row_stride, int groups,
                     std::span<const float> weight, float eps) {
  const auto& kernel = detail::kernels().rms_norm;
  const std::size_t n = weight.size();
#pragma omp parallel for schedule(static) if (extent(rows * groups, n) >= kWorthThreads)
  for (int r = 0; r < rows; ++r) {
    for (int g = 0; g < groups; ++g) {
      float* vector = x + extent(r, row_stride) + extent(g, n);
      kernel(vector, weight.data(), eps, static_cast<int>(n), vector, false);
    }
  }
}

void layer_norm(const float* x, int rows, std::span<const float> weight,
                std::span<const float> bias, float eps, Precision out_precision, void* out) {
  ALLOMETER_EXPECT(weight.size() == bias.size());
  const auto& kernel = detail::kernels().layer_norm;
  for_each_row(rows, weight.size(), out_precision, out, [&](int r, void* to) {
    kernel(x + extent(r, weight.size()), weight.data(), bias.data(), eps,
           static_cast<int>(weight.size()), to, out_precision == Precision::bf16);
  });
}

void activate(Activation activation, const float* x, int rows, int n, Precision out_precision,
              void* out) {
  const auto& kernel = detail::kernels().activate[static_cast<int>(activation)];
  const auto width = static_cast<std::size_t>(n);
  for_each_row(rows, width, out_precision, out, [&](int r, void* to) {
    kernel(x + extent(r, width), nullptr, n, to, out_precision == Precision::bf16);
  });
}

void activate_gated(Activation activation, const float* gate_up, int rows, int n,
                    Precision out_precision, void* out) {
  const auto& kernel = detail::kernels().activate[static_cast<int>(activation)];
  const auto width = static_cast<std::size_t>(n);
  for_each_row(rows, width, out_precision, out, [&](int r, void* to) {
    const float* gate = gate_up + extent(r, 2 * width);
    kernel(gate, gate + width, n, to, out_precision == Precision::bf16);
  });
}

void soft_cap(float cap, std::size_t n, float* x) {
  for_each_block(
      n, [&](std::size_t first, int count) { detail::kernels().soft_cap(cap, count, x + first); });
}

void multiply(float factor, std::size_t n, float* x) {
  for_each_block(n, [&](std::size_t first, int count) {
    detail::kernels().multiply(factor, count, x + first);
  });
}

void add_bias(std::span<const float> bias, int rows, float* dst) {
  const auto& kernel = detail::kernels().add;
  for_each_row(rows, bias.size(), Precision::f32, dst, [&](int, void* to) {
    kernel(bias.data(), static_cast<int>(bias.size()), static_cast<float*>(to));
  });
}

void add(const float* x, std::size_t n, float* dst) {
  for_each_block(n, [&](std::size_t first, int count) {
    detail::kernels().add(x + first, count, dst + first);
  });
}

void convert(const float* x, std::size_t n, Precision out_precision, void* out) {
  for_each_block(n, [&](std::size_t first, int count) {
    if (out_precision == Precision::bf16) {
      detail::kernels().to_bf16(x + first, static_cast<std::size_t>(count),
                                static_cast<std::uint16_t*>(out) + first);
    } else {
      std::copy_n(x + first, count, static_cast<float*>(out) + first);
    }
  });
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
