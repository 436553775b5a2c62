#pragma once
/// A SentencePiece model file (tokenizer.model), read and checked before libsentencepiece sees it:
/// the library trusts what it is given, and a damaged file must end in a message, not in a crash.
/// The format is the protocol buffer ModelProto of
/// https://github.com/google/sentencepiece/blob/v0.1.97/src/sentencepiece_model.proto

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/piece_type.hpp"

namespace allometer::tokenizer {

struct SentencePiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::normal;
};

/// What of the file decides ids.
struct SentencePieceFile {
  enum class Algorithm { unigram = 1, bpe = 2 };

  std::vector<SentencePiece> pieces;  ///< by id
  Algorithm algorithm = Algorithm::unigram;
  bool byte_fallback = false;
  bool whitespace_is_suffix = false;
  std::string bos = "<s>";
  std::string eos = "</s>";

  std::string charsmap;  ///< the compiled rules of the normalizer; may be empty
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;

  /// From the bytes of the file; `name` stands in messages. Throws FormatError for what is
  /// malformed, and for models other than BPE and Unigram.
  static SentencePieceFile parse(std::string_view bytes, const std::string& name);

  /// A ModelProto with all that encoding needs and nothing else (no self-test, no settings of the
  /// training).
  std::string serialize() const;
};

}  // namespace allometer::tokenizer
