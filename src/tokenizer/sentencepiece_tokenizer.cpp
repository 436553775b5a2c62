#include "tokenizer/sentencepiece_tokenizer.hpp"

#include <filesystem>
#include <memory>
#include <sentencepiece_processor.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/added_token_list.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/sentencepiece_file.hpp"
#include "tokenizer/sentencepiece_parts.hpp"
#include "tokenizer/special_tokens.hpp"
#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;

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

json parse_or_empty(std::string_view text, const std::string& name) {
  return text.empty() ? json::object() : parse_json(text, name);
}

json added_tokens(const SentencePieceFile& file, const JsonNode& config, const JsonNode& added) {
  AddedTokenList::IdsOfPieces ids;
  for (std::size_t id = 0; id < file.pieces.size(); ++id) ids.emplace(file.pieces[id].text, id);
  AddedTokenList list(std::move(ids));
  list.add_files(config, added);
  for (const SentencePiece& piece : file.pieces) {
    if (piece.type == PieceType::unknown || piece.type == PieceType::control) {
      list.add_special(piece.text);
    }
  }
  return list.take();
}

void expect_plain_class(const JsonNode& config) {
  const auto node = config.find("tokenizer_class");
  if (!node) return;
  const std::string name = node->string();
  if (!is_llama_class(name)) {
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
  const json config_json =
      parse_or_empty(texts.config, (folder / "tokenizer_config.json").string());
  const json added_json =
      parse_or_empty(texts.added_tokens, (folder / "added_tokens.json").string());
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
