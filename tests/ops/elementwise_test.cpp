#include "ops/elementwise.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace allometer::ops {
namespace {

std::vector<float> normal(std::size_t count, std::uint64_t seed, double sd = 1) {
  SplitMix64 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(sd * random.normal());
  return values;
}

float widened(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

TEST(RmsNorm, IsItsFormulaInBothFormats) {
  for (const int n : {1, 5, 16, 33, 64, 576}) {
    const auto width = static_cast<std::size_t>(n);
    const std::vector<float> x = normal(3 * width, 1, 4.0);
    const std::vector<float> weight = normal(width, 2);
    std::vector<float> out(3 * width);
    std::vector<std::uint16_t> out_bf16(3 * width + 1, 0xABCD);
    rms_norm(x.data(), 3, weight, 1e-5F, Precision::f32, out.data());
    rms_norm(x.data(), 3, weight, 1e-5F, Precision::bf16, out_bf16.data());
    for (std::size_t r = 0; r < 3; ++r) {
      double squares = 0;
      for (std::size_t i = 0; i < width; ++i) squares += std::pow(double{x[r * width + i]}, 2);
      const double scale = 1 / std::sqrt(squares / n + 1e-5);
      for (std::size_t i = 0; i < width; ++i) {
        const double expected = x[r * width + i] * scale * weight[i];
        EXPECT_NEAR(out[r * width + i], expected, 1e-6 + 1e-6 * std::abs(expected));
        EXPECT_NEAR(widened(out_bf16[r * width + i]), expected, 1e-6 + std::abs(expected) / 250);
      }
    }
    EXPECT_EQ(out_bf16.back(), 0xABCD) << "wrote beyond the end";
  }
}

TEST(RmsNorm, OverNeighbouringVectorsInPlace) {
  constexpr int kHeads = 3;
  constexpr std::size_t kDim = 20;
  constexpr std::size_t kStride = kHeads * kDim + 7;  // other numbers behind the heads of a row
  const std::vector<float> weight = normal(kDim, 2);
  std::vector<float> x = normal(2 * kStride, 8);
  const std::vector<float> before = x;
  rms_norm_groups(x.data(), 2, kStride, kHeads, weight, 1e-6F);
  for (std::size_t r = 0; r < 2; ++r) {
    std::vector<float> expected(kHeads * kDim);
    rms_norm(before.data() + r * kStride, kHeads, weight, 1e-6F, Precision::f32, expected.data());
    for (std::size_t i = 0; i < kStride; ++i) {
      const std::size_t at = r * kStride + i;
      EXPECT_EQ(x[at], i < expected.size() ? expected[i] : before[at]);
    }
  }
}

TEST(LayerNorm, IsItsFormulaInBothFormatsAndInPlace) {
  for (const int n : {1, 5, 16, 33, 64, 576}) {
    const auto width = static_cast<std::size_t>(n);
    std::vector<float> x = normal(3 * width, 1, 4.0);
    for (float& v : x) v += 100;  // a mean far from 0
    const std::vector<float> weight = normal(width, 2);
    const std::vector<float> bias = normal(width, 3);
    std::vector<float> out = x;
    std::vector<std::uint16_t> out_bf16(3 * width + 1, 0xABCD);
    layer_norm(x.data(), 3, weight, bias, 1e-5F, Precision::bf16, out_bf16.data());
    layer_norm(out.data(), 3, weight, bias, 1e-5F, Precision::f32, out.data());
    for (std::size_t r = 0; r < 3; ++r) {
      double mean = 0;
      double squares = 0;
      for (std::size_t i = 0; i < width; ++i) mean += x[r * width + i] / double(n);
      for (std::size_t i = 0; i < width; ++i) squares += std::pow(x[r * width + i] - mean, 2);
      const double scale = 1 / std::sqrt(squares / n + 1e-5);
      for (std::size_t i = 0; i < width; ++i) {
        const double expected = (x[r * width + i] - mean) * scale * weight[i] + bias[i];
        EXPECT_NEAR(out[r * width + i], expected, 2e-5);  // 100 has 7.6e-6 between its floats
        EXPECT_NEAR(widened(out_bf16[r * width + i]), expected, 2e-5 + std::abs(expected) / 250);
      }
    }
    EXPECT_EQ(out_bf16.back(), 0xABCD) << "wrote beyond the end";
  }
}

double exact_activation(Activation activation, double x) {
  switch (activation) {
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::gelu:
      return x / 2 * std::erfc(-x / std::sqrt(2.0));
    case Activation::gelu_tanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Activation::relu:
      return std::max(0.0, x);
  }
  return NAN;
}

TEST(Activations, AreTheirFormulas) {
  std::vector<float> x;
  for (int i = -3000; i <= 3000; ++i) x.push_back(static_cast<float>(i) / 100);
  const int n = static_cast<int>(x.size());
  const std::vector<float> up = normal(x.size(), 4);
  std::vector<float> gate_up = x;
  gate_up.insert(gate_up.end(), up.begin(), up.end());
  for (const Activation activation :
       {Activation::silu, Activation::gelu, Activation::gelu_tanh, Activation::relu}) {
    std::vector<float> out(x.size());
    std::vector<float> gated(x.size());
    activate(activation, x.data(), 1, n, Precision::f32, out.data());
    activate_gated(activation, gate_up.data(), 1, n, Precision::f32, gated.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = exact_activation(activation, x[i]);
      EXPECT_NEAR(out[i], expected, 4e-7 * std::max(1.0, std::abs(double{x[i]})))
          << static_cast<int>(activation) << " of " << x[i];
      EXPECT_EQ(gated[i], out[i] * up[i]);
    }
  }
}

TEST(SoftCap, IsItsFormula) {
  std::vector<float> x;
  for (int i = -500; i <= 500; ++i) x.push_back(static_cast<float>(i) / 3);
  std::vector<float> out = x;
  soft_cap(30, out.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(out[i], 30 * std::tanh(double{x[i]} / 30), 8e-6);
  multiply(-2, out.size(), out.data());
  add(x.data(), x.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(out[i], x[i] - 60 * std::tanh(double{x[i]} / 30), 5e-5);
}

TEST(SiluMul, IsItsFormulaAlsoFarOut) {
  const int n = 37;
  std::vector<float> gate_up = normal(2 * 37, 3, 5.0);
  const float far[] = {-200.0F, -100.0F, -88.0F, 0.0F, 88.0F, 100.0F, 3e38F};
  std::copy(std::begin(far), std::end(far), gate_up.begin());
  std::fill_n(gate_up.begin() + n, 7, 1.0F);
  std::vector<float> out(37);
  activate_gated(Activation::silu, gate_up.data(), 1, n, Precision::f32, out.data());
  for (std::size_t i = 0; i < 37; ++i) {
    const double gate = gate_up[i];
    const double expected = gate / (1 + std::exp(-gate)) * gate_up[i + 37];
    EXPECT_NEAR(out[i], expected, 1e-6 * std::abs(expected) + 2e-36) << gate;
  }
}

TEST(Bf16, RoundsToNearestEvenAndKeepsNan) {
  const std::vector<float> x = {1.0F,
                                1.00390625F,
                                1.01171875F,
                                -2.5F,
                                std::numeric_limits<float>::infinity(),
                                std::bit_cast<float>(0x7F800001U),
                                3.4e38F,
                                1e-40F};
  std::vector<std::uint16_t> out(x.size());
  to_bf16(x, out);
  EXPECT_EQ(out[0], 0x3F80);
  EXPECT_EQ(out[1], 0x3F80);  // half way, to even
  EXPECT_EQ(out[2], 0x3F82);  // half way, to even
  EXPECT_EQ(out[3], 0xC020);
  EXPECT_EQ(out[4], 0x7F80);
  EXPECT_TRUE(std::isnan(widened(out[5])));
  EXPECT_EQ(out[6], 0x7F80);  // 3.4e38 lies above the largest bf16 plus half a step
  EXPECT_EQ(out[7], 0x0001);
}

TEST(RowStatistics, AreMaximumItsFirstIndexAndSum) {
  for (const int n : {1, 15, 16, 100, 1024}) {
    const auto width = static_cast<std::size_t>(n);
    std::vector<float> x = normal(2 * width, 5, 3.0);
    x[width - 1] = x[width / 2] = 20.0F;  // the maximum, twice: the first counts
    std::vector<RowStatistics> rows(2);
    row_statistics(x.data(), 2, n, rows);
    EXPECT_EQ(rows[0].maximum, 20.0F);
    EXPECT_EQ(rows[0].argmax, n / 2);
    for (std::size_t r = 0; r < 2; ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i)
        sum += std::exp(double{x[r * width + i]} - rows[r].maximum);
      EXPECT_NEAR(rows[r].sum_of_exp, sum, 1e-5 * sum);
    }
  }
}

TEST(AddBias, AddsToEveryRow) {
  const std::vector<float> bias = normal(19, 6);
  std::vector<float> rows(38, 1.0F);
  add_bias(bias, 2, rows.data());
  for (std::size_t i = 0; i < 38; ++i) EXPECT_EQ(rows[i], 1.0F + bias[i % 19]);
}

}  // namespace
}  // namespace allometer::ops
