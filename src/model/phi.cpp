/// Phi-1, Phi-1.5 and Phi-2 (Li et al. 2023, arXiv 2309.05463): attention and MLP side by side
/// behind one layer norm, rotary embedding over a part of every head, biases everywhere. Numbers as
/// in Hugging Face's PhiForCausalLM.

#include "model/architecture.hpp"

namespace allometer::model {
namespace {

LayerBlueprint layer_blueprint(const Config& c, ops::Activation activation, int i) {
  const std::string name = "model.layers." + std::to_string(i) + ".";
  const int hidden = c.hidden_size;
  const int queries = c.num_attention_heads * c.head_dim;
  const int keys = c.num_key_value_heads * c.head_dim;
  LayerBlueprint layer;
  layer.attention_norm = layer_norm(name + "input_layernorm", hidden);
  layer.attention.qkv = {{name + "self_attn.q_proj", hidden, queries, true},
                         {name + "self_attn.k_proj", hidden, keys, true},
                         {name + "self_attn.v_proj", hidden, keys, true}};
  layer.attention.out = {name + "self_attn.dense", queries, hidden, true};
  layer.attention.scale = usual_scale(c.head_dim);
  layer.mlp.in = {{name + "mlp.fc1", hidden, c.intermediate_size, true}};
  layer.mlp.out = {name + "mlp.fc2", c.intermediate_size, hidden, true};
  layer.mlp.activation = activation;
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  read_shape(reader, {.groups_queries = true, .has_head_dim = true}, config);
  config.intermediate_size = reader.integer("intermediate_size", std::nullopt, 1, kMostWidth);
  config.norm_eps = reader.positive("layer_norm_eps", 1e-5);
  read_rope(reader, 0.5, config);
  reader.expect("qk_layernorm", false);
  const ops::Activation activation = read_activation(reader, "hidden_act", "gelu_new");
  Blueprint& blueprint = config.blueprint;
  blueprint.token_embedding = "model.embed_tokens.weight";
  blueprint.embedding_size = config.hidden_size;
  blueprint.residual = Residual::parallel;
  for (int i = 0; i < config.num_hidden_layers; ++i)
    blueprint.layers.push_back(layer_blueprint(config, activation, i));
  blueprint.final_norm = layer_norm("model.final_layernorm", config.hidden_size);
  blueprint.head = {"lm_head", config.hidden_size, config.vocab_size, true};
}

}  // namespace

const Architecture kPhi{"PhiForCausalLM", "model", read};

}  // namespace allometer::model
