#pragma once
/// What decoder architectures are made of. Rows are the tokens of one forward pass; "normed" and
/// "activated" rows are in the precision of the next product, everything else is F32.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
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

  Precision precision;
  Buffer normed;     ///< [max_rows, hidden_size]
  Buffer projected;  ///< F32 [max_rows, the widest fused product]
  Buffer activated;  ///< [max_rows, the widest input of a product back to the residual stream]
};

struct RmsNorm {
  std::vector<float> weight;
  float eps = 0;

  void forward(const float* x, int rows, Precision out_precision, void* out) const {
    ops::rms_norm(x, rows, weight, eps, out_precision, out);
  }
};

/// residual += o_proj(attention(q, k, v of workspace.normed)); q, k and v are one product.
struct SelfAttention {
  ops::Linear qkv;
  ops::Linear out;
  std::vector<float> qkv_bias;  ///< empty: none
  std::vector<float> out_bias;
  ops::AttentionShape shape;
  float scale = 1;

  void forward(Workspace& workspace, std::span<const ops::AttentionSegment> segments,
               const ops::RotaryTable& rotary, int rows, float* residual) const;
};

/// residual += down(silu(gate(x)) * up(x)) for x in workspace.normed; gate and up are one product.
struct GatedMlp {
  ops::Linear gate_up;
  ops::Linear down;
  std::vector<float> gate_up_bias;
  std::vector<float> down_bias;
  int intermediate_size = 0;

  void forward(Workspace& workspace, int rows, float* residual) const;
};

/// The LM head in blocks over the vocabulary.
class LmHead {
 public:
  /// The blocks of a head whose matrix is `tensor`, for Architecture::linears.
  static std::vector<LinearSpec> blocks(const std::string& tensor, int hidden_size, int vocab_size);

  LmHead(const Weights& weights, const Config& config);

  /// See CausalModel::score and ::logits; `normed`: [rows, hidden_size] after the final norm, rows
  /// <= max_rows.
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
  std::vector<const std::byte*> packed_;
  ops::Linear whole_;
  ops::Linear last_;
  Buffer block_;
  std::vector<ops::RowStatistics> statistics_;
  std::vector<double> sums_;
  std::vector<float> maxima_;
};

/// Inverse frequencies of the rotary embedding with rope_theta and rope_scaling.
std::vector<float> rotary_frequencies(const Config& config);

/// Throws ConfigError for an id outside the vocabulary or a position beyond a cache; a contract for
/// segments and sizes.
void check_forward(const Config& config, std::span<const std::int32_t> ids,
                   std::span<const Segment> segments, std::span<KvCache* const> caches,
                   int max_rows);

/// The segments over the caches of one layer.
void segments_of_layer(std::span<const Segment> segments, std::span<KvCache* const> caches,
                       int layer, std::vector<ops::AttentionSegment>& out);

/// Tensors one after the other as one F32 vector.
std::vector<float> joined(const Weights& weights, std::initializer_list<std::string> names);

}  // namespace allometer::model
