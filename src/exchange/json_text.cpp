#include "exchange/json_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/utf8.hpp"

namespace allometer::exchange {
namespace {

constexpr int kMaxDepth = 64;

/// NaN and the infinities to null; text inside of quotes stays.
std::string without_python_numbers(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNames = {"NaN", "-Infinity", "Infinity"};
  std::string result;
  result.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      result.append(text.substr(i, 2));
      i += 2;
      continue;
    }
    if (c == '"') quoted = !quoted;
    const auto* name = std::find_if(kNames.begin(), kNames.end(), [&](std::string_view word) {
      return !quoted && text.substr(i, word.size()) == word;
    });
    if (name != kNames.end()) {
      result += "null";
      i += name->size();
    } else {
      result += c;
      ++i;
    }
  }
  return result;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  if (!is_utf8(text)) {
    throw FormatError(fmt::format("{}: not UTF-8; JSON is written in UTF-8", where));
  }
  const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) {
      throw FormatError(fmt::format("{}: nested more than {} levels deep, which no results are",
                                    where, kMaxDepth));
    }
    return true;
  };
  try {
    return Json::parse(without_python_numbers(text), check_depth);
  } catch (const Json::exception& error) {
    throw FormatError(
        fmt::format("{}: not JSON ({}); the file may be cut off", where, error.what()));
  }
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json* find_path(const Json& object, std::initializer_list<std::string_view> keys) {
  const Json* value = &object;
  for (const std::string_view key : keys) {
    value = find_member(*value, key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace allometer::exchange
