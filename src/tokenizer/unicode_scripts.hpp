#pragma once
/// The script of a code point, as SentencePiece counts it.

#include <cstdint>

namespace allometer::tokenizer {

/// Numbers that mean nothing but "the same" and "another one".
using Script = std::uint8_t;
/// Goes with every script: the space, and what Unicode 9.0 did not assign.
constexpr Script kAnyScript = 0;

/// Hiragana, Katakana and their prolonged sound mark count as Han.
Script script_of_run(std::int32_t code_point);

}  // namespace allometer::tokenizer
