#pragma once
/// The pieces of a model and their ids.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace allometer::tokenizer {

class JsonNode;

/// Lets a map of strings be searched with a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// The largest id: one below 2^31 - 1, so that their number is an int32 as well.
constexpr std::int32_t kLargestId = 0x7FFFFFFE;

/// What SentencePiece allows in bytes: matching takes time in proportion to the longest piece.
constexpr std::size_t kLongestPiece = 8000;
/// Throws FormatError for a longer one; `where` is its file and place.
void expect_reasonable_length(std::string_view piece, const std::string& where);

/// Its own spellings are what piece_of() points to: it can be moved, not copied.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) noexcept = default;
  Vocabulary& operator=(Vocabulary&&) noexcept = default;
  /// From an object {piece: id}. Ids need not be dense, but two pieces with one id are a
  /// FormatError.
  explicit Vocabulary(const JsonNode& node);
  /// Ids are positions. Of equal pieces the last one's id is found; all of them can be spelled.
  explicit Vocabulary(const std::vector<std::string>& pieces);

  std::optional<std::int32_t> id_of(std::string_view piece) const;
  /// Nothing where no piece has the id. Valid as long as the vocabulary.
  const std::string* piece_of(std::int32_t id) const;
  std::size_t size() const { return pieces_.size(); }
  /// One more than the largest id.
  std::int32_t end_id() const { return end_id_; }

  /// visit(piece, id) for every piece, in no particular order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [piece, id] : ids_) visit(std::string_view(piece), id);
  }

 private:
  TextMap<std::int32_t> ids_;
  std::unordered_map<std::int32_t, const std::string*> pieces_;
  std::int32_t end_id_ = 0;
};

}  // namespace allometer::tokenizer
