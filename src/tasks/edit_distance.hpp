#pragma once
/// How far two texts are apart.

#include <cstdint>
#include <string_view>

namespace allometer::tasks {

/// Levenshtein distance in code points (Levenshtein 1966): the fewest insertions, deletions and
/// replacements that turn one text into the other. Time is the product of the lengths, memory the
/// shorter one.
std::int64_t edit_distance(std::string_view a, std::string_view b);

/// The distance divided by the longer length: 0 for equal texts, at most 1.
double normalized_edit_distance(std::string_view a, std::string_view b);

}  // namespace allometer::tasks
