#include "job/map_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace allometer::job {

MapReader::MapReader(const YamlNode& map, std::string where,
                     std::initializer_list<std::string_view> known_keys, Mistakes& mistakes)
    : map_(map), where_(std::move(where)), mistakes_(mistakes) {
  if (map.kind != YamlNode::Kind::map) {
    const std::string name = where_.empty() ? "the file" : "'" + where_ + "'";
    mistakes.add(map.line, name + " is " + describe(map) + ": expected a map of 'key: value'");
    return;
  }
  for (const auto& [key, value] : map.entries) {
    if (std::find(known_keys.begin(), known_keys.end(), key.scalar) != known_keys.end()) continue;
    const std::span known(known_keys.begin(), known_keys.size());
    std::string place = where_.empty() ? "" : " in '" + where_ + "'";
    std::string hint = suggestion(key.scalar, known);
    if (hint.empty()) {
      hint = ": expected one of";
      for (const std::string_view word : known) hint.append(" ").append(word);
    }
    mistakes.add(key.line, "unknown key " + describe(key) + place + hint);
  }
}

const YamlNode* MapReader::find(std::string_view key) const {
  for (const auto& [name, value] : map_.entries) {
    if (name.scalar == key) return &value;
  }
  return nullptr;
}

std::string MapReader::title(std::string_view key) const {
  std::string name = where_;
  if (!name.empty()) name += '.';
  return "'" + name.append(key) + "'";
}

void MapReader::mistake(const YamlNode& node, std::string_view key,
                        std::string_view expected) const {
  mistakes_.add(node.line,
                title(key) + " is " + describe(node) + ": expected " + std::string(expected));
}

std::optional<std::string> MapReader::text(std::string_view key) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == YamlNode::Kind::scalar && !node->scalar.empty()) return node->scalar;
  mistake(*node, key, "a text");
  return std::nullopt;
}

std::optional<bool> MapReader::boolean(std::string_view key) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == YamlNode::Kind::scalar && node->scalar == "true") return true;
  if (node->kind == YamlNode::Kind::scalar && node->scalar == "false") return false;
  mistake(*node, key, "true or false");
  return std::nullopt;
}

namespace {

std::string expectation(IntegerRange range) {
  std::string text = "a whole number of at least " + std::to_string(range.least);
  constexpr auto kNoBound = std::numeric_limits<std::int64_t>::max();
  if (range.most != kNoBound) text += " and at most " + std::to_string(range.most);
  return text;
}

std::optional<std::int64_t> integer_in(const YamlNode& node, IntegerRange range) {
  if (node.kind != YamlNode::Kind::scalar) return std::nullopt;
  const auto value = parse_integer(node.scalar);
  return value && *value >= range.least && *value <= range.most ? value : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> MapReader::integer(std::string_view key, IntegerRange range) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = integer_in(*node, range);
  if (!value) mistake(*node, key, expectation(range));
  return value;
}

std::optional<double> MapReader::real(std::string_view key, double above, double below) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == YamlNode::Kind::scalar) {
    const auto value = parse_real(node->scalar);
    if (value && *value > above && *value < below) return value;
  }
  // Twelve digits at most: enough to print the bounds in use as they are written in the source.
  const auto number = [](double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
  };
  mistake(*node, key,
          "a number above " + number(above) +
              (std::isinf(below) ? std::string() : " and below " + number(below)));
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> MapReader::integers(std::string_view key,
                                                             IntegerRange range) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::vector<std::int64_t> values;
  const auto take = [&](const YamlNode& item) {
    const auto value = integer_in(item, range);
    if (!value) return mistake(item, key, expectation(range));
    if (std::find(values.begin(), values.end(), *value) != values.end()) {
      return mistake(item, key, "each value once");
    }
    values.push_back(*value);
  };
  if (node->kind == YamlNode::Kind::list) {
    for (const YamlNode& item : node->items) take(item);
    if (node->items.empty()) mistake(*node, key, "at least one value, or no such key");
  } else {
    take(*node);
  }
  return values.empty() ? std::nullopt : std::optional(values);
}

std::optional<std::vector<std::string>> MapReader::texts(std::string_view key) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::vector<std::string> values;
  const auto take = [&](const YamlNode& item) {
    if (item.kind != YamlNode::Kind::scalar || item.scalar.empty()) {
      return mistake(item, key, "a text or a list of texts");
    }
    values.push_back(item.scalar);
  };
  if (node->kind == YamlNode::Kind::list) {
    for (const YamlNode& item : node->items) take(item);
    if (node->items.empty()) mistake(*node, key, "at least one value, or no such key");
  } else {
    take(*node);
  }
  return values.empty() ? std::nullopt : std::optional(values);
}

const std::vector<YamlNode>& MapReader::list(std::string_view key) const {
  static const std::vector<YamlNode> kNone;
  const YamlNode* node = find(key);
  if (node == nullptr) return kNone;
  if (node->kind != YamlNode::Kind::list) {
    mistake(*node, key, "a list");
    return kNone;
  }
  if (node->items.empty()) mistake(*node, key, "at least one entry, or no such key");
  return node->items;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end ? std::optional(value) : std::nullopt;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  const bool good = result.ec == std::errc() && result.ptr == end && std::isfinite(value);
  return good ? std::optional(value) : std::nullopt;
}

std::optional<std::size_t> parse_bytes(std::string_view text) {
  constexpr std::pair<std::string_view, std::size_t> kUnits[] = {
      {"", 1},           {"B", 1},           {"kB", 1000},       {"KB", 1000},
      {"MB", 1000000},   {"GB", 1000000000}, {"KiB", 1UL << 10}, {"MiB", 1UL << 20},
      {"GiB", 1UL << 30}};
  std::size_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc()) return std::nullopt;
  std::string_view unit(result.ptr, static_cast<std::size_t>(end - result.ptr));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    if (value > std::numeric_limits<std::size_t>::max() / factor) return std::nullopt;
    return value * factor;
  }
  return std::nullopt;
}

}  // namespace allometer::job
