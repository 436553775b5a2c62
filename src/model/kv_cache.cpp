#include "model/kv_cache.hpp"

#include <sys/mman.h>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/provenance.hpp"
#include "ops/attention.hpp"

namespace allometer::model {
namespace {

/// Below this, asking the system how much memory it has costs more than it helps.
constexpr std::size_t kWorthAsking = std::size_t{32} << 20;

}  // namespace

KvCache::KvCache(int num_layers, int num_kv_heads, int head_dim, int max_positions)
    : layers_(static_cast<std::size_t>(num_layers)),
      bytes_per_layer_(size_in_bytes(1, num_kv_heads, head_dim, max_positions)),
      num_kv_heads_(num_kv_heads),
      head_dim_(head_dim),
      max_positions_(max_positions),
      data_(nullptr, Unmap{0}) {
  ALLOMETER_EXPECT(num_layers > 0 && max_positions > 0);
  const std::size_t size = num_bytes();
  const auto available = size < kWorthAsking ? -1 : available_memory_bytes();
  void* memory = MAP_FAILED;
  if (available < 0 || size <= static_cast<std::size_t>(available)) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  if (memory == MAP_FAILED) {
    throw IoError(fmt::format(
        "no memory for the keys and values of {} positions: {} MB are needed{}; use shorter "
        "contexts or fewer ranks a node",
        max_positions, size >> 20,
        available < 0 ? "" : fmt::format(", {} MB are available", available >> 20)));
  }
  madvise(memory, size, MADV_HUGEPAGE);
  data_ = std::unique_ptr<std::byte[], Unmap>(static_cast<std::byte*>(memory), Unmap{size});
}

void KvCache::Unmap::operator()(std::byte* memory) const {
  munmap(memory, size);
}

void KvCache::copy_prefix(const KvCache& other, int num_positions) {
  ALLOMETER_EXPECT(layers_ == other.layers_ && num_kv_heads_ == other.num_kv_heads_ &&
                   head_dim_ == other.head_dim_);
  const ops::CacheLayout from{other.num_kv_heads_, other.head_dim_, other.max_positions_};
  const ops::CacheLayout to{num_kv_heads_, head_dim_, max_positions_};
  for (std::size_t i = 0; i < layers_; ++i) {
    ops::copy_cache_prefix(from, other.data_.get() + i * other.bytes_per_layer_, to,
                           data_.get() + i * bytes_per_layer_, num_positions);
  }
}

std::size_t KvCache::size_in_bytes(int num_layers, int num_kv_heads, int head_dim,
                                   int max_positions) {
  return static_cast<std::size_t>(num_layers) *
         ops::CacheLayout{num_kv_heads, head_dim, max_positions}.num_bytes();
}

}  // namespace allometer::model
