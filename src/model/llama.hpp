#pragma once
/// Llama's options and blueprint, of which several architectures are variations.

#include <vector>

#include "model/config.hpp"
#include "model/config_reader.hpp"

namespace allometer::model {

/// Shape with grouped queries and a width of heads, "intermediate_size", "rms_norm_eps" and a
/// rotary embedding over whole heads.
void read_llama_options(const ConfigReader& reader, ShapeOptions shape, Config& config,
                        double eps_fallback = 1e-6);

struct LlamaVariation {
  ops::Activation activation = ops::Activation::silu;
  bool qkv_bias = false;
  bool out_bias = false;
  bool mlp_bias = false;
  std::vector<int> windows;  ///< per layer; empty: none
};

/// RMS norms before attention and MLP, separate projections of queries, keys and values, and a
/// gated MLP, under the names model.layers.N.self_attn.q_proj and so on.
Blueprint llama_blueprint(const Config& config, const LlamaVariation& variation);

}  // namespace allometer::model
