#include "ops/linear.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "ops/elementwise.hpp"
#include "ops/instruction_sets.hpp"

namespace allometer::ops {
namespace {

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.normal());
  return values;
}

std::vector<std::uint16_t> rounded(const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size());
  to_bf16(values, out);
  return out;
}

float widened(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// A layer with random weights and an input of its precision.
struct Layer {
  Layer(int in_features, int out_features, Precision p, int max_rows)
      : in(in_features),
        out(out_features),
        precision(p),
        linear(in, out, p, max_rows),
        weights(normal(static_cast<std::size_t>(in) * static_cast<std::size_t>(out), 1)),
        input(normal(static_cast<std::size_t>(max_rows) * static_cast<std::size_t>(in), 2)),
        input_bf16(rounded(input)),
        packed(linear.packed_bytes() / sizeof(Line)) {
    const auto rows = [this](int first, int count, float* dst) {
      const auto width = static_cast<std::size_t>(in);
      std::copy_n(weights.data() + static_cast<std::size_t>(first) * width,
                  static_cast<std::size_t>(count) * width, dst);
    };
    linear.pack(rows, memory());
    linear.attach(memory());
  }

  std::byte* memory() { return reinterpret_cast<std::byte*>(packed.data()); }

  /// Rows [first, first + rows) of the input; accumulate adds to `start`.
  std::vector<float> run(int first, int rows, bool accumulate, float start) const {
    const std::size_t offset = static_cast<std::size_t>(first) * static_cast<std::size_t>(in);
    const void* src = precision == Precision::bf16
                          ? static_cast<const void*>(input_bf16.data() + offset)
                          : input.data() + offset;
    std::vector<float> dst(static_cast<std::size_t>(rows) * static_cast<std::size_t>(out),
                           accumulate ? start : NAN);
    linear.forward(src, rows, dst.data(), accumulate);
    return dst;
  }

  double operand(const std::vector<float>& values, std::size_t i) const {
    if (precision == Precision::f32) return values[i];
    std::uint16_t bits = 0;
    to_bf16({&values[i], 1}, {&bits, 1});
    return widened(bits);
  }
  double exact(int row, int column) const {
    const auto width = static_cast<std::size_t>(in);
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) {
      sum += operand(input, static_cast<std::size_t>(row) * width + i) *
             operand(weights, static_cast<std::size_t>(column) * width + i);
    }
    return sum;
  }

  struct alignas(64) Line {
    std::byte bytes[64];
  };
  int in;
  int out;
  Precision precision;
  Linear linear;
  std::vector<float> weights;
  std::vector<float> input;
  std::vector<std::uint16_t> input_bf16;
  std::vector<Line> packed;
};

using Shape = std::tuple<int, int, Precision>;
class LinearOfShape : public ::testing::TestWithParam<Shape> {
 protected:
  Layer layer(int max_rows) const {
    const auto [in, out, precision] = GetParam();
    return {in, out, precision, max_rows};
  }
};

TEST_P(LinearOfShape, IsTheProduct) {
  const Layer l = layer(5);
  for (const bool accumulate : {false, true}) {
    const std::vector<float> dst = l.run(0, 5, accumulate, 3.0F);
    for (int row = 0; row < 5; ++row) {
      for (int column = 0; column < l.out; ++column) {
        const double expected = l.exact(row, column) + (accumulate ? 3.0 : 0.0);
        ASSERT_NEAR(dst[static_cast<std::size_t>(row * l.out + column)], expected,
                    2e-6 * (l.in + 10.0))
            << row << ", " << column;
      }
    }
  }
}

TEST_P(LinearOfShape, HasTheSameBitsForAnyRowsAndThreads) {
  constexpr int kMost = 512;
  const auto [in, out, precision] = GetParam();
  // Every number of rows for two shapes under the highest instruction set, some of them elsewhere.
  const bool is_thorough = (in == 16 && out == 48) || (in == 96 && out == 260);
  const int step = is_thorough && active_instruction_set() == detect_instruction_set() ? 1 : 37;
  for (const bool accumulate : {false, true}) {
    std::vector<float> reference;
    for (const int threads : {2, 1}) {
      const WithThreads with(threads);
      const Layer l = layer(kMost);
      if (reference.empty()) reference = l.run(0, kMost, accumulate, 0.25F);
      for (int rows = 1; rows <= kMost; rows += step) {
        const int first = (rows * 7) % (kMost - rows + 1);
        const std::vector<float> dst = l.run(first, rows, accumulate, 0.25F);
        std::size_t different = 0;
        for (std::size_t i = 0; i < dst.size(); ++i) {
          different +=
              std::bit_cast<std::uint32_t>(dst[i]) !=
              std::bit_cast<std::uint32_t>(reference[static_cast<std::size_t>(first * out) + i]);
        }
        ASSERT_EQ(different, 0U) << rows << " rows, " << threads << " threads, accumulate "
                                 << accumulate;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, LinearOfShape,
                         ::testing::Combine(::testing::Values(16, 96, 172),
                                            ::testing::Values(48, 260, 33),
                                            ::testing::Values(Precision::f32, Precision::bf16)));
INSTANTIATE_TEST_SUITE_P(
    Others, LinearOfShape,
    ::testing::Values(Shape{172, 33, Precision::f32}, Shape{172, 33, Precision::bf16},
                      Shape{576, 960, Precision::f32}, Shape{576, 960, Precision::bf16},
                      Shape{4096, 64, Precision::f32}, Shape{4096, 64, Precision::bf16},
                      Shape{3000, 300, Precision::bf16}));

TEST(Linear, PacksTheSameBytesForAnyMaxRows) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    Layer few(172, 600, precision, 1);
    Layer many(172, 600, precision, 300);
    ASSERT_EQ(few.packed.size(), many.packed.size());
    EXPECT_EQ(std::memcmp(few.memory(), many.memory(), few.linear.packed_bytes()), 0);
  }
}

TEST(Linear, MeasuresARate) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    const double rate = measure_matmul_flops_per_second(precision, 1);
    EXPECT_GT(rate, 1e8);
    EXPECT_LT(rate, 1e15);
  }
}

}  // namespace
}  // namespace allometer::ops
