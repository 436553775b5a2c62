#pragma once
/// Between JSON and the values of templates.

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "template/value.hpp"

namespace allometer::jinja {

/// Objects become dicts with the keys in the order of the JSON.
Value value_of(const nlohmann::json& document, Heap& heap);
Value value_of(const nlohmann::ordered_json& document, Heap& heap);

/// Tuples become arrays. Nothing where a part has no form in JSON: generators, objects, keys that
/// are not text, integers beyond 64 bits, floats that are not finite.
std::optional<nlohmann::json> json_of(const Value& value, Heap& heap);

/// The arguments of Python's json.dumps.
struct DumpOptions {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  ///< what stands before a line, once per level
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
/// Throws Failure for what json.dumps refuses.
std::string dumped_json(const Value& value, const DumpOptions& options, Heap& heap);

}  // namespace allometer::jinja
