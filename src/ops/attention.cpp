#include "ops/attention.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <omp.h>

#include "core/contract.hpp"
#include "ops/detail/kernels.hpp"

namespace allometer::ops {
namespace {

using detail::kLanes;
using detail::kMaxQueries;

std::size_t round_up(int n) {
  return static_cast<std::size_t>((n + kLanes - 1) / kLanes * kLanes);
}

std::atomic<bool>& reordering() {
  static std::atomic<bool> on = [] {
    const char* value = std::getenv("ALLOMETER_TEST_REORDER");
    return value != nullptr && std::string_view(value) == "1";
  }();
  return on;
}

/// Grows as needed, 64-byte aligned, one per thread.
class Scratch {
 public:
  float* at_least(std::size_t floats) {
    if (floats > size_) {
      memory_.reset(
          static_cast<float*>(std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64)));
      if (!memory_) throw std::bad_alloc();
      size_ = floats;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> memory_;
  std::size_t size_ = 0;
};

/// One call of attention().
struct Call {
  const AttentionShape& shape;
  const float* qkv;
  const RotaryTable& rotary;
  const ScoreRule& rule;
  bool out_is_bf16;
  void* out;
  const detail::Kernels& kernels;

  int group() const { return shape.num_heads / shape.num_kv_heads; }
  std::size_t width() const {
    return static_cast<std::size_t>(shape.num_heads + 2 * shape.num_kv_heads) *
           static_cast<std::size_t>(shape.head_dim);
  }
  /// Rows of one attention block.
  int block_rows() const { return std::max(1, kMaxQueries / group()); }

  CacheLayout layout(const AttentionSegment& s) const {
    return {shape.num_kv_heads, shape.head_dim, s.max_positions};
  }
  float* keys(const AttentionSegment& s, int kv_head) const {
    const CacheLayout l = layout(s);
    return reinterpret_cast<float*>(s.cache) +
           static_cast<std::size_t>(kv_head) * (l.key_floats() + l.value_floats());
  }

  void store(const AttentionSegment& s, int kv_head) const;
  void attend(const AttentionSegment& s, int kv_head, int first, int rows) const;
};

void Call::store(const AttentionSegment& s, int kv_head) const {
  const auto dim = static_cast<std::size_t>(shape.head_dim);
  float* keys_begin = keys(s, kv_head);
  for (int r = 0; r < s.num_rows; ++r) {
    const float* row = qkv + static_cast<std::size_t>(s.first_row + r) * width();
    const float* key = row + static_cast<std::size_t>(shape.num_heads + kv_head) * dim;
    kernels.store_row({key, key + static_cast<std::size_t>(shape.num_kv_heads) * dim,
                       rotary.row(s.position + r), rotary.rotary_dim(), shape.head_dim,
                       s.position + r, keys_begin, keys_begin + layout(s).key_floats(),
                       round_up(shape.head_dim)});
  }
}

/// Rows [first, first + rows) of the segment, all query heads of one key/value head.
void Call::attend(const AttentionSegment& s, int kv_head, int first, int rows) const {
  thread_local Scratch scratch;
  const auto dim = static_cast<std::size_t>(shape.head_dim);
  const std::size_t out_width = static_cast<std::size_t>(shape.num_heads) * dim;
  const int position = s.position + first;
  const auto row = static_cast<std::size_t>(s.first_row + first);
  detail::AttentionBlock block{};
  block.query_row_stride = width();
  block.rows = rows;
  block.head_dim = shape.head_dim;
  block.position = position;
  block.scale = rule.scale;
  block.soft_cap = rule.soft_cap;
  block.window = rule.window;
  block.rotary = rotary.row(position);
  block.rotary_dim = rotary.rotary_dim();
  block.keys = keys(s, kv_head);
  block.values = block.keys + layout(s).key_floats();
  block.value_stride = round_up(shape.head_dim);
  block.scratch = scratch.at_least(detail::attention_scratch(shape.head_dim, position + rows));
  block.out_row_stride = out_width;
  block.out_is_bf16 = out_is_bf16;
  block.reversed = s.num_rows % 2 == 1 && reordering().load(std::memory_order_relaxed);
  const int end = (kv_head + 1) * group();
  for (int head = kv_head * group(); head < end; head += block.heads) {
    block.heads = std::min(end - head, kMaxQueries / rows);
    const std::size_t column = static_cast<std::size_t>(head) * dim;
    block.queries = qkv + row * width() + column;
    if (rule.alibi != nullptr) {
      block.biases = rule.alibi->row(head);
      block.bias_stride = static_cast<std::size_t>(rule.alibi->num_positions());
    }
    block.out = static_cast<std::byte*>(out) + (row * out_width + column) * (out_is_bf16 ? 2 : 4);
    kernels.attend(block);
  }
}

/// Operations below which waking other threads costs more than it saves.
constexpr double kWorthThreads = 1e6;

bool is_worth_threads(const AttentionShape& shape, std::span<const AttentionSegment> segments) {
  double operations = 0;
  for (const AttentionSegment& s : segments) {
    operations += 4.0 * shape.num_heads * shape.head_dim * s.num_rows * (s.position + s.num_rows);
  }
  return operations >= kWorthThreads;
}

/// Whether all keys and values can be written before any row attends: no segment writes where an
/// earlier one of the same cache reads.
bool is_free_of_overwriting(std::span<const AttentionSegment> segments) {
  std::map<const std::byte*, int> end;
  for (const AttentionSegment& s : segments) {
    const auto [at, is_new] = end.try_emplace(s.cache, 0);
    if (s.position < at->second) return false;
    at->second = s.position + s.num_rows;
  }
  return true;
}

/// Work that threads may do in any order: rows of segments whose keys and values are all there.
void attend_freely(const Call& call, std::span<const AttentionSegment> segments) {
  struct Item {
    const AttentionSegment* segment;
    int first;
    int rows;
  };
  std::vector<Item> items;
  for (const AttentionSegment& s : segments) {
    for (int r = 0; r < s.num_rows; r += call.block_rows()) {
      items.push_back({&s, r, std::min(call.block_rows(), s.num_rows - r)});
    }
  }
  const int kv_heads = call.shape.num_kv_heads;
  const auto num_stores = static_cast<int>(segments.size()) * kv_heads;
  const auto num_items = static_cast<int>(items.size()) * kv_heads;
#pragma omp parallel if (is_worth_threads(call.shape, segments))
  {
#pragma omp for schedule(static)
    for (int i = 0; i < num_stores; ++i) {
      call.store(segments[static_cast<std::size_t>(i / kv_heads)], i % kv_heads);
    }
    // Blocks of one head follow one another, so that a thread finds its keys in its cache.
#pragma omp for schedule(dynamic, 4)
    for (int i = 0; i < num_items; ++i) {
      const Item& item = items[items.size() - 1 - static_cast<std::size_t>(i) % items.size()];
      call.attend(*item.segment, i / static_cast<int>(items.size()), item.first, item.rows);
    }
  }
}

/// Segments that overwrite what earlier ones read (the branches of a trie): in order, one thread
/// per cache and head.
void attend_in_order(const Call& call, std::span<const AttentionSegment> segments) {
  std::map<const std::byte*, std::vector<const AttentionSegment*>> by_cache;
  for (const AttentionSegment& s : segments) by_cache[s.cache].push_back(&s);
  std::vector<const std::vector<const AttentionSegment*>*> chains;
  for (const auto& [cache, chain] : by_cache) chains.push_back(&chain);
  const int kv_heads = call.shape.num_kv_heads;
  const auto num_items = static_cast<int>(chains.size()) * kv_heads;
#pragma omp parallel for schedule(dynamic, 1) if (is_worth_threads(call.shape, segments))
  for (int i = 0; i < num_items; ++i) {
    for (const AttentionSegment* s : *chains[static_cast<std::size_t>(i / kv_heads)]) {
      call.store(*s, i % kv_heads);
      for (int r = 0; r < s->num_rows; r += call.block_rows()) {
        call.attend(*s, i % kv_heads, r, std::min(call.block_rows(), s->num_rows - r));
      }
    }
  }
}

}  // namespace

void AlibiTable::reserve(int num_positions) {
  if (num_positions <= num_positions_) return;
  num_positions_ = std::max(num_positions, 2 * num_positions_);
  const auto positions = static_cast<std::size_t>(num_positions_);
  table_.resize(slopes_.size() * positions);
  const auto rounded = [&](float x) {
    std::uint16_t bits = 0;
    float y = x;
    if (rounding_ == Rounding::bf16) {
      detail::kernels().to_bf16(&x, 1, &bits);
      detail::kernels().from_bf16(&bits, 1, &y);
    }
    return y;
  };
  for (std::size_t head = 0; head < slopes_.size(); ++head) {
    const float slope = rounded(slopes_[head]);
    for (std::size_t p = 0; p < positions; ++p)
      table_[head * positions + p] = rounded(slope * rounded(static_cast<float>(p))) * scale_;
  }
}

std::size_t CacheLayout::key_floats() const {
  return round_up(max_positions) * static_cast<std::size_t>(head_dim);
}
std::size_t CacheLayout::value_floats() const {
  return static_cast<std::size_t>(max_positions) * round_up(head_dim);
}
std::size_t CacheLayout::num_bytes() const {
  return static_cast<std::size_t>(num_kv_heads) * (key_floats() + value_floats()) * sizeof(float);
}

void copy_cache_prefix(const CacheLayout& from_layout, const std::byte* from,
                       const CacheLayout& to_layout, std::byte* to, int num_positions) {
  ALLOMETER_EXPECT(from_layout.num_kv_heads == to_layout.num_kv_heads &&
                   from_layout.head_dim == to_layout.head_dim);
  ALLOMETER_EXPECT(num_positions <= from_layout.max_positions &&
                   num_positions <= to_layout.max_positions);
  const CacheLayout copied{from_layout.num_kv_heads, from_layout.head_dim, num_positions};
  for (int h = 0; h < copied.num_kv_heads; ++h) {
    const auto head = static_cast<std::size_t>(h);
    const float* source = reinterpret_cast<const float*>(from) +
                          head * (from_layout.key_floats() + from_layout.value_floats());
    float* target =
        reinterpret_cast<float*>(to) + head * (to_layout.key_floats() + to_layout.value_floats());
    std::copy_n(source, copied.key_floats(), target);
    std::copy_n(source + from_layout.key_floats(), copied.value_floats(),
                target + to_layout.key_floats());
  }
}

void attention(const AttentionShape& shape, const float* qkv,
               std::span<const AttentionSegment> segments, const RotaryTable& rotary,
               const ScoreRule& rule, Precision out_precision, void* out) {
  ALLOMETER_EXPECT(shape.head_dim <= kMaxHeadDim && shape.num_heads % shape.num_kv_heads == 0);
  for (const AttentionSegment& s : segments) {
    ALLOMETER_EXPECT(s.position >= 0 && s.position + s.num_rows <= s.max_positions);
    ALLOMETER_EXPECT(rotary.rotary_dim() == 0 || s.position + s.num_rows <= rotary.num_positions());
    ALLOMETER_EXPECT(rule.alibi == nullptr ||
                     s.position + s.num_rows <= rule.alibi->num_positions());
  }
  const Call call{
      shape, qkv, rotary, rule, out_precision == Precision::bf16, out, detail::kernels()};
  if (is_free_of_overwriting(segments)) {
    attend_freely(call, segments);
  } else {
    attend_in_order(call, segments);
  }
}

void testing::reorder_reductions(bool on) {
  reordering().store(on);
}

}  // namespace allometer::ops
