#pragma once
/// Typed reading of YAML values, with messages that name the key.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// Each throws ConfigError "file:line: KEY ..." for a value of another kind. `key` is for messages.
std::string read_text(const YamlValue& value, std::string_view key);
bool read_bool(const YamlValue& value, std::string_view key);
long long read_integer(const YamlValue& value, std::string_view key, long long least,
                       long long most);
double read_number(const YamlValue& value, std::string_view key);
/// One text, or a list of texts.
std::vector<std::string> read_texts(const YamlValue& value, std::string_view key);
/// A path with ${NAME} replaced by the environment; relative to the directory of the file that says
/// it.
std::filesystem::path read_path(const YamlValue& value, std::string_view key);

/// Is the scalar a plain integer, outside of quotes?
bool is_plain_integer(const YamlValue& value);

/// Throws ConfigError for a key of the map that is not in `known`, with its look-alikes and all
/// that are known.
void require_known(const YamlValue& map, std::string_view what, std::span<const std::string> known);

/// The field, or nullptr where it is absent or null.
const YamlValue* find_set(const YamlValue& map, std::string_view key);

}  // namespace allometer::tasks
