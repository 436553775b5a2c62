#include "report/ladder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace allometer::report {

std::string text_of(const std::map<std::string, std::string>& levers) {
  std::string text;
  for (const auto& [name, value] : levers) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

std::string name_of_models(const std::set<std::string>& families, const std::string& levers,
                           bool random_weights) {
  std::string name;
  if (families.size() > 3) {
    name = fmt::format("{} families", families.size());
  } else if (families.size() > 1) {
    name = fmt::format("families {}", fmt::join(families, ", "));
  } else {
    const std::string only = families.empty() ? "" : *families.begin();
    name = only.empty() ? "models without a family" : "family " + only;
  }
  if (!levers.empty()) name += ", " + levers;
  if (random_weights) name += " (random weights)";
  return name;
}

std::string name_of_settings(std::size_t num_settings) {
  return fmt::format("{} lever settings", num_settings);
}

}  // namespace allometer::report
