/// Falcon (Almazrouei et al. 2023, arXiv 2311.16867). The 7B kind has one key and value head and
/// one norm before both branches; the 40B, 180B and 11B kinds have groups of heads and one or two
/// norms; the RW kind is sequential, with linear biases. Numbers as in Hugging Face's
/// FalconForCausalLM.

#include "model/architecture.hpp"
#include "model/megatron_layer.hpp"

namespace allometer::model {
namespace {

/// What the kinds of Falcon differ in.
struct Kind {
  bool is_new = false;       ///< "new_decoder_architecture": 40B, 180B, 11B
  bool is_parallel = false;  ///< both branches from the same residual stream
  bool has_two_norms = false;
  bool has_bias = false;
  ops::Activation activation = ops::Activation::gelu;
};

Kind read_kind(const ConfigReader& reader) {
  Kind kind;
  kind.is_new = reader.boolean("new_decoder_architecture", false);
  kind.is_parallel = kind.is_new || reader.boolean("parallel_attn", true);
  kind.has_bias = reader.boolean("bias", false);
  kind.activation = read_activation(reader, "activation", "gelu");
  if (kind.is_new) {
    kind.has_two_norms = reader.integer("num_ln_in_parallel_attn", 2, 1, 2) == 2;
    if (!kind.has_two_norms) reader.expect("parallel_attn", true);
  }
  return kind;
}

int read_kv_heads(const ConfigReader& reader, const Config& config, bool is_new) {
  if (!is_new) return reader.boolean("multi_query", true) ? 1 : config.num_attention_heads;
  const std::string key = reader.first_of({"n_head_kv", "num_kv_heads"});
  const int heads = reader.integer(key, config.num_attention_heads, 1, kMostWidth);
  if (config.num_attention_heads % heads != 0) {
    reader.refuse(key, "is " + std::to_string(heads) + ", but must divide the " +
                           std::to_string(config.num_attention_heads) + " attention heads");
  }
  return heads;
}

void set_norms(LayerBlueprint& layer, const Kind& kind, const std::string& name, int hidden) {
  layer.attention_norm =
      layer_norm(name + (kind.has_two_norms ? "ln_attn" : "input_layernorm"), hidden);
  if (kind.has_two_norms) layer.mlp_norm = layer_norm(name + "ln_mlp", hidden);
  if (!kind.is_parallel) layer.mlp_norm = layer_norm(name + "post_attention_layernorm", hidden);
}

LayerBlueprint layer_blueprint(const Config& c, const Kind& kind, int i) {
  const std::string name = "transformer.h." + std::to_string(i) + ".";
  LayerBlueprint layer =
      megatron_layer(c, {name, "self_attention."}, kind.has_bias, kind.has_bias, kind.activation);
  set_norms(layer, kind, name, c.hidden_size);
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  ShapeOptions shape = gpt_shape(reader);
  shape.hidden_size = reader.first_of({"n_embed", "hidden_size"});
  read_shape(reader, shape, config);
  const Kind kind = read_kind(reader);
  config.num_key_value_heads = read_kv_heads(reader, config, kind.is_new);
  config.intermediate_size =
      reader.integer("ffn_hidden_size", std::int64_t{4} * config.hidden_size, 1, 4 * kMostWidth);
  config.norm_eps = reader.positive("layer_norm_epsilon", 1e-5);
  Blueprint& blueprint = config.blueprint;
  if (reader.boolean("alibi", false)) {
    blueprint.alibi = Alibi::scaled_in_bf16;
  } else {
    read_rope(reader, 1, config);
  }
  blueprint.token_embedding = "transformer.word_embeddings.weight";
  blueprint.embedding_size = config.hidden_size;
  blueprint.residual = kind.is_parallel ? Residual::parallel : Residual::sequential;
  for (int i = 0; i < config.num_hidden_layers; ++i)
    blueprint.layers.push_back(layer_blueprint(config, kind, i));
  blueprint.final_norm = layer_norm("transformer.ln_f", config.hidden_size);
  blueprint.head = {"lm_head", config.hidden_size, config.vocab_size};
}

}  // namespace

const Architecture kFalcon{"FalconForCausalLM", "transformer", read};

}  // namespace allometer::model
