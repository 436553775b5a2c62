#pragma once
/// Tokens that are found in the text itself, before the model sees what lies between them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/prefix_trie.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {

class JsonNode;
class Normalizer;

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< not inside of a word
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< and behind it
  bool normalized = false;   ///< found in the normalized text, not in the text as given
  std::string spelled;       ///< the content as it is found and decoded: normalized or not
  bool special = false;      ///< left out of decoded text on demand
};

/// A part of a text: an added token, or text for the model.
struct Section {
  std::optional<std::int32_t> id;
  std::string_view text;
};

/// Immutable; usable from several threads at once.
class AddedTokens {
 public:
  /// From "added_tokens" of a tokenizer.json. `normalizer` may be null. Ids must be those that the
  /// reference would give: of `vocabulary`, or the next one behind it and the tokens before.
  AddedTokens(const JsonNode* node, const Vocabulary& vocabulary, const Normalizer* normalizer);

  /// Splits at the tokens that are found before, and after, normalization. At each position the
  /// longest token counts.
  std::vector<Section> split_raw(std::string_view text) const;
  std::vector<Section> split_normalized(std::string_view text) const;

  /// Null where no added token has this id.
  const AddedToken* find(std::int32_t id) const;
  std::optional<std::int32_t> id_of(std::string_view content) const;
  /// One more than the largest id; 0 without tokens.
  std::int32_t end_id() const { return end_id_; }

 private:
  /// False for what is there already, word for word.
  bool add(const JsonNode& node, const Vocabulary& vocabulary);
  std::vector<Section> split(std::string_view text, const PrefixTrie& trie) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::size_t> by_id_;
  TextMap<std::size_t> by_content_;
  PrefixTrie raw_;
  PrefixTrie normalized_;
  std::int32_t end_id_ = 0;
};

}  // namespace allometer::tokenizer
