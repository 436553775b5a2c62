#pragma once
/// What the name in tokenizer.ggml.pre of a GGUF file says about a byte-level BPE tokenizer.

#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace allometer::tokenizer {

/// The parts of tokenizer.json that the file leaves to this name.
struct GgufPreTokenizer {
  enum class Kind {
    words,         ///< ByteLevel alone: the expression of GPT-2
    digits_words,  ///< every digit by itself, then the same
    falcon,        ///< runs of punctuation, the expression of GPT-2, digits in threes
    expressions,   ///< Split by each of `expressions` in turn
  };
  Kind kind = Kind::words;
  std::vector<std::string_view> expressions;
  bool nfc = false;            ///< composes the text first
  bool ignore_merges = false;  ///< a word that is a piece is that piece
  bool adds_bos = false;       ///< unless the file says otherwise

  /// "normalizer" (null without one) and "pre_tokenizer" of a tokenizer.json. `prefix_space`: a
  /// space before the text, which only ByteLevel alone can put there.
  nlohmann::json normalizer() const;
  nlohmann::json pre_tokenizer(bool prefix_space) const;
};

/// Nothing for a name that is not known: ids would be guesses.
std::optional<GgufPreTokenizer> find_gguf_pre_tokenizer(std::string_view name);

}  // namespace allometer::tokenizer
