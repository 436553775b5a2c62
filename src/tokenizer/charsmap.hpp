#pragma once
/// SentencePiece's precompiled_charsmap: what a text's code points become before it is cut.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tokenizer {

/// A trie of what is replaced, as a double array (Aoe 1989; the layout of darts-clone), and what it
/// becomes. Immutable; usable from several threads at once.
class Charsmap {
 public:
  /// `blob`: the length of the trie in bytes (u32), the trie (u32 units, all little endian), then
  /// the replacements, each ended by a zero byte. Throws FormatError, beginning with `where`, if
  /// they are cut short or no UTF-8.
  Charsmap(std::string_view blob, const std::string& where);
  /// From the spelling in a tokenizer.json.
  static Charsmap from_base64(std::string_view text, const std::string& where);

  /// `text` (valid UTF-8) with its grapheme clusters of less than six bytes, else its code points,
  /// replaced where the trie has them, or has what they begin with (sic: so does the reference).
  std::string normalize(std::string_view text) const;

 private:
  /// What the shortest entry that `text` begins with becomes.
  std::optional<std::string_view> replacement_of(std::string_view text) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace allometer::tokenizer
