#pragma once
/// Sentences of generated questions.

#include <string>

namespace allometer::tasks {

/// With a capital first letter (ASCII).
inline std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace allometer::tasks
