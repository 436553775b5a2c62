#pragma once
/// What decoder architectures are made of. Rows are the tokens of one forward pass; "normed" and
/// "activated" rows are in the precision of the next product, everything else is F32.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/causal_model.hpp"
#include "model/weights.hpp"
#include "ops/attention.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/rotary.hpp"

namespace allometer::model {

/// 64-byte aligned memory of a fixed size, zero at first.
class Buffer {
 public:
  explicit Buffer(std::size_t num_bytes);
  float* floats() const { return reinterpret_cast<float*>(data_.get()); }
  std::byte* bytes() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
};

/// Memory of one forward pass, shared by all layers.
struct Workspace {
  Workspace(const Config& config, Precision precision, int max_rows);
  static std::size_t num_bytes(const Config& config, Precision precision, int max_rows);

  Precision precision;
  Buffer normed;      ///< [max_rows, hidden_size, or embedding_size where that is more]
  Buffer mlp_normed;  ///< [max_rows, hidden_size] where two norms feed parallel branches
  Buffer projected;   ///< F32 [max_rows, the widest fused product]
  Buffer activated;   ///< [max_rows, the widest input of a product back to the residual stream]
  Buffer branch;      ///< F32: a branch's output before its norm, or narrow embeddings
};

/// RMS norm, layer norm, or none: then rows only change their precision.
struct Norm {
  Norm() = default;
  Norm(const Normalization& blueprint, const Weights& weights, double eps);

  bool is_there() const { return kind != Normalization::Kind::none; }
  void forward(const float* x, int rows, int size, Precision out_precision, void* out) const;

  Normalization::Kind kind = Normalization::Kind::none;
  std::vector<float> weight;
  std::vector<float> bias;  ///< layer norm only
  float eps = 0;
};

/// A product of one or several stacked projections, and its bias.
struct BiasedLinear {
  BiasedLinear(const std::string& name, std::span<const Projection> parts, const Weights& weights);

  /// dst (+)= src W^T + bias.
  void forward(const void* src, int rows, float* dst, bool accumulate = false) const;

  ops::Linear linear;
  std::vector<float> bias;  ///< empty: none
};

/// What a layer needs beside its weights.
struct Pass {
  Workspace& workspace;
  std::span<const ops::AttentionSegment> segments;
  const ops::RotaryTable& rotary;
  const ops::AlibiTable& alibi;
  int rows = 0;
};

/// out(attention(q, k, v)) of the rows of `normed`; q, k and v are one product.
struct SelfAttention {
  SelfAttention(const Config& config, int layer, const Weights& weights);

  /// F32 [rows, hidden_size], added to dst or written there.
  void forward(const Pass& pass, const std::byte* normed, float* dst, bool accumulate) const;

  BiasedLinear qkv;
  BiasedLinear out;
  Norm query_norm;
  Norm key_norm;
  ops::AttentionShape shape;
  ops::ScoreRule rule;

 private:
  void normalise_heads(const Norm& norm, int first_head, int num_heads, int rows,
                       float* projected) const;
};

/// out(activation(in(x))), or with a gate out(activation(gate(x)) * up(x)); gate and up are one
/// product.
struct Mlp {
  Mlp(const Config& config, int layer, const Weights& weights);

  /// As SelfAttention::forward.
  void forward(const Pass& pass, const std::byte* normed, float* dst, bool accumulate) const;

  BiasedLinear in;
  BiasedLinear out;
  ops::Activation activation;
  bool is_gated;
  int intermediate_size;
};

/// Attention and MLP around the residual stream, in the order that Residual says.
class DecoderLayer {
 public:
  DecoderLayer(const Config& config, int layer, const Weights& weights);
  /// residual: F32 [rows, hidden_size], changed in place.
  void forward(const Pass& pass, float* residual) const;

 private:
  void in_sequence(const Pass& pass, float* residual) const;
  void in_parallel(const Pass& pass, float* residual) const;
  void with_norms_behind(const Pass& pass, float* residual) const;
  template <class Branch>
  void add_branch(const Pass& pass, const Norm& norm, const Branch& branch, const Norm& output_norm,
                  float* residual) const;

  Residual residual_;
  int hidden_size_;
  Norm attention_norm_;
  SelfAttention attention_;
  Norm attention_output_norm_;
  Norm mlp_norm_;
  Mlp mlp_;
  Norm mlp_output_norm_;
};

/// The LM head in blocks over the vocabulary.
class LmHead {
 public:
  LmHead(const Weights& weights, const Config& config);

  /// See CausalModel::score and ::logits; `normed`: [rows, embedding_size] after the final norm,
  /// rows <= max_rows.
  void score(const void* normed, int rows, int first_row, std::span<const Target> targets,
             std::span<RowScore> scores, std::span<float> target_logits);
  void logits(const void* normed, int rows, float* out);

 private:
  /// F32 [rows, width of the block] of block `index`, in block_.
  void compute_block(std::size_t index, const void* normed, int rows);
  int begin_of(std::size_t index) const { return static_cast<int>(index) * width_; }
  int width_of(std::size_t index) const;

  int vocab_size_;
  int width_;  ///< of every block but the last
  float soft_cap_;
  std::vector<float> bias_;  ///< empty: none
  std::vector<const std::byte*> packed_;
  ops::Linear whole_;
  ops::Linear last_;
  Buffer block_;
  std::vector<ops::RowStatistics> statistics_;
  std::vector<double> sums_;
  std::vector<float> maxima_;
};

/// The table of the rotary embedding with rope_theta and rope_scaling; empty without one.
ops::RotaryTable rotary_table(const Config& config);
/// The table of linear biases; empty without them.
ops::AlibiTable alibi_table(const Config& config);

/// Throws ConfigError for an id outside the vocabulary or a position beyond a cache; a contract for
/// segments and sizes.
void check_forward(const Config& config, std::span<const std::int32_t> ids,
                   std::span<const Segment> segments, std::span<KvCache* const> caches,
                   int max_rows);

/// The segments over the caches of one layer.
void segments_of_layer(std::span<const Segment> segments, std::span<KvCache* const> caches,
                       int layer, std::vector<ops::AttentionSegment>& out);

}  // namespace allometer::model
