#include "tasks/spelling.hpp"

#include <algorithm>
#include <utility>

#include "core/spelling.hpp"

namespace allometer::tasks {

std::vector<std::string> look_alikes(std::string_view name,
                                     std::span<const std::string> candidates) {
  // Long names cannot be typing mistakes of anything we know, and would cost a large table.
  if (name.empty() || name.size() > 200) return {};
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    const bool contained = name.size() >= 3 && candidate.find(name) != std::string::npos;
    if (contained || 3 * distance <= std::max(name.size(), candidate.size())) {
      near.emplace_back(distance, candidate);
    }
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    if (names.size() < 3) names.push_back(candidate);
  }
  return names;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  std::string text;
  for (const std::string& candidate : look_alikes(name, candidates)) {
    text += (text.empty() ? "; did you mean '" : " or '") + candidate + "'";
  }
  return text.empty() ? "." : text + "?";
}

}  // namespace allometer::tasks
