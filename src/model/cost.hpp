#pragma once
/// What a model costs by its shape alone: parameters and floating-point operations.

#include <cstdint>
#include <map>

#include "model/config.hpp"

namespace allometer::model {

/// Counts of weights; tied embeddings count once.
struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t without_embeddings = 0;  ///< neither token and position embeddings nor an LM head
};
ParameterCount count_parameters(const Config& config);

/// Floating-point operations of a model.
class Flops {
 public:
  explicit Flops(const Config& config);

  /// Of the forward pass of one token at `position` (0-based) without the LM head: 2 x weights + 4
  /// x heads x head_dim x positions attended to, summed over the layers. Source: Kaplan et al.
  /// 2020, arXiv 2001.08361, table 1.
  double forward(int position) const;
  /// Of the LM head for one scored row: 2 x its input x vocab_size.
  double head() const { return head_; }

 private:
  double weights_;
  double per_position_;         ///< of one layer
  std::map<int, int> windows_;  ///< window -> layers that have it
  double head_;
};

}  // namespace allometer::model
