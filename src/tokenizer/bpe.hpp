#pragma once
/// Byte-pair encoding (Sennrich, Haddow, Birch 2016): a piece begins as its code points, then the
/// pair of neighbours whose merge was learned first is joined, until no pair is left.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {

/// Time is O(n log n) in the length of a piece.
class Bpe : public TokenModel {
 public:
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
  std::optional<std::int32_t> unknown_id_;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
  std::string prefix_;  // of every code point of a piece but the first
  std::string suffix_;  // of the last one
};

}  // namespace allometer::tokenizer
