/// Llama (Touvron et al. 2023, arXiv 2302.13971 and 2307.09288): pre-norm decoder, rotary
/// embedding, grouped-query attention, gated SiLU MLP. Numbers as in Hugging Face's
/// LlamaForCausalLM.

#include "model/llama.hpp"

#include <fmt/format.h>

#include "model/architecture.hpp"

namespace allometer::model {
namespace {

LayerBlueprint layer_blueprint(const Config& c, const LlamaVariation& v, int i) {
  const auto name = [i](const char* rest) { return fmt::format("model.layers.{}.{}", i, rest); };
  const int hidden = c.hidden_size;
  const int inner = c.intermediate_size;
  const int queries = c.num_attention_heads * c.head_dim;
  const int keys = c.num_key_value_heads * c.head_dim;
  LayerBlueprint layer;
  layer.attention_norm = rms_norm(name("input_layernorm"), hidden);
  layer.attention.qkv = {{name("self_attn.q_proj"), hidden, queries, v.qkv_bias},
                         {name("self_attn.k_proj"), hidden, keys, v.qkv_bias},
                         {name("self_attn.v_proj"), hidden, keys, v.qkv_bias}};
  layer.attention.out = {name("self_attn.o_proj"), queries, hidden, v.out_bias};
  layer.attention.scale = usual_scale(c.head_dim);
  if (!v.windows.empty()) layer.attention.window = v.windows[static_cast<std::size_t>(i)];
  layer.mlp_norm = rms_norm(name("post_attention_layernorm"), hidden);
  layer.mlp.in = {{name("mlp.gate_proj"), hidden, inner, v.mlp_bias},
                  {name("mlp.up_proj"), hidden, inner, v.mlp_bias}};
  layer.mlp.out = {name("mlp.down_proj"), inner, hidden, v.mlp_bias};
  layer.mlp.activation = v.activation;
  layer.mlp.is_gated = true;
  return layer;
}

void read(const ConfigReader& reader, Config& config) {
  read_llama_options(reader, {}, config);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.qkv_bias = variation.out_bias = reader.boolean("attention_bias", false);
  variation.mlp_bias = reader.boolean("mlp_bias", false);
  config.blueprint = llama_blueprint(config, variation);
}

}  // namespace

void read_llama_options(const ConfigReader& reader, ShapeOptions shape, Config& config,
                        double eps_fallback) {
  shape.groups_queries = shape.has_head_dim = true;
  read_shape(reader, shape, config);
  config.intermediate_size = reader.integer("intermediate_size", std::nullopt, 1, kMostWidth);
  config.norm_eps = reader.positive("rms_norm_eps", eps_fallback);
  read_rope(reader, 1, config);
  if (config.rotary_dim != config.head_dim)
    reader.refuse("partial_rotary_factor", "other than 1 is not implemented for this architecture");
}

Blueprint llama_blueprint(const Config& c, const LlamaVariation& variation) {
  Blueprint blueprint;
  blueprint.token_embedding = "model.embed_tokens.weight";
  blueprint.embedding_size = c.hidden_size;
  for (int i = 0; i < c.num_hidden_layers; ++i)
    blueprint.layers.push_back(layer_blueprint(c, variation, i));
  blueprint.final_norm = rms_norm("model.norm", c.hidden_size);
  blueprint.head = {"lm_head", c.hidden_size, c.vocab_size};
  return blueprint;
}

const Architecture kLlama{"LlamaForCausalLM", "model", read};

}  // namespace allometer::model
