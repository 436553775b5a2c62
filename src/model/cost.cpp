#include "model/architecture.hpp"
#include "model/config.hpp"

namespace allometer::model {

ParameterCount count_parameters(const Config& config) {
  ParameterCount count;
  for (const TensorSpec& tensor : architecture_of(config).tensors(config)) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : tensor.shape) elements *= extent;
    count.total += elements;
    if (!tensor.is_embedding) count.without_embeddings += elements;
  }
  return count;
}

double forward_flops(const Config& config, int position) {
  return 2.0 * static_cast<double>(count_parameters(config).without_embeddings) +
         4.0 * config.num_hidden_layers * config.num_attention_heads * config.head_dim *
             (position + 1.0);
}

double head_flops(const Config& config) {
  return 2.0 * config.hidden_size * config.vocab_size;
}

}  // namespace allometer::model
