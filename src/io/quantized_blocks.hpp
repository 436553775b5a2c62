#pragma once
/// The block-quantised formats of GGUF to float. Equal to the last bit to the reference functions
/// of ggml (dequantize_row_* of ggml-quants.c), whose order of operations each function keeps.
///
/// A block is 32 weights with a binary16 scale (Q8_0, Q4_0), or 256 weights in groups with small
/// integer scales under binary16 scales of the block (Q4_K, Q6_K).

#include <cstddef>
#include <span>

namespace allometer::io {

constexpr std::size_t kQ8_0Bytes = 34;
constexpr std::size_t kQ4_0Bytes = 18;
constexpr std::size_t kQ4_KBytes = 144;
constexpr std::size_t kQ6_KBytes = 210;

/// `src`: whole blocks, not necessarily aligned; `dst`: as many floats as they hold.
void dequantize_q8_0(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q4_0(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q4_k(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q6_k(std::span<const std::byte> src, std::span<float> dst);

}  // namespace allometer::io
