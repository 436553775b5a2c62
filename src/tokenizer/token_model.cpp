#include "tokenizer/token_model.hpp"

#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tokenizer/bpe.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/unigram.hpp"
#include "tokenizer/word_level.hpp"
#include "tokenizer/word_piece.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::size_t kLongestCached = 255;    // bytes of a piece
constexpr std::size_t kMostCached = 1U << 17;  // pieces
constexpr std::size_t kMostCachedIdsOfPiece = 0xFFFF;
constexpr std::size_t kMostCachedIds = 2'000'000;   // of all pieces together
constexpr std::size_t kMostCachedKeys = 8'000'000;  // bytes of all pieces together

/// Multiplies and folds eight bytes at a time; the keys are few and the comparison below decides.
std::uint64_t hash_of(std::string_view text) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = text.size() * kFactor;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data() + i, text.size() - i);
  mix(rest);
  return hash;
}

}  // namespace

/// Ids of the pieces met so far: open addressing, at most half full. One thread uses it at a time.
class TokenModel::Cache {
 public:
  /// No data where the piece is not known; valid until the next add().
  std::span<const std::int32_t> find(std::string_view piece, std::uint64_t hash) const {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.key_size == 0) return {};
      if (slot.hash == hash && slot.key_size == piece.size() &&
          std::memcmp(keys_.data() + slot.key_begin, piece.data(), piece.size()) == 0) {
        return {ids_.data() + slot.ids_begin, slot.num_ids};
      }
    }
  }

  void add(std::string_view piece, std::uint64_t hash, std::span<const std::int32_t> ids) {
    if (num_pieces_ >= kMostCached || ids_.size() >= kMostCachedIds ||
        keys_.size() >= kMostCachedKeys) {
      *this = Cache();
    }
    if (2 * (num_pieces_ + 1) > slots_.size()) grow();
    Slot slot;
    slot.hash = hash;
    slot.key_begin = static_cast<std::uint32_t>(keys_.size());
    slot.key_size = static_cast<std::uint16_t>(piece.size());
    slot.ids_begin = static_cast<std::uint32_t>(ids_.size());
    slot.num_ids = static_cast<std::uint16_t>(ids.size());
    keys_ += piece;
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    place(slot);
    ++num_pieces_;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t key_begin = 0;
    std::uint32_t ids_begin = 0;
    std::uint16_t key_size = 0;  // 0: free
    std::uint16_t num_ids = 0;
  };

  void place(const Slot& slot) {
    std::size_t at = slot.hash & mask_;
    while (slots_[at].key_size != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }

  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.key_size != 0) place(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  std::size_t mask_ = slots_.size() - 1;
  std::string keys_;
  std::vector<std::int32_t> ids_;
  std::size_t num_pieces_ = 0;
};

/// Caches that no call holds at the moment: as many as there were threads at once.
struct TokenModel::CachePool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Cache>> idle;

  std::unique_ptr<Cache> take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Cache>();
    auto cache = std::move(idle.back());
    idle.pop_back();
    return cache;
  }

  void give_back(std::unique_ptr<Cache> cache) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(cache));
  }
};

TokenModel::TokenModel(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), pool_(std::make_unique<CachePool>()) {}

TokenModel::~TokenModel() = default;

void TokenModel::encode(const Pieces& pieces, std::vector<std::int32_t>& ids) const {
  std::unique_ptr<Cache> cache = pool_->take();
  for (const Range& range : pieces.ranges) {
    const std::string_view piece = pieces.piece(range);
    if (piece.size() > kLongestCached) {
      encode_piece(piece, ids);
      continue;
    }
    const std::uint64_t hash = hash_of(piece);
    const auto known = cache->find(piece, hash);
    if (known.data() != nullptr) {
      ids.insert(ids.end(), known.begin(), known.end());
      continue;
    }
    const std::size_t begin = ids.size();
    encode_piece(piece, ids);
    if (ids.size() - begin <= kMostCachedIdsOfPiece) {
      cache->add(piece, hash, std::span<const std::int32_t>(ids).subspan(begin));
    }
  }
  pool_->give_back(std::move(cache));
}

namespace {

/// Files from before "type" was written are told apart by what they hold.
std::string type_of(const JsonNode& node) {
  if (const auto type = node.find("type")) return type->string();
  if (node.find("merges")) return "BPE";
  const auto vocabulary = node.find("vocab");
  if (vocabulary && vocabulary->raw().is_array()) return "Unigram";
  return node.find("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
}

}  // namespace

std::unique_ptr<const TokenModel> read_token_model(const JsonNode& node) {
  const std::string type = type_of(node);
  if (type == "BPE") return std::make_unique<Bpe>(node);
  if (type == "Unigram") return std::make_unique<Unigram>(node);
  if (type == "WordPiece") return std::make_unique<WordPiece>(node);
  if (type == "WordLevel") return std::make_unique<WordLevel>(node);
  node.fail(fmt::format("a model '{}' is not supported (BPE, Unigram, WordPiece and WordLevel are)",
                        type));
}

}  // namespace allometer::tokenizer
