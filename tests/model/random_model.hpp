#pragma once
/// Random checkpoints for the tests of this folder.

#include "model/random_checkpoint.hpp"

namespace allometer::model {

/// Grouped-query attention, biases and llama3 scaling; odd sizes everywhere.
inline RandomCheckpoint small_checkpoint() {
  RandomCheckpoint checkpoint;
  checkpoint.config = {{"architectures", {"LlamaForCausalLM"}},
                       {"vocab_size", 1100},  // two blocks of the head
                       {"hidden_size", 72},
                       {"intermediate_size", 100},
                       {"num_hidden_layers", 3},
                       {"num_attention_heads", 6},
                       {"num_key_value_heads", 2},
                       {"head_dim", 20},
                       {"max_position_embeddings", 2048},
                       {"rms_norm_eps", 1e-6},
                       {"rope_theta", 10000.0},
                       {"rope_scaling",
                        {{"rope_type", "llama3"},
                         {"factor", 8.0},
                         {"low_freq_factor", 1.0},
                         {"high_freq_factor", 4.0},
                         {"original_max_position_embeddings", 128}}},
                       {"attention_bias", true},
                       {"mlp_bias", true},
                       {"tie_word_embeddings", false},
                       {"bos_token_id", 1}};
  checkpoint.initializer_range = 0.15;  // large enough for attention to be far from uniform
  checkpoint.seed = 5;
  return checkpoint;
}

}  // namespace allometer::model
