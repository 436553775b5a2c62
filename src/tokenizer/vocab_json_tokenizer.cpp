#include "tokenizer/vocab_json_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/added_token_list.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/special_tokens.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;

/// The models whose tokenizer is GPT2Tokenizer where tokenizer_config.json names none.
constexpr std::array<std::string_view, 3> kModelTypes{"gpt2", "opt", "gpt_neo"};

constexpr const char* kRemedy =
    "save the tokenizer with transformers "
    "(AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)), "
    "so that there is a tokenizer.json";

void expect_gpt2_class(const JsonNode& config, const JsonNode& model_config) {
  if (const auto node = config.find("tokenizer_class")) {
    if (is_gpt2_class(node->string())) return;
    node->fail(
        fmt::format("'{}' is not supported with vocab.json and merges.txt (GPT2Tokenizer is): {}",
                    node->string(), kRemedy));
  }
  if (const auto node = model_config.find("model_type")) {
    const std::string type = node->string();
    if (std::find(kModelTypes.begin(), kModelTypes.end(), type) != kModelTypes.end()) return;
    node->fail(
        fmt::format("the tokenizer of '{}' is not supported as vocab.json and merges.txt, unless "
                    "tokenizer_config.json says \"tokenizer_class\": \"GPT2Tokenizer\": {}",
                    type, kRemedy));
  }
}

/// What the files say, with the defaults of GPT2Tokenizer.
json full_config(json config, const json& special_tokens_map) {
  if (!config.contains("added_tokens_decoder")) config.update(special_tokens_map);
  for (const char* key : {"bos_token", "eos_token", "unk_token"}) {
    config.emplace(key, "<|endoftext|>");
  }
  config["tokenizer_class"] = "GPT2Tokenizer";
  return config;
}

/// "merges" of a tokenizer.json. Blank lines and the first one, "#version: 0.2", hold none.
json read_merges(std::string_view text, const json& vocab, const std::string& name) {
  json merges = json::array();
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const auto fail = [&](const std::string& message) {
      throw FormatError(fmt::format("{}: line {}: {}: the file is damaged, fetch it again", name,
                                    number, message));
    };
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      fail(fmt::format("expected two pieces and a space, found '{}'", line));
    }
    const std::string left(line.substr(0, space));
    const std::string right(line.substr(space + 1));
    for (const std::string& piece : {left, right, left + right}) {
      if (piece.empty() || !vocab.contains(piece)) {
        fail(fmt::format("'{}' is not in vocab.json", piece));
      }
    }
    merges.push_back({left, right});
  }
  return merges;
}

/// BOS before the text.
json bos_template(const std::string& bos, const json& added_tokens) {
  const auto token = std::find_if(added_tokens.begin(), added_tokens.end(),
                                  [&](const json& one) { return one["content"] == bos; });
  if (token == added_tokens.end()) return {};  // its name is empty
  return {{"type", "TemplateProcessing"},
          {"single",
           {{{"SpecialToken", {{"id", bos}, {"type_id", 0}}}},
            {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
          {"pair", json::array()},
          {"special_tokens", {{bos, {{"id", bos}, {"ids", {(*token)["id"]}}, {"tokens", {bos}}}}}}};
}

}  // namespace

Tokenizer read_vocab_json_tokenizer(const VocabJsonTexts& texts, const std::string& name) {
  const auto path_of = [&](const char* file) {
    return (std::filesystem::path(name).parent_path() / file).string();
  };
  const auto read_object = [&](std::string_view text, const char* file) {
    json object = text.empty() ? json::object() : parse_json(text, path_of(file));
    JsonNode(object, path_of(file)).expect_object();
    return object;
  };
  const json given_config = read_object(texts.config, "tokenizer_config.json");
  const json added = read_object(texts.added_tokens, "added_tokens.json");
  const json named = read_object(texts.special_tokens_map, "special_tokens_map.json");
  const json model_config = read_object(texts.model_config, "config.json");
  expect_gpt2_class(JsonNode(given_config, path_of("tokenizer_config.json")),
                    JsonNode(model_config, path_of("config.json")));

  const json vocab = parse_json(texts.vocab, name);
  AddedTokenList::IdsOfPieces ids;
  Vocabulary(JsonNode(vocab, name)).for_each([&](std::string_view piece, std::int32_t id) {
    ids.emplace(piece, static_cast<std::size_t>(id));
  });
  const json config = full_config(given_config, named);
  const JsonNode config_node(config, path_of("tokenizer_config.json"));
  AddedTokenList list(std::move(ids));
  list.add_files(config_node, JsonNode(added, path_of("added_tokens.json")));

  json document = {{"added_tokens", list.take()},
                   {"pre_tokenizer",
                    {{"type", "ByteLevel"},
                     {"add_prefix_space", config_node.boolean_or("add_prefix_space", false)}}},
                   {"decoder", {{"type", "ByteLevel"}}},
                   {"model",
                    {{"type", "BPE"},
                     {"vocab", vocab},
                     {"merges", read_merges(texts.merges, vocab, path_of("merges.txt"))}}}};
  if (config_node.boolean_or("add_bos_token", false)) {
    const auto bos = config_node.find("bos_token");
    if (!bos) config_node.fail("add_bos_token is true, but there is no bos_token: name one");
    document["post_processor"] = bos_template(token_content(*bos), document["added_tokens"]);
  }
  return Tokenizer::parse(document.dump(), config.dump(), name);
}

}  // namespace allometer::tokenizer
