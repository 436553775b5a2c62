#pragma once
/// What normalizers, pre-tokenizers and decoders search for: a fixed string or a regular
/// expression.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tokenizer {

class JsonNode;

struct Range {
  std::size_t begin;
  std::size_t end;
};

/// Immutable; usable from several threads at once.
class Pattern {
 public:
  /// From {"String": ...} or {"Regex": ...}. The expressions are Oniguruma's; one that means
  /// something else to PCRE2 is rewritten or refused with a FormatError.
  static Pattern read(const JsonNode& node);
  /// An expression of our own; `where` stands in the messages of find_all.
  static Pattern regex(std::string_view expression, const std::string& where);

  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  /// Every match from left to right, without overlap. An empty match directly behind a match does
  /// not count. Throws FormatError for an expression that needs too many steps on this text.
  std::vector<Range> find_all(std::string_view text) const;

  /// `text` with every match replaced by `content`.
  std::string replace_all(std::string_view text, std::string_view content) const;

 private:
  struct Compiled;
  Pattern();

  std::string literal_;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace allometer::tokenizer
