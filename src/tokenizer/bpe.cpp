#include "tokenizer/bpe.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <queue>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tokenizer/json_node.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kShort = 24;  // symbols; below, a scan beats a queue

std::uint64_t key_of(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

Bpe::MergeTable::MergeTable(std::size_t num_merges)
    : slots_(std::bit_ceil(2 * num_merges + 2), Slot{kEmpty, {0, 0}}), mask_(slots_.size() - 1) {}

std::size_t Bpe::MergeTable::slot_of(std::uint64_t key) const {
  // Fibonacci hashing; the high bits are the mixed ones.
  std::size_t at = (key * 0x9E3779B97F4A7C15ULL) >> 32 & mask_;
  while (slots_[at].key != kEmpty && slots_[at].key != key) at = (at + 1) & mask_;
  return at;
}

void Bpe::MergeTable::insert(std::int32_t left, std::int32_t right, Merge merge) {
  const std::uint64_t key = key_of(left, right);
  slots_[slot_of(key)] = {key, merge};
}

const Bpe::Merge* Bpe::MergeTable::find(std::int32_t left, std::int32_t right) const {
  const Slot& slot = slots_[slot_of(key_of(left, right))];
  return slot.key == kEmpty ? nullptr : &slot.merge;
}

Bpe::Bpe(const JsonNode& node)
    : TokenModel(Vocabulary(node.at("vocab"))), merges_(node.at("merges").raw().size()) {
  node.allow_only({"type", "dropout", "unk_token", "continuing_subword_prefix",
                   "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab",
                   "merges"});
  if (const auto dropout = node.find("dropout"); dropout && dropout->raw() != 0) {
    dropout->fail("dropout makes token ids random; set it to null");
  }
  if (const auto prefix = node.find("continuing_subword_prefix")) prefix_ = prefix->string();
  if (const auto suffix = node.find("end_of_word_suffix")) suffix_ = suffix->string();
  if (const auto unknown = node.find("unk_token")) {
    settings_.unknown_id = vocabulary().id_of(unknown->string());
    if (!settings_.unknown_id) unknown->fail("not in the vocabulary");
  }
  settings_.fuse_unknown = node.boolean_or("fuse_unk", false);
  settings_.byte_fallback = node.boolean_or("byte_fallback", false);
  settings_.ignore_merges = node.boolean_or("ignore_merges", false);
  index_characters();
  read_merges(node.at("merges"));
}

Bpe::Bpe(Vocabulary vocabulary, std::span<const RankedMerge> merges, const BpeSettings& settings)
    : TokenModel(std::move(vocabulary)), merges_(merges.size()), settings_(settings) {
  index_characters();
  for (const RankedMerge& merge : merges) {
    merges_.insert(merge.left, merge.right, {merge.rank, merge.joined});
  }
}

void Bpe::index_characters() {
  for (std::size_t c = 0; c < ascii_ids_.size(); ++c) {
    ascii_ids_[c] = vocabulary().id_of(std::string(1, static_cast<char>(c)));
  }
  if (!settings_.byte_fallback) return;
  for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    byte_ids_[byte] = vocabulary().id_of(fmt::format("<0x{:02X}>", byte));
  }
}

void Bpe::read_merges(const JsonNode& node) {
  const auto& list = node.raw();
  if (!list.is_array()) node.fail("expected a list of merges");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& merge = list[i];
    const auto rank = static_cast<std::int32_t>(i);
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      const std::size_t space = text.find(' ');
      if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
        node.fail(fmt::format("[{}]: expected two pieces and a space, found '{}'", i, text));
      }
      const std::string_view view = text;
      read_merge(node, view.substr(0, space), view.substr(space + 1), rank);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      read_merge(node, merge[0].get_ref<const std::string&>(),
                 merge[1].get_ref<const std::string&>(), rank);
    } else {
      node.fail(fmt::format("[{}]: expected \"a b\" or [\"a\", \"b\"]", i));
    }
  }
}

void Bpe::read_merge(const JsonNode& node, std::string_view left, std::string_view right,
                     std::int32_t rank) {
  // The reference takes the prefix's length off the right piece without a look at it.
  if (right.size() < prefix_.size() || begins_inside_code_point(right.substr(prefix_.size()))) {
    node.fail(fmt::format("[{}]: '{}' does not begin with continuing_subword_prefix '{}'", rank,
                          right, prefix_));
  }
  const std::string both = std::string(left) + std::string(right.substr(prefix_.size()));
  const auto left_id = vocabulary().id_of(left);
  const auto right_id = vocabulary().id_of(right);
  const auto id = vocabulary().id_of(both);
  if (!left_id || !right_id || !id) {
    const std::string_view missing = !left_id ? left : !right_id ? right : both;
    node.fail(fmt::format("[{}]: '{}' + '{}' needs '{}', which is not in the vocabulary", rank,
                          left, right, missing));
  }
  // Otherwise a merge could give one of its own parts, and merging would not end.
  if (left.empty() || right.empty()) {
    node.fail(fmt::format("[{}]: a merge with an empty piece", rank));
  }
  merges_.insert(*left_id, *right_id, {rank, *id});
}

void Bpe::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (const auto whole = settings_.ignore_merges ? vocabulary().id_of(piece) : std::nullopt) {
    ids.push_back(*whole);
    return;
  }
  std::vector<std::int32_t> symbols = initial_symbols(piece);
  if (symbols.size() <= kShort) {
    merge_short(symbols);
  } else {
    merge_long(symbols);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::optional<std::int32_t> Bpe::id_of_character(std::string_view character) const {
  if (character.size() == 1) return ascii_ids_[static_cast<unsigned char>(character[0])];
  return vocabulary().id_of(character);
}

/// One symbol per code point; one per byte where the code point is unknown and its bytes are not;
/// else the unknown token (once for a run of them with fuse_unk), or nothing.
std::vector<std::int32_t> Bpe::initial_symbols(std::string_view piece) const {
  std::vector<std::int32_t> symbols;
  symbols.reserve(piece.size());
  bool unknown_pending = false;
  std::string affixed;
  for (std::size_t i = 0; i < piece.size();) {
    const std::size_t length = code_point_length(piece, i);
    std::string_view character = piece.substr(i, length);
    const bool prefixed = i > 0 && !prefix_.empty();
    i += length;
    const bool suffixed = i == piece.size() && !suffix_.empty();
    if (prefixed || suffixed) {
      affixed = prefixed ? prefix_ : "";
      affixed += character;
      if (suffixed) affixed += suffix_;
      character = affixed;
    }
    if (const auto id = id_of_character(character)) {
      if (unknown_pending) symbols.push_back(*settings_.unknown_id);
      unknown_pending = false;
      symbols.push_back(*id);
      continue;
    }
    const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
    if (std::all_of(character.begin(), character.end(),
                    [&](char c) { return byte_id(c).has_value(); })) {
      // The reference leaves an unknown token that is pending behind the bytes; so do we.
      for (const char c : character) symbols.push_back(*byte_id(c));
    } else if (settings_.unknown_id) {
      if (unknown_pending && !settings_.fuse_unknown) symbols.push_back(*settings_.unknown_id);
      unknown_pending = true;
    }
  }
  if (unknown_pending) symbols.push_back(*settings_.unknown_id);
  return symbols;
}

/// Joins the leftmost pair of lowest rank by looking at all of them: O(n^2), for few symbols.
void Bpe::merge_short(std::vector<std::int32_t>& symbols) const {
  constexpr Merge kNone{std::numeric_limits<std::int32_t>::max(), -1};
  std::array<Merge, kShort> merges{};  // of each symbol with the next
  const auto look_up = [&](std::size_t i) {
    const Merge* merge =
        i + 1 < symbols.size() ? merges_.find(symbols[i], symbols[i + 1]) : nullptr;
    merges[i] = merge ? *merge : kNone;
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) look_up(i);
  while (symbols.size() > 1) {
    const auto end = merges.begin() + static_cast<std::ptrdiff_t>(symbols.size()) - 1;
    const auto best = std::min_element(
        merges.begin(), end, [](const Merge& a, const Merge& b) { return a.rank < b.rank; });
    if (best->id < 0) return;
    const auto at = static_cast<std::size_t>(best - merges.begin());
    symbols[at] = best->id;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    std::copy(best + 2, end + 1, best + 1);
    look_up(at);
    if (at > 0) look_up(at - 1);
  }
}

/// The same with a priority queue over a linked list: O(n log n).
void Bpe::merge_long(std::vector<std::int32_t>& symbols) const {
  struct Candidate {
    std::int32_t rank;
    std::uint32_t position;
    std::int32_t id;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  constexpr std::int32_t kGone = -1;
  const std::size_t size = symbols.size();
  std::vector<std::size_t> previous(size);
  std::vector<std::size_t> next(size);
  for (std::size_t i = 0; i < size; ++i) {
    previous[i] = i - 1;  // of the first: never read
    next[i] = i + 1;
  }
  std::vector<Candidate> storage;
  storage.reserve(size);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue({},
                                                                               std::move(storage));
  const auto consider = [&](std::size_t left) {
    const std::size_t right = next[left];
    if (right >= size) return;
    if (const Merge* merge = merges_.find(symbols[left], symbols[right])) {
      queue.push({merge->rank, static_cast<std::uint32_t>(left), merge->id});
    }
  };
  for (std::size_t i = 0; i < size; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    const std::size_t left = top.position;
    const std::size_t right = next[left];
    if (symbols[left] == kGone || right >= size) continue;
    // A candidate is stale once one of its two symbols has changed.
    const Merge* merge = merges_.find(symbols[left], symbols[right]);
    if (merge == nullptr || merge->id != top.id) continue;
    symbols[left] = top.id;
    symbols[right] = kGone;
    next[left] = next[right];
    if (next[left] < size) previous[next[left]] = left;
    if (left > 0) consider(previous[left]);
    consider(left);
  }
  symbols.erase(std::remove(symbols.begin(), symbols.end(), kGone), symbols.end());
}

}  // namespace allometer::tokenizer
