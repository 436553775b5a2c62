/// BLOOM (BigScience 2022, arXiv 2211.05100): pre-norm decoder with linear biases instead of
/// positions, and a layer norm on the embeddings. Numbers as in Hugging Face's BloomForCausalLM.

#include <cmath>

#include "model/architecture.hpp"

namespace allometer::model {
namespace {

LayerBlueprint layer_blueprint(const Config& c, int i) {
  const std::string name = "transformer.h." + std::to_string(i) + ".";
  const int hidden = c.hidden_size;
  LayerBlueprint layer;
  layer.attention_norm = layer_norm(name + "input_layernorm", hidden);
  layer.attention.qkv = {{name + "self_attention.query_key_value", hidden, 3 * hidden, true,
                          order_of_grouped_qkv(c.num_attention_heads, 1, c.head_dim)}};
  layer.attention.out = {name + "self_attention.dense", hidden, hidden, true};
  layer.attention.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(c.head_dim)));
  layer.mlp_norm = layer_norm(name + "post_attention_layernorm", hidden);
  layer.mlp.in = {{name + "mlp.dense_h_to_4h", hidden, c.intermediate_size, true}};
  layer.mlp.out = {name + "mlp.dense_4h_to_h", c.intermediate_size, hidden, true};
  layer.mlp.activation = ops::Activation::gelu_tanh;
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  read_shape(reader,
             {.hidden_size = reader.first_of({"n_embed", "hidden_size"}),
              .num_hidden_layers = reader.first_of({"n_layer", "num_hidden_layers"}),
              .num_attention_heads = reader.first_of({"n_head", "num_attention_heads"}),
              .max_position_embeddings = "seq_length",
              .tie_word_embeddings_fallback = true},
             config);
  config.intermediate_size = 4 * config.hidden_size;  // whatever "n_inner" says
  config.norm_eps = reader.positive("layer_norm_epsilon", 1e-5);
  reader.expect("apply_residual_connection_post_layernorm", false);
  Blueprint& blueprint = config.blueprint;
  blueprint.token_embedding = "transformer.word_embeddings.weight";
  blueprint.embedding_size = config.hidden_size;
  blueprint.embedding_norm =
      layer_norm("transformer.word_embeddings_layernorm", config.hidden_size);
  blueprint.alibi = Alibi::exact;
  for (int i = 0; i < config.num_hidden_layers; ++i)
    blueprint.layers.push_back(layer_blueprint(config, i));
  blueprint.final_norm = layer_norm("transformer.ln_f", config.hidden_size);
  blueprint.head = {"lm_head", config.hidden_size, config.vocab_size};
}

}  // namespace

const Architecture kBloom{"BloomForCausalLM", "transformer", read};

}  // namespace allometer::model
