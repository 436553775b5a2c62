/// Phi-3, Phi-3.5 and Phi-4 (Abdin et al. 2024, arXiv 2404.14219): Llama with queries, keys and
/// values in one matrix, gate and up in another, and on request a window in every layer. Numbers as
/// in Hugging Face's Phi3ForCausalLM.

#include "model/architecture.hpp"
#include "model/llama.hpp"

namespace allometer::model {
namespace {

void read(const ConfigReader& reader, Config& config) {
  read_shape(reader, {.max_positions_fallback = 4096, .groups_queries = true, .has_head_dim = true},
             config);
  config.intermediate_size = reader.integer("intermediate_size", std::nullopt, 1, kMostWidth);
  config.norm_eps = reader.positive("rms_norm_eps", 1e-5);
  read_rope(reader, 1, config);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.windows = read_windows(reader, config, 0, [](int) { return true; });
  config.blueprint = llama_blueprint(config, variation);
  const int heads = config.num_attention_heads + 2 * config.num_key_value_heads;
  for (int i = 0; LayerBlueprint & layer : config.blueprint.layers) {
    const std::string name = "model.layers." + std::to_string(i++) + ".";
    layer.attention.qkv = {
        {name + "self_attn.qkv_proj", config.hidden_size, heads * config.head_dim}};
    layer.mlp.in = {{name + "mlp.gate_up_proj", config.hidden_size, 2 * config.intermediate_size}};
  }
}

}  // namespace

const Architecture kPhi3{"Phi3ForCausalLM", "model", read};

}  // namespace allometer::model
