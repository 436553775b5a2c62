#include "tokenizer/word_level.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"

namespace allometer::tokenizer {

WordLevel::WordLevel(const JsonNode& node)
    : TokenModel(Vocabulary(node.at("vocab"))), where_(node.where()) {
  node.allow_only({"type", "unk_token", "vocab"});
  const auto unknown = node.find("unk_token");
  unknown_ = unknown ? unknown->string() : "<unk>";
  unknown_id_ = vocabulary().id_of(unknown_);
}

void WordLevel::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  const auto id = vocabulary().id_of(piece);
  if (!id && !unknown_id_) {
    throw FormatError(
        fmt::format("{}: '{}' is not in the vocabulary, nor is '{}' (unk_token), which stands for "
                    "what is unknown: name a piece of the vocabulary as unk_token",
                    where_, piece, unknown_));
  }
  ids.push_back(id ? *id : *unknown_id_);
}

}  // namespace allometer::tokenizer
