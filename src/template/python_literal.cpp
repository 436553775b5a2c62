#include "template/python_literal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utf8proc.h>

namespace allometer::jinja {
namespace {

using nlohmann::json;

/// str.isprintable() of one code point: no separator but the space, and nothing of the categories
/// "other".
bool is_printable(std::int32_t code_point) {
  if (code_point == ' ') return true;
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

void append_repr_of_code_point(std::string& out, std::int32_t code_point, std::string_view bytes,
                               char quote) {
  switch (code_point) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      break;
  }
  if (code_point == quote) {
    out += '\\';
    out += quote;
  } else if (is_printable(code_point)) {
    out += bytes;
  } else if (code_point < 0x100) {
    out += fmt::format("\\x{:02x}", code_point);
  } else if (code_point < 0x10000) {
    out += fmt::format("\\u{:04x}", code_point);
  } else {
    out += fmt::format("\\U{:08x}", code_point);
  }
}

std::string repr_of_string(const std::string& text) {
  const bool has_single = text.find('\'') != std::string::npos;
  const bool has_double = text.find('"') != std::string::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    const std::size_t step = length > 0 ? static_cast<std::size_t>(length) : 1;
    // A byte that is not UTF-8 is written as Python writes it with errors="surrogateescape".
    if (length <= 0) code_point = 0xDC00 + static_cast<unsigned char>(text[i]);
    append_repr_of_code_point(out, code_point, std::string_view(text).substr(i, step), quote);
    i += step;
  }
  return out += quote;
}

/// Python's repr(float): the shortest digits that read back, an exponent below 1e-4 and from 1e16
/// on.
std::string repr_of_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string joined(const json& container, char open, char close) {
  std::string out(1, open);
  bool first = true;
  for (const auto& [key, value] : container.items()) {
    if (!first) out += ", ";
    first = false;
    if (container.is_object()) out += repr_of_string(key) + ": ";
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
      } else if (!parse_escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool parse_escape(std::string& out) {
    if (position_ >= text_.size()) return false;
    const char c = text_[position_++];
    switch (c) {
      case '\n':
        return true;
      case '\\':
      case '\'':
      case '"':
        out += c;
        return true;
      case 'a':
        out += '\a';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'v':
        out += '\v';
        return true;
      case 'x':
        return parse_code_point(2, 16, out);
      case 'u':
        return parse_code_point(4, 16, out);
      case 'U':
        return parse_code_point(8, 16, out);
      default:
        break;
    }
    if (c >= '0' && c <= '7') {
      --position_;
      return parse_code_point(3, 8, out);
    }
    if (c == 'N') return false;  // \N{name} would need the table of names
    out += '\\';
    out += c;
    return true;
  }

  /// `digits` digits exactly (base 16) or at most (base 8), appended as UTF-8.
  bool parse_code_point(std::size_t digits, int base, std::string& out) {
    const std::string_view rest = text_.substr(position_, digits);
    std::uint32_t code_point = 0;
    const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), code_point, base);
    const auto length = static_cast<std::size_t>(result.ptr - rest.data());
    if (result.ec != std::errc() || (base == 16 && length != digits)) return false;
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) return false;
    position_ += length;
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    return true;
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
      return repr_of_string(value.get_ref<const std::string&>());
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
