#pragma once
/// The layer of BLOOM, GPT-NeoX and Falcon, as Megatron-LM names it: queries, keys and values of a
/// group of heads side by side in one matrix, and an MLP from h to 4h and back.

#include <string>

#include "model/config.hpp"

namespace allometer::model {

struct MegatronNames {
  std::string layer;      ///< "transformer.h.3."
  std::string attention;  ///< "self_attention."
};

/// All but its norms.
LayerBlueprint megatron_layer(const Config& config, const MegatronNames& names, bool attention_bias,
                              bool mlp_bias, ops::Activation activation);

}  // namespace allometer::model
