#pragma once
/// A causal decoder of any blueprint: embeddings, layers, final norm, LM head.

#include <vector>

#include "model/causal_model.hpp"
#include "model/layers.hpp"
#include "model/weights.hpp"

namespace allometer::model {

class Decoder final : public CausalModel {
 public:
  Decoder(const Config& config, Weights weights);

  const Config& config() const override { return config_; }
  int max_rows() const override { return weights_.max_rows(); }
  KvCache make_cache(int max_positions) const override;
  void forward(std::span<const std::int32_t> ids, std::span<const Segment> segments,
               std::span<KvCache* const> caches, float* hidden) override;
  void score(const float* hidden, int num_rows, std::span<const Target> targets,
             std::span<RowScore> scores, std::span<float> target_logits) override;
  void logits(const float* hidden, int num_rows, float* out) override;

 private:
  void embed(std::span<const std::int32_t> ids, std::span<const Segment> segments, float* hidden);
  /// What the head reads of up to max_rows() rows from `first` on: through the final norm and,
  /// where there is one, embedding_out.
  const std::byte* head_input(const float* hidden, int first, int rows);

  Config config_;
  Weights weights_;
  Embedding embedding_;
  std::vector<float> positions_;  ///< [num_rows, hidden_size] of the position table
  Norm embedding_norm_;
  std::optional<BiasedLinear> embedding_in_;
  ops::RotaryTable rotary_;
  ops::AlibiTable alibi_;
  std::vector<DecoderLayer> layers_;
  Norm final_norm_;
  std::optional<BiasedLinear> embedding_out_;
  LmHead head_;
  Workspace workspace_;
  std::vector<ops::AttentionSegment> segments_;
};

}  // namespace allometer::model
