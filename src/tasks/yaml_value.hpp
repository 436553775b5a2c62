#pragma once
/// A YAML file as plain values that know where they stand.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tasks {

struct YamlField;

struct YamlValue {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;               ///< of a scalar
  bool quoted = false;            ///< a scalar in quotes or a block: never a number, true or null
  std::string tag;                ///< "!function" and the like, else empty
  std::vector<YamlValue> items;   ///< of a list
  std::vector<YamlField> fields;  ///< of a map, in the file's order; keys are unique
  int line = 1;
  std::shared_ptr<const std::filesystem::path> file;

  /// "file:line: ", to stand before a message.
  std::string where() const;
  /// The field of a map, else nullptr.
  const YamlValue* find(std::string_view key) const;
};

struct YamlField {
  std::string key;
  int line = 1;
  YamlValue value;
};

/// Throws ConfigError "name:line: ..." for text that is not one YAML document, for keys that are
/// not plain text and for keys that stand twice.
YamlValue parse_yaml(std::string_view text, const std::filesystem::path& name);

}  // namespace allometer::tasks
