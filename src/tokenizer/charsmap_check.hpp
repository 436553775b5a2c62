#pragma once
/// Whether a normalizer's compiled rules (precompiled_charsmap) can be followed without leaving
/// them.

#include <string>
#include <string_view>

namespace allometer::tokenizer {

/// `charsmap` is the size of a double array in bytes (uint32), the double array of Darts-clone, and
/// the replacement texts, each ended by a zero byte. Returns what is wrong with it, or nothing.
std::string fault_of_charsmap(std::string_view charsmap);

}  // namespace allometer::tokenizer
