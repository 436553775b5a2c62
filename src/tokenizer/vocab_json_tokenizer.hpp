#pragma once
/// The tokenizer of a checkpoint in the layout of GPT-2 and OPT: vocab.json and merges.txt, without
/// a tokenizer.json. It becomes the tokenizer.json that transformers makes of it.

#include <string>
#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace allometer::tokenizer {

/// The texts of the files; all but the first two may be empty.
struct VocabJsonTexts {
  std::string_view vocab;
  std::string_view merges;
  std::string_view config;              ///< tokenizer_config.json
  std::string_view added_tokens;        ///< added_tokens.json, which as special_tokens_map.json
  std::string_view special_tokens_map;  ///< counts without added_tokens_decoder
  std::string_view model_config;        ///< config.json, which names the model
};

/// `name` is the path of the vocab.json. Throws FormatError naming the file and what of it is
/// damaged or not supported: another tokenizer_class, for one, cuts words in its own way.
Tokenizer read_vocab_json_tokenizer(const VocabJsonTexts& texts, const std::string& name);

}  // namespace allometer::tokenizer
