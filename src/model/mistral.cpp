/// Mistral (Jiang et al. 2023, arXiv 2310.06825): Llama with a sliding window in every layer.
/// Numbers as in Hugging Face's MistralForCausalLM.

#include "model/architecture.hpp"
#include "model/llama.hpp"

namespace allometer::model {
namespace {

void read(const ConfigReader& reader, Config& config) {
  constexpr int kUsualWindow = 4096;
  read_llama_options(reader, {.max_positions_fallback = 4096 * 32, .key_value_heads_fallback = 8},
                     config);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.windows = read_windows(reader, config, kUsualWindow, [](int) { return true; });
  config.blueprint = llama_blueprint(config, variation);
}

}  // namespace

const Architecture kMistral{"MistralForCausalLM", "model", read};

}  // namespace allometer::model
