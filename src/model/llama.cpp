/// Llama (Touvron et al. 2023, arXiv 2302.13971 and 2307.09288): pre-norm decoder, rotary
/// embedding, grouped-query attention, gated SiLU MLP. Numbers as in Hugging Face's
/// LlamaForCausalLM.

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/layers.hpp"

namespace allometer::model {
namespace {

std::string layer_name(int layer, std::string_view rest) {
  return fmt::format("model.layers.{}.{}", layer, rest);
}

const char* head_tensor(const Config& c) {
  return c.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight";
}

std::vector<TensorSpec> tensors(const Config& c) {
  const std::int64_t hidden = c.hidden_size;
  const std::int64_t inner = c.intermediate_size;
  const std::int64_t queries = static_cast<std::int64_t>(c.num_attention_heads) * c.head_dim;
  const std::int64_t keys = static_cast<std::int64_t>(c.num_key_value_heads) * c.head_dim;
  std::vector<TensorSpec> list;
  list.push_back({"model.embed_tokens.weight", {c.vocab_size, hidden}, true});
  const auto matrix = [&](int layer, std::string_view name, std::int64_t out, std::int64_t in,
                          bool has_bias) {
    list.push_back({layer_name(layer, fmt::format("{}.weight", name)), {out, in}});
    if (has_bias) list.push_back({layer_name(layer, fmt::format("{}.bias", name)), {out}});
  };
  for (int i = 0; i < c.num_hidden_layers; ++i) {
    list.push_back({layer_name(i, "input_layernorm.weight"), {hidden}});
    matrix(i, "self_attn.q_proj", queries, hidden, c.attention_bias);
    matrix(i, "self_attn.k_proj", keys, hidden, c.attention_bias);
    matrix(i, "self_attn.v_proj", keys, hidden, c.attention_bias);
    matrix(i, "self_attn.o_proj", hidden, queries, c.attention_bias);
    list.push_back({layer_name(i, "post_attention_layernorm.weight"), {hidden}});
    matrix(i, "mlp.gate_proj", inner, hidden, c.mlp_bias);
    matrix(i, "mlp.up_proj", inner, hidden, c.mlp_bias);
    matrix(i, "mlp.down_proj", hidden, inner, c.mlp_bias);
  }
  list.push_back({"model.norm.weight", {hidden}});
  if (!c.tie_word_embeddings) list.push_back({"lm_head.weight", {c.vocab_size, hidden}, true});
  return list;
}

std::vector<LinearSpec> linears(const Config& c) {
  const int queries = c.num_attention_heads * c.head_dim;
  const int keys = c.num_key_value_heads * c.head_dim;
  std::vector<LinearSpec> list;
  for (int i = 0; i < c.num_hidden_layers; ++i) {
    const auto part = [&](std::string_view name, int rows) {
      return LinearPart{layer_name(i, name), 0, rows};
    };
    list.push_back(
        {layer_name(i, "qkv"),
         c.hidden_size,
         {part("self_attn.q_proj.weight", queries), part("self_attn.k_proj.weight", keys),
          part("self_attn.v_proj.weight", keys)}});
    list.push_back(
        {layer_name(i, "out"), queries, {part("self_attn.o_proj.weight", c.hidden_size)}});
    list.push_back({layer_name(i, "gate_up"),
                    c.hidden_size,
                    {part("mlp.gate_proj.weight", c.intermediate_size),
                     part("mlp.up_proj.weight", c.intermediate_size)}});
    list.push_back({layer_name(i, "down"),
                    c.intermediate_size,
                    {part("mlp.down_proj.weight", c.hidden_size)}});
  }
  for (LinearSpec& block : LmHead::blocks(head_tensor(c), c.hidden_size, c.vocab_size))
    list.push_back(std::move(block));
  return list;
}

struct Layer {
  RmsNorm attention_norm;
  SelfAttention attention;
  RmsNorm mlp_norm;
  GatedMlp mlp;
};

RmsNorm make_norm(const Config& c, const Weights& w, const std::string& name) {
  return {w.vector(name), static_cast<float>(c.rms_norm_eps)};
}

Layer make_layer(const Config& c, const Weights& w, int i) {
  const auto name = [i](std::string_view rest) { return layer_name(i, rest); };
  SelfAttention attention{w.linear(name("qkv")),
                          w.linear(name("out")),
                          {},
                          {},
                          {c.num_attention_heads, c.num_key_value_heads, c.head_dim},
                          static_cast<float>(1.0 / std::sqrt(static_cast<double>(c.head_dim)))};
  if (c.attention_bias) {
    attention.qkv_bias = joined(w, {name("self_attn.q_proj.bias"), name("self_attn.k_proj.bias"),
                                    name("self_attn.v_proj.bias")});
    attention.out_bias = w.vector(name("self_attn.o_proj.bias"));
  }
  GatedMlp mlp{w.linear(name("gate_up")), w.linear(name("down")), {}, {}, c.intermediate_size};
  if (c.mlp_bias) {
    mlp.gate_up_bias = joined(w, {name("mlp.gate_proj.bias"), name("mlp.up_proj.bias")});
    mlp.down_bias = w.vector(name("mlp.down_proj.bias"));
  }
  return {make_norm(c, w, name("input_layernorm.weight")), std::move(attention),
          make_norm(c, w, name("post_attention_layernorm.weight")), std::move(mlp)};
}

class Llama final : public CausalModel {
 public:
  Llama(const Config& c, Weights w)
      : config_(c),
        weights_(std::move(w)),
        embedding_(weights_.tensor("model.embed_tokens.weight")),
        rotary_(rotary_frequencies(c)),
        final_norm_(make_norm(c, weights_, "model.norm.weight")),
        head_(weights_, c),
        workspace_(c, weights_.precision(), weights_.max_rows()) {
    for (int i = 0; i < c.num_hidden_layers; ++i) layers_.push_back(make_layer(c, weights_, i));
  }

  const Config& config() const override { return config_; }
  int max_rows() const override { return weights_.max_rows(); }
  KvCache make_cache(int max_positions) const override {
    return {config_.num_hidden_layers, config_.num_key_value_heads, config_.head_dim,
            max_positions};
  }

  void forward(std::span<const std::int32_t> ids, std::span<const Segment> segments,
               std::span<KvCache* const> caches, float* hidden) override {
    check_forward(config_, ids, segments, caches, max_rows());
    const int rows = static_cast<int>(ids.size());
    for (const Segment& s : segments) rotary_.reserve(s.position + s.num_rows);
    embedding_.forward(ids, hidden);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      segments_of_layer(segments, caches, static_cast<int>(i), segments_);
      layer.attention_norm.forward(hidden, rows, workspace_.precision, workspace_.normed.bytes());
      layer.attention.forward(workspace_, segments_, rotary_, rows, hidden);
      layer.mlp_norm.forward(hidden, rows, workspace_.precision, workspace_.normed.bytes());
      layer.mlp.forward(workspace_, rows, hidden);
    }
  }

  void score(const float* hidden, int num_rows, std::span<const Target> targets,
             std::span<RowScore> scores, std::span<float> target_logits) override {
    std::size_t next = 0;
    for (int first = 0; first < num_rows; first += max_rows()) {
      const int rows = normalise(hidden, first, num_rows);
      const std::size_t begin = next;
      while (next < targets.size() && targets[next].row < first + rows) ++next;
      head_.score(workspace_.normed.bytes(), rows, first, targets.subspan(begin, next - begin),
                  scores.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows)),
                  target_logits.subspan(begin, next - begin));
    }
  }

  void logits(const float* hidden, int num_rows, float* out) override {
    for (int first = 0; first < num_rows; first += max_rows()) {
      const int rows = normalise(hidden, first, num_rows);
      head_.logits(
          workspace_.normed.bytes(), rows,
          out + static_cast<std::size_t>(first) * static_cast<std::size_t>(config_.vocab_size));
    }
  }

 private:
  /// The final norm of up to max_rows() rows from `first` on, into workspace_.normed; returns how
  /// many.
  int normalise(const float* hidden, int first, int num_rows) {
    const int rows = std::min(max_rows(), num_rows - first);
    const float* begin =
        hidden + static_cast<std::size_t>(first) * static_cast<std::size_t>(config_.hidden_size);
    final_norm_.forward(begin, rows, workspace_.precision, workspace_.normed.bytes());
    return rows;
  }

  Config config_;
  Weights weights_;
  Embedding embedding_;
  ops::RotaryTable rotary_;
  std::vector<Layer> layers_;
  RmsNorm final_norm_;
  LmHead head_;
  Workspace workspace_;
  std::vector<ops::AttentionSegment> segments_;
};

std::unique_ptr<CausalModel> make(const Config& config, Weights weights) {
  return std::make_unique<Llama>(config, std::move(weights));
}

}  // namespace

const Architecture kLlama{"LlamaForCausalLM", tensors, linears, make};

}  // namespace allometer::model
