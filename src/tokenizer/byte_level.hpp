#pragma once
/// The alphabet of byte-level tokenizers: every byte as one printable code point ("Ġ" for the
/// space), as in GPT-2's encoder.py (Radford et al. 2019).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace allometer::tokenizer {

/// Appends the code points that stand for `bytes`.
void append_byte_level(std::string& out, std::string_view bytes);
/// Appends the bytes that the code points of `piece` stand for, or `piece` itself if one stands for
/// none.
void append_bytes_of_piece(std::string& out, std::string_view piece);

}  // namespace allometer::tokenizer
