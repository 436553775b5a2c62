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

/// Throws FormatError, beginning with `where`, if the parts of a sequence blow a text up: a few
/// lines of JSON could otherwise double it until memory ends.
void expect_reasonable_growth(std::size_t size_before, std::size_t size_after,
                              const std::string& where);

/// Immutable; usable from several threads at once.
class Pattern {
 public:
  /// From {"String": ...} or {"Regex": ...}. The expressions are Oniguruma's; one that means
  /// something else to PCRE2 is rewritten or refused with a FormatError.
  static Pattern read(const JsonNode& node);
  /// A fixed text, which is not empty; and an expression of our own; `where` stands in the messages
  /// of find_all.
  static Pattern text(std::string literal, const std::string& where);
  static Pattern regex(std::string_view expression, const std::string& where);

  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  /// Every match from left to right, without overlap. An empty match directly behind a match does
  /// not count. Throws FormatError for an expression that needs too many steps on this text.
  std::vector<Range> find_all(std::string_view text) const;

  /// `text` with every match, or those that find_all gave as `matches`, replaced by `content`.
  /// Throws FormatError where that makes it grow without reason.
  std::string replace_all(std::string_view text, std::string_view content) const;
  std::string replace(std::string_view text, const std::vector<Range>& matches,
                      std::string_view content) const;

 private:
  struct Compiled;
  Pattern();

  std::string where_;
  std::string literal_;
  /// Gives the matches of a well-known expression without PCRE2.
  void (*scanner_)(std::string_view text, std::vector<Range>& matches) = nullptr;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace allometer::tokenizer
