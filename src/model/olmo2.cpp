/// OLMo 2 (OLMo team 2024, arXiv 2501.00656): Llama with the norms behind attention and MLP, before
/// the residual stream, and RMS norms over all queries and all keys. Numbers as in Hugging Face's
/// Olmo2ForCausalLM.

#include "model/architecture.hpp"
#include "model/llama.hpp"

namespace allometer::model {
namespace {

void read(const ConfigReader& reader, Config& config) {
  read_llama_options(reader, {}, config, 1e-5);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.qkv_bias = variation.out_bias = reader.boolean("attention_bias", false);
  config.blueprint = llama_blueprint(config, variation);
  for (int i = 0; LayerBlueprint & layer : config.blueprint.layers) {
    const std::string name = "model.layers." + std::to_string(i++) + ".";
    layer.attention.query_norm =
        rms_norm(name + "self_attn.q_norm", config.num_attention_heads * config.head_dim);
    layer.attention.key_norm =
        rms_norm(name + "self_attn.k_norm", config.num_key_value_heads * config.head_dim);
    layer.attention_norm = layer.mlp_norm = {};
    layer.attention_output_norm = rms_norm(name + "post_attention_layernorm", config.hidden_size);
    layer.mlp_output_norm = rms_norm(name + "post_feedforward_layernorm", config.hidden_size);
  }
}

}  // namespace

const Architecture kOlmo2{"Olmo2ForCausalLM", "model", read};

}  // namespace allometer::model
