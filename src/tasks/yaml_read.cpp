#include "tasks/yaml_read.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "tasks/spelling.hpp"

namespace allometer::tasks {
namespace {

std::string shown(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::null:
      return "nothing";
    case YamlValue::Kind::scalar:
      return "'" + value.text + "'";
    case YamlValue::Kind::list:
      return "a list";
    case YamlValue::Kind::map:
      return "a map";
  }
  return "?";
}

[[noreturn]] void fail(const YamlValue& value, std::string_view key, std::string_view expected) {
  throw ConfigError(
      fmt::format("{}{} must be {}, not {}", value.where(), key, expected, shown(value)));
}

const std::string& scalar(const YamlValue& value, std::string_view key, std::string_view expected) {
  if (!value.tag.empty() && value.tag[0] == '!') {
    throw ConfigError(fmt::format(
        "{}{}: the tag {} runs Python code, which Allometer cannot; built-in transforms are "
        "named in process_docs, and other preparation belongs into the data file",
        value.where(), key, value.tag));
  }
  if (value.kind != YamlValue::Kind::scalar) fail(value, key, expected);
  return value.text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string expand_environment(const YamlValue& value, std::string_view key) {
  std::string path;
  std::string_view rest = value.text;
  for (std::size_t at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
    const std::size_t end = rest.find('}', at);
    if (end == std::string_view::npos) fail(value, key, "a path in which every ${ is closed by }");
    const std::string name(rest.substr(at + 2, end - at - 2));
    const char* found = std::getenv(name.c_str());
    if (found == nullptr || *found == '\0') {
      throw ConfigError(fmt::format(
          "{}{} '{}' needs the environment variable {}, which is not set; set it to the "
          "directory or file meant, as in: export {}=/path",
          value.where(), key, value.text, name, name));
    }
    path.append(rest.substr(0, at)).append(found);
    rest.remove_prefix(end + 1);
  }
  return path.append(rest);
}

}  // namespace

std::string read_text(const YamlValue& value, std::string_view key) {
  return scalar(value, key, "text");
}

bool read_bool(const YamlValue& value, std::string_view key) {
  const std::string& text = scalar(value, key, "true or false");
  if (!value.quoted && (text == "true" || text == "True" || text == "TRUE")) return true;
  if (!value.quoted && (text == "false" || text == "False" || text == "FALSE")) return false;
  fail(value, key, "true or false");
}

long long read_integer(const YamlValue& value, std::string_view key, long long least,
                       long long most) {
  const std::string expected = fmt::format("an integer from {} to {}", least, most);
  const auto number = parse_number<long long>(scalar(value, key, expected));
  if (!number || *number < least || *number > most) fail(value, key, expected);
  return *number;
}

double read_number(const YamlValue& value, std::string_view key) {
  const auto number = parse_number<double>(scalar(value, key, "a number"));
  if (!number) fail(value, key, "a number");
  return *number;
}

std::vector<std::string> read_texts(const YamlValue& value, std::string_view key) {
  if (value.kind != YamlValue::Kind::list) return {scalar(value, key, "text or a list of texts")};
  std::vector<std::string> texts;
  for (const YamlValue& item : value.items)
    texts.push_back(scalar(item, key, "text or a list of texts"));
  return texts;
}

std::filesystem::path read_path(const YamlValue& value, std::string_view key) {
  if (scalar(value, key, "a path").empty()) fail(value, key, "a path");
  const std::filesystem::path path = expand_environment(value, key);
  if (path.is_absolute() || !value.file) return path.lexically_normal();
  return (value.file->parent_path() / path).lexically_normal();
}

bool is_plain_integer(const YamlValue& value) {
  return value.kind == YamlValue::Kind::scalar && !value.quoted &&
         parse_number<long long>(value.text).has_value();
}

void require_known(const YamlValue& map, std::string_view what,
                   std::span<const std::string> known) {
  if (map.kind != YamlValue::Kind::map) fail(map, what, "a map of keys and values");
  for (const YamlField& field : map.fields) {
    if (std::find(known.begin(), known.end(), field.key) != known.end()) continue;
    throw ConfigError(fmt::format("{}:{}: unknown key '{}' in {}{} Supported: {}",
                                  field.value.file->string(), field.line, field.key, what,
                                  did_you_mean(field.key, known), fmt::join(known, ", ")));
  }
}

const YamlValue* find_set(const YamlValue& map, std::string_view key) {
  const YamlValue* value = map.find(key);
  return value == nullptr || value->kind == YamlValue::Kind::null ? nullptr : value;
}

}  // namespace allometer::tasks
