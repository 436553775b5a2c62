#include "io/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/contract.hpp"
#include "io/float_formats.hpp"
#include "io/quantized_blocks.hpp"

namespace allometer::io {
namespace {

/// The most elements that any type stores together.
constexpr std::int64_t kMostBlockElements = 256;

/// `src`: whole blocks.
void convert_blocks(TensorType type, std::span<const std::byte> src, std::span<float> dst) {
  switch (type) {
    case TensorType::f32:
      if (!dst.empty()) std::memcpy(dst.data(), src.data(), src.size());
      return;
    case TensorType::f16:
      return convert_f16(src, dst);
    case TensorType::bf16:
      return convert_bf16(src, dst);
    case TensorType::q4_0:
      return dequantize_q4_0(src, dst);
    case TensorType::q4_1:
      return dequantize_q4_1(src, dst);
    case TensorType::q5_0:
      return dequantize_q5_0(src, dst);
    case TensorType::q5_1:
      return dequantize_q5_1(src, dst);
    case TensorType::q8_0:
      return dequantize_q8_0(src, dst);
    case TensorType::q2_k:
      return dequantize_q2_k(src, dst);
    case TensorType::q3_k:
      return dequantize_q3_k(src, dst);
    case TensorType::q4_k:
      return dequantize_q4_k(src, dst);
    case TensorType::q5_k:
      return dequantize_q5_k(src, dst);
    case TensorType::q6_k:
      return dequantize_q6_k(src, dst);
  }
}

}  // namespace

std::string_view name_of(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return "F32";
    case TensorType::f16:
      return "F16";
    case TensorType::bf16:
      return "BF16";
    case TensorType::q4_0:
      return "Q4_0";
    case TensorType::q4_1:
      return "Q4_1";
    case TensorType::q5_0:
      return "Q5_0";
    case TensorType::q5_1:
      return "Q5_1";
    case TensorType::q8_0:
      return "Q8_0";
    case TensorType::q2_k:
      return "Q2_K";
    case TensorType::q3_k:
      return "Q3_K";
    case TensorType::q4_k:
      return "Q4_K";
    case TensorType::q5_k:
      return "Q5_K";
    case TensorType::q6_k:
      return "Q6_K";
  }
  return "unknown";
}

BlockSize block_of(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return {1, 4};
    case TensorType::f16:
    case TensorType::bf16:
      return {1, 2};
    case TensorType::q4_0:
      return {32, kQ40Bytes};
    case TensorType::q4_1:
      return {32, kQ41Bytes};
    case TensorType::q5_0:
      return {32, kQ50Bytes};
    case TensorType::q5_1:
      return {32, kQ51Bytes};
    case TensorType::q8_0:
      return {32, kQ80Bytes};
    case TensorType::q2_k:
      return {256, kQ2KBytes};
    case TensorType::q3_k:
      return {256, kQ3KBytes};
    case TensorType::q4_k:
      return {256, kQ4KBytes};
    case TensorType::q5_k:
      return {256, kQ5KBytes};
    case TensorType::q6_k:
      return {256, kQ6KBytes};
  }
  return {};
}

std::optional<std::int64_t> count_elements(std::span<const std::int64_t> shape) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 0; }))
    return std::nullopt;
  // A zero anywhere makes the whole zero, whatever the other extents would overflow to.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(product, extent, &product)) return std::nullopt;
  }
  return product;
}

std::int64_t TensorView::num_elements() const {
  const BlockSize block = block_of(type);
  return static_cast<std::int64_t>(data.size() / block.bytes) * block.elements;
}

void TensorView::copy_to(std::int64_t first, std::span<float> out) const {
  ALLOMETER_EXPECT(first >= 0 && first + static_cast<std::int64_t>(out.size()) <= num_elements());
  const BlockSize block = block_of(type);
  const auto blocks = [&](std::int64_t index, std::int64_t count) {
    return data.subspan(static_cast<std::size_t>(index) * block.bytes,
                        static_cast<std::size_t>(count) * block.bytes);
  };
  std::int64_t index = first / block.elements;
  std::int64_t skipped = first % block.elements;
  while (!out.empty()) {
    const auto left = static_cast<std::int64_t>(out.size());
    if (skipped == 0 && left >= block.elements) {
      const std::int64_t whole = left / block.elements;
      const auto count = static_cast<std::size_t>(whole * block.elements);
      convert_blocks(type, blocks(index, whole), out.first(count));
      index += whole;
      out = out.subspan(count);
      continue;
    }
    // Part of a block, at the beginning or the end of the range.
    std::array<float, kMostBlockElements> values;
    convert_blocks(type, blocks(index, 1),
                   std::span(values).first(static_cast<std::size_t>(block.elements)));
    const auto count = static_cast<std::size_t>(std::min(left, block.elements - skipped));
    std::copy_n(values.begin() + skipped, count, out.begin());
    out = out.subspan(count);
    skipped = 0;
    ++index;
  }
}

}  // namespace allometer::io
