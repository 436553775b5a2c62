#pragma once
/// A small config.json of every architecture and form of it, with odd sizes and 1024 positions.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace allometer::model {

inline constexpr int kEveryVocabulary = 1100;  // two blocks of the head
inline constexpr int kEveryMaxPositions = 1024;

struct NamedConfig {
  std::string name;
  nlohmann::json config;
};

/// The names of the options of Llama and its kin.
inline nlohmann::json llama_like(const char* architecture,
                                 const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json config = {{"architectures", {architecture}},
                           {"vocab_size", kEveryVocabulary},
                           {"hidden_size", 80},
                           {"intermediate_size", 136},
                           {"num_hidden_layers", 3},
                           {"num_attention_heads", 4},
                           {"num_key_value_heads", 2},
                           {"head_dim", 20},
                           {"max_position_embeddings", kEveryMaxPositions},
                           {"tie_word_embeddings", false}};
  config.update(more);
  return config;
}

/// The names of the options of GPT-2, BLOOM and Falcon.
inline nlohmann::json gpt_like(const char* architecture,
                               const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json config = {{"architectures", {architecture}},
                           {"vocab_size", kEveryVocabulary},
                           {"n_embd", 72},
                           {"n_embed", 72},
                           {"n_layer", 3},
                           {"n_head", 6},
                           {"n_positions", kEveryMaxPositions},
                           {"seq_length", kEveryMaxPositions},
                           {"max_position_embeddings", kEveryMaxPositions}};
  config.update(more);
  return config;
}

inline std::vector<NamedConfig> every_architecture() {
  const nlohmann::json window = {{"sliding_window", 37}};
  return {
      {"llama", llama_like("LlamaForCausalLM")},
      {"mistral", llama_like("MistralForCausalLM", window)},
      {"qwen2", llama_like("Qwen2ForCausalLM", {{"use_sliding_window", true},
                                                {"sliding_window", 100},
                                                {"max_window_layers", 1}})},
      {"qwen3", llama_like("Qwen3ForCausalLM", {{"attention_bias", true}})},
      {"olmo2", llama_like("Olmo2ForCausalLM")},
      {"gemma2", llama_like("Gemma2ForCausalLM", {{"sliding_window", 50},
                                                  {"query_pre_attn_scalar", 24},
                                                  {"attn_logit_softcapping", 5.0},
                                                  {"final_logit_softcapping", 9.0},
                                                  {"tie_word_embeddings", true}})},
      {"phi3", llama_like("Phi3ForCausalLM", window)},
      {"phi",
       llama_like("PhiForCausalLM", {{"num_key_value_heads", 4}, {"partial_rotary_factor", 0.4}})},
      {"gpt_neox_parallel",
       llama_like("GPTNeoXForCausalLM", {{"num_key_value_heads", 4}, {"rotary_pct", 0.3}})},
      {"gpt_neox_serial", llama_like("GPTNeoXForCausalLM", {{"num_key_value_heads", 4},
                                                            {"rotary_pct", 0.3},
                                                            {"use_parallel_residual", false}})},
      {"opt_norm_before",
       llama_like("OPTForCausalLM", {{"num_key_value_heads", 4}, {"ffn_dim", 136}})},
      {"opt_norm_behind", llama_like("OPTForCausalLM", {{"num_key_value_heads", 4},
                                                        {"ffn_dim", 136},
                                                        {"do_layer_norm_before", false},
                                                        {"tie_word_embeddings", true},
                                                        {"word_embed_proj_dim", 56}})},
      {"gpt2", gpt_like("GPT2LMHeadModel")},
      {"bloom", gpt_like("BloomForCausalLM")},
      {"falcon_7b", gpt_like("FalconForCausalLM")},
      {"falcon_40b",
       gpt_like("FalconForCausalLM", {{"new_decoder_architecture", true}, {"num_kv_heads", 2}})},
      {"falcon_11b", gpt_like("FalconForCausalLM", {{"new_decoder_architecture", true},
                                                    {"num_kv_heads", 3},
                                                    {"num_ln_in_parallel_attn", 1}})},
      {"falcon_rw",
       gpt_like(
           "FalconForCausalLM",
           {{"alibi", true}, {"bias", true}, {"multi_query", false}, {"parallel_attn", false}})},
  };
}

}  // namespace allometer::model
