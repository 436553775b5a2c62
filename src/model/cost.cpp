#include "model/cost.hpp"

#include <algorithm>

#include "model/layout.hpp"

namespace allometer::model {

ParameterCount count_parameters(const Config& config) {
  ParameterCount count;
  for (const TensorSpec& tensor : tensors_of(config)) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : tensor.shape) elements *= extent;
    count.total += elements;
    if (!tensor.is_embedding) count.without_embeddings += elements;
  }
  return count;
}

Flops::Flops(const Config& config)
    : weights_(2.0 * static_cast<double>(count_parameters(config).without_embeddings)),
      per_position_(4.0 * config.num_attention_heads * config.head_dim),
      head_(2.0 * config.blueprint.embedding_size * config.vocab_size) {
  for (const LayerBlueprint& layer : config.blueprint.layers) ++windows_[layer.attention.window];
}

double Flops::forward(int position) const {
  double attended = 0;
  for (const auto& [window, layers] : windows_)
    attended += layers * (window > 0 ? std::min(window, position + 1) : position + 1);
  return weights_ + per_position_ * attended;
}

}  // namespace allometer::model
