#pragma once
/// A battery: tasks that are asked for by one name. lm-evaluation-harness's groups, a file with
///   group: few_shot
///   task: [{task: string_mapping, shots: [0, 4], seeds: [0, 1]}, {task: gsm8k, optional: true}]

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

struct BatteryEntry {
  std::string name;  ///< of a task, or of another battery
  std::optional<std::vector<int>> shots;
  std::optional<std::vector<std::uint64_t>> seeds;
  std::optional<std::int64_t> limit;  ///< the task's first n questions
  bool optional = false;              ///< left out, with a message, where its data are not there
  std::string where;                  ///< "file:line: "
};

struct Battery {
  std::string name;
  std::string description;  ///< key metadata.description
  std::filesystem::path file;
  std::vector<BatteryEntry> entries;
};

/// Is the file a battery's, rather than a task's?
bool is_battery(const YamlValue& yaml);

/// Throws ConfigError "file:line: ..." for keys and values that are unknown.
Battery parse_battery(const YamlValue& yaml, const std::filesystem::path& file);

}  // namespace allometer::tasks
