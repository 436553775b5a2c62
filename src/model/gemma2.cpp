/// Gemma 2 (Gemma team 2024, arXiv 2408.00118): Llama with norms on both sides of attention and
/// MLP, a window in every second layer, soft caps on scores and logits, a GELU gate, and scaled
/// embeddings. Numbers as in Hugging Face's Gemma2ForCausalLM.

#include <cmath>

#include "model/architecture.hpp"
#include "model/llama.hpp"

namespace allometer::model {
namespace {

/// null switches a cap off; a missing key means the published value.
float read_cap(const ConfigReader& reader, const std::string& key, double fallback) {
  if (reader.is_null(key)) return 0;
  return static_cast<float>(reader.positive(key, fallback));
}

/// Checkpoints hold a norm's weight as its distance from 1.
Normalization norm_from_one(std::string name, int size) {
  Normalization norm = rms_norm(std::move(name), size);
  norm.added_to_weight = 1;
  return norm;
}

void read(const ConfigReader& reader, Config& config) {
  constexpr int kUsualWindow = 4096;
  read_llama_options(reader,
                     {.max_positions_fallback = 8192,
                      .tie_word_embeddings_fallback = true,
                      .key_value_heads_fallback = 4,
                      .head_dim_fallback = 256},
                     config);
  reader.expect("use_bidirectional_attention", false);
  LlamaVariation variation;
  variation.activation = read_activation(
      reader, reader.first_of({"hidden_activation", "hidden_act"}), "gelu_pytorch_tanh");
  variation.qkv_bias = variation.out_bias = reader.boolean("attention_bias", false);
  variation.windows =
      read_windows(reader, config, kUsualWindow, [](int layer) { return layer % 2 == 0; });
  Blueprint& blueprint = config.blueprint = llama_blueprint(config, variation);
  const int hidden = config.hidden_size;
  blueprint.embedding_scale = std::sqrt(static_cast<float>(hidden));
  blueprint.final_norm = norm_from_one("model.norm", hidden);
  blueprint.logit_soft_cap = read_cap(reader, "final_logit_softcapping", 30);
  const double scalar = reader.positive("query_pre_attn_scalar", 256);
  const float score_cap = read_cap(reader, "attn_logit_softcapping", 50);
  for (int i = 0; LayerBlueprint & layer : blueprint.layers) {
    const std::string name = "model.layers." + std::to_string(i++) + ".";
    layer.attention.scale = static_cast<float>(1 / std::sqrt(scalar));
    layer.attention.soft_cap = score_cap;
    layer.attention_norm = norm_from_one(name + "input_layernorm", hidden);
    layer.attention_output_norm = norm_from_one(name + "post_attention_layernorm", hidden);
    layer.mlp_norm = norm_from_one(name + "pre_feedforward_layernorm", hidden);
    layer.mlp_output_norm = norm_from_one(name + "post_feedforward_layernorm", hidden);
  }
}

}  // namespace

const Architecture kGemma2{"Gemma2ForCausalLM", "model", read};

}  // namespace allometer::model
