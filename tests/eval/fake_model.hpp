#pragma once
/// A model whose numbers can be foretold: the state of a row is a hash of the tokens that it finds
/// in the cache at the positions up to its own. A wrong order of segments, a wrong position, a path
/// overwritten too early or a cache mixed up gives another hash, and so another score.

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "model/causal_model.hpp"
#include "ops/attention.hpp"

namespace allometer::eval {

/// One step of the hash over a sequence of tokens.
inline std::uint64_t extend(std::uint64_t state, std::int32_t token) {
  return SplitMix64(state ^ static_cast<std::uint64_t>(token))();
}

/// Logits after the tokens that hash to `state`: multiples of 1/2 in [0, 4), so that ties are
/// common.
inline float fake_logit(std::uint64_t state, std::int32_t token) {
  return 0.5F *
         static_cast<float>(SplitMix64(state + 77 * static_cast<std::uint64_t>(token))() >> 61);
}

inline model::RowScore fake_row_score(std::uint64_t state, int vocab_size) {
  model::RowScore score;
  float best = -1;
  for (std::int32_t token = 0; token < vocab_size; ++token) {
    const float logit = fake_logit(state, token);
    if (logit > best) {
      best = logit;
      score.argmax = token;
    }
  }
  // Not the real normaliser, but a number with all its bits that depends on the row alone.
  score.log_sum_exp = 4 + static_cast<double>(state >> 11) * 0x1.0p-53;
  return score;
}

class FakeModel : public model::CausalModel {
 public:
  explicit FakeModel(int vocab_size = 4, int max_positions = 64, int max_rows = 256)
      : max_rows_(max_rows) {
    config_ = model::Config::parse({{"architectures", {"LlamaForCausalLM"}},
                                    {"vocab_size", vocab_size},
                                    {"hidden_size", kWidth},
                                    {"intermediate_size", 16},
                                    {"num_hidden_layers", 1},
                                    {"num_attention_heads", 1},
                                    {"head_dim", 16},  // one slot of values: 64 bytes a position
                                    {"max_position_embeddings", max_positions}},
                                   "the fake model");
  }

  model::Config& mutable_config() { return config_; }
  const model::Config& config() const override { return config_; }
  model::KvCache make_cache(int max_positions) const override {
    ++caches_made;
    bytes_made += model::KvCache::size_in_bytes(1, 1, 16, max_positions);
    return model::KvCache(1, 1, 16, max_positions);
  }
  int max_rows() const override { return max_rows_; }

  void forward(std::span<const std::int32_t> ids, std::span<const model::Segment> segments,
               std::span<model::KvCache* const> caches, float* hidden) override {
    forward_rows.push_back(static_cast<int>(ids.size()));
    forward_segments.push_back(static_cast<int>(segments.size()));
    int next_row = 0;
    for (const model::Segment& segment : segments) {
      if (segment.first_row != next_row || segment.num_rows < 1)
        throw ContractViolation("rows have a gap");
      next_row += segment.num_rows;
      model::KvCache& cache = *caches[static_cast<std::size_t>(segment.cache)];
      if (segment.position + segment.num_rows > cache.max_positions())
        throw ContractViolation("beyond the cache");
      for (int i = 0; i < segment.num_rows; ++i) {
        *slot(cache, segment.position + i) =
            ids[static_cast<std::size_t>(segment.first_row + i)] + 1;
      }
      for (int i = 0; i < segment.num_rows; ++i) {
        std::uint64_t state = 0;
        for (int p = 0; p <= segment.position + i; ++p) state = next(state, *slot(cache, p) - 1);
        std::memcpy(hidden + static_cast<std::size_t>(segment.first_row + i) * kWidth, &state,
                    sizeof state);
      }
    }
    if (next_row != static_cast<int>(ids.size())) throw ContractViolation("rows without a segment");
  }

  void score(const float* hidden, int num_rows, std::span<const model::Target> targets,
             std::span<model::RowScore> scores, std::span<float> target_logits) override {
    head_rows += num_rows;
    head_targets += static_cast<int>(targets.size());
    for (int row = 0; row < num_rows; ++row) {
      scores[static_cast<std::size_t>(row)] = row_score(state_of(hidden, row));
    }
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (i > 0 && targets[i - 1].row > targets[i].row)
        throw ContractViolation("targets out of order");
      if (targets[i].row >= num_rows) throw ContractViolation("target in no row");
      target_logits[i] = logit(state_of(hidden, targets[i].row), targets[i].token);
    }
  }

  void logits(const float* hidden, int num_rows, float* out) override {
    for (int row = 0; row < num_rows; ++row) {
      for (std::int32_t token = 0; token < config_.vocab_size; ++token) {
        *out++ = logit(state_of(hidden, row), token);
      }
    }
  }

  std::vector<int> forward_rows;  ///< of each forward pass
  std::vector<int> forward_segments;
  int head_rows = 0;
  int head_targets = 0;
  mutable int caches_made = 0;
  mutable std::size_t bytes_made = 0;

 protected:
  /// What a row's state becomes with one token more, and what follows from it.
  virtual std::uint64_t next(std::uint64_t state, std::int32_t token) const {
    return extend(state, token);
  }
  virtual float logit(std::uint64_t state, std::int32_t token) const {
    return fake_logit(state, token);
  }
  virtual model::RowScore row_score(std::uint64_t state) const {
    return fake_row_score(state, config_.vocab_size);
  }

 private:
  static constexpr int kWidth = 2;  // floats that hold the hash

  static std::uint64_t state_of(const float* hidden, int row) {
    std::uint64_t state = 0;
    std::memcpy(&state, hidden + static_cast<std::size_t>(row) * kWidth, sizeof state);
    return state;
  }
  static std::int32_t* slot(model::KvCache& cache, int position) {
    const ops::CacheLayout layout{1, 16, cache.max_positions()};
    return reinterpret_cast<std::int32_t*>(cache.layer(0)) + layout.key_floats() +
           16 * static_cast<std::size_t>(position);
  }

  model::Config config_;
  int max_rows_;
};

}  // namespace allometer::eval
