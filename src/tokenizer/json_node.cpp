#include "tokenizer/json_node.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

constexpr int kDeepest = 64;

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& name) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", name, error.what()));
  }
}

JsonNode::JsonNode(const nlohmann::json& value, std::string name)
    : value_(&value), name_(std::move(name)) {}

JsonNode::JsonNode(const JsonNode& parent, const nlohmann::json& value, const std::string& step)
    : value_(&value), name_(parent.name_), path_(parent.path_), depth_(parent.depth_ + 1) {
  path_ += path_.empty() || step.front() == '[' ? step : "." + step;
}

void JsonNode::expect_object() const {
  if (!value_->is_object()) fail(fmt::format("expected an object, found {}", value_->type_name()));
}

JsonNode JsonNode::at(std::string_view key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end()) fail(fmt::format("'{}' is missing", key));
  return {*this, *found, std::string(key)};
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode(*this, *found, std::string(key));
}

bool JsonNode::boolean_or(std::string_view key, bool fallback) const {
  const auto member = find(key);
  return member ? member->boolean() : fallback;
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_->is_array()) fail(fmt::format("expected a list, found {}", value_->type_name()));
  std::vector<JsonNode> result;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    result.push_back(JsonNode(*this, (*value_)[i], fmt::format("[{}]", i)));
  }
  return result;
}

std::string JsonNode::string() const {
  if (!value_->is_string()) fail(fmt::format("expected a string, found {}", value_->type_name()));
  return value_->get<std::string>();
}

bool JsonNode::boolean() const {
  if (!value_->is_boolean()) {
    fail(fmt::format("expected true or false, found {}", value_->type_name()));
  }
  return value_->get<bool>();
}

std::int32_t JsonNode::integer(std::int32_t least, std::int32_t most) const {
  if (!value_->is_number_integer()) {
    fail(fmt::format("expected an integer, found {}",
                     value_->is_number() ? value_->dump() : value_->type_name()));
  }
  const bool too_large = value_->is_number_unsigned() &&
                         value_->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  if (too_large || value_->get<std::int64_t>() < least || value_->get<std::int64_t>() > most) {
    fail(fmt::format("{} is not in {} ... {}", value_->dump(), least, most));
  }
  return value_->get<std::int32_t>();
}

std::string JsonNode::character() const {
  std::string text = string();
  if (text.empty() || code_point_length(text, 0) != text.size()) {
    fail(fmt::format("expected a single character, found '{}'", text));
  }
  return text;
}

void JsonNode::allow_only(std::initializer_list<std::string_view> known) const {
  expect_object();
  for (const auto& [key, value] : value_->items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      fail(fmt::format("'{}' is not supported here, and ignoring it could change token ids", key));
    }
  }
}

std::string JsonNode::where() const {
  return path_.empty() ? name_ : name_ + ": " + path_;
}

void JsonNode::fail(std::string_view message) const {
  throw FormatError(fmt::format("{}: {}", where(), message));
}

void JsonNode::expect_depth_below_limit() const {
  if (depth_ > kDeepest) fail("nested too deeply");
}

}  // namespace allometer::tokenizer
