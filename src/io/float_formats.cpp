#include "io/float_formats.hpp"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/contract.hpp"

namespace allometer::io {
namespace {

std::uint16_t load_u16(const std::byte* src) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, src, sizeof bits);
  return bits;
}

void convert_f16_scalar(const std::byte* src, float* dst, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) dst[i] = float_from_f16(load_u16(src + 2 * i));
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) void convert_f16_vector(const std::byte* src, float* dst,
                                                            std::size_t count) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + 2 * i));
    _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(half));
  }
  convert_f16_scalar(src + 2 * i, dst + i, count - i);
}
#endif

}  // namespace

float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1F;
  std::uint32_t fraction = bits & 0x3FF;
  if (exponent == 0x1F) {
    if (fraction != 0) fraction |= 0x200;
    return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  }
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  // Zero and subnormals: fraction x 2^-24, which float holds exactly.
  const float magnitude = static_cast<float>(fraction) * 0x1.0p-24f;
  return sign ? -magnitude : magnitude;
}

float float_from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t f16_from_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000;
  std::uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) {
    return static_cast<std::uint16_t>(sign | 0x7E00 | ((magnitude >> 13) & 0x3FF));
  }
  if (magnitude >= 0x477FF000) return static_cast<std::uint16_t>(sign | 0x7C00);  // rounds to 2^16
  if (magnitude < 0x38800000) {
    // Below 2^-14: adding 0.5 leaves the multiple of 2^-24, rounded to even, in the low bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000));
  }
  magnitude += 0xFFF + ((magnitude >> 13) & 1);
  return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000) >> 13));
}

std::uint16_t bf16_from_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

void convert_f16(std::span<const std::byte> src, std::span<float> dst) {
  ALLOMETER_EXPECT(src.size() == 2 * dst.size());
#if defined(__x86_64__)
  // Every CPU with AVX2 has F16C; older compilers cannot ask for the latter by name.
  if (__builtin_cpu_supports("avx2")) return convert_f16_vector(src.data(), dst.data(), dst.size());
#endif
  convert_f16_scalar(src.data(), dst.data(), dst.size());
}

void convert_bf16(std::span<const std::byte> src, std::span<float> dst) {
  ALLOMETER_EXPECT(src.size() == 2 * dst.size());
  // Not through float_from_bf16: a call that is visible elsewhere is not inlined into the loop.
  for (std::size_t i = 0; i < dst.size(); ++i)
    dst[i] = std::bit_cast<float>(std::uint32_t{load_u16(src.data() + 2 * i)} << 16);
}

}  // namespace allometer::io
