#include "tokenizer/oniguruma.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::tokenizer {
namespace {

// The insides of character classes. PCRE2's own \s counts U+180E, its \w knows no marks.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
constexpr std::string_view kHexDigit = "0-9a-fA-F";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Translator {
 public:
  explicit Translator(std::string_view source) : source_(source) {}

  std::string run() {
    while (position_ < source_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char c = source_[position_];
    if (c == '\\') {
      translate_escape();
    } else if (class_depth_ > 0) {
      translate_in_class(c);
    } else if (c == '[') {
      open_class();
    } else if (c == '{') {
      translate_brace();
    } else if (c == '(') {
      translate_group();
    } else {
      copy(1);
    }
  }

  void open_class() {
    ++class_depth_;
    copy(1);
    if (at("^")) copy(1);
    // A bracket in the first place is a character.
    if (at("]")) out_ += "\\", copy(1);
  }

  void translate_in_class(char c) {
    if (at("&&")) refuse("an intersection of character classes (&&)");
    if (at("[:")) {
      const std::size_t end = source_.find(":]", position_);
      if (end == std::string_view::npos) refuse("an unfinished [: in a character class");
      copy(end + 2 - position_);
    } else if (c == '[') {
      refuse("a character class inside of another one");
    } else {
      if (c == ']') --class_depth_;
      copy(1);
    }
  }

  /// A quantifier {n}, {n,}, {,m} or {n,m}; any other brace is a character.
  void translate_brace() {
    std::size_t end = position_ + 1;
    while (end < source_.size() && (is_digit(source_[end]) || source_[end] == ',')) ++end;
    const bool quantifier = end < source_.size() && source_[end] == '}' && end > position_ + 1;
    if (!quantifier) {
      out_ += '\\';
      copy(1);
      return;
    }
    if (source_[position_ + 1] == ',') {
      out_ += "{0";
      ++position_;
    }
    copy(end + 1 - position_);
    // Possessive in PCRE2, a repeated repetition in Oniguruma.
    if (at("+")) refuse("'+' behind a {n,m}");
  }

  void translate_group() {
    if (at("(?#") || !at("(?") || at("(?:") || at("(?=") || at("(?!") || at("(?<") || at("(?>")) {
      copy(1);
      return;
    }
    std::size_t end = position_ + 2;
    while (end < source_.size() && source_[end] != ':' && source_[end] != ')') {
      const char option = source_[end++];
      if (option != 'i' && option != 'x' && option != '-') {
        refuse(fmt::format("the group (?{}", option));
      }
    }
    copy(end - position_);
  }

  void translate_escape() {
    if (position_ + 1 >= source_.size()) refuse("a backslash at the end");
    const char c = source_[position_ + 1];
    switch (c) {
      case 's':
        return put_class(kSpace, false);
      case 'S':
        return put_class(kSpace, true);
      case 'w':
        return put_class(kWord, false);
      case 'W':
        return put_class(kWord, true);
      case 'h':
        return put_class(kHexDigit, false);
      case 'H':
        return put_class(kHexDigit, true);
      case 'u':
        return translate_code_point();
      case 'p':
      case 'P':
        return translate_property();
      case 'b':
      case 'B':
        if (class_depth_ == 0) refuse(fmt::format("\\{}", c));
        break;
      case 'y':
      case 'Y':
      case 'O':
      case 'R':
      case 'X':
      case 'K':
      case 'G':
      case 'N':
      case 'C':
      case 'M':
      case 'c':
        refuse(fmt::format("\\{}", c));
      default:
        break;
    }
    copy(2);
  }

  void put_class(std::string_view content, bool negated) {
    position_ += 2;
    if (class_depth_ == 0) {
      out_ += fmt::format("[{}{}]", negated ? "^" : "", content);
    } else if (!negated) {
      out_ += content;
    } else if (content == kSpace) {
      out_ += "\\S";  // differs from White_Space in U+180E alone
    } else {
      refuse("\\W or \\H inside of a character class");
    }
  }

  void translate_code_point() {
    const std::string_view digits = source_.substr(position_ + 2, 4);
    if (digits.size() < 4 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      refuse("\\u without four hexadecimal digits");
    }
    out_ += fmt::format("\\x{{{}}}", digits);
    position_ += 6;
  }

  /// General categories are the same; a bare script name would mean Script_Extensions.
  void translate_property() {
    const std::size_t end = source_.find('}', position_);
    if (position_ + 2 >= source_.size() || source_[position_ + 2] != '{' ||
        end == std::string_view::npos) {
      copy(2);
      return;
    }
    std::string_view name = source_.substr(position_ + 3, end - position_ - 3);
    const bool negated = !name.empty() && name.front() == '^';
    if (negated) name.remove_prefix(1);
    const bool category = name.size() <= 2 || name == "Any";
    out_ += fmt::format("\\{}{{{}{}{}}}", source_[position_ + 1], negated ? "^" : "",
                        category ? "" : "sc:", name);
    position_ = end + 1;
  }

  bool at(std::string_view text) const { return source_.substr(position_, text.size()) == text; }

  void copy(std::size_t length) {
    out_ += source_.substr(position_, length);
    position_ += length;
  }

  [[noreturn]] void refuse(std::string_view what) const {
    throw ConfigError(
        fmt::format("the regular expression '{}' has {}, which is not supported", source_, what));
  }

  std::string_view source_;
  std::string out_;
  std::size_t position_ = 0;
  int class_depth_ = 0;
};

}  // namespace

std::string pcre2_from_oniguruma(std::string_view expression) {
  return Translator(expression).run();
}

}  // namespace allometer::tokenizer
