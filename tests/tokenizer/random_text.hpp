#pragma once
/// Texts of all sorts, the same ones in every run.

#include <cstdint>
#include <iterator>
#include <string>

#include "core/random.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {

inline std::string random_text(SplitMix64& random) {
  // Blocks of assigned and unassigned code points of many scripts, controls and emoji.
  constexpr std::int32_t kBlocks[][2] = {
      {0x00, 0x7F},     {0x20, 0x7E},     {0x80, 0x24F},    {0x300, 0x36F},    {0x370, 0x5FF},
      {0x600, 0x6FF},   {0x900, 0x97F},   {0x1100, 0x11FF}, {0x2000, 0x206F},  {0x3040, 0x30FF},
      {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0xE000, 0xFFFF}, {0x1F300, 0x1FAFF}};
  std::string text;
  for (auto words = random.below(8); words > 0; --words) {
    const auto& block = kBlocks[random.below(std::size(kBlocks))];
    for (auto n = random.below(9); n > 0; --n) {
      const auto range = static_cast<std::uint64_t>(block[1] - block[0] + 1);
      append_code_point(text, block[0] + static_cast<std::int32_t>(random.below(range)));
    }
    if (random.below(2)) text += ' ';
  }
  return text;
}

}  // namespace allometer::tokenizer
