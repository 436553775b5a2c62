#include "io/quantized_blocks.hpp"

#include <cstdint>
#include <cstring>

#include "core/contract.hpp"
#include "io/float_formats.hpp"

namespace allometer::io {
namespace {

constexpr std::size_t kSmall = 32;   ///< weights of a block
constexpr std::size_t kLarge = 256;  ///< of a block of the K formats

float load_f16(const std::uint8_t* src) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, src, sizeof bits);
  return float_from_f16(bits);
}

/// Bytes: the scale, 32 signed weights.
void convert_q8_0(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ80Bytes, dst += kSmall) {
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
  for (; num_blocks != 0; --num_blocks, src += kQ40Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    for (std::size_t i = 0; i < kSmall / 2; ++i) {
      const int pair = src[2 + i];
      dst[i] = static_cast<float>((pair & 0xF) - kOffset) * scale;
      dst[i + kSmall / 2] = static_cast<float>((pair >> 4) - kOffset) * scale;
    }
  }
}

/// Bytes: the scale, the minimum, 16 pairs as in Q4_0 without offset.
void convert_q4_1(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ41Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    const float minimum = load_f16(src + 2);
    for (std::size_t i = 0; i < kSmall / 2; ++i) {
      const int pair = src[4 + i];
      dst[i] = static_cast<float>(pair & 0xF) * scale + minimum;
      dst[i + kSmall / 2] = static_cast<float>(pair >> 4) * scale + minimum;
    }
  }
}

/// 32 weights of five bits: bit i of `upper` (4 bytes) is the fifth of weight i; the others are
/// pairs as in Q4_0.
void join_five_bits(const std::uint8_t* upper, const std::uint8_t* pairs, int* weights) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, upper, sizeof bits);
  for (std::size_t i = 0; i < kSmall / 2; ++i) {
    weights[i] = (pairs[i] & 0xF) | static_cast<int>((bits >> i & 1) << 4);
    weights[i + kSmall / 2] = (pairs[i] >> 4) | static_cast<int>((bits >> (i + 16) & 1) << 4);
  }
}

/// Bytes: the scale, the fifth bits, the pairs, with an offset of 16.
void convert_q5_0(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  constexpr int kOffset = 16;
  int weights[kSmall];
  for (; num_blocks != 0; --num_blocks, src += kQ50Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    join_five_bits(src + 2, src + 6, weights);
    for (std::size_t i = 0; i < kSmall; ++i)
      dst[i] = static_cast<float>(weights[i] - kOffset) * scale;
  }
}

/// Bytes: the scale, the minimum, the fifth bits, the pairs.
void convert_q5_1(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  int weights[kSmall];
  for (; num_blocks != 0; --num_blocks, src += kQ51Bytes, dst += kSmall) {
    const float scale = load_f16(src);
    const float minimum = load_f16(src + 2);
    join_five_bits(src + 4, src + 8, weights);
    for (std::size_t i = 0; i < kSmall; ++i)
      dst[i] = static_cast<float>(weights[i]) * scale + minimum;
  }
}

/// Bytes: 16 of scale (low half) and minimum (high half) of each 16 weights, 64 of two-bit weights,
/// scale of the scales, scale of the minima. Each half of the block (128 weights) has 32 bytes,
/// whose bits 2 j and 2 j + 1 are weights 32 j to 32 j + 31.
void convert_q2_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ2KBytes) {
    const float scales = load_f16(src + 80);
    const float minima = load_f16(src + 82);
    for (std::size_t group = 0; group < 16; ++group, dst += 16) {
      const std::uint8_t* const weights = src + 16 + 32 * (group / 8) + 16 * (group % 2);
      const std::size_t shift = 2 * (group % 8 / 2);
      const float scale = scales * static_cast<float>(src[group] & 0xF);
      const float minimum = minima * static_cast<float>(src[group] >> 4);
      for (std::size_t i = 0; i < 16; ++i)
        dst[i] = scale * static_cast<float>(weights[i] >> shift & 3) - minimum;
    }
  }
}

/// Bytes: 32 of third bits, 64 of two-bit weights as in Q2_K, 12 of six-bit scales with an offset
/// of 32, the scale. A third bit that is not set stands for -4; bit j of byte i is that of weight
/// 32 j + i. The scale of group g has its low four bits in byte g % 8 (the low half for the first
/// eight groups), the others in byte 8 + g % 4.
void convert_q3_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  constexpr int kScaleOffset = 32;
  constexpr int kOffset = 4;
  for (; num_blocks != 0; --num_blocks, src += kQ3KBytes) {
    const std::uint8_t* const scales = src + 96;
    const float block_scale = load_f16(src + 108);
    for (std::size_t group = 0; group < 16; ++group, dst += 16) {
      const std::uint8_t* const third = src + 16 * (group % 2);
      const std::uint8_t* const weights = src + 32 + 32 * (group / 8) + 16 * (group % 2);
      const std::size_t shift = 2 * (group % 8 / 2);
      const int low = scales[group % 8] >> 4 * (group / 8) & 0xF;
      const int high = scales[8 + group % 4] >> 2 * (group / 4) & 3;
      const float scale = block_scale * static_cast<float>((low | high << 4) - kScaleOffset);
      for (std::size_t i = 0; i < 16; ++i) {
        const int missing = (third[i] >> group / 2 & 1) != 0 ? 0 : kOffset;
        dst[i] = scale * static_cast<float>((weights[i] >> shift & 3) - missing);
      }
    }
  }
}

/// Scale and minimum of a group of 32 weights, six bits each.
struct GroupScale {
  int scale = 0;
  int minimum = 0;
};

/// Of group `group` (0 to 7) in the 12 bytes of Q4_K and Q5_K: groups 0 to 3 lie in the low six
/// bits of bytes 0 to 3 (scales) and 4 to 7 (minima); of the others four bits are in bytes 8 to 11
/// and two in the high bits of the first eight.
GroupScale group_scale(const std::uint8_t* bytes, int group) {
  if (group < 4) return {bytes[group] & 63, bytes[group + 4] & 63};
  const int low = bytes[group + 4];
  return {(low & 0xF) | ((bytes[group - 4] >> 6) << 4), (low >> 4) | ((bytes[group] >> 6) << 4)};
}

/// Bytes: scale of the scales, scale of the minima, 12 bytes of them, then four times 32 pairs: the
/// low halves are the weights of one group, the high ones those of the next.
void convert_q4_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ4KBytes) {
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

/// Bytes: as Q4_K, but for 32 bytes of fifth bits before the pairs: bit g of byte i is that of
/// weight i of group g.
void convert_q5_k(const std::uint8_t* src, float* dst, std::size_t num_blocks) {
  for (; num_blocks != 0; --num_blocks, src += kQ5KBytes) {
    const float scales = load_f16(src);
    const float minima = load_f16(src + 2);
    const std::uint8_t* const upper = src + 16;
    for (int group = 0; group < 8; ++group, dst += 32) {
      const std::uint8_t* const pairs = src + 48 + 32 * (group / 2);
      const GroupScale of_group = group_scale(src + 4, group);
      const float scale = scales * static_cast<float>(of_group.scale);
      const float minimum = minima * static_cast<float>(of_group.minimum);
      for (std::size_t i = 0; i < 32; ++i) {
        const int low = pairs[i] >> 4 * (group % 2) & 0xF;
        const int weight = low + ((upper[i] >> group & 1) << 4);
        dst[i] = scale * static_cast<float>(weight) - minimum;
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
  for (; num_blocks != 0; --num_blocks, src += kQ6KBytes) {
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

using Convert = void (*)(const std::uint8_t* src, float* dst, std::size_t num_blocks);

void dequantize(std::span<const std::byte> src, std::span<float> dst, std::size_t block_weights,
                std::size_t block_bytes, Convert convert) {
  const std::size_t blocks = dst.size() / block_weights;
  ALLOMETER_EXPECT(dst.size() == blocks * block_weights && src.size() == blocks * block_bytes);
  convert(reinterpret_cast<const std::uint8_t*>(src.data()), dst.data(), blocks);
}

}  // namespace

void dequantize_q4_0(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kSmall, kQ40Bytes, convert_q4_0);
}

void dequantize_q4_1(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kSmall, kQ41Bytes, convert_q4_1);
}

void dequantize_q5_0(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kSmall, kQ50Bytes, convert_q5_0);
}

void dequantize_q5_1(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kSmall, kQ51Bytes, convert_q5_1);
}

void dequantize_q8_0(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kSmall, kQ80Bytes, convert_q8_0);
}

void dequantize_q2_k(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kLarge, kQ2KBytes, convert_q2_k);
}

void dequantize_q3_k(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kLarge, kQ3KBytes, convert_q3_k);
}

void dequantize_q4_k(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kLarge, kQ4KBytes, convert_q4_k);
}

void dequantize_q5_k(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kLarge, kQ5KBytes, convert_q5_k);
}

void dequantize_q6_k(std::span<const std::byte> src, std::span<float> dst) {
  dequantize(src, dst, kLarge, kQ6KBytes, convert_q6_k);
}

}  // namespace allometer::io
