#pragma once
/// What each task measures and how, in plain English, as Markdown: for `allometer tasks --show` and
/// for docs/abilities.

#include <filesystem>
#include <string>

#include "tasks/task.hpp"

namespace allometer::cli {

/// Name, description and the card's three parts; needs no data of the task.
std::string card_text(const tasks::TaskLibrary::Entry& entry);

/// Writes ABILITY.md for every ability of the library, and README.md that lists abilities and
/// batteries. Throws IoError where the directory cannot be written.
void write_cards(const tasks::TaskLibrary& library, const std::filesystem::path& directory);

}  // namespace allometer::cli
