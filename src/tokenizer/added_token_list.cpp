#include "tokenizer/added_token_list.hpp"

#include <algorithm>
#include <utility>

#include "tokenizer/json_node.hpp"
#include "tokenizer/sentencepiece_parts.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {

using nlohmann::json;

namespace {

void set_flags(json& token, const JsonNode& from) {
  for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
    token[flag] = from.boolean_or(flag, false);
  }
}

}  // namespace

std::string token_content(const JsonNode& node) {
  return (node.raw().is_object() ? node.at("content") : node).string();
}

AddedTokenList::AddedTokenList(IdsOfPieces ids_of_pieces)
    : ids_of_pieces_(std::move(ids_of_pieces)) {
  for (const auto& [piece, id] : ids_of_pieces_) end_id_ = std::max(end_id_, id + 1);
}

void AddedTokenList::add_files(const JsonNode& config, const JsonNode& added_tokens) {
  if (const auto decoder = config.find("added_tokens_decoder")) {
    add_decoder(*decoder);
  } else {
    // {"<pad>": 32000, ...}
    for (const auto& [content, id] : added_tokens.raw().items()) {
      add(added_token(added_tokens.at(content).integer(0, kLargestId), content, false));
    }
  }
  for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                          "cls_token", "mask_token"}) {
    if (const auto token = config.find(key)) add_named(*token);
  }
  if (const auto more = config.find("additional_special_tokens")) {
    for (const JsonNode& token : more->items()) add_named(token);
  }
}

/// {"0": {"content": "<unk>", "lstrip": false, ...}, ...}
void AddedTokenList::add_decoder(const JsonNode& decoder) {
  for (const auto& [key, value] : decoder.raw().items()) {
    const JsonNode token = decoder.at(key);
    const bool is_number =
        !key.empty() && key.size() < 10 &&
        std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number) token.fail("the key of an added token must be its id");
    json entry = added_token(std::stoi(key), token.at("content").string(),
                             token.boolean_or("special", false));
    set_flags(entry, token);
    add(std::move(entry));
  }
}

void AddedTokenList::add_named(const JsonNode& token) {
  const std::string content = token_content(token);
  const bool is_new = !by_content_.contains(content);
  add_special(content);
  if (is_new && !content.empty() && token.raw().is_object()) {
    set_flags(by_content_[content], token);
  }
}

void AddedTokenList::add_special(const std::string& content) {
  if (content.empty()) return;  // old checkpoints say so for "none"
  const auto piece = ids_of_pieces_.find(content);
  const std::size_t id = piece == ids_of_pieces_.end() ? end_id_ : piece->second;
  add(added_token(static_cast<std::int32_t>(id), content, true));
  by_content_[content]["special"] = true;
}

json AddedTokenList::take() {
  json list = json::array();
  for (auto& [content, token] : by_content_) list.push_back(std::move(token));
  std::sort(list.begin(), list.end(), [](const json& a, const json& b) {
    return a["id"].get<std::int32_t>() < b["id"].get<std::int32_t>();
  });
  return list;
}

void AddedTokenList::add(json token) {
  const auto content = token["content"].get<std::string>();
  const auto id = token["id"].get<std::size_t>();
  if (by_content_.emplace(content, std::move(token)).second) end_id_ = std::max(end_id_, id + 1);
}

}  // namespace allometer::tokenizer
