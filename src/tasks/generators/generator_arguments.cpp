#include "tasks/generators/generator_arguments.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "tasks/spelling.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

/// The value itself, or the items of a list of at least one.
std::vector<const YamlValue*> items_of(const YamlValue& value, std::string_view name) {
  if (value.kind != YamlValue::Kind::list) return {&value};
  if (value.items.empty()) throw ConfigError(fmt::format("{}{} is empty", value.where(), name));
  std::vector<const YamlValue*> items;
  for (const YamlValue& item : value.items) items.push_back(&item);
  return items;
}

void require_allowed(const YamlValue& value, std::string_view name, const std::string& text,
                     const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return;
  throw ConfigError(fmt::format("{}{} '{}' is unknown{} Supported: {}", value.where(), name, text,
                                did_you_mean(text, allowed), fmt::join(allowed, ", ")));
}

template <class T>
void require_new(const YamlValue& value, std::string_view name, const std::vector<T>& items,
                 const T& item) {
  if (std::find(items.begin(), items.end(), item) == items.end()) return;
  throw ConfigError(fmt::format("{}{} lists {} twice", value.where(), name, item));
}

}  // namespace

GeneratorArguments::GeneratorArguments(std::string_view generator, const YamlValue* map)
    : generator_(generator), map_(map) {
  if (map_ == nullptr || map_->kind == YamlValue::Kind::map) return;
  throw ConfigError(map_->where() + "generator_args must be a map of arguments and values");
}

const YamlValue* GeneratorArguments::find(std::string_view name) {
  asked_.emplace(name);
  return map_ == nullptr ? nullptr : find_set(*map_, name);
}

std::string GeneratorArguments::where(std::string_view name) const {
  const YamlValue* value = map_ == nullptr ? nullptr : find_set(*map_, name);
  const std::string place = value != nullptr  ? value->where()
                            : map_ != nullptr ? map_->where()
                                              : std::string();
  return fmt::format("{}{}: ", place, name);
}

long long GeneratorArguments::integer(std::string_view name, long long standard, long long least,
                                      long long most) {
  const YamlValue* value = find(name);
  return value == nullptr ? standard : read_integer(*value, name, least, most);
}

std::vector<int> GeneratorArguments::integers(std::string_view name, std::vector<int> standard,
                                              int least, int most) {
  const YamlValue* value = find(name);
  if (value == nullptr) return standard;
  std::vector<int> numbers;
  for (const YamlValue* item : items_of(*value, name)) {
    const int number = static_cast<int>(read_integer(*item, name, least, most));
    require_new(*item, name, numbers, number);
    numbers.push_back(number);
  }
  return numbers;
}

std::string GeneratorArguments::text(std::string_view name, std::string standard,
                                     const std::vector<std::string>& allowed) {
  const YamlValue* value = find(name);
  if (value == nullptr) return standard;
  std::string given = read_text(*value, name);
  require_allowed(*value, name, given, allowed);
  return given;
}

std::vector<std::string> GeneratorArguments::texts(std::string_view name,
                                                   std::vector<std::string> standard,
                                                   const std::vector<std::string>& allowed) {
  const YamlValue* value = find(name);
  if (value == nullptr) return standard;
  std::vector<std::string> given;
  for (const YamlValue* item : items_of(*value, name)) {
    const std::string one = read_text(*item, name);
    require_allowed(*item, name, one, allowed);
    require_new(*item, name, given, one);
    given.push_back(one);
  }
  return given;
}

bool GeneratorArguments::flag(std::string_view name, bool standard) {
  const YamlValue* value = find(name);
  return value == nullptr ? standard : read_bool(*value, name);
}

void GeneratorArguments::require_all_known() const {
  if (map_ == nullptr) return;
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  require_known(*map_, "generator_args of " + generator_, known);
}

}  // namespace allometer::tasks
