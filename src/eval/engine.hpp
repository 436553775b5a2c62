#pragma once
/// The engine: token requests in, scores and generated tokens out. All requests of a call are
/// merged into one token trie, so that every distinct prefix is computed once.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/causal_model.hpp"
#include "model/cost.hpp"

namespace allometer::eval {

/// Score tokens [num_context, tokens.size()) given those before them. 1 <= num_context <
/// tokens.size(), and all tokens but the last are within the model's max_position_embeddings.
struct ScoreRequest {
  std::vector<std::int32_t> tokens;
  int num_context = 1;
};

struct Score {
  double log_likelihood = 0;  ///< nats, summed from the first scored token to the last
  bool is_greedy = true;      ///< every scored token is the argmax of its row
};

/// Continue `tokens` greedily (ties: smallest id) until `is_finished` says so, an end token, or
/// max_new_tokens. At least one token; tokens.size() + max_new_tokens is within the model's
/// max_position_embeddings.
struct GenerateRequest {
  std::vector<std::int32_t> tokens;
  int max_new_tokens = 0;
  std::vector<std::int32_t> end_tokens;
  /// Called after each new token with all new tokens so far; true stops this request. May be empty.
  std::function<bool(std::span<const std::int32_t>)> is_finished;
};

struct EngineOptions {
  int chunk_tokens = 256;  ///< rows of a forward pass; at most model.max_rows()
  std::size_t generation_bytes = std::size_t{1}
                                 << 30;  ///< all caches that generation holds at once
};

/// What the calls so far have cost.
struct EngineCounters {
  std::int64_t tokens_computed = 0;   ///< rows of forward passes
  std::int64_t tokens_requested = 0;  ///< rows that one forward pass per request would have taken
  double flops = 0;                   ///< of tokens_computed and of the rows at the LM head
};

/// Not thread-safe. Results depend on the requests alone: not on their order, grouping or the
/// options, to the last bit. Memory: score holds the keys and values of one path and the rows of
/// one chunk.
class Engine {
 public:
  /// Throws ConfigError unless 1 <= chunk_tokens <= model.max_rows(). The model must outlive the
  /// engine.
  Engine(model::CausalModel& model, const EngineOptions& options);
  ~Engine();

  /// One Score per request.
  std::vector<Score> score(std::span<const ScoreRequest> requests);
  /// New tokens per request, an end token included if one was met. Throws ConfigError if
  /// generation_bytes cannot hold one sequence.
  std::vector<std::vector<std::int32_t>> generate(std::span<const GenerateRequest> requests);

  const EngineCounters& counters() const { return counters_; }
  /// Called after every chunk (for the watchdog and the progress display).
  void on_chunk(std::function<void()> callback) { on_chunk_ = std::move(callback); }

 private:
  friend class Generation;

  void forward(std::span<const std::int32_t> ids, std::span<const model::Segment> segments,
               std::span<model::KvCache* const> caches);
  /// Scores the rows of hidden_ that are named in `rows` (ascending). Targets name rows by their
  /// place in `rows`.
  void score_rows(std::span<const int> rows, std::span<const model::Target> targets);

  model::CausalModel& model_;
  EngineOptions options_;
  model::Flops flops_;
  EngineCounters counters_;
  std::function<void()> on_chunk_;
  std::optional<model::KvCache> path_;       // of the trie's walk; kept between calls
  std::vector<float> hidden_;                // [chunk_tokens, hidden_size]
  std::vector<float> gathered_;              // the rows of hidden_ that are scored
  std::vector<model::RowScore> row_scores_;  // one per row given to score_rows
  std::vector<float> target_logits_;         // one per target
};

}  // namespace allometer::eval
