#pragma once
/// The chat template of a checkpoint: from messages to the text that the model was trained to
/// continue, as transformers' apply_chat_template(tokenize=False) makes it.

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/digest.hpp"
#include "template/template.hpp"

namespace allometer::tokenizer {

/// Immutable; render may be called from several threads at once.
class ChatTemplate {
 public:
  /// Does the checkpoint bring any?
  static bool exists(const std::filesystem::path& path);
  /// `path`: a checkpoint directory or a GGUF file. In a directory:
  /// chat_template.jinja and additional_chat_templates/NAME.jinja, or without such files the key
  /// "chat_template" of tokenizer_config.json (one template or a list with names); in a GGUF file
  /// the key tokenizer.chat_template (or tokenizer.chat_template.NAME). No name: "default".
  /// Throws ConfigError where there is none of that name, listing those that there are, and for a
  /// template that is malformed; FormatError naming a file that is.
  static ChatTemplate load(const std::filesystem::path& path, const std::string& name = "");

  /// From a template's text. `special_tokens`: an object of the variables that every rendering
  /// sees, as {"bos_token": "<s>"}. `where` stands in front of messages.
  ChatTemplate(std::string_view text, const std::string& where,
               nlohmann::ordered_json special_tokens);

  /// `conversation`: a list of messages, or an object with "messages" and any of "tools",
  /// "documents", "add_generation_prompt" and whatever else the template reads. Throws
  /// jinja::RefusedByTemplate for what the template refuses, else ConfigError.
  std::string render(const nlohmann::ordered_json& conversation,
                     const jinja::Clock& clock = jinja::local_time) const;

  /// SHA-256 over the template and the special tokens that it sees.
  Digest digest() const;

 private:
  std::string text_;
  nlohmann::ordered_json special_tokens_;
  jinja::Template template_;
};

}  // namespace allometer::tokenizer
