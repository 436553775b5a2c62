#include "template/python_literal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "template/number.hpp"
#include "template/string_escape.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

using nlohmann::json;

std::string joined(const json& container, char open, char close) {
  std::string out(1, open);
  bool first = true;
  for (const auto& [key, value] : container.items()) {
    if (!first) out += ", ";
    first = false;
    if (container.is_object()) out += repr_of_text(key) + ": ";
    out += python_repr(value);
  }
  return out += close;
}

/// A recursive descent over Python's literals; every method leaves position_ behind what it read.
class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : text_(text) {}

  std::optional<json> run() {
    auto value = parse_value(0);
    skip_space();
    if (position_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  static constexpr int kDeepest = 100;  // Python's own limit of nested brackets is 200

  std::optional<json> parse_value(int depth) {
    skip_space();
    if (depth > kDeepest || position_ >= text_.size()) return std::nullopt;
    const char c = text_[position_];
    if (c == '[') return parse_list(']', depth);
    if (c == '(') return parse_list(')', depth);
    if (c == '{') return parse_dict(depth);
    if (c == '\'' || c == '"') return parse_strings();
    if (take_word("True")) return json(true);
    if (take_word("False")) return json(false);
    if (take_word("None")) return json(nullptr);
    return parse_number();
  }

  std::optional<json> parse_list(char close, int depth) {
    const char open = text_[position_++];
    json list = json::array();
    bool comma = false;
    while (!take(close)) {
      if (!list.empty() && !comma) return std::nullopt;
      auto value = parse_value(depth + 1);
      if (!value) return std::nullopt;
      list.push_back(std::move(*value));
      comma = take(',');
    }
    // "(1)" is a number in parentheses, "(1,)" a tuple.
    if (open == '(' && list.size() == 1 && !comma) return json(list[0]);
    return list;
  }

  std::optional<json> parse_dict(int depth) {
    ++position_;
    json object = json::object();
    bool comma = true;
    while (!take('}')) {
      if (!comma) return std::nullopt;
      auto key = parse_value(depth + 1);
      if (!key || !key->is_string() || !take(':')) return std::nullopt;
      auto value = parse_value(depth + 1);
      if (!value) return std::nullopt;
      object[key->get<std::string>()] = std::move(*value);
      comma = take(',');
    }
    return object;
  }

  /// Python joins string literals that stand side by side.
  std::optional<json> parse_strings() {
    std::string joined_text;
    do {
      if (!parse_string(joined_text)) return std::nullopt;
      skip_space();
    } while (position_ < text_.size() && (text_[position_] == '\'' || text_[position_] == '"'));
    return json(std::move(joined_text));
  }

  bool parse_string(std::string& out) {
    const char quote = text_[position_++];
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == quote) return true;
      if (c == '\n') return false;
      if (c != '\\') {
        out += c;
      } else if (!append_escape(text_, position_, out)) {
        return false;
      }
    }
    return false;
  }

  std::optional<json> parse_number() {
    std::size_t end = position_;
    if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
    const std::size_t digits = end;
    while (end < text_.size() && is_part_of_number(end)) ++end;
    const std::string_view number = text_.substr(digits, end - digits);
    if (number.empty() || number.find_first_of("0123456789") == std::string_view::npos) {
      return std::nullopt;
    }
    const bool negative = text_[position_] == '-';
    position_ = end;
    if (number.find_first_not_of("0123456789") == std::string_view::npos) {
      return integer(number, negative);
    }
    double value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
    if (result.ec != std::errc() || result.ptr != number.data() + number.size()) {
      return std::nullopt;
    }
    return json(negative ? -value : value);
  }

  static std::optional<json> integer(std::string_view digits, bool negative) {
    // Python refuses 007, but takes 00.
    if (digits.front() == '0' && digits.find_first_not_of('0') != std::string_view::npos) {
      return std::nullopt;
    }
    std::int64_t value = 0;
    const std::string text = fmt::format("{}{}", negative ? "-" : "", digits);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc()) return std::nullopt;
    return json(value);
  }

  bool is_part_of_number(std::size_t at) const {
    const char c = text_[at];
    if ((c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E') return true;
    return (c == '-' || c == '+') && at > 0 && (text_[at - 1] == 'e' || text_[at - 1] == 'E');
  }

  bool take_word(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }

  bool take(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  void skip_space() {
    while (position_ < text_.size() &&
           std::string_view(" \t\n\r\f").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::string python_str(const json& value) {
  return value.is_string() ? value.get<std::string>() : python_repr(value);
}

std::string python_repr(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "None";
    case json::value_t::boolean:
      return value.get<bool>() ? "True" : "False";
    case json::value_t::number_integer:
      return std::to_string(value.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return std::to_string(value.get<std::uint64_t>());
    case json::value_t::number_float:
      return repr_of_float(value.get<double>());
    case json::value_t::string:
      return repr_of_text(value.get_ref<const std::string&>());
    case json::value_t::array:
      return joined(value, '[', ']');
    case json::value_t::object:
      return joined(value, '{', '}');
    default:
      return "None";
  }
}

std::optional<json> parse_python_literal(std::string_view text) {
  return LiteralParser(text).run();
}

json literal_or_text(const std::string& rendered) {
  const bool digits =
      !rendered.empty() && rendered.find_first_not_of("0123456789") == std::string::npos;
  const bool list = rendered.size() >= 2 && rendered.front() == '[' && rendered.back() == ']';
  if (digits || list) {
    if (auto value = parse_python_literal(rendered)) return std::move(*value);
  }
  return rendered;
}

}  // namespace allometer::jinja
