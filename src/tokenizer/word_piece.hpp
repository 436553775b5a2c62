#pragma once
/// WordPiece (Devlin et al. 2019): a word is cut from the left into the longest pieces that the
/// vocabulary has; pieces inside of a word are spelled with a prefix ("##ing").

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/prefix_trie.hpp"
#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {

class WordPiece : public TokenModel {
 public:
  /// From "model" of a tokenizer.json. Throws FormatError for what is malformed.
  explicit WordPiece(const JsonNode& node);

 private:
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const override;

  PrefixTrie first_;    // pieces that begin a word
  PrefixTrie further_;  // those with the prefix, without it
  std::string unknown_;
  std::optional<std::int32_t> unknown_id_;
  std::size_t longest_word_;  // code points; a longer word is unknown
  std::string where_;
};

}  // namespace allometer::tokenizer
