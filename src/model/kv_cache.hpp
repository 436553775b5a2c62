#pragma once
/// Keys and values of one sequence in every layer.

#include <cstddef>
#include <memory>

namespace allometer::model {

/// Made by CausalModel::make_cache; its layout belongs to ops/attention.
class KvCache {
 public:
  /// Throws IoError when memory is short. Pages are taken from the system when they are first
  /// written.
  KvCache(int num_layers, int num_kv_heads, int head_dim, int max_positions);

  int max_positions() const { return max_positions_; }
  std::size_t num_bytes() const { return layers_ * bytes_per_layer_; }
  std::byte* layer(int index) {
    return data_.get() + static_cast<std::size_t>(index) * bytes_per_layer_;
  }
  /// Copies positions [0, num_positions) of `other` (same model) into this cache.
  void copy_prefix(const KvCache& other, int num_positions);

  /// Bytes that a cache of this shape takes.
  static std::size_t size_in_bytes(int num_layers, int num_kv_heads, int head_dim,
                                   int max_positions);

 private:
  struct Unmap {
    std::size_t size;
    void operator()(std::byte* memory) const;
  };
  std::size_t layers_;
  std::size_t bytes_per_layer_;
  int num_kv_heads_;
  int head_dim_;
  int max_positions_;
  std::unique_ptr<std::byte[], Unmap> data_;
};

}  // namespace allometer::model
