#pragma once
/// The models of tokenizer.json (BPE, Unigram, WordPiece, WordLevel) behind one interface.
///
/// Vocabularies of other files (GGUF, SentencePiece) have two ways in. Where tokenizer.json can say
/// the same, write that document and give it to Tokenizer::parse: its digest and its checks are
/// then those of any other. Where it cannot (scores that order merges), or where a document of a
/// quarter of a million pieces is a detour, make the model yourself (Unigram has a constructor for
/// pieces and scores; anything else derives from TokenModel and implements encode_piece) and give
/// it to Tokenizer::assemble with a document that holds the other parts.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {

class JsonNode;

/// Immutable but for a cache; usable from several threads at once.
class TokenModel {
 public:
  virtual ~TokenModel();

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// Appends the ids of every piece. Results of short pieces are cached. Throws FormatError where
  /// the model has neither ids for a piece nor an unknown token.
  void encode(const Pieces& pieces, std::vector<std::int32_t>& ids) const;

 protected:
  explicit TokenModel(Vocabulary vocabulary);

 private:
  class Cache;
  struct CachePool;

  /// Appends the ids of one piece, which is valid UTF-8 and not empty.
  virtual void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const = 0;

  Vocabulary vocabulary_;
  std::unique_ptr<CachePool> pool_;
};

/// From "model" of a tokenizer.json, whose "type" chooses (or, in old files without it, what it
/// holds). Throws FormatError for what is malformed or not supported.
std::unique_ptr<const TokenModel> read_token_model(const JsonNode& node);

}  // namespace allometer::tokenizer
