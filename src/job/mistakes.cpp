#include "job/mistakes.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/error.hpp"

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

namespace {

/// Edits that turn a into b, where swapping neighbours counts as one (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

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
