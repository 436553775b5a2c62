/// OPT (Zhang et al. 2022, arXiv 2205.01068): learned positions, layer norms before attention and
/// MLP or, in the 350M model, behind the residual sum, with embeddings narrower than the residual
/// stream. Numbers as in Hugging Face's OPTForCausalLM.

#include "model/architecture.hpp"

namespace allometer::model {
namespace {

/// Rows of the position table before that of position 0.
constexpr int kPositionOffset = 2;

LayerBlueprint layer_blueprint(const Config& c, bool has_bias, bool norm_before, int i) {
  const std::string name = "model.decoder.layers." + std::to_string(i) + ".";
  const int hidden = c.hidden_size;
  LayerBlueprint layer;
  layer.attention.qkv = {{name + "self_attn.q_proj", hidden, hidden, has_bias},
                         {name + "self_attn.k_proj", hidden, hidden, has_bias},
                         {name + "self_attn.v_proj", hidden, hidden, has_bias}};
  layer.attention.out = {name + "self_attn.out_proj", hidden, hidden, has_bias};
  layer.attention.scale = usual_scale(c.head_dim);
  layer.mlp.in = {{name + "fc1", hidden, c.intermediate_size, has_bias}};
  layer.mlp.out = {name + "fc2", c.intermediate_size, hidden, has_bias};
  (norm_before ? layer.attention_norm : layer.attention_output_norm) =
      layer_norm(name + "self_attn_layer_norm", hidden);
  (norm_before ? layer.mlp_norm : layer.mlp_output_norm) =
      layer_norm(name + "final_layer_norm", hidden);
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  read_shape(reader, {.tie_word_embeddings_fallback = true}, config);
  config.intermediate_size = reader.integer("ffn_dim", std::nullopt, 1, kMostWidth);
  config.norm_eps = 1e-5;  // PyTorch's default: config.json does not say
  reader.expect("layer_norm_elementwise_affine", true);
  const bool norm_before = reader.boolean("do_layer_norm_before", true);
  const bool has_bias = reader.boolean("enable_bias", true);
  const ops::Activation activation = read_activation(reader, "activation_function", "relu");
  const int hidden = config.hidden_size;
  Blueprint& blueprint = config.blueprint;
  blueprint.token_embedding = "model.decoder.embed_tokens.weight";
  blueprint.embedding_size = reader.integer("word_embed_proj_dim", hidden, 1, kMostWidth);
  blueprint.positions = {"model.decoder.embed_positions.weight",
                         config.max_position_embeddings + kPositionOffset, kPositionOffset};
  if (blueprint.embedding_size != hidden) {
    blueprint.embedding_in = {"model.decoder.project_in", blueprint.embedding_size, hidden};
    blueprint.embedding_out = {"model.decoder.project_out", hidden, blueprint.embedding_size};
  }
  blueprint.residual = norm_before ? Residual::sequential : Residual::post_norm;
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    blueprint.layers.push_back(layer_blueprint(config, has_bias, norm_before, i));
    blueprint.layers.back().mlp.activation = activation;
  }
  if (norm_before && !reader.boolean("_remove_final_layer_norm", false))
    blueprint.final_norm = layer_norm("model.decoder.final_layer_norm", hidden);
  blueprint.head = {"lm_head", blueprint.embedding_size, config.vocab_size};
}

}  // namespace

const Architecture kOpt{"OPTForCausalLM", "model", read};

}  // namespace allometer::model
