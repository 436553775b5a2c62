#pragma once
/// Conversions between float and the 16-bit formats of checkpoints.

#include <cstddef>
#include <cstdint>
#include <span>

namespace allometer::io {

/// IEEE 754 binary16 to float: exact; a signalling NaN becomes quiet, as in hardware.
float float_from_f16(std::uint16_t bits);
/// bfloat16 to float: exact.
float float_from_bf16(std::uint16_t bits);
/// Round to nearest, ties to even; beyond 65504 becomes infinity, NaN stays NaN.
std::uint16_t f16_from_float(float value);
/// Round to nearest, ties to even; NaN stays NaN.
std::uint16_t bf16_from_float(float value);

/// `src` holds 2 x dst.size() bytes, little-endian, not necessarily aligned. Uses F16C where the
/// CPU has it.
void convert_f16(std::span<const std::byte> src, std::span<float> dst);
void convert_bf16(std::span<const std::byte> src, std::span<float> dst);

}  // namespace allometer::io
