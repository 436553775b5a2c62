#pragma once
/// The block-quantised formats of GGUF to float. Equal to the last bit to the reference functions
/// of ggml (dequantize_row_* of ggml-quants.c), whose order of operations each function keeps.
///
/// A block is 32 weights with a binary16 scale, and in Q4_1 and Q5_1 a binary16 minimum; or 256
/// weights in groups with small integer scales, and in Q2_K, Q4_K and Q5_K minima, under binary16
/// scales of the block (the K formats).

#include <cstddef>
#include <span>

namespace allometer::io {

constexpr std::size_t kQ40Bytes = 18;
constexpr std::size_t kQ41Bytes = 20;
constexpr std::size_t kQ50Bytes = 22;
constexpr std::size_t kQ51Bytes = 24;
constexpr std::size_t kQ80Bytes = 34;
constexpr std::size_t kQ2KBytes = 84;
constexpr std::size_t kQ3KBytes = 110;
constexpr std::size_t kQ4KBytes = 144;
constexpr std::size_t kQ5KBytes = 176;
constexpr std::size_t kQ6KBytes = 210;

/// `src`: whole blocks, not necessarily aligned; `dst`: as many floats as they hold.
void dequantize_q4_0(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q4_1(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q5_0(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q5_1(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q8_0(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q2_k(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q3_k(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q4_k(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q5_k(std::span<const std::byte> src, std::span<float> dst);
void dequantize_q6_k(std::span<const std::byte> src, std::span<float> dst);

}  // namespace allometer::io
