#pragma once
/// What a blueprint asks of a checkpoint: its tensors, and the packed matrix products made of them.

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.hpp"

namespace allometer::model {

/// A tensor that a checkpoint must hold, under its Hugging Face name.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  bool is_embedding = false;  ///< token or position embeddings, or an untied LM head
  bool is_norm_weight = false;
};
std::vector<TensorSpec> tensors_of(const Config& config);

/// Rows of a checkpoint's matrix: [first_row, first_row + num_rows).
struct LinearPart {
  std::string tensor;
  int first_row = 0;
  int num_rows = 0;
  bool is_transposed = false;  ///< columns of the tensor instead
};

/// A packed matrix product: one or several matrices on top of one another.
struct LinearSpec {
  std::string name;
  int in_features = 0;
  std::vector<LinearPart> parts;

  int out_features() const;
};
std::vector<LinearSpec> linears_of(const Config& config);

/// Names of packed products.
std::string qkv_name(int layer);
std::string attention_out_name(int layer);
std::string mlp_in_name(int layer);
std::string mlp_out_name(int layer);
std::string embedding_in_name();
std::string embedding_out_name();
std::string head_name(std::size_t block);

/// Columns of the LM head computed at a time: 256 rows of them stay in the second-level cache.
inline constexpr int kHeadBlock = 1024;

}  // namespace allometer::model
