#pragma once
/// A unigram language model over pieces (Kudo 2018): of all ways to cut a text into pieces of the
/// vocabulary, the one whose scores (log-probabilities) sum to most.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/prefix_trie.hpp"
#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {

/// A piece and its log-probability.
struct ScoredPiece {
  std::string text;
  double score;
};

class Unigram : public TokenModel {
 public:
  /// From "model" of a tokenizer.json. Throws FormatError for what is malformed.
  explicit Unigram(const JsonNode& node);
  /// Ids are positions in `pieces`; of equal pieces the last one counts. A code point that no piece
  /// covers costs 10 more than the lowest score, and becomes the bytes <0x00> ... <0xFF> (with
  /// `byte_fallback`, where all are there), else `unknown_id`, once for a run of such code points.
  /// `where` begins messages.
  Unigram(const std::vector<ScoredPiece>& pieces, std::optional<std::int32_t> unknown_id,
          bool byte_fallback, const std::string& where);

 private:
  struct Node;

  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const override;
  std::vector<Node> best_path(std::string_view piece) const;
  void append_unknown(std::string_view text, std::vector<std::int32_t>& ids) const;

  std::vector<double> scores_;
  double unknown_score_ = 0;
  PrefixTrie trie_;
  std::optional<std::int32_t> unknown_id_;
  std::vector<std::optional<std::int32_t>> byte_ids_;  // of <0x00> ... <0xFF>; empty: no fallback
  std::string where_;
};

}  // namespace allometer::tokenizer
