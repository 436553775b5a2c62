#include <algorithm>

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
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
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

}  // namespace

TaskLibrary::TaskLibrary(std::span<const fs::path> directories) {
  for (const fs::path& directory : directories) {
    std::vector<Entry> here;
    for (const fs::path& file : yaml_files(directory)) {
      const std::optional<TaskLabels> labels = parse_labels(read_task_yaml(file));
      // A file without a name is there to be included.
      if (!labels) continue;
      const auto same = [&](const Entry& entry) { return entry.name == labels->name; };
      if (const auto twin = std::find_if(here.begin(), here.end(), same); twin != here.end()) {
        throw ConfigError(fmt::format("the task '{}' is given twice, in {} and {}; rename one",
                                      labels->name, twin->file.string(), file.string()));
      }
      here.push_back({labels->name, labels->ability, labels->summary, file});
    }
    for (Entry& entry : here) {
      std::erase_if(entries_, [&](const Entry& other) { return other.name == entry.name; });
      entries_.push_back(std::move(entry));
    }
  }
}

const TaskLibrary::Entry* TaskLibrary::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::vector<std::string> TaskLibrary::suggestions(std::string_view name) const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return look_alikes(name, names);
}

}  // namespace allometer::tasks
