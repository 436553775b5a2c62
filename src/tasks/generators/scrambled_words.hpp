#pragma once
/// Common English words whose letters make no other common word, by length.

#include <span>
#include <string_view>

namespace allometer::tasks {

inline constexpr int kShortestWord = 4;
inline constexpr int kLongestWord = 8;

/// In lower case, a to z; from kShortestWord to kLongestWord letters.
std::span<const std::string_view> words_of_length(int length);

}  // namespace allometer::tasks
