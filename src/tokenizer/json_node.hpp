#pragma once
/// A value inside a JSON file that knows where it stands, so that every complaint names the file
/// and the JSON path.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace allometer::tokenizer {

/// Throws FormatError, naming the file, for what is not JSON.
nlohmann::json parse_json(std::string_view text, const std::string& name);

/// A view: the JSON document must outlive it. Every method that asks for a type throws FormatError
/// if it is another one.
class JsonNode {
 public:
  /// The root; `name` is the file's.
  JsonNode(const nlohmann::json& value, std::string name);

  const nlohmann::json& raw() const { return *value_; }

  void expect_object() const;
  /// A member that must be there; a member that may be absent or null.
  JsonNode at(std::string_view key) const;
  std::optional<JsonNode> find(std::string_view key) const;
  bool boolean_or(std::string_view key, bool fallback) const;

  /// The elements of a list.
  std::vector<JsonNode> items() const;

  std::string string() const;
  bool boolean() const;
  std::int32_t integer(std::int32_t least, std::int32_t most) const;
  /// A string of exactly one code point.
  std::string character() const;

  /// Refuses members outside of `known`: one that we do not know may change ids.
  void allow_only(std::initializer_list<std::string_view> known) const;

  /// "file: path", and the FormatError that begins with it.
  std::string where() const;
  [[noreturn]] void fail(std::string_view message) const;

  /// Refuses what is nested deeper than anyone would write, before recursion meets the end of the
  /// stack.
  void expect_depth_below_limit() const;

 private:
  JsonNode(const JsonNode& parent, const nlohmann::json& value, const std::string& step);
  const nlohmann::json* value_;
  std::string name_;
  std::string path_;
  int depth_ = 0;
};

}  // namespace allometer::tokenizer
