#pragma once
/// How far a mistyped word is from a known one.

#include <cstddef>
#include <string_view>

namespace allometer {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other,
/// no part being edited twice (optimal string alignment). Costs a.size() * b.size() steps.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace allometer
