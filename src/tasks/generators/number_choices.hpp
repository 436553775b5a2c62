#pragma once
/// Choices of questions whose answer is a number.

#include <string>
#include <vector>

namespace allometer::tasks {

inline constexpr int kNumNumberChoices = 4;

/// Four numbers in a row, rising, of which `right` has place `gold` (0 to 3): where each place is
/// right equally often, nothing but the question tells which one is.
inline std::vector<std::string> number_choices(int right, int gold) {
  std::vector<std::string> choices;
  for (int place = 0; place < kNumNumberChoices; ++place)
    choices.push_back(std::to_string(right - gold + place));
  return choices;
}

}  // namespace allometer::tasks
