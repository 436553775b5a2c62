#pragma once
/// The engine: token requests in, scores and generated tokens out. All requests of a call are merged into one token trie, so
/// that every distinct prefix is computed once.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/causal_model.hpp"

namespace allometer::eval {

/// Score tokens [num_context, tokens.size()) given those before them. num_context >= 1.
struct ScoreRequest {
  std::vector<std::int32_t> tokens;
  int num_context = 1;
};

struct Score {
  double log_likelihood = 0;  ///< nats, summed from the first scored token to the last
  bool is_greedy = true;      ///< every scored token is the argmax of its row
};

/// Continue `tokens` greedily (ties: smallest id) until `is_finished` says so, an end token, or max_new_tokens.
struct GenerateRequest {
  std::vector<std::int32_t> tokens;
  int max_new_tokens = 0;
  std::vector<std::int32_t> end_tokens;
  /// Called after each new token with all new tokens so far; true stops this request.
  std::function<bool(std::span<const std::int32_t>)> is_finished;
};

struct EngineOptions {
  int chunk_tokens = 256;                                 ///< rows of a forward pass; at most model.max_rows()
  std::size_t generation_bytes = std::size_t{1} << 30;    ///< caches of the sequences decoded together
};

/// What the calls so far have cost.
struct EngineCounters {
  std::int64_t tokens_computed = 0;   ///< rows of forward passes
  std::int64_t tokens_requested = 0;  ///< rows that one forward pass per request would have taken
  double flops = 0;
};

/// Not thread-safe. Results depend on the requests alone: not on their order, grouping or the options, to the last bit.
class Engine {
 public:
  Engine(model::CausalModel& model, const EngineOptions& options);
  ~Engine();

  std::vector<Score> score(std::span<const ScoreRequest> requests);
  /// New tokens per request, an end token included if one was met.
  std::vector<std::vector<std::int32_t>> generate(std::span<const GenerateRequest> requests);

  const EngineCounters& counters() const { return counters_; }
  /// Called after every chunk (for the watchdog and the progress display).
  void on_chunk(std::function<void()> callback) { on_chunk_ = std::move(callback); }

 private:
  model::CausalModel& model_;
  EngineOptions options_;
  EngineCounters counters_;
  std::function<void()> on_chunk_;
};

}  // namespace allometer::eval
