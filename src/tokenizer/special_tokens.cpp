#include "tokenizer/special_tokens.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::array<std::string_view, 6> kClassesThatAddBos{
    "LlamaTokenizer",         "LlamaTokenizerFast", "CodeLlamaTokenizer",
    "CodeLlamaTokenizerFast", "GemmaTokenizer",     "GemmaTokenizerFast"};

/// "bos_token": "<s>", or {"content": "<s>", ...}, or null.
TokenSetting read_token(const JsonNode& root, const char* key) {
  TokenSetting setting;
  setting.given = root.raw().contains(key);
  if (const auto node = root.find(key)) {
    setting.content = (node->raw().is_object() ? node->at("content") : *node).string();
  }
  return setting;
}

}  // namespace

std::string SpecialTokenSettings::canonical() const {
  const auto token = [](const TokenSetting& setting) {
    return setting.content ? "=" + *setting.content : std::string(setting.given ? "none" : "unset");
  };
  const auto flag = [](const std::optional<bool>& value) {
    return value ? (*value ? "yes" : "no") : "unset";
  };
  return fmt::format("{}\n{}\n{}\n{}\n", token(bos), token(eos), flag(add_bos), flag(add_eos));
}

SpecialTokenSettings read_special_token_settings(std::string_view text, const std::string& name) {
  SpecialTokenSettings settings;
  if (text.empty()) return settings;
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", name, error.what()));
  }
  const JsonNode root(json, name);
  settings.bos = read_token(root, "bos_token");
  settings.eos = read_token(root, "eos_token");
  const auto tokenizer_class = root.find("tokenizer_class");
  if (tokenizer_class && std::find(kClassesThatAddBos.begin(), kClassesThatAddBos.end(),
                                   tokenizer_class->string()) != kClassesThatAddBos.end()) {
    settings.add_bos = root.boolean_or("add_bos_token", true);
    settings.add_eos = root.boolean_or("add_eos_token", false);
  }
  return settings;
}

}  // namespace allometer::tokenizer
