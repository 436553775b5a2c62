#include "tasks/spelling.hpp"

#include <algorithm>
#include <utility>

namespace allometer::tasks {

int edit_distance(std::string_view left, std::string_view right) {
  const std::size_t width = right.size() + 1;
  std::vector<int> cost((left.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> int& { return cost[i * width + j]; };
  for (std::size_t i = 0; i <= left.size(); ++i) at(i, 0) = static_cast<int>(i);
  for (std::size_t j = 0; j <= right.size(); ++j) at(0, j) = static_cast<int>(j);
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const int replace = at(i - 1, j - 1) + (left[i - 1] == right[j - 1] ? 0 : 1);
      at(i, j) = std::min({replace, at(i - 1, j) + 1, at(i, j - 1) + 1});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
      }
    }
  }
  return at(left.size(), right.size());
}

std::vector<std::string> look_alikes(std::string_view name,
                                     std::span<const std::string> candidates) {
  // Long names cannot be typing mistakes of anything we know, and would cost a large table.
  if (name.empty() || name.size() > 200) return {};
  std::vector<std::pair<int, std::string>> near;
  for (const std::string& candidate : candidates) {
    const int distance = edit_distance(name, candidate);
    const bool contained = name.size() >= 3 && candidate.find(name) != std::string::npos;
    if (contained || 3 * distance <= static_cast<int>(std::max(name.size(), candidate.size()))) {
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
