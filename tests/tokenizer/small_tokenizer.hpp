#pragma once
/// Small tokenizers for tests of single parts.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tokenizer/tokenizer.hpp"

namespace allometer::tokenizer {

/// A tokenizer.json whose vocabulary holds `pieces` with ids 0, 1, ...; the parts are null until a
/// test sets them.
inline nlohmann::json small_json(const std::vector<std::string>& pieces,
                                 const nlohmann::json& merges = nlohmann::json::array()) {
  nlohmann::json json;
  json["version"] = "1.0";
  json["added_tokens"] = nlohmann::json::array();
  json["model"] = {{"type", "BPE"}, {"vocab", nlohmann::json::object()}, {"merges", merges}};
  for (std::size_t i = 0; i < pieces.size(); ++i) json["model"]["vocab"][pieces[i]] = i;
  return json;
}

inline Tokenizer from_json(const nlohmann::json& json, const std::string& config = "") {
  return Tokenizer::parse(json.dump(), config, "model/tokenizer.json");
}

/// What `text` is cut into, pieces spelled as in the vocabulary.
inline std::vector<std::string> pieces_of(const Tokenizer& tokenizer, const std::string& text,
                                          AddSpecial add_special = AddSpecial::no) {
  std::vector<std::string> pieces;
  for (const std::int32_t id : tokenizer.encode(text, add_special)) {
    pieces.push_back(tokenizer.piece(id));
  }
  return pieces;
}

}  // namespace allometer::tokenizer
