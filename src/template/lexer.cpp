#include "template/lexer.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "template/number.hpp"
#include "template/python_text.hpp"
#include "template/string_escape.hpp"

namespace allometer::jinja {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string with_unix_line_ends(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      result += text[i];
    } else {
      result += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    }
  }
  return result;
}

/// Bytes of the white space character at `at`, or 0.
std::size_t space_length(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return is_space(byte) ? 1 : 0;
  const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  const std::u32string points = code_points_of(text.substr(at, length));
  return points.size() == 1 && is_space(points[0]) ? length : 0;
}

/// Does the text consist of at least one white space character and nothing else?
bool is_blank(std::string_view text) {
  std::size_t at = 0;
  while (const std::size_t length = space_length(text, at)) at += length;
  return !text.empty() && at == text.size();
}

/// Digits of `base`, single underscores between them: the length of what begins at `at`.
std::size_t digits_length(std::string_view text, std::size_t at, int base) {
  const auto is_digit_of_base = [&](std::size_t i) {
    if (i >= text.size()) return false;
    const char c = text[i];
    const int value = is_digit(c)                              ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                               : 99;
    return value < base;
  };
  std::size_t end = at;
  while (is_digit_of_base(end) ||
         (end > at && end < text.size() && text[end] == '_' && is_digit_of_base(end + 1))) {
    ++end;
  }
  return end - at;
}

class Lexer {
 public:
  Lexer(std::string_view text, const Settings& settings, const std::string& where)
      : text_(with_unix_line_ends(text)), settings_(settings), where_(where) {
    if (!settings.keep_trailing_newline && text_.ends_with('\n')) text_.pop_back();
  }

  std::vector<Token> run() {
    while (position_ < text_.size()) {
      lex_text();
      if (position_ < text_.size()) lex_tag();
    }
    push(Token::Kind::end, 0);
    return std::move(tokens_);
  }

 private:
  /// Literal text up to the next tag, without the white space that the tag takes away.
  void lex_text() {
    const std::size_t begin = position_;
    std::size_t end = position_;
    while ((end = text_.find('{', end)) != std::string::npos) {
      const char next = character(end + 1);
      if (next == '{' || next == '%' || next == '#') break;
      ++end;
    }
    if (end == std::string::npos) end = text_.size();
    push_text(begin, end);
  }

  /// The text from `begin` to the tag at `end` (or the end of the template).
  void push_text(std::size_t begin, std::size_t end) {
    const std::string_view text = std::string_view(text_).substr(begin, end - begin);
    const std::size_t kept = end < text_.size() ? kept_before_tag(text, end) : text.size();
    if (kept > 0) tokens_.push_back({Token::Kind::text, std::string(text.substr(0, kept)), line_});
    if (end > begin) starts_line_ = text.ends_with('\n');
    advance(end - begin);
  }

  std::size_t kept_before_tag(std::string_view text, std::size_t tag) const {
    const char sign = character(tag + 2);
    if (sign == '-') return strip(text, std::nullopt, Ends::right).size();
    if (sign == '+' || !settings_.lstrip_blocks || character(tag + 1) == '{') return text.size();
    const std::size_t line = text.rfind('\n') + 1;  // npos + 1 == 0
    if (line == 0 && !starts_line_) return text.size();
    return is_blank(text.substr(line)) ? line : text.size();
  }

  void lex_tag() {
    switch (text_[position_ + 1]) {
      case '#':
        skip_comment();
        return;
      case '{':
        lex_inside(Token::Kind::output_begin, Token::Kind::output_end, "}}");
        return;
      default:
        if (!lex_raw()) lex_inside(Token::Kind::block_begin, Token::Kind::block_end, "%}");
    }
  }

  void skip_comment() {
    const std::size_t end = text_.find("#}", tag_content());
    if (end == std::string::npos) fail("'{#' has no closing '#}'");
    const char sign = end > tag_content() ? text_[end - 1] : ' ';
    advance(end - position_);
    close_tag(2, sign, true);
  }

  /// Behind the end of a tag: `-` takes all white space, trim_blocks a line end.
  void close_tag(std::size_t length, char sign, bool is_block) {
    advance(length);
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && is_block && settings_.trim_blocks && character(position_) == '\n') {
      advance(1);
    }
    starts_line_ = text_[position_ - 1] == '\n';
  }

  /// {% raw %} and all up to its {% endraw %}, if that is what stands here.
  bool lex_raw() {
    const auto begin = match_word_tag(position_, "raw");
    if (!begin) return false;
    const int first_line = line_;
    advance(begin->name_end - position_);
    skip_space();
    // Unlike other blocks, raw keeps the line end behind it.
    const bool strips = character(position_) == '-';
    advance(strips ? 3 : 2);
    if (strips) skip_space();
    starts_line_ = text_[position_ - 1] == '\n';
    for (std::size_t at = position_; (at = text_.find("{%", at)) != std::string::npos; ++at) {
      const auto end = match_word_tag(at, "endraw");
      if (!end) continue;
      push_text(position_, at);
      advance(end->tag_end - position_);
      close_tag(0, end->end_sign, true);
      return true;
    }
    fail_at(where_, first_line, "{% raw %} has no {% endraw %}");
  }

  struct WordTag {
    std::size_t name_end;
    std::size_t tag_end;
    char end_sign;
  };
  /// A block tag at `at` that holds the one word and nothing else.
  std::optional<WordTag> match_word_tag(std::size_t at, std::string_view word) const {
    if (text_.compare(at, 2, "{%") != 0) return std::nullopt;
    at += 2;
    if (character(at) == '-' || character(at) == '+') ++at;
    while (const std::size_t length = space_length(text_, at)) at += length;
    if (text_.compare(at, word.size(), word) != 0) return std::nullopt;
    WordTag tag{at + word.size(), at + word.size(), ' '};
    while (const std::size_t length = space_length(text_, tag.tag_end)) tag.tag_end += length;
    const char sign = character(tag.tag_end);
    if (sign == '-' || (sign == '+' && word == "endraw")) {
      tag.end_sign = sign;
      ++tag.tag_end;
    }
    if (text_.compare(tag.tag_end, 2, "%}") != 0) return std::nullopt;
    tag.tag_end += 2;
    return tag;
  }

  /// From `{{` or `{%` to the end of the tag.
  void lex_inside(Token::Kind begin, Token::Kind end, std::string_view closing) {
    const int first_line = line_;
    push(begin, tag_content() - position_);
    const bool is_block = end == Token::Kind::block_end;
    while (true) {
      if (position_ >= text_.size()) {
        fail_at(where_, first_line,
                fmt::format("'{}' has no closing '{}'", is_block ? "{%" : "{{", closing));
      }
      if (open_.empty() && lex_tag_end(end, closing)) return;
      if (const std::size_t length = space_length(text_, position_)) {
        advance(length);
      } else {
        lex_token();
      }
    }
  }

  bool lex_tag_end(Token::Kind end, std::string_view closing) {
    const char c = text_[position_];
    const bool is_block = end == Token::Kind::block_end;
    const bool is_signed = c == '-' || (c == '+' && is_block);
    if (text_.compare(position_ + (is_signed ? 1 : 0), closing.size(), closing) != 0) return false;
    tokens_.push_back({end, std::string(closing), line_});
    close_tag(closing.size() + (is_signed ? 1 : 0), is_signed ? c : ' ', is_block);
    return true;
  }

  void lex_token() {
    const char c = text_[position_];
    if (is_name_start(c)) {
      std::size_t length = 1;
      while ((is_name_start(character(position_ + length)) ||
              is_digit(character(position_ + length))) &&
             space_length(text_, position_ + length) == 0) {
        ++length;
      }
      push(Token::Kind::name, length);
    } else if (is_digit(c)) {
      lex_number();
    } else if (c == '"' || c == '\'') {
      lex_string(c);
    } else {
      lex_symbol();
    }
  }

  void lex_number() {
    // A dot before the digits makes an index of them: list.0.1
    const bool may_be_float = position_ == 0 || text_[position_ - 1] != '.';
    const std::size_t float_length = may_be_float ? length_of_float() : 0;
    const std::size_t length = float_length > 0 ? float_length : length_of_integer();
    std::string digits = text_.substr(position_, length);
    std::erase(digits, '_');
    Value number;
    if (float_length > 0) {
      number = Value(std::strtod(digits.c_str(), nullptr));
    } else {
      number = Value(integer_of(digits));
    }
    push(Token::Kind::number, length);
    tokens_.back().number = number;
  }

  Int integer_of(const std::string& digits) const {
    try {
      return parse_int(digits, 0).value_or(0);
    } catch (const Failure&) {
      fail("the number " + digits + " is too large");
    }
  }

  std::size_t length_of_float() const {
    std::size_t end = position_ + digits_length(text_, position_, 10);
    bool is_float = false;
    if (character(end) == '.') {
      const std::size_t fraction = digits_length(text_, end + 1, 10);
      is_float = fraction > 0;
      if (is_float) end += 1 + fraction;
    }
    if ((character(end) | 0x20) == 'e') {
      const std::size_t sign = character(end + 1) == '+' || character(end + 1) == '-' ? 1 : 0;
      const std::size_t exponent = digits_length(text_, end + 1 + sign, 10);
      is_float = is_float || exponent > 0;
      if (exponent > 0) end += 1 + sign + exponent;
    }
    return is_float ? end - position_ : 0;
  }

  std::size_t length_of_integer() const {
    constexpr std::array<std::pair<char, int>, 3> kPrefixes{{{'b', 2}, {'o', 8}, {'x', 16}}};
    if (text_[position_] != '0') return digits_length(text_, position_, 10);
    for (const auto& [letter, base] : kPrefixes) {
      if ((character(position_ + 1) | 0x20) != letter) continue;
      const std::size_t underscore = character(position_ + 2) == '_' ? 1 : 0;
      const std::size_t digits = digits_length(text_, position_ + 2 + underscore, base);
      if (digits > 0) return 2 + underscore + digits;
    }
    // As in Python, zeros are a number of their own: 007 is two.
    std::size_t length = 1;
    while (character(position_ + length) == '0' ||
           (character(position_ + length) == '_' && character(position_ + length + 1) == '0')) {
      ++length;
    }
    return length;
  }

  void lex_string(char quote) {
    std::size_t at = position_ + 1;
    std::string content;
    while (character(at) != quote) {
      if (at >= text_.size()) fail(std::string("a string has no closing ") + quote);
      const char c = text_[at++];
      if (c != '\\') {
        content += c;
      } else if (static_cast<unsigned char>(character(at)) >= 0x80) {
        content += '\\' + escape_of_code_point(at);
      } else if (!append_escape(text_, at, content)) {
        fail(
            "a string holds an escape (\\) that is cut off, names no character or is \\N{...}, of "
            "which the names are not known here");
      }
    }
    tokens_.push_back({Token::Kind::string, std::move(content), line_});
    advance(at + 1 - position_);
  }

  /// jinja2 reads a backslash before a letter beyond ASCII as the backslash and the name of that
  /// letter's code point, "\é" as "\xe9" in four characters. Moves `at` behind the letter.
  std::string escape_of_code_point(std::size_t& at) const {
    std::size_t length = 1;
    while ((static_cast<unsigned char>(character(at + length)) & 0xC0) == 0x80) ++length;
    const auto c = static_cast<std::uint32_t>(code_points_of(text_.substr(at, length)).front());
    at += length;
    if (c < 0x100) return fmt::format("x{:02x}", c);
    return c < 0x10000 ? fmt::format("u{:04x}", c) : fmt::format("U{:08x}", c);
  }

  void lex_symbol() {
    constexpr std::array<std::string_view, 6> kLong{"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view kShort = "+-/*%~[](){}><=.:|,;";
    const std::string_view rest = std::string_view(text_).substr(position_);
    const bool is_long = std::any_of(kLong.begin(), kLong.end(), [&](std::string_view symbol) {
      return rest.starts_with(symbol);
    });
    const char c = rest.front();
    if (!is_long && kShort.find(c) == std::string_view::npos) {
      fail(fmt::format(
          "the character {} means nothing in a tag",
          c >= ' ' && c < '\x7f' ? fmt::format("'{}'", c) : fmt::format("0x{:02x}", c)));
    }
    if (!is_long) balance(c);
    push(Token::Kind::symbol, is_long ? 2 : 1);
  }

  /// Inside of brackets a tag cannot end: {{ {"a": {}} }}
  void balance(char c) {
    constexpr std::string_view kOpening = "([{";
    constexpr std::string_view kClosing = ")]}";
    if (const auto kind = kOpening.find(c); kind != std::string_view::npos) {
      open_ += kClosing[kind];
    } else if (kClosing.find(c) != std::string_view::npos) {
      if (open_.empty()) fail(fmt::format("'{}' closes nothing", c));
      if (open_.back() != c) fail(fmt::format("'{}' stands where '{}' should", c, open_.back()));
      open_.pop_back();
    }
  }

  /// Where a tag's content begins, behind its sign.
  std::size_t tag_content() const {
    const char sign = character(position_ + 2);
    return position_ + (sign == '-' || sign == '+' ? 3 : 2);
  }

  char character(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  void skip_space() {
    while (const std::size_t length = space_length(text_, position_)) advance(length);
  }

  void push(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, text_.substr(position_, length), line_});
    advance(length);
  }

  void advance(std::size_t length) {
    for (; length > 0; --length) line_ += text_[position_++] == '\n';
  }

  [[noreturn]] void fail(const std::string& message) const { fail_at(where_, line_, message); }

  std::string text_;
  const Settings& settings_;
  const std::string& where_;
  std::size_t position_ = 0;
  int line_ = 1;
  bool starts_line_ = true;  ///< did what was read last end with a line end?
  std::string open_;         ///< the closing brackets that are due
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, const Settings& settings,
                            const std::string& where) {
  if (!is_utf8(text)) fail_at(where, 1, "the template is not UTF-8 text");
  return Lexer(text, settings, where).run();
}

void fail_at(const std::string& where, int line, const std::string& message) {
  const std::string place = line > 1 ? " (line " + std::to_string(line) + " of the template)" : "";
  throw ConfigError(where + place + ": " + message);
}

}  // namespace allometer::jinja
