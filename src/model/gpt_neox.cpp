/// GPT-NeoX and Pythia (Black et al. 2022, arXiv 2204.06745): attention and MLP side by side, each
/// behind a layer norm of its own (or one after the other), rotary embedding over a quarter of
/// every head. Numbers as in Hugging Face's GPTNeoXForCausalLM.

#include "model/architecture.hpp"
#include "model/megatron_layer.hpp"

namespace allometer::model {
namespace {

LayerBlueprint layer_blueprint(const Config& c, ops::Activation activation, bool attention_bias,
                               int i) {
  const std::string name = "gpt_neox.layers." + std::to_string(i) + ".";
  LayerBlueprint layer = megatron_layer(c, {name, "attention."}, attention_bias, true, activation);
  layer.attention_norm = layer_norm(name + "input_layernorm", c.hidden_size);
  layer.mlp_norm = layer_norm(name + "post_attention_layernorm", c.hidden_size);
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  read_shape(reader, {}, config);
  config.intermediate_size = reader.integer("intermediate_size", std::nullopt, 1, kMostWidth);
  config.norm_eps = reader.positive("layer_norm_eps", 1e-5);
  read_rope(reader, 0.25, config);
  const ops::Activation activation = read_activation(reader, "hidden_act", "gelu");
  const bool attention_bias = reader.boolean("attention_bias", true);
  Blueprint& blueprint = config.blueprint;
  blueprint.token_embedding = "gpt_neox.embed_in.weight";
  blueprint.embedding_size = config.hidden_size;
  blueprint.residual =
      reader.boolean("use_parallel_residual", true) ? Residual::parallel : Residual::sequential;
  for (int i = 0; i < config.num_hidden_layers; ++i)
    blueprint.layers.push_back(layer_blueprint(config, activation, attention_bias, i));
  blueprint.final_norm = layer_norm("gpt_neox.final_layer_norm", config.hidden_size);
  blueprint.head = {"embed_out", config.hidden_size, config.vocab_size};
}

}  // namespace

const Architecture kGptNeox{"GPTNeoXForCausalLM", "gpt_neox", read};

}  // namespace allometer::model
