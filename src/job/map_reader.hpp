#pragma once
/// Takes typed values out of a YAML map and says what is wrong with those that do not fit.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/yaml.hpp"

namespace allometer::job {

/// Inclusive bounds of a whole number.
struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
};

class MapReader {
 public:
  /// Unknown keys of `map` become mistakes at once. `where` names the map in messages, as
  /// "models[0]"; empty for the file's top level. A node that is no map becomes a mistake and then
  /// reads as an empty map.
  MapReader(const YamlNode& map, std::string where,
            std::initializer_list<std::string_view> known_keys, Mistakes& mistakes);

  int line() const { return map_.line; }
  Mistakes& mistakes() const { return mistakes_; }
  /// Nothing if the key is not there.
  const YamlNode* find(std::string_view key) const;
  /// How messages call a key: "'engine.chunk_tokens'".
  std::string title(std::string_view key) const;
  void mistake(const YamlNode& node, std::string_view key, std::string_view expected) const;

  // Each: the key's value, or nothing if it is missing or (then a mistake) does not fit.
  std::optional<std::string> text(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, IntegerRange range) const;
  std::optional<double> real(std::string_view key, double above, double below) const;
  /// Without repetition and not empty; one value in place of a list is a list of one.
  std::optional<std::vector<std::int64_t>> integers(std::string_view key, IntegerRange range) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;
  /// The items of a list, none if the key is missing or no list.
  const std::vector<YamlNode>& list(std::string_view key) const;

 private:
  const YamlNode& map_;
  std::string where_;
  Mistakes& mistakes_;
};

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);
/// "512MiB", "2 GB", "65536"; bytes. Nothing for what is no size or does not fit.
std::optional<std::size_t> parse_bytes(std::string_view text);

}  // namespace allometer::job
