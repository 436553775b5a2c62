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
  /// add_eos_token (LlamaTokenizerFast and its relatives); for all others tokenizer.json decides.
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;

  /// The settings as text, for the tokenizer's digest.
  std::string canonical() const;
};

/// `text` may be empty. Throws FormatError, naming the file.
SpecialTokenSettings read_special_token_settings(std::string_view text, const std::string& name);

}  // namespace allometer::tokenizer
