#pragma once
/// The tokenizer of a checkpoint that has a SentencePiece model (tokenizer.model) and no
/// tokenizer.json: libsentencepiece encodes, and around it is what LlamaTokenizer of transformers
/// does.

#include <string>
#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace allometer::tokenizer {

/// The texts of the files; all but `model` may be empty.
struct SentencePieceTexts {
  std::string_view model;
  std::string_view config;        ///< tokenizer_config.json
  std::string_view added_tokens;  ///< added_tokens.json, which counts without added_tokens_decoder
};

/// `name` is the path of the tokenizer.model. Throws FormatError naming the file and what of it is
/// damaged or not supported: another tokenizer_class, for one, may shift ids.
Tokenizer read_sentencepiece_tokenizer(const SentencePieceTexts& texts, const std::string& name);

}  // namespace allometer::tokenizer
