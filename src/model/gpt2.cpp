/// GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): pre-norm
/// decoder with learned positions; its matrices are stored transposed. Numbers as in Hugging Face's
/// GPT2LMHeadModel.

#include <cmath>
#include <utility>

#include "model/architecture.hpp"

namespace allometer::model {
namespace {

/// Hugging Face's Conv1D.
Projection conv1d(std::string name, int in_features, int out_features) {
  return {std::move(name), in_features, out_features, true, {}, true};
}

LayerBlueprint layer_blueprint(const Config& c, int i) {
  const std::string name = "transformer.h." + std::to_string(i) + ".";
  const int hidden = c.hidden_size;
  LayerBlueprint layer;
  layer.attention_norm = layer_norm(name + "ln_1", hidden);
  layer.attention.qkv = {conv1d(name + "attn.c_attn", hidden, 3 * hidden)};
  layer.attention.out = conv1d(name + "attn.c_proj", hidden, hidden);
  layer.mlp_norm = layer_norm(name + "ln_2", hidden);
  layer.mlp.in = {conv1d(name + "mlp.c_fc", hidden, c.intermediate_size)};
  layer.mlp.out = conv1d(name + "mlp.c_proj", c.intermediate_size, hidden);
  return layer;
}

/// What scores are multiplied by in layer `i`.
float scale_of(const ConfigReader& reader, const Config& c, int i) {
  double scale = 1;
  if (reader.boolean("scale_attn_weights", true)) scale /= std::sqrt(c.head_dim);
  if (reader.boolean("scale_attn_by_inverse_layer_idx", false)) scale /= i + 1;
  return static_cast<float>(scale);
}

void read(const ConfigReader& reader, Config& config) {
  ShapeOptions shape = gpt_shape(reader);
  shape.hidden_size = reader.first_of({"n_embd", "hidden_size"});
  shape.max_position_embeddings = reader.first_of({"n_positions", "max_position_embeddings"});
  shape.max_positions_fallback = 1024;
  read_shape(reader, shape, config);
  config.intermediate_size =
      reader.integer("n_inner", std::int64_t{4} * config.hidden_size, 1, 4 * kMostWidth);
  config.norm_eps = reader.positive("layer_norm_epsilon", 1e-5);
  reader.expect("add_cross_attention", false);
  const ops::Activation activation = read_activation(reader, "activation_function", "gelu_new");
  Blueprint& blueprint = config.blueprint;
  blueprint.token_embedding = "transformer.wte.weight";
  blueprint.embedding_size = config.hidden_size;
  blueprint.positions = {"transformer.wpe.weight", config.max_position_embeddings, 0};
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    LayerBlueprint& layer = blueprint.layers.emplace_back(layer_blueprint(config, i));
    layer.attention.scale = scale_of(reader, config, i);
    layer.mlp.activation = activation;
  }
  blueprint.final_norm = layer_norm("transformer.ln_f", config.hidden_size);
  blueprint.head = {"lm_head", config.hidden_size, config.vocab_size};
}

}  // namespace

const Architecture kGpt2{"GPT2LMHeadModel", "transformer", read};

}  // namespace allometer::model
