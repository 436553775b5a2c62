#include "tokenizer/word_piece.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {

WordPiece::WordPiece(const JsonNode& node)
    : TokenModel(Vocabulary(node.at("vocab"))), where_(node.where()) {
  node.allow_only(
      {"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
  const auto unknown = node.find("unk_token");
  unknown_ = unknown ? unknown->string() : "[UNK]";
  unknown_id_ = vocabulary().id_of(unknown_);
  const auto longest = node.find("max_input_chars_per_word");
  longest_word_ = longest ? static_cast<std::size_t>(longest->integer(0, kLargestId)) : 100;
  const auto given_prefix = node.find("continuing_subword_prefix");
  const std::string prefix = given_prefix ? given_prefix->string() : "##";
  std::vector<PrefixTrie::Entry> first;
  std::vector<PrefixTrie::Entry> further;
  vocabulary().for_each([&](std::string_view piece, std::int32_t id) {
    expect_reasonable_length(piece, fmt::format("{}: piece {}", where_, id));
    first.push_back({piece, id});
    if (piece.starts_with(prefix)) further.push_back({piece.substr(prefix.size()), id});
  });
  first_ = PrefixTrie(std::move(first));
  further_ = PrefixTrie(std::move(further));
}

void WordPiece::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  const std::size_t num_before = ids.size();
  bool known = num_code_points(piece) <= longest_word_;
  for (std::size_t begin = 0; known && begin < piece.size();) {
    std::size_t longest = 0;
    (begin == 0 ? first_ : further_)
        .for_each_prefix(piece.substr(begin), [&](std::size_t length, std::int32_t id) {
          if (longest == 0) {
            ids.push_back(id);
          } else {
            ids.back() = id;
          }
          longest = length;
        });
    known = longest > 0;
    begin += longest;
  }
  if (known) return;
  ids.resize(num_before);
  if (!unknown_id_) {
    throw FormatError(fmt::format(
        "{}: '{}' cannot be cut into pieces of the vocabulary, and the vocabulary lacks "
        "'{}' (unk_token) for what is unknown: name a piece of the vocabulary as unk_token",
        where_, piece, unknown_));
  }
  ids.push_back(*unknown_id_);
}

}  // namespace allometer::tokenizer
