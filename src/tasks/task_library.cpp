#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "tasks/settings.hpp"
#include "tasks/spelling.hpp"
#include "tasks/task.hpp"

namespace allometer::tasks {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> yaml_files(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".yaml") files.push_back(entry->path());
  }
  if (error) {
    throw ConfigError(fmt::format("the task directory {} cannot be read: {}", directory.string(),
                                  error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Adds what one directory names to what others did: it takes the place of their namesakes.
template <class Named>
void take_over(std::vector<Named>& known, std::vector<Named>& here) {
  for (Named& entry : here) {
    std::erase_if(known, [&](const Named& other) { return other.name == entry.name; });
    known.push_back(std::move(entry));
  }
}

}  // namespace

TaskLibrary::TaskLibrary(std::span<const fs::path> directories) {
  for (const fs::path& directory : directories) add_directory(directory);
}

void TaskLibrary::add_directory(const fs::path& directory) {
  std::map<std::string, fs::path> seen;
  const auto claim = [&](const std::string& name, const fs::path& file) {
    const auto [twin, is_new] = seen.emplace(name, file);
    if (is_new) return;
    throw ConfigError(fmt::format("the name '{}' is given twice, in {} and {}; rename one", name,
                                  twin->second.string(), file.string()));
  };
  std::vector<Entry> tasks;
  std::vector<Battery> batteries;
  for (const fs::path& file : yaml_files(directory)) {
    const YamlValue yaml = read_task_yaml(file);
    if (is_battery(yaml)) {
      batteries.push_back(parse_battery(yaml, file));
      claim(batteries.back().name, file);
      continue;
    }
    std::optional<TaskLabels> labels = parse_labels(yaml);
    // A file without a name is there to be included.
    if (!labels) continue;
    claim(labels->name, file);
    tasks.push_back(
        {labels->name, labels->ability, labels->summary, file, std::move(labels->card)});
  }
  take_over(entries_, tasks);
  take_over(batteries_, batteries);
}

const TaskLibrary::Entry* TaskLibrary::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

const Battery* TaskLibrary::find_battery(std::string_view name) const {
  const auto found = std::find_if(batteries_.begin(), batteries_.end(),
                                  [&](const Battery& battery) { return battery.name == name; });
  return found == batteries_.end() ? nullptr : &*found;
}

std::vector<std::string> TaskLibrary::suggestions(std::string_view name) const {
  std::vector<std::string> names;
  for (const Battery& battery : batteries_) names.push_back(battery.name);
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return look_alikes(name, names);
}

}  // namespace allometer::tasks
