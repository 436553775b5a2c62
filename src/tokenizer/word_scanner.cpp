#include "tokenizer/word_scanner.hpp"

#include <array>
#include <cstdint>

#include "tokenizer/unicode.hpp"
#include "tokenizer/unicode_tables.hpp"

namespace allometer::tokenizer {
namespace {

/// \p{L}, \p{N}, \s, and [^\s\p{L}\p{N}].
enum class Kind : std::uint8_t { letter, number, space, other };

constexpr std::array<Kind, 128> kKindOfAscii = [] {
  std::array<Kind, 128> kinds{};
  for (int c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool space = (c >= 0x09 && c <= 0x0D) || c == ' ';
    kinds[static_cast<std::size_t>(c)] = letter                 ? Kind::letter
                                         : c >= '0' && c <= '9' ? Kind::number
                                         : space                ? Kind::space
                                                                : Kind::other;
  }
  return kinds;
}();

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end(std::size_t i) const { return i >= text_.size(); }
  char operator[](std::size_t i) const { return text_[i]; }
  bool is_newline(std::size_t i) const { return text_[i] == '\n' || text_[i] == '\r'; }
  std::size_t behind(std::size_t i) const { return i + code_point_length(text_, i); }

  Kind kind(std::size_t i) const {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if (byte < 0x80) return kKindOfAscii[byte];
    const std::int32_t c = code_point_at(text_, i);
    if (letters_.contains(c)) return Kind::letter;
    if (numbers_.contains(c)) return Kind::number;
    return is_white_space(c) ? Kind::space : Kind::other;
  }
  bool is(Kind wanted, std::size_t i) const { return !at_end(i) && kind(i) == wanted; }

  /// The end of the run of a kind that begins at `i`.
  std::size_t end_of(Kind wanted, std::size_t i) const {
    while (is(wanted, i)) i = behind(i);
    return i;
  }

  /// The end of 's, 't, 're, 've, 'm, 'll or 'd, or `i` where none is.
  std::size_t end_of_contraction(std::size_t i, bool any_case) const {
    const auto letter = [&](std::size_t at) {
      const char c = at_end(at) ? '\0' : text_[at];
      return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    if (text_[i] != '\'') return i;
    const char first = letter(i + 1);
    const char second = letter(i + 2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return i + 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l')) {
      return i + 3;
    }
    // The long s is an s of another case.
    return any_case && text_.substr(i + 1).starts_with("\u017f") ? i + 3 : i;
  }

  /// \s+(?!\S)|\s+ at white space: all of it at the end of the text, else all but the last, else
  /// that.
  std::size_t end_of_space(std::size_t i) const {
    std::size_t last = i;
    std::size_t end = behind(i);
    while (is(Kind::space, end)) {
      last = end;
      end = behind(end);
    }
    return at_end(end) || last == i ? end : last;
  }

 private:
  std::string_view text_;
  const CodePointSet& letters_ = letters();
  const CodePointSet& numbers_ = numbers();
};

std::size_t end_of_gpt2_word(const Scanner& text, std::size_t i) {
  const std::size_t contraction = text.end_of_contraction(i, false);
  if (contraction > i) return contraction;
  const std::size_t first = text[i] == ' ' ? i + 1 : i;
  if (!text.at_end(first)) {
    const Kind kind = text.kind(first);
    if (kind != Kind::space) return text.end_of(kind, text.behind(first));
  }
  return text.end_of_space(i);
}

/// Behind the last line break of the white space at `i`, or `i` where it has none.
std::size_t behind_last_newline(const Scanner& text, std::size_t i) {
  std::size_t result = i;
  for (std::size_t at = i; text.is(Kind::space, at); at = text.behind(at)) {
    if (text.is_newline(at)) result = at + 1;
  }
  return result;
}

template <int kMostDigits>
std::size_t end_of_llama3_word(const Scanner& text, std::size_t i) {
  const std::size_t contraction = text.end_of_contraction(i, true);
  if (contraction > i) return contraction;
  const Kind kind = text.kind(i);
  if (kind == Kind::letter) return text.end_of(Kind::letter, i);
  if (kind == Kind::number) {
    std::size_t end = text.behind(i);
    for (int n = 1; n < kMostDigits && text.is(Kind::number, end); ++n) end = text.behind(end);
    return end;
  }
  const std::size_t next = text.behind(i);
  if (!text.is_newline(i) && text.is(Kind::letter, next)) return text.end_of(Kind::letter, next);
  const std::size_t first = text[i] == ' ' ? next : i;
  if (text.is(Kind::other, first)) {
    std::size_t end = text.end_of(Kind::other, first);
    while (!text.at_end(end) && text.is_newline(end)) ++end;
    return end;
  }
  const std::size_t lines = behind_last_newline(text, i);
  return lines > i ? lines : text.end_of_space(i);
}

template <std::size_t (*kEndOfWord)(const Scanner&, std::size_t)>
void scan(std::string_view text, std::vector<Range>& words) {
  const Scanner scanner(text);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = kEndOfWord(scanner, begin);
    words.push_back({begin, end});
    begin = end;
  }
}

}  // namespace

WordScanner word_scanner_for(std::string_view expression) {
  if (expression == kGpt2Words) return scan<end_of_gpt2_word>;
  if (expression == kLlama3Words) return scan<end_of_llama3_word<3>>;
  if (expression == kQwen2Words) return scan<end_of_llama3_word<1>>;
  return nullptr;
}

}  // namespace allometer::tokenizer
