#include "job/mistakes.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/spelling.hpp"

namespace allometer::job {

void Mistakes::add(int line, std::string message) {
  messages_.emplace(line, std::move(message));
}

void Mistakes::throw_if_any() const {
  if (messages_.empty()) return;
  constexpr std::size_t kMostShown = 25;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [line, message] : messages_) {
    if (shown == kMostShown) {
      text += "\n(and " + std::to_string(messages_.size() - shown) + " more)";
      break;
    }
    if (shown++ > 0) text += '\n';
    text += file_.string() + ":" + std::to_string(line) + ": " + message;
  }
  throw ConfigError(text);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kLongestKey = 64;
  if (word.size() > kLongestKey) return "";
  std::string_view nearest;
  std::size_t least = 1 + std::max<std::size_t>(1, word.size() / 3);
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? "" : " (did you mean '" + std::string(nearest) + "'?)";
}

}  // namespace allometer::job
