#include "model/gguf_tensors.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::model {
namespace {

struct Module {
  std::string_view hugging_face;
  std::string_view gguf;
};

/// Inside a layer. Source: the tensor maps of llama.cpp's gguf-py (tensor_mapping.py).
constexpr Module kLayerModules[] = {
    {"attention.dense", "attn_output"},
    {"attention.query_key_value", "attn_qkv"},
    {"attn.c_attn", "attn_qkv"},
    {"attn.c_proj", "attn_output"},
    {"input_layernorm", "attn_norm"},
    {"ln_1", "attn_norm"},
    {"ln_2", "ffn_norm"},
    {"ln_attn", "attn_norm_2"},
    {"ln_mlp", "attn_norm"},
    {"mlp.c_fc", "ffn_up"},
    {"mlp.c_proj", "ffn_down"},
    {"mlp.dense_4h_to_h", "ffn_down"},
    {"mlp.dense_h_to_4h", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
    {"mlp.fc1", "ffn_up"},
    {"mlp.fc2", "ffn_down"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.gate_up_proj", "ffn_up"},
    {"mlp.up_proj", "ffn_up"},
    {"post_attention_layernorm", "ffn_norm"},
    {"post_feedforward_layernorm", "post_ffw_norm"},
    {"pre_feedforward_layernorm", "ffn_norm"},
    {"self_attention.dense", "attn_output"},
    {"self_attention.query_key_value", "attn_qkv"},
    {"self_attn.dense", "attn_output"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.qkv_proj", "attn_qkv"},
    {"self_attn.v_proj", "attn_v"},
};

/// Outside of layers, without the prefix of the base model.
constexpr Module kModules[] = {
    {"embed_in", "token_embd"},
    {"embed_out", "output"},
    {"embed_tokens", "token_embd"},
    {"final_layer_norm", "output_norm"},
    {"final_layernorm", "output_norm"},
    {"lm_head", "output"},
    {"ln_f", "output_norm"},
    {"norm", "output_norm"},
    {"word_embeddings", "token_embd"},
    {"word_embeddings_layernorm", "token_embd_norm"},
    {"wpe", "position_embd"},
    {"wte", "token_embd"},
};

/// Of architectures that have norms behind attention and MLP.
constexpr Module kNormBehindAttention{"post_attention_layernorm", "post_attention_norm"};

std::optional<std::string_view> find(std::span<const Module> modules, std::string_view name) {
  const auto found = std::find_if(modules.begin(), modules.end(), [name](const Module& module) {
    return module.hugging_face == name;
  });
  return found == modules.end() ? std::nullopt : std::optional(found->gguf);
}

/// Takes `prefix` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::optional<std::string> gguf_tensor_name(std::string_view architecture, std::string_view name) {
  for (const std::string_view prefix : {"model.", "transformer.", "gpt_neox."}) {
    if (take(name, prefix)) break;
  }
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view kind = name.substr(dot + 1);  // weight or bias
  std::string_view module = name.substr(0, dot);
  if (!take(module, "layers.") && !take(module, "h.")) {
    const auto found = find(kModules, module);
    return found ? std::optional(fmt::format("{}.{}", *found, kind)) : std::nullopt;
  }
  const std::size_t end = module.find('.');
  const std::string_view layer = module.substr(0, end);
  if (end == std::string_view::npos) return std::nullopt;
  module.remove_prefix(end + 1);
  auto found = find(kLayerModules, module);
  if (module == kNormBehindAttention.hugging_face &&
      (architecture == "gemma2" || architecture == "olmo2")) {
    found = kNormBehindAttention.gguf;
  }
  return found ? std::optional(fmt::format("blk.{}.{}.{}", layer, *found, kind)) : std::nullopt;
}

GgufTensors::GgufTensors(io::Gguf file)
    : file_(std::move(file)), architecture_(file_.get<std::string>("general.architecture")) {}

bool GgufTensors::contains(std::string_view name) const {
  const auto stored = gguf_tensor_name(architecture_, name);
  return stored && file_.contains(*stored);
}

io::TensorView GgufTensors::at(std::string_view name) const {
  const auto stored = gguf_tensor_name(architecture_, name);
  if (stored) return file_.at(*stored);
  throw FormatError(
      fmt::format("{}: GGUF has no tensor that is '{}'", file_.files().front().string(), name));
}

}  // namespace allometer::model
