#pragma once
/// Questions whose rule is not told: only demonstrations show which of four rival rules holds. The
/// choices are what the rivals make of the question, so that without demonstrations the accuracy,
/// averaged over the four rules, is exactly that of guessing, whatever a model prefers.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "tasks/generators/drawing.hpp"
#include "tasks/generators/generator.hpp"

namespace allometer::tasks {

inline constexpr std::size_t kRivals = 4;
using Rivals = std::array<std::string_view, kRivals>;

/// The names of all rules of all families, for reading an argument.
template <class Families>
std::vector<std::string> rule_names(const Families& families) {
  std::vector<std::string> names;
  for (const Rivals& family : families) names.insert(names.end(), family.begin(), family.end());
  return names;
}

/// Family and place in it of a rule that is in one of them.
template <class Families>
std::pair<std::size_t, std::size_t> find_rule(const Families& families, std::string_view rule) {
  for (std::size_t family = 0; family < std::size(families); ++family) {
    const auto found = std::find(families[family].begin(), families[family].end(), rule);
    if (found != families[family].end())
      return {family, static_cast<std::size_t>(found - families[family].begin())};
  }
  ALLOMETER_EXPECT(false);
  return {};
}

/// `outputs`: what each rival makes of the question; nothing where two make the same.
inline std::optional<nlohmann::json> hidden_rule_document(
    std::string question, const std::array<std::string, kRivals>& outputs, std::size_t rule,
    int difficulty, Draw& draw) {
  std::vector<std::string> rivals;
  for (std::size_t i = 0; i < kRivals; ++i) {
    if (std::find(outputs.begin() + static_cast<std::ptrdiff_t>(i) + 1, outputs.end(),
                  outputs[i]) != outputs.end())
      return std::nullopt;
    if (i != rule) rivals.push_back(outputs[i]);
  }
  draw.random.shuffle(std::span(rivals));
  nlohmann::json document{{"question", std::move(question)}, {"difficulty", difficulty}};
  set_choices(document, outputs[rule], std::move(rivals), draw.answer);
  return document;
}

}  // namespace allometer::tasks
