/// Qwen 3 (Yang et al. 2025, arXiv 2505.09388): Llama with an RMS norm over every head of queries
/// and keys. Numbers as in Hugging Face's Qwen3ForCausalLM.

#include "model/architecture.hpp"
#include "model/llama.hpp"
#include "model/qwen2.hpp"

namespace allometer::model {
namespace {

void read(const ConfigReader& reader, Config& config) {
  read_llama_options(
      reader,
      {.max_positions_fallback = 32768, .key_value_heads_fallback = 32, .head_dim_fallback = 128},
      config);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.qkv_bias = variation.out_bias = reader.boolean("attention_bias", false);
  variation.windows = read_qwen_windows(reader, config);
  config.blueprint = llama_blueprint(config, variation);
  for (int i = 0; LayerBlueprint & layer : config.blueprint.layers) {
    const std::string attention = "model.layers." + std::to_string(i++) + ".self_attn.";
    layer.attention.query_norm = rms_norm(attention + "q_norm", config.head_dim);
    layer.attention.key_norm = rms_norm(attention + "k_norm", config.head_dim);
  }
}

}  // namespace

const Architecture kQwen3{"Qwen3ForCausalLM", "model", read};

}  // namespace allometer::model
