#include "tokenizer/sentencepiece_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <sentencepiece_processor.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/sentencepiece_file.hpp"
#include "tokenizer/sentencepiece_parts.hpp"
#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;

/// The classes that take ids from the model as they are. All others of transformers add, shift or
/// normalize something of their own.
constexpr std::array<std::string_view, 6> kPlainClasses{
    "LlamaTokenizer",         "LlamaTokenizerFast", "CodeLlamaTokenizer",
    "CodeLlamaTokenizerFast", "GemmaTokenizer",     "GemmaTokenizerFast"};

std::vector<std::string> texts_of(const std::vector<SentencePiece>& pieces) {
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (const SentencePiece& piece : pieces) texts.push_back(piece.text);
  return texts;
}

/// libsentencepiece as a model. Its Encode is const and shares nothing between calls; these two
/// calls say what is wrong by their status and print nothing.
class SentencePieceModel : public TokenModel {
 public:
  SentencePieceModel(const SentencePieceFile& file, std::string name)
      : TokenModel(Vocabulary(texts_of(file.pieces))), name_(std::move(name)) {
    expect_ok(processor_.LoadFromSerializedProto(file.serialize()));
  }

 private:
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const override {
    std::vector<int> found;
    expect_ok(processor_.Encode(piece, &found));
    ids.insert(ids.end(), found.begin(), found.end());
  }

  void expect_ok(const sentencepiece::util::Status& status) const {
    if (!status.ok()) {
      throw FormatError(
          fmt::format("{}: libsentencepiece refuses it: {}", name_, status.message()));
    }
  }

  std::string name_;
  sentencepiece::SentencePieceProcessor processor_;
};

json parse_json(std::string_view text, const std::string& name) {
  if (text.empty()) return json::object();
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", name, error.what()));
  }
}

/// "</s>", or {"content": "</s>", ...}.
std::string token_content(const JsonNode& node) {
  return (node.raw().is_object() ? node.at("content") : node).string();
}

/// The list "added_tokens" of a tokenizer.json, from the three places where such a checkpoint has
/// them. The first that names a token counts.
class AddedTokenList {
 public:
  explicit AddedTokenList(const SentencePieceFile& file) : end_id_(file.pieces.size()) {
    for (std::size_t id = 0; id < file.pieces.size(); ++id) {
      ids_of_pieces_.emplace(file.pieces[id].text, id);
    }
  }

  /// {"0": {"content": "<unk>", "lstrip": false, ...}, ...} of tokenizer_config.json.
  void add_decoder(const JsonNode& decoder) {
    for (const auto& [key, value] : decoder.raw().items()) {
      const JsonNode token = decoder.at(key);
      const bool is_number =
          !key.empty() && key.size() < 10 &&
          std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!is_number) token.fail("the key of an added token must be its id");
      json entry = added_token(std::stoi(key), token.at("content").string(),
                               token.boolean_or("special", false));
      for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
        entry[flag] = token.boolean_or(flag, false);
      }
      add(std::move(entry));
    }
  }

  /// {"<pad>": 32000, ...} of added_tokens.json.
  void add_file(const JsonNode& file) {
    for (const auto& [content, id] : file.raw().items()) {
      add(added_token(file.at(content).integer(0, kLargestId), content, false));
    }
  }

  /// A token that is used by name: of the model, or else a new one behind all others.
  void add_special(const std::string& content) {
    if (content.empty()) return;  // old checkpoints say so for "none"
    const auto piece = ids_of_pieces_.find(content);
    const std::size_t id = piece == ids_of_pieces_.end() ? end_id_ : piece->second;
    add(added_token(static_cast<std::int32_t>(id), content, true));
  }

  json take() {
    json list = json::array();
    for (auto& [content, token] : by_content_) list.push_back(std::move(token));
    return list;
  }

 private:
  void add(json token) {
    const auto content = token["content"].get<std::string>();
    const auto id = token["id"].get<std::size_t>();
    if (by_content_.emplace(content, std::move(token)).second) end_id_ = std::max(end_id_, id + 1);
  }

  std::map<std::string, json> by_content_;
  std::map<std::string, std::size_t, std::less<>> ids_of_pieces_;
  std::size_t end_id_;
};

json added_tokens(const SentencePieceFile& file, const JsonNode& config, const JsonNode& added) {
  AddedTokenList list(file);
  if (const auto decoder = config.find("added_tokens_decoder")) {
    list.add_decoder(*decoder);
  } else {
    list.add_file(added);
  }
  for (const SentencePiece& piece : file.pieces) {
    if (piece.type == PieceType::unknown || piece.type == PieceType::control) {
      list.add_special(piece.text);
    }
  }
  for (const char* key : {"bos_token", "eos_token", "unk_token", "pad_token"}) {
    if (const auto token = config.find(key)) list.add_special(token_content(*token));
  }
  if (const auto more = config.find("additional_special_tokens")) {
    for (const JsonNode& token : more->items()) list.add_special(token_content(token));
  }
  return list.take();
}

void expect_plain_class(const JsonNode& config) {
  const auto node = config.find("tokenizer_class");
  if (!node) return;
  const std::string name = node->string();
  if (std::find(kPlainClasses.begin(), kPlainClasses.end(), name) == kPlainClasses.end()) {
    node->fail(fmt::format(
        "'{}' may give other ids than its SentencePiece model (LlamaTokenizer, CodeLlamaTokenizer "
        "and GemmaTokenizer do not): save the tokenizer with transformers, so that there is a "
        "tokenizer.json",
        name));
  }
}

/// Settings of tokenizer_config.json with the defaults of LlamaTokenizer filled in.
json with_defaults(const json& config, const SentencePieceFile& file) {
  json full = config;
  full.emplace("tokenizer_class", "LlamaTokenizer");
  full.emplace("bos_token", file.bos);
  full.emplace("eos_token", file.eos);
  return full;
}

/// Takes away the space that encoding puts before (or behind) a text.
json decoder_of(const SentencePieceFile& file) {
  if (!file.add_dummy_prefix) return sentencepiece_decoder(0, 0);
  return file.whitespace_is_suffix ? sentencepiece_decoder(0, 1) : sentencepiece_decoder(1, 0);
}

}  // namespace

Tokenizer read_sentencepiece_tokenizer(const SentencePieceTexts& texts, const std::string& name) {
  const auto folder = std::filesystem::path(name).parent_path();
  SentencePieceFile file = SentencePieceFile::parse(texts.model, name);
  const json config_json = parse_json(texts.config, (folder / "tokenizer_config.json").string());
  const json added_json = parse_json(texts.added_tokens, (folder / "added_tokens.json").string());
  const JsonNode config(config_json, (folder / "tokenizer_config.json").string());
  const JsonNode added(added_json, (folder / "added_tokens.json").string());
  expect_plain_class(config);
  if (const auto arguments = config.find("sp_model_kwargs");
      arguments && !arguments->raw().empty()) {
    arguments->fail("arguments for sentencepiece are not supported, and may change ids");
  }
  if (!config.boolean_or("add_prefix_space", true)) file.add_dummy_prefix = false;

  json parts = {{"added_tokens", added_tokens(file, config, added)}, {"decoder", decoder_of(file)}};
  // "legacy" puts a space before every stretch of text between special tokens; without it, only the
  // text as a whole gets one (https://github.com/huggingface/transformers/pull/24565).
  if (file.add_dummy_prefix && !config.boolean_or("legacy", true)) {
    file.add_dummy_prefix = false;
    parts["pre_tokenizer"] = {{"type", "Metaspace"},
                              {"replacement", kMetaspace},
                              {"prepend_scheme", "first"},
                              {"split", false}};
  }
  auto model = std::make_unique<SentencePieceModel>(file, name);
  return Tokenizer::assemble(std::move(model), sha256(file.serialize()), parts.dump(),
                             with_defaults(config_json, file).dump(), name);
}

}  // namespace allometer::tokenizer
