#pragma once
/// What a decoder is made of, as data: an architecture fills it in from config.json, and shapes,
/// parameter counts, packed products and the forward pass (decoder.hpp) follow from it.

#include <optional>
#include <string>
#include <vector>

#include "ops/elementwise.hpp"

namespace allometer::model {

struct RowRange {
  int first = 0;
  int count = 0;
};

/// y = x W^T + b: the tensors NAME.weight [out_features, in_features] and NAME.bias [out_features].
struct Projection {
  std::string name;
  int in_features = 0;
  int out_features = 0;
  bool has_bias = false;
  /// The order in which the rows of W and b are wanted; empty: as stored.
  std::vector<RowRange> order = {};
  bool is_transposed = false;  ///< stored as [in_features, out_features]
};

/// The tensors NAME.weight and, for a layer norm, NAME.bias [size].
struct Normalization {
  enum class Kind { none, rms, layer };
  Kind kind = Kind::none;
  std::string name;
  int size = 0;
  float added_to_weight = 0;  ///< 1 where checkpoints hold the weight's distance from 1
};

struct AttentionBlueprint {
  /// One after the other: queries of all heads, keys, values.
  std::vector<Projection> qkv;
  Projection out;
  /// Before the rotary embedding, over each head (size head_dim) or over all of them at once.
  Normalization query_norm;
  Normalization key_norm;
  float scale = 1;     ///< of the scores
  float soft_cap = 0;  ///< 0: none; else scores become soft_cap tanh(score / soft_cap)
  int window = 0;      ///< 0: none; else a query sees itself and the window - 1 positions before it
};

/// out(activation(in(x))), or with a gate out(activation(gate(x)) * up(x)).
struct MlpBlueprint {
  std::vector<Projection> in;  ///< one after the other; with a gate its rows come first
  Projection out;
  ops::Activation activation = ops::Activation::silu;
  bool is_gated = false;
};

/// How a layer adds its two branches to the residual stream x.
enum class Residual {
  sequential,  ///< x += output_norm(attention(norm(x))); x += output_norm(mlp(norm(x)))
  parallel,    ///< x += attention(norm(x)) + mlp(mlp_norm(x)), or mlp(norm(x)) without mlp_norm
  post_norm,   ///< x = output_norm(x + attention(x)); x = output_norm(x + mlp(x))
};

/// Norms of kind none are left out.
struct LayerBlueprint {
  Normalization attention_norm;
  AttentionBlueprint attention;
  Normalization attention_output_norm;
  Normalization mlp_norm;
  MlpBlueprint mlp;
  Normalization mlp_output_norm;
};

/// Learned positions: position p adds row p + offset of the tensor [num_rows, hidden_size].
struct PositionTable {
  std::string tensor;
  int num_rows = 0;
  int offset = 0;
};

/// Attention with linear biases (Press et al. 2021, arXiv 2108.12409).
enum class Alibi {
  none,
  exact,  ///< score + slope x position of the key
  /// (score + slope x position) x scale; slope, position and their product rounded to bf16
  scaled_in_bf16,
};

struct Blueprint {
  std::string token_embedding;  ///< tensor [vocab_size, embedding_size]
  int embedding_size = 0;
  float embedding_scale = 1;
  std::optional<PositionTable> positions;
  Normalization embedding_norm;
  std::optional<Projection> embedding_in;  ///< embedding_size to hidden_size, before the positions
  Residual residual = Residual::sequential;
  Alibi alibi = Alibi::none;
  std::vector<LayerBlueprint> layers;
  Normalization final_norm;
  std::optional<Projection> embedding_out;  ///< hidden_size to embedding_size, before the head
  /// [vocab_size, embedding_size]; its tensor is the token embedding where they are tied.
  Projection head;
  float logit_soft_cap = 0;
};

/// 1 / sqrt(head_dim)
float usual_scale(int head_dim);

Normalization rms_norm(std::string name, int size);
Normalization layer_norm(std::string name, int size);

/// Rows of a fused projection whose checkpoint holds, per group of heads, its queries, its key and
/// its value, in the order queries, keys, values.
std::vector<RowRange> order_of_grouped_qkv(int num_groups, int queries_per_group, int head_dim);

}  // namespace allometer::model
