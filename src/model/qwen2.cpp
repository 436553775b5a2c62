/// Qwen 2 and 2.5 (Yang et al. 2024, arXiv 2407.10671 and 2412.15115): Llama with biases on
/// queries, keys and values. Numbers as in Hugging Face's Qwen2ForCausalLM.

#include "model/qwen2.hpp"

#include "model/architecture.hpp"
#include "model/llama.hpp"

namespace allometer::model {
namespace {

void read(const ConfigReader& reader, Config& config) {
  read_llama_options(reader, {.max_positions_fallback = 32768, .key_value_heads_fallback = 32},
                     config);
  LlamaVariation variation;
  variation.activation = read_activation(reader, "hidden_act", "silu");
  variation.qkv_bias = true;
  variation.windows = read_qwen_windows(reader, config);
  config.blueprint = llama_blueprint(config, variation);
}

}  // namespace

std::vector<int> read_qwen_windows(const ConfigReader& reader, const Config& config) {
  if (!reader.boolean("use_sliding_window", false)) return {};
  constexpr int kUsualWindow = 4096;
  constexpr int kUsualFirstLayer = 28;
  const int first = reader.integer("max_window_layers", kUsualFirstLayer, 0, kMostLayers);
  return read_windows(reader, config, kUsualWindow, [first](int layer) { return layer >= first; });
}

const Architecture kQwen2{"Qwen2ForCausalLM", "model", read};

}  // namespace allometer::model
