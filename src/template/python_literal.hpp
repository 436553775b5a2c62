#pragma once
/// JSON values as Python writes them, and back: what jinja2 prints and what ast.literal_eval reads.

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace allometer::jinja {

/// Python's str(): strings as they are, True, None, 0.1, 1e-05, lists and objects as python_repr
/// writes them.
std::string python_str(const nlohmann::json& value);
/// Python's repr(): as python_str, with strings quoted and escaped.
std::string python_repr(const nlohmann::json& value);

/// The value of a Python literal: number, string, True, False, None, list, tuple (as a list) or
/// dict with string keys. Nothing if `text` is anything else, or an integer beyond 64 bits.
std::optional<nlohmann::json> parse_python_literal(std::string_view text);

/// lm-evaluation-harness's rule for a rendered doc_to_target or doc_to_choice: text that is all
/// digits becomes an integer and text in square brackets that reads as a Python list becomes that
/// list; all other text stays a string.
nlohmann::json literal_or_text(const std::string& rendered);

}  // namespace allometer::jinja
