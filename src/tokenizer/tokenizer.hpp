#pragma once
/// Text to token ids and back, exactly as the Hugging Face tokenizer of the same checkpoint does
/// it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"

namespace allometer::tokenizer {

class TokenModel;

/// Whether the post-processor's special tokens (BOS, EOS) are added around a text.
enum class AddSpecial { no, yes };
/// Whether special tokens are left out of decoded text.
enum class SkipSpecial { no, yes };

/// Immutable after loading; every method may be called from several threads at once.
class Tokenizer {
 public:
  /// Is there one to load? False for a directory without any of the files below, and for a GGUF
  /// file without a vocabulary.
  static bool exists(const std::filesystem::path& path);
  /// `path` is a checkpoint directory (tokenizer.json, else vocab.json with merges.txt, else the
  /// SentencePiece model tokenizer.model, and tokenizer_config.json in it), one of those three
  /// files (vocab.json of the second), or a GGUF file. Throws IoError, or FormatError naming the
  /// file and the part of it that is wrong or not supported.
  static Tokenizer load(const std::filesystem::path& path);
  /// From the text of a tokenizer.json (and of a tokenizer_config.json, or empty); `name` stands in
  /// messages.
  static Tokenizer parse(std::string_view tokenizer_json, std::string_view tokenizer_config_json,
                         const std::string& name);

  /// From a model made elsewhere and a tokenizer.json that holds everything but "model".
  /// `model_digest` is that of whatever the model was made of.
  static Tokenizer assemble(std::unique_ptr<const TokenModel> model, const Digest& model_digest,
                            std::string_view tokenizer_json, std::string_view tokenizer_config_json,
                            const std::string& name);

  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// Ids of a UTF-8 text; invalid UTF-8 is replaced by U+FFFD first. Special tokens written in the
  /// text are recognised.
  std::vector<std::int32_t> encode(std::string_view text, AddSpecial add_special) const;
  /// Text of the ids; an id outside the vocabulary is a ConfigError.
  std::string decode(std::span<const std::int32_t> ids, SkipSpecial skip_special) const;
  /// The vocabulary's own spelling of an id ("Ġthe", "<0x0A>").
  std::string piece(std::int32_t id) const;

  /// One more than the largest id, added tokens included.
  std::int32_t vocab_size() const;
  /// From tokenizer_config.json's bos_token and eos_token (or the usual names), where the
  /// vocabulary has them.
  std::optional<std::int32_t> bos_id() const;
  std::optional<std::int32_t> eos_id() const;
  bool is_special(std::int32_t id) const;
  /// Does encode(text, AddSpecial::yes) begin with BOS by this tokenizer's own settings?
  bool adds_bos() const;

  /// SHA-256 over what decides ids: part of a model's identity.
  Digest digest() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace allometer::tokenizer
