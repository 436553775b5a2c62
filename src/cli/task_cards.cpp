#include "cli/task_cards.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "io/atomic_file.hpp"

namespace allometer::cli {
namespace {

constexpr std::string_view kOrigin =
    "<!-- Written by `allometer tasks --cards docs/abilities` from jobs/tasks; edit the cards "
    "there. -->\n\n";

using Entries = std::vector<const tasks::TaskLibrary::Entry*>;

std::map<std::string, Entries> by_ability(const tasks::TaskLibrary& library) {
  std::map<std::string, Entries> abilities;
  for (const auto& entry : library.entries()) abilities[entry.ability].push_back(&entry);
  for (auto& [ability, entries] : abilities) {
    std::sort(entries.begin(), entries.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
  }
  return abilities;
}

std::string shown(const tasks::BatteryEntry& entry) {
  std::vector<std::string> notes;
  if (entry.shots) notes.push_back(fmt::format("shots {}", fmt::join(*entry.shots, ", ")));
  if (entry.seeds) notes.push_back(fmt::format("seeds {}", fmt::join(*entry.seeds, ", ")));
  if (entry.limit) notes.push_back(fmt::format("first {} questions", *entry.limit));
  if (entry.optional) notes.emplace_back("where its data are there");
  return notes.empty() ? entry.name : fmt::format("{} ({})", entry.name, fmt::join(notes, "; "));
}

std::string index_text(const tasks::TaskLibrary& library) {
  std::string text(kOrigin);
  text +=
      "# Abilities and their tasks\n\nA job asks for a battery by its name, or for single "
      "tasks.\n\n";
  text += "| ability | tasks |\n|---|---|\n";
  for (const auto& [ability, entries] : by_ability(library))
    text += fmt::format("| [{0}]({0}.md) | {1} |\n", ability, entries.size());
  for (const tasks::Battery& battery : library.batteries()) {
    text += fmt::format("\n## Battery {}\n\n{}\n\n", battery.name, battery.description);
    for (const tasks::BatteryEntry& entry : battery.entries)
      text += fmt::format("- {}\n", shown(entry));
  }
  return text;
}

}  // namespace

std::string card_text(const tasks::TaskLibrary::Entry& entry) {
  std::string text =
      fmt::format("## {}\n\nAbility {}: {}.\n", entry.name, entry.ability, entry.description);
  const auto add = [&](std::string_view title, std::string part) {
    while (!part.empty() && part.back() == '\n') part.pop_back();
    if (!part.empty()) text += fmt::format("\n**{}.** {}\n", title, part);
  };
  add("Protocol", entry.card.protocol);
  add("Source", entry.card.source);
  add("Formula", entry.card.formula);
  return text;
}

void write_cards(const tasks::TaskLibrary& library, const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw IoError(
        fmt::format("the directory {} cannot be made: {}", directory.string(), error.message()));
  }
  for (const auto& [ability, entries] : by_ability(library)) {
    std::string text = fmt::format("{}# {}\n", kOrigin, ability);
    for (const auto* entry : entries) text += "\n" + card_text(*entry);
    io::replace_file(directory / (ability + ".md"), text);
  }
  io::replace_file(directory / "README.md", index_text(library));
}

}  // namespace allometer::cli
