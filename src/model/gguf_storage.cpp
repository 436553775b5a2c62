#include "model/gguf_storage.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "model/gguf_tensors.hpp"
#include "model/layout.hpp"

namespace allometer::model {
namespace {

/// Row 2 i + half of a head in the file is row i of that half in Hugging Face's order.
std::vector<RowRange> order_of_interleaved_halves(int num_heads, int head_dim) {
  std::vector<RowRange> order;
  for (int head = 0; head < num_heads; ++head) {
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < head_dim / 2; ++i) order.push_back({head * head_dim + 2 * i + half, 1});
    }
  }
  return order;
}

void describe_norm(Normalization& norm) {
  norm.added_to_weight = 0;
}

void describe_projections(std::vector<Projection>& projections) {
  for (Projection& projection : projections) {
    projection.order.clear();
    projection.is_transposed = false;
  }
}

/// Tensors that no blueprint asks for, and what they hold is in the Config.
bool is_known_otherwise(const std::string& name, const Config& config) {
  static const std::set<std::string> kRotary = {"rope_freqs.weight", "rope_factors_long.weight",
                                                "rope_factors_short.weight"};
  // A copy of the token embedding (gguf_config.cpp), or what follows from rope_theta.
  return kRotary.contains(name) || (config.tie_word_embeddings && name == "output.weight") ||
         name.ends_with(".attn_rot_embd.weight");
}

void check_tensors(const io::Gguf& file, const Config& config) {
  const auto architecture = file.get<std::string>("general.architecture");
  std::set<std::string> used;
  for (const TensorSpec& tensor : tensors_of(config)) {
    const auto name = gguf_tensor_name(architecture, tensor.name);
    if (!name) continue;  // refused when it is asked for
    file.at(*name);
    used.insert(*name);
  }
  for (const std::string& name : file.names()) {
    if (used.contains(name) || is_known_otherwise(name, config)) continue;
    throw FormatError(fmt::format(
        "{}: tensor '{}' has no place in architecture \"{}\": this kind of model is not "
        "implemented",
        file.file_of(name).string(), name, architecture));
  }
}

}  // namespace

void describe_gguf_storage(Config& config) {
  const bool interleaves =
      config.architecture == "LlamaForCausalLM" || config.architecture == "MistralForCausalLM";
  Blueprint& blueprint = config.blueprint;
  for (LayerBlueprint& layer : blueprint.layers) {
    describe_projections(layer.attention.qkv);
    describe_projections(layer.mlp.in);
    layer.attention.out.is_transposed = layer.mlp.out.is_transposed = false;
    if (interleaves) {
      auto& qkv = layer.attention.qkv;
      qkv[0].order = order_of_interleaved_halves(config.num_attention_heads, config.head_dim);
      qkv[1].order = order_of_interleaved_halves(config.num_key_value_heads, config.head_dim);
    }
    for (Normalization* norm : {&layer.attention_norm, &layer.attention_output_norm,
                                &layer.mlp_norm, &layer.mlp_output_norm}) {
      describe_norm(*norm);
    }
  }
  describe_norm(blueprint.final_norm);
}

Config config_for_gguf(const io::Gguf& file, HeadComparison comparison) {
  Config config = Config::parse(config_of_gguf(file, comparison), file.files().front().string());
  describe_gguf_storage(config);
  check_tensors(file, config);
  return config;
}

}  // namespace allometer::model
