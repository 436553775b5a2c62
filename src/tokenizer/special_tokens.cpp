#include "tokenizer/special_tokens.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tokenizer/added_token_list.hpp"
#include "tokenizer/json_node.hpp"

namespace allometer::tokenizer {
namespace {

/// tokenizer_config.json names a class or its fast twin.
template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& classes, std::string_view name) {
  constexpr std::string_view kFast = "Fast";
  if (name.ends_with(kFast)) name.remove_suffix(kFast.size());
  return std::find(classes.begin(), classes.end(), name) != classes.end();
}

/// "bos_token": "<s>", or {"content": "<s>", ...}, or null.
TokenSetting read_token(const JsonNode& root, const char* key) {
  TokenSetting setting;
  setting.given = root.raw().contains(key);
  if (const auto node = root.find(key)) setting.content = token_content(*node);
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
  return fmt::format("{}\n{}\n{}\n{}\n{}\n", token(bos), token(eos), flag(add_bos), flag(add_eos),
                     flag(add_prefix_space));
}

bool is_llama_class(std::string_view tokenizer_class) {
  return is_one_of<3>({"LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer"}, tokenizer_class);
}

bool is_gpt2_class(std::string_view tokenizer_class) {
  return is_one_of<1>({"GPT2Tokenizer"}, tokenizer_class);
}

SpecialTokenSettings read_special_token_settings(std::string_view text, const std::string& name) {
  SpecialTokenSettings settings;
  if (text.empty()) return settings;
  const nlohmann::json json = parse_json(text, name);
  const JsonNode root(json, name);
  settings.bos = read_token(root, "bos_token");
  settings.eos = read_token(root, "eos_token");
  const auto class_node = root.find("tokenizer_class");
  const std::string tokenizer_class = class_node ? class_node->string() : "";
  const bool is_llama = is_llama_class(tokenizer_class);
  const bool is_neox = is_one_of<1>({"GPTNeoXTokenizer"}, tokenizer_class);
  if (is_llama || is_neox) {
    settings.add_bos = root.boolean_or("add_bos_token", is_llama);
    settings.add_eos = root.boolean_or("add_eos_token", false);
  }
  if (is_neox || is_gpt2_class(tokenizer_class)) {
    settings.add_prefix_space = root.boolean_or("add_prefix_space", false);
  }
  return settings;
}

}  // namespace allometer::tokenizer
