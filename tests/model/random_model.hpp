#pragma once
/// Random checkpoints for the tests of this folder.

#include "model/load.hpp"

namespace allometer::model {

/// Grouped-query attention, biases and llama3 scaling; odd sizes everywhere.
inline RandomCheckpoint small_checkpoint() {
  RandomCheckpoint checkpoint;
  Config& c = checkpoint.config;
  c.architecture = "LlamaForCausalLM";
  c.vocab_size = 1100;  // two blocks of the head
  c.hidden_size = 72;
  c.intermediate_size = 100;
  c.num_hidden_layers = 3;
  c.num_attention_heads = 6;
  c.num_key_value_heads = 2;
  c.head_dim = 20;
  c.max_position_embeddings = 2048;
  c.rope_scaling = {RopeScaling::Type::llama3, 8, 1, 4, 128};
  c.attention_bias = true;
  c.mlp_bias = true;
  c.tie_word_embeddings = false;
  c.bos_token_id = 1;
  checkpoint.initializer_range = 0.15;  // large enough for attention to be far from uniform
  checkpoint.seed = 5;
  return checkpoint;
}

}  // namespace allometer::model
