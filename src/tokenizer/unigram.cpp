#include "tokenizer/unigram.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

/// How much less likely than the least likely piece an unknown code point is (as in SentencePiece).
constexpr double kUnknownPenalty = 10;

std::vector<ScoredPiece> read_pieces(const JsonNode& node) {
  const auto& list = node.raw();
  if (!list.is_array()) node.fail("expected a list of [piece, score]");
  std::vector<ScoredPiece> pieces;
  pieces.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& entry = list[i];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number()) {
      node.fail(fmt::format("[{}]: expected [piece, score]", i));
    }
    pieces.push_back({entry[0].get<std::string>(), entry[1].get<double>()});
  }
  return pieces;
}

std::optional<std::int32_t> read_unknown_id(const JsonNode& node) {
  const auto unknown = node.find("unk_id");
  if (!unknown) return std::nullopt;
  const auto size = static_cast<std::int32_t>(node.at("vocab").raw().size());
  if (size == 0) unknown->fail("the vocabulary is empty");
  return unknown->integer(0, size - 1);
}

std::vector<std::string> texts_of(const std::vector<ScoredPiece>& pieces) {
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (const ScoredPiece& piece : pieces) texts.push_back(piece.text);
  return texts;
}

}  // namespace

/// The best way to cut what lies before a place: the last piece of it.
struct Unigram::Node {
  double score = 0;
  std::int64_t begin = -1;  // of the last piece; -1: no way leads here
  std::int32_t id = -1;     // -1: an unknown code point of a model without unk_id
};

Unigram::Unigram(const JsonNode& node)
    : Unigram(read_pieces(node.at("vocab")), read_unknown_id(node),
              node.boolean_or("byte_fallback", false), node.where()) {
  node.allow_only({"type", "unk_id", "vocab", "byte_fallback"});
}

Unigram::Unigram(const std::vector<ScoredPiece>& pieces, std::optional<std::int32_t> unknown_id,
                 bool byte_fallback, const std::string& where)
    : TokenModel(Vocabulary(texts_of(pieces))), unknown_id_(unknown_id), where_(where) {
  double lowest = std::numeric_limits<double>::infinity();
  std::vector<PrefixTrie::Entry> entries;
  for (std::size_t i = pieces.size(); i-- > 0;) {
    expect_reasonable_length(pieces[i].text, fmt::format("{}: piece {}", where, i));
    scores_.push_back(pieces[i].score);
    lowest = std::min(lowest, pieces[i].score);
    entries.push_back({pieces[i].text, static_cast<std::int32_t>(i)});
  }
  std::reverse(scores_.begin(), scores_.end());
  unknown_score_ = lowest - kUnknownPenalty;
  trie_ = PrefixTrie(std::move(entries));
  for (int byte = 0; byte_fallback && byte < 256; ++byte) {
    byte_ids_.push_back(vocabulary().id_of(fmt::format("<0x{:02X}>", byte)));
  }
}

/// One node per byte and the end; those inside of a code point stay unreached.
std::vector<Unigram::Node> Unigram::best_path(std::string_view piece) const {
  std::vector<Node> nodes(piece.size() + 1);
  for (std::size_t begin = 0; begin < piece.size();) {
    const double so_far = nodes[begin].score;
    const std::size_t code_point = code_point_length(piece, begin);
    bool covered = false;
    const auto offer = [&](std::size_t length, double score, std::int32_t id) {
      Node& target = nodes[begin + length];
      if (target.begin >= 0 && so_far + score <= target.score) return;
      target = {so_far + score, static_cast<std::int64_t>(begin), id};
    };
    trie_.for_each_prefix(piece.substr(begin), [&](std::size_t length, std::int32_t id) {
      offer(length, scores_[static_cast<std::size_t>(id)], id);
      covered = covered || length == code_point;
    });
    if (!covered) offer(code_point, unknown_score_, unknown_id_.value_or(-1));
    begin += code_point;
  }
  return nodes;
}

void Unigram::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  const std::vector<Node> nodes = best_path(piece);
  struct Cut {
    std::size_t begin;
    std::size_t end;
    std::int32_t id;
  };
  std::vector<Cut> cuts;  // last first
  for (std::size_t end = piece.size(); end > 0;) {
    const Node& node = nodes[end];
    const auto begin = static_cast<std::size_t>(node.begin);
    const bool unknown = node.id < 0 || node.id == unknown_id_;
    if (unknown && !cuts.empty() && cuts.back().id == node.id) {
      cuts.back().begin = begin;
    } else {
      cuts.push_back({begin, end, node.id});
    }
    end = begin;
  }
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    if (cut->id < 0 || cut->id == unknown_id_) {
      append_unknown(piece.substr(cut->begin, cut->end - cut->begin), ids);
    } else {
      ids.push_back(cut->id);
    }
  }
}

void Unigram::append_unknown(std::string_view text, std::vector<std::int32_t>& ids) const {
  // The unknown token's own spelling, or a piece so unlikely that two unknown ones beat it.
  if (const auto id = vocabulary().id_of(text)) {
    ids.push_back(*id);
    return;
  }
  const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  if (!byte_ids_.empty() &&
      std::all_of(text.begin(), text.end(), [&](char c) { return byte_id(c).has_value(); })) {
    for (const char c : text) ids.push_back(*byte_id(c));
    return;
  }
  if (!unknown_id_) {
    throw FormatError(fmt::format(
        "{}: no piece covers '{}', and there is no unk_id for what is unknown: set it to the id "
        "of the piece that stands for unknown text",
        where_, text));
  }
  ids.push_back(*unknown_id_);
}

}  // namespace allometer::tokenizer
