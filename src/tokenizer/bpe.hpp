#pragma once
/// Byte-pair encoding (Sennrich, Haddow, Birch 2016): a piece begins as its code points, then the
/// pair of neighbours whose merge was learned first is joined, until no pair is left.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {

/// Two neighbours that may be joined, what they become, and when: the lowest rank goes first, of
/// equal ranks the leftmost.
struct RankedMerge {
  std::int32_t left;
  std::int32_t right;
  std::int32_t joined;
  std::int32_t rank;
};

struct BpeSettings {
  /// Stands for code points that no piece covers, which are left out without it.
  std::optional<std::int32_t> unknown_id;
  bool fuse_unknown = false;   ///< once for a run of them
  bool byte_fallback = false;  ///< their bytes <0x00> ... <0xFF> instead, where those are pieces
  bool ignore_merges = false;  ///< a text that is a piece is that piece
};

/// Time is O(n log n) in the length of a piece.
class Bpe : public TokenModel {
 public:
  /// Of merges that are not in a tokenizer.json. Ids are those of `vocabulary`; no merge may have
  /// an empty piece.
  Bpe(Vocabulary vocabulary, std::span<const RankedMerge> merges, const BpeSettings& settings);
  /// From "model" of a tokenizer.json. Throws FormatError for what is malformed or not supported.
  explicit Bpe(const JsonNode& node);

 private:
  struct Merge {
    std::int32_t rank;
    std::int32_t id;
  };

  /// (left id, right id) -> merge: open addressing, at most half full.
  class MergeTable {
   public:
    explicit MergeTable(std::size_t num_merges);
    void insert(std::int32_t left, std::int32_t right, Merge merge);
    /// Nothing where the pair does not merge.
    const Merge* find(std::int32_t left, std::int32_t right) const;

   private:
    struct Slot {
      std::uint64_t key;
      Merge merge;
    };
    std::size_t slot_of(std::uint64_t key) const;
    std::vector<Slot> slots_;
    std::size_t mask_;
  };

  void index_characters();
  void read_merges(const JsonNode& node);
  void read_merge(const JsonNode& node, std::string_view left, std::string_view right,
                  std::int32_t rank);
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const override;
  std::vector<std::int32_t> initial_symbols(std::string_view piece) const;
  std::optional<std::int32_t> id_of_character(std::string_view character) const;
  void merge_short(std::vector<std::int32_t>& symbols) const;
  void merge_long(std::vector<std::int32_t>& symbols) const;

  MergeTable merges_;
  std::array<std::optional<std::int32_t>, 128> ascii_ids_;
  /// Of <0x00> ... <0xFF>, with byte_fallback.
  std::array<std::optional<std::int32_t>, 256> byte_ids_;
  BpeSettings settings_;
  std::string prefix_;  // of every code point of a piece but the first
  std::string suffix_;  // of the last one
};

}  // namespace allometer::tokenizer
