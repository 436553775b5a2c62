#pragma once
/// A tensor of a mapped file: its shape, the format of its elements, and any of them as float.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::io {

/// Element formats of which weights can be made. The block formats are those of GGUF
/// (quantized_blocks.hpp); the others are in safetensors too.
enum class TensorType {
  f32,
  f16,
  bf16,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
};
std::string_view name_of(TensorType type);  ///< "F32", "BF16", "Q4_K"

/// Elements that are stored together, and the bytes they take.
struct BlockSize {
  std::int64_t elements = 1;
  std::size_t bytes = 0;
};
BlockSize block_of(TensorType type);

/// Product of the extents; nothing on overflow of 63 bits or for a negative extent.
std::optional<std::int64_t> count_elements(std::span<const std::int64_t> shape);

/// A view into a mapped file; valid as long as what it came from.
struct TensorView {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  ///< row-major, little-endian, not necessarily aligned

  std::int64_t num_elements() const;
  /// Elements [first, first + out.size()) converted to float. Whole blocks are the fast way.
  void copy_to(std::int64_t first, std::span<float> out) const;
};

}  // namespace allometer::io
