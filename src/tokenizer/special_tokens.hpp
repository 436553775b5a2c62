#pragma once
/// What tokenizer_config.json says about BOS and EOS.

#include <optional>
#include <string>
#include <string_view>

namespace allometer::tokenizer {

/// A setting that may be missing, null (there is no such token) or a text.
struct TokenSetting {
  bool given = false;
  std::optional<std::string> content;
};

struct SpecialTokenSettings {
  TokenSetting bos;
  TokenSetting eos;
  /// Set for the classes of transformers that make their post-processor from add_bos_token and
  /// add_eos_token (those of Llama and GPT-NeoX); for all others tokenizer.json decides.
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  /// Set for the classes that put add_prefix_space into a ByteLevel pre-tokenizer (those of GPT-2
  /// and GPT-NeoX).
  std::optional<bool> add_prefix_space;

  /// The settings as text, for the tokenizer's digest.
  std::string canonical() const;
};

/// LlamaTokenizer and those that are the same to the letter: they take ids from a SentencePiece
/// model as they are. All others of transformers add, shift or normalize something of their own.
bool is_llama_class(std::string_view tokenizer_class);
bool is_gpt2_class(std::string_view tokenizer_class);

/// `text` may be empty. Throws FormatError, naming the file.
SpecialTokenSettings read_special_token_settings(std::string_view text, const std::string& name);

}  // namespace allometer::tokenizer
