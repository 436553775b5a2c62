#include "io/quantized_blocks.hpp"

#include <cstdint>
#include <cstring>

#include "core/contract.hpp"
#include "io/float_formats.hpp"

namespace allometer::io {
namespace {

constexpr std::size_t kSmall = 32;   ///< weights of a block of Q8_0 and Q4_0
constexpr std::size_t kLarge = 256;  ///< of Q4_K and Q6_K

float load_f16(const std::uint8_t* src) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, src, sizeof bits);
  return float_from_f16(bits);
}

/// Bytes: the scale, 32 signed weights.
void convert_q8_0(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ8_0Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    for (std::size_t i = 0; i < kSmall; ++i) {
      dst[i] = static_cast<float>(static_cast<std::int8_t>(src[2 + i])) * scale;
    }
  }
}

/// Bytes: the scale, 16 pairs; the low halves are weights 0 to 15, the high ones 16 to 31, all with
/// an offset of 8.
void convert_q4_0(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  constexpr int kOffset = 8;
  for (; num_blocks != 0; --num_blocks, src += kQ4_0Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    for (std::size_t i = 0; i < kSmall / 2; ++i) {
      const int pair = src[2 + i];
      dst[i] = static_cast<float>((pair & 0xF) - kOffset) * scale;
      dst[i + kSmall / 2] = static_cast<float>((pair >> 4) - kOffset) * scale;
    }
  }
}

/// Scale and minimum of a group of 32 weights, six bits each.
struct GroupScale {
  int scale = 0;
  int minimum = 0;
};

/// Of group `group` (0 to 7) in the 12 bytes of Q4_K: groups 0 to 3 lie in the low six bits of
/// bytes 0 to 3 (scales) and 4 to 7 (minima); of the others four bits are in bytes 8 to 11 and two
/// in the high bits of the first eight.
GroupScale group_scale(const std::uint8_t* bytes, int group) {
  if (group < 4) return {bytes[group] & 63, bytes[group + 4] & 63};
  const int low = bytes[group + 4];
  return {(low & 0xF) | ((bytes[group - 4] >> 6) << 4), (low >> 4) | ((bytes[group] >> 6) << 4)};
}

/// Bytes: scale of the scales, scale of the minima, 12 bytes of them, then four times 32 pairs: the
/// low halves are the weights of one group, the high ones those of the next.
void convert_q4_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ4_KBytes) {
    const float scales = load_f16(src);
    const float minima = load_f16(src + 2);
    const std::uint8_t* const group_bytes = src + 4;
    const std::uint8_t* pairs = src + 16;
    for (int group = 0; group < 8; group += 2, pairs += 32, dst += 64) {
      const GroupScale low = group_scale(group_bytes, group);
      const GroupScale high = group_scale(group_bytes, group + 1);
      const float low_scale = scales * static_cast<float>(low.scale);
      const float low_minimum = minima * static_cast<float>(low.minimum);
      const float high_scale = scales * static_cast<float>(high.scale);
      const float high_minimum = minima * static_cast<float>(high.minimum);
      for (std::size_t i = 0; i < 32; ++i) {
        dst[i] = low_scale * static_cast<float>(pairs[i] & 0xF) - low_minimum;
        dst[i + 32] = high_scale * static_cast<float>(pairs[i] >> 4) - high_minimum;
      }
    }
  }
}

/// Bytes: 128 of low halves, 64 of upper two bits, 16 signed scales (one per 16 weights), the
/// scale. Each half of the block (128 weights) is four runs of 32: byte i of the low halves holds
/// weights i and 64 + i, byte 32 + i weights 32 + i and 96 + i; byte i of the upper bits holds
/// those of all four, all with an offset of 32.
void convert_q6_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  constexpr int kOffset = 32;
  for (; num_blocks != 0; --num_blocks, src += kQ6_KBytes) {
    const float block_scale = load_f16(src + 208);
    for (std::size_t half = 0; half < 2; ++half, dst += 128) {
      const std::uint8_t* const low = src + 64 * half;
      const std::uint8_t* const upper = src + 128 + 32 * half;
      float scale[8];
      for (std::size_t i = 0; i < 8; ++i) {
        scale[i] =
            block_scale * static_cast<float>(static_cast<std::int8_t>(src[192 + 8 * half + i]));
      }
      for (std::size_t part = 0; part < 2; ++part) {
        for (std::size_t i = 16 * part; i < 16 * part + 16; ++i) {
          const int bits = upper[i];
          const int first = (low[i] & 0xF) | ((bits & 3) << 4);
          const int second = (low[i + 32] & 0xF) | (((bits >> 2) & 3) << 4);
          const int third = (low[i] >> 4) | (((bits >> 4) & 3) << 4);
          const int fourth = (low[i + 32] >> 4) | ((bits >> 6) << 4);
          dst[i] = scale[part] * static_cast<float>(first - kOffset);
          dst[i + 32] = scale[part + 2] * static_cast<float>(second - kOffset);
          dst[i + 64] = scale[part + 4] * static_cast<float>(third - kOffset);
          dst[i + 96] = scale[part + 6] * static_cast<float>(fourth - kOffset);
        }
      }
    }
  }
}

const std::uint8_t* bytes_of(std::span<const std::byte> src, std::size_t block_bytes,
                             std::size_t num_blocks) {
  ALLOMETER_EXPECT(src.size() == block_bytes * num_blocks);
  return reinterpret_cast<const std::uint8_t*>(src.data());
}

}  // namespace

void dequantize_q8_0(std::span<const std::byte> src, std::span<float> dst) {
  const std::size_t blocks = dst.size() / kSmall;
  convert_q8_0(bytes_of(src, kQ8_0Bytes, blocks), dst.data(), blocks);
}

void dequantize_q4_0(std::span<const std::byte> src, std::span<float> dst) {
  const std::size_t blocks = dst.size() / kSmall;
  convert_q4_0(bytes_of(src, kQ4_0Bytes, blocks), dst.data(), blocks);
}

void dequantize_q4_k(std::span<const std::byte> src, std::span<float> dst) {
  const std::size_t blocks = dst.size() / kLarge;
  convert_q4_k(bytes_of(src, kQ4_KBytes, blocks), dst.data(), blocks);
}

void dequantize_q6_k(std::span<const std::byte> src, std::span<float> dst) {
  const std::size_t blocks = dst.size() / kLarge;
  convert_q6_k(bytes_of(src, kQ6_KBytes, blocks), dst.data(), blocks);
}

}  // namespace allometer::io
