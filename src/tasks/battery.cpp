#include "tasks/battery.hpp"

#include <limits>

#include "core/error.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMaxFewshot = 1000;

template <class Number>
std::optional<std::vector<Number>> read_numbers(const YamlValue& entry, const char* key,
                                                long long most) {
  const YamlValue* value = find_set(entry, key);
  if (value == nullptr) return std::nullopt;
  std::vector<Number> numbers;
  const auto add = [&](const YamlValue& item) {
    numbers.push_back(static_cast<Number>(read_integer(item, key, 0, most)));
  };
  if (value->kind == YamlValue::Kind::list && !value->items.empty()) {
    for (const YamlValue& item : value->items) add(item);
  } else {
    add(*value);
  }
  return numbers;
}

BatteryEntry read_entry(const YamlValue& item) {
  BatteryEntry entry;
  entry.where = item.where();
  if (item.kind == YamlValue::Kind::scalar) {
    entry.name = read_text(item, "task");
    return entry;
  }
  static const std::vector<std::string> known{"task", "shots", "seeds", "limit", "optional"};
  require_known(item, "a task of a battery", known);
  const YamlValue* name = find_set(item, "task");
  if (name == nullptr) {
    throw ConfigError(item.where() +
                      "each entry of a battery is a task's name, or a map with it "
                      "under the key 'task'");
  }
  entry.name = read_text(*name, "task");
  entry.shots = read_numbers<int>(item, "shots", kMaxFewshot);
  entry.seeds = read_numbers<std::uint64_t>(item, "seeds", std::numeric_limits<long long>::max());
  if (const YamlValue* limit = find_set(item, "limit"))
    entry.limit = read_integer(*limit, "limit", 1, std::numeric_limits<int>::max());
  if (const YamlValue* optional = find_set(item, "optional"))
    entry.optional = read_bool(*optional, "optional");
  return entry;
}

}  // namespace

bool is_battery(const YamlValue& yaml) {
  const YamlValue* tasks = find_set(yaml, "task");
  return tasks != nullptr && tasks->kind == YamlValue::Kind::list;
}

Battery parse_battery(const YamlValue& yaml, const std::filesystem::path& file) {
  static const std::vector<std::string> known{"group", "group_alias", "task", "metadata",
                                              "include"};
  require_known(yaml, "a battery", known);
  const YamlValue* name = find_set(yaml, "group");
  if (name == nullptr)
    throw ConfigError(yaml.where() + "'group' is missing: it names this list of tasks");
  Battery battery{read_text(*name, "group"), {}, file, {}};
  const YamlValue* metadata = find_set(yaml, "metadata");
  const YamlValue* description = metadata == nullptr ? nullptr : find_set(*metadata, "description");
  if (description != nullptr) battery.description = read_text(*description, "metadata.description");
  for (const YamlValue& item : find_set(yaml, "task")->items)
    battery.entries.push_back(read_entry(item));
  if (battery.entries.empty()) throw ConfigError(yaml.where() + "'task' lists no tasks");
  return battery;
}

}  // namespace allometer::tasks
