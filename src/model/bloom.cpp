/// BLOOM (BigScience 2022, arXiv 2211.05100): pre-norm decoder with linear biases instead of
/// positions, and a layer norm on the embeddings. Numbers as in Hugging Face's BloomForCausalLM.

#include "model/architecture.hpp"
#include "model/megatron_layer.hpp"

namespace allometer::model {
namespace {

LayerBlueprint layer_blueprint(const Config& c, int i) {
  const std::string name = "transformer.h." + std::to_string(i) + ".";
  LayerBlueprint layer =
      megatron_layer(c, {name, "self_attention."}, true, true, ops::Activation::gelu_tanh);
  layer.attention_norm = layer_norm(name + "input_layernorm", c.hidden_size);
  layer.mlp_norm = layer_norm(name + "post_attention_layernorm", c.hidden_size);
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  ShapeOptions shape = gpt_shape(reader);
  shape.hidden_size = reader.first_of({"n_embed", "hidden_size"});
  shape.max_position_embeddings = "seq_length";
  read_shape(reader, shape, config);
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
