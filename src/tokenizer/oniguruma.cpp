#include "tokenizer/oniguruma.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "tokenizer/unicode_tables.hpp"

namespace allometer::tokenizer {
namespace {

// The insides of character classes. PCRE2's own \s counts U+180E, its \w knows no marks.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
/// Oniguruma's table of Latin-1 counts these as \w, where \w stands outside of a character class.
constexpr std::string_view kWordOfLatin1 = R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
constexpr std::string_view kHexDigit = "0-9a-fA-F";

constexpr int kDeepestClass = 20;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Of a general category, what PCRE2 may not know yet.
std::string newer_of(std::string_view category) {
  std::string result;
  for_each_range(newer_ranges(category), [&](std::int32_t first, std::int32_t last) {
    result += fmt::format("\\x{{{:x}}}", first);
    if (last > first) result += fmt::format("-\\x{{{:x}}}", last);
  });
  return result;
}

std::string word_ranges() {
  std::string result(kWord);
  for (const char* category : {"L", "M", "Nd", "Nl", "Pc"}) result += newer_of(category);
  return result;
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
    } else if (c == '[') {
      out_ += as_expression(parse_class());
    } else if (c == '{') {
      translate_brace();
    } else if (c == '(') {
      translate_group();
    } else {
      copy(1);
    }
  }

  /// A set of code points: what PCRE2 can write inside of [], and expressions for one code point
  /// each.
  struct Class {
    std::string content;
    std::vector<std::string> others;
  };

  static std::string as_expression(const Class& set) {
    if (set.others.empty()) return "[" + set.content + "]";
    std::string all;
    if (!set.content.empty()) all = "[" + set.content + "]";
    for (const std::string& other : set.others) all += (all.empty() ? "" : "|") + other;
    return "(?:" + all + ")";
  }

  static std::string not_in(const Class& set) {
    if (set.others.empty()) return "[^" + set.content + "]";
    return "(?:(?!" + as_expression(set) + ")(?s:.))";
  }

  /// A character class in brackets, which may hold others and intersections of them.
  Class parse_class() {
    if (++depth_ > kDeepestClass) refuse("character classes nested too deeply");
    ++position_;
    const bool negated = skip("^");
    std::vector<Class> operands(1);
    // A bracket in the first place is a character.
    if (skip("]")) operands.back().content = "\\]";
    while (!skip("]")) {
      if (position_ >= source_.size()) refuse("a character class without an end");
      if (skip("&&")) {
        operands.emplace_back();
      } else {
        add_item(operands.back());
      }
    }
    --depth_;
    Class result = std::move(operands.back());
    operands.pop_back();
    if (!operands.empty()) result = {"", {intersection(operands, result)}};
    return negated ? negation(result) : result;
  }

  static Class negation(const Class& set) { return {"", {not_in(set)}}; }

  std::string intersection(const std::vector<Class>& operands, const Class& last) const {
    std::string result = "(?:";
    for (const Class& operand : operands) {
      if (operand.content.empty() && operand.others.empty()) refuse("nothing before &&");
      result += "(?=" + as_expression(operand) + ")";
    }
    if (last.content.empty() && last.others.empty()) refuse("nothing behind &&");
    return result + as_expression(last) + ")";
  }

  /// A character, an escape, a named set or a class inside of a class.
  void add_item(Class& set) {
    const char c = source_[position_];
    if (c == '\\') {
      add_escape(set);
    } else if (at("[:")) {
      add_named_set(set);
    } else if (c == '[') {
      Class inner = parse_class();
      set.content += inner.content;
      set.others.insert(set.others.end(), inner.others.begin(), inner.others.end());
    } else {
      if (c == '^' && set.content.empty()) set.content = "\\";
      set.content += c;
      ++position_;
    }
  }

  void add_escape(Class& set) {
    if (position_ + 1 >= source_.size()) refuse("a backslash at the end");
    const char c = source_[position_ + 1];
    if (const auto named = named_class(c, false)) {
      position_ += 2;
      add(set, *named, c >= 'A' && c <= 'Z');
    } else if (c == 'p' || c == 'P') {
      const auto [property, negated] = parse_property();
      add(set, property, negated);
    } else if (c == 'u') {
      set.content += parse_code_point();
    } else {
      refuse_unlike_escape(c);
      set.content += source_.substr(position_, 2);
      position_ += 2;
    }
  }

  static void add(Class& set, const std::string& content, bool negated) {
    if (negated) {
      set.others.push_back("[^" + content + "]");
    } else {
      set.content += content;
    }
  }

  void add_named_set(Class& set) {
    const std::size_t end = source_.find(":]", position_);
    if (end == std::string_view::npos) refuse("an unfinished [: in a character class");
    std::string_view name = source_.substr(position_ + 2, end - position_ - 2);
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    position_ = end + 2;
    if (name == "space") return add(set, std::string(kSpace), negated);
    if (name == "word") return add(set, word_ranges(), negated);
    if (name == "digit") return add(set, "\\p{Nd}" + newer_of("Nd"), negated);
    if (name == "xdigit") return add(set, std::string(kHexDigit), negated);
    if (name == "ascii") return add(set, "\\x00-\\x7f", negated);
    if (name == "punct") return add(set, "\\p{P}" + newer_of("P") + "$+<=>^`|~", negated);
    refuse(fmt::format("[:{}:]", name));
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
    const bool negated = c >= 'A' && c <= 'Z';
    if (const auto named = named_class(c, true)) {
      position_ += 2;
      out_ += fmt::format("[{}{}]", negated ? "^" : "", *named);
    } else if (c == 'p' || c == 'P') {
      const auto [property, is_negated] = parse_property();
      out_ += fmt::format("[{}{}]", is_negated ? "^" : "", property);
    } else if (c == 'u') {
      out_ += parse_code_point();
    } else if (c == 'b' || c == 'B') {
      const std::string word = fmt::format("[{}]", *named_class('w', true));
      const auto either =
          negated ? "(?:(?<={0})(?={0})|(?<!{0})(?!{0}))" : "(?:(?<={0})(?!{0})|(?<!{0})(?={0}))";
      out_ += fmt::format(fmt::runtime(either), word);
      position_ += 2;
    } else {
      refuse_unlike_escape(c);
      copy(2);
    }
  }

  /// The inside of the class that \s, \w, \d or \h stands for, or their negations.
  static std::optional<std::string> named_class(char c, bool outside_of_class) {
    switch (c) {
      case 's':
      case 'S':
        return std::string(kSpace);
      case 'w':
      case 'W':
        return word_ranges() + std::string(outside_of_class ? kWordOfLatin1 : "");
      case 'd':
      case 'D':
        return "\\p{Nd}" + newer_of("Nd");
      case 'h':
      case 'H':
        return std::string(kHexDigit);
      default:
        return std::nullopt;
    }
  }

  /// Escapes that mean something else to PCRE2.
  void refuse_unlike_escape(char c) const {
    if (std::string_view("yYORXKGNCMc").find(c) != std::string_view::npos) {
      refuse(fmt::format("\\{}", c));
    }
  }

  std::string parse_code_point() {
    const std::string_view digits = source_.substr(position_ + 2, 4);
    if (digits.size() < 4 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      refuse("\\u without four hexadecimal digits");
    }
    position_ += 6;
    return fmt::format("\\x{{{}}}", digits);
  }

  /// What \p{name} stands for inside of a class, and whether it is negated. General categories are
  /// the same in PCRE2; a bare script name would mean Script_Extensions there.
  std::pair<std::string, bool> parse_property() {
    const std::size_t end = source_.find('}', position_);
    if (position_ + 2 >= source_.size() || source_[position_ + 2] != '{' ||
        end == std::string_view::npos) {
      refuse("\\p without {name}");
    }
    bool negated = source_[position_ + 1] == 'P';
    std::string_view name = source_.substr(position_ + 3, end - position_ - 3);
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    position_ = end + 1;
    const bool category = name.size() <= 2 || name == "Any";
    std::string newer = category ? newer_of(name) : "";
    if (name == "Han") newer = R"(\x{2b739}\x{2ebf0}-\x{2ee5d}\x{31350}-\x{323af})";
    return {fmt::format("\\p{{{}{}}}{}", category ? "" : "sc:", name, newer), negated};
  }

  bool at(std::string_view text) const { return source_.substr(position_, text.size()) == text; }

  bool skip(std::string_view text) {
    if (!at(text)) return false;
    position_ += text.size();
    return true;
  }

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
  int depth_ = 0;  // of classes
};

}  // namespace

std::string pcre2_from_oniguruma(std::string_view expression) {
  return Translator(expression).run();
}

}  // namespace allometer::tokenizer
