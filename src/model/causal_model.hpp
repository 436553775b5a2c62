#pragma once
/// What every causal architecture offers to the engine: run rows of tokens through the layers,
/// score rows at the head.

#include <cstdint>
#include <memory>
#include <span>

#include "model/config.hpp"
#include "model/kv_cache.hpp"

namespace allometer::model {

/// Rows [first_row, first_row + num_rows) of a forward pass: tokens that follow one another in one
/// sequence, the first of them at absolute position `position`. Positions [0, position) of cache
/// `cache` hold the keys and values of its ancestors when the segment's turn comes.
struct Segment {
  int first_row = 0;
  int num_rows = 0;
  int position = 0;
  int cache = 0;  ///< index into the caches given to forward
};

/// One lookup at the head: the logit of `token` in the row `row`.
struct Target {
  int row = 0;
  std::int32_t token = 0;
};

/// Per scored row. The log-probability of a target is its logit - log_sum_exp, in nats.
struct RowScore {
  double log_sum_exp = 0;
  std::int32_t argmax = 0;  ///< the smallest id among equals
};

/// A checkpoint ready to compute. Not thread-safe: one caller at a time; inside it uses the OpenMP
/// threads. Every number is bit for bit the same for any number of rows, segmentation and number of
/// threads.
class CausalModel {
 public:
  virtual ~CausalModel() = default;

  virtual const Config& config() const = 0;
  /// An empty cache for sequences of up to `max_positions` tokens. Throws IoError when memory is
  /// short.
  virtual KvCache make_cache(int max_positions) const = 0;

  /// Runs ids [rows] through embedding and all layers. Within every layer the segments are taken in
  /// order: a segment writes its keys and values to [position, position + num_rows) of its cache,
  /// over whatever stood there, then attends to [0, own position]. So the depth-first order of a
  /// token trie needs no more than one path of cache. hidden: F32 [rows, hidden_size], the residual
  /// stream before the final norm. rows <= max_rows(). Throws ConfigError for an id outside [0,
  /// vocab_size) or a position beyond the cache.
  virtual void forward(std::span<const std::int32_t> ids, std::span<const Segment> segments,
                       std::span<KvCache* const> caches, float* hidden) = 0;

  /// Final norm and LM head over rows of `hidden`, F32 [num_rows, hidden_size], in blocks over the
  /// vocabulary with a running log-sum-exp. scores: [num_rows]; targets sorted by row;
  /// target_logits: one per target.
  virtual void score(const float* hidden, int num_rows, std::span<const Target> targets,
                     std::span<RowScore> scores, std::span<float> target_logits) = 0;

  /// All logits: F32 [num_rows, vocab_size]. For `logits` and the golden tests.
  virtual void logits(const float* hidden, int num_rows, float* out) = 0;

  /// The most rows that one forward call takes.
  virtual int max_rows() const = 0;
};

}  // namespace allometer::model
