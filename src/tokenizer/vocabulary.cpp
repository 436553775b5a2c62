#include "tokenizer/vocabulary.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"

namespace allometer::tokenizer {

void expect_reasonable_length(std::string_view piece, const std::string& where) {
  if (piece.size() < kLongestPiece) return;
  throw FormatError(fmt::format(
      "{}: a piece of {} bytes, where fewer than {} are supported: take it out, no text "
      "of use holds it",
      where, piece.size(), kLongestPiece));
}

Vocabulary::Vocabulary(const JsonNode& node) {
  const auto& object = node.raw();
  if (!object.is_object()) node.fail("expected an object {piece: id}");
  ids_.reserve(object.size());
  pieces_.reserve(object.size());
  for (const auto& [piece, value] : object.items()) {
    // Paths are made for the entries that are wrong alone: there may be a quarter of a million.
    const bool small = value.is_number_unsigned() &&
                       value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kLargestId);
    const std::int32_t id =
        small ? value.get<std::int32_t>() : node.at(piece).integer(0, kLargestId);
    const auto entry = ids_.emplace(piece, id).first;
    const auto [other, is_new] = pieces_.emplace(id, &entry->first);
    if (!is_new) {
      node.fail(fmt::format("'{}' and '{}' have the same id {}", *other->second, piece, id));
    }
    end_id_ = std::max(end_id_, id + 1);
  }
}

Vocabulary::Vocabulary(const std::vector<std::string>& pieces) {
  ids_.reserve(pieces.size());
  pieces_.reserve(pieces.size());
  for (const std::string& piece : pieces) {
    const auto entry = ids_.insert_or_assign(piece, end_id_).first;
    pieces_.emplace(end_id_++, &entry->first);
  }
}

std::optional<std::int32_t> Vocabulary::id_of(std::string_view piece) const {
  const auto found = ids_.find(piece);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const std::string* Vocabulary::piece_of(std::int32_t id) const {
  const auto found = pieces_.find(id);
  return found == pieces_.end() ? nullptr : found->second;
}

}  // namespace allometer::tokenizer
