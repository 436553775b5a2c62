#include "eval/engine.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "eval/token_trie.hpp"

namespace allometer::eval {
namespace {

/// The scored rows of one chunk and what is looked up in them, each pair of row and token once.
class ChunkTargets {
 public:
  ChunkTargets(const TrieWalk& walk, std::span<const ScoreRequest> requests)
      : walk_(walk), requests_(requests) {
    collect();
    sort_by_row();
  }

  const std::vector<int>& rows() const { return rows_; }
  const std::vector<model::Target>& targets() const { return targets_; }

  /// Adds to each request what this chunk says about it, in the order of its tokens.
  void add_scores(std::span<const model::RowScore> row_scores, std::span<const float> logits,
                  std::vector<Score>& scores) {
    // Sequences come in lexicographic order: the tokens wanted of a row never go back.
    std::vector<int> next = first_of_row_;
    for_each_scored([&](std::int32_t request, int row, std::int32_t token) {
      const int scored = scored_row_[row];
      int& target = next[scored];
      while (targets_[target].token != token) ++target;
      const model::RowScore& at_row = row_scores[scored];
      Score& score = scores[request];
      score.log_likelihood += static_cast<double>(logits[target]) - at_row.log_sum_exp;
      score.is_greedy = score.is_greedy && at_row.argmax == token;
    });
  }

 private:
  template <class Visit>
  void for_each_scored(Visit&& visit) const {
    walk_.visit_paths([&](const PathInChunk& path) {
      const ScoreRequest& request = requests_[path.sequence];
      for (int depth = std::max(path.begin, request.num_context - 1); depth < path.end; ++depth) {
        visit(path.sequence, path.rows[depth], request.tokens[depth + 1]);
      }
    });
  }

  void collect() {
    std::vector<std::int32_t> last_token(walk_.ids().size(), -1);
    for_each_scored([&](std::int32_t, int row, std::int32_t token) {
      if (last_token[row] == token) return;
      last_token[row] = token;
      targets_.push_back({row, token});
    });
  }

  void sort_by_row() {
    std::stable_sort(targets_.begin(), targets_.end(),
                     [](const model::Target& a, const model::Target& b) { return a.row < b.row; });
    scored_row_.assign(walk_.ids().size(), -1);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const int row = targets_[i].row;
      if (scored_row_[row] < 0) {
        scored_row_[row] = static_cast<int>(rows_.size());
        rows_.push_back(row);
        first_of_row_.push_back(static_cast<int>(i));
      }
      targets_[i].row = scored_row_[row];
    }
  }

  const TrieWalk& walk_;
  std::span<const ScoreRequest> requests_;
  std::vector<model::Target> targets_;  // rows are indices into rows_
  std::vector<int> rows_;               // rows of the chunk, ascending
  std::vector<int> first_of_row_;       // index into targets_ for each of rows_
  std::vector<int> scored_row_;         // index into rows_ for each row of the chunk, or -1
};

}  // namespace

Engine::Engine(model::CausalModel& model, const EngineOptions& options)
    : model_(model), options_(options), flops_(model.config()) {
  if (options.chunk_tokens < 1 || options.chunk_tokens > model.max_rows()) {
    throw ConfigError(
        fmt::format("engine.chunk_tokens is {}, but this model takes 1 to {} rows in a forward "
                    "pass; choose a number in that range",
                    options.chunk_tokens, model.max_rows()));
  }
  const auto width = static_cast<std::size_t>(model.config().hidden_size);
  hidden_.resize(static_cast<std::size_t>(options.chunk_tokens) * width);
}

Engine::~Engine() = default;

void Engine::forward(std::span<const std::int32_t> ids, std::span<const model::Segment> segments,
                     std::span<model::KvCache* const> caches) {
  model_.forward(ids, segments, caches, hidden_.data());
  counters_.tokens_computed += static_cast<std::int64_t>(ids.size());
  for (const model::Segment& segment : segments) {
    for (int row = 0; row < segment.num_rows; ++row)
      counters_.flops += flops_.forward(segment.position + row);
  }
  if (on_chunk_) on_chunk_();
}

void Engine::score_rows(std::span<const int> rows, std::span<const model::Target> targets) {
  row_scores_.resize(rows.size());
  target_logits_.resize(targets.size());
  if (rows.empty()) return;
  const auto width = static_cast<std::size_t>(model_.config().hidden_size);
  const int num_rows = static_cast<int>(rows.size());
  const float* hidden = hidden_.data() + static_cast<std::size_t>(rows.front()) * width;
  if (rows.back() - rows.front() + 1 != num_rows) {
    gathered_.resize(rows.size() * width);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(hidden_.data() + static_cast<std::size_t>(rows[i]) * width, width,
                  gathered_.data() + i * width);
    }
    hidden = gathered_.data();
  }
  model_.score(hidden, num_rows, targets, row_scores_, target_logits_);
  counters_.flops += flops_.head() * num_rows;
}

/// The model checks the ids that it is fed; the last one of a request is only looked up at the
/// head.
static void check_last_token(const ScoreRequest& request, int vocab_size) {
  const std::int32_t token = request.tokens.back();
  if (token >= 0 && token < vocab_size) return;
  throw ConfigError("token id " + std::to_string(token) +
                    " at the end of a request is outside the model's vocabulary of " +
                    std::to_string(vocab_size) +
                    " ids: tokenizer and checkpoint do not belong together");
}

std::vector<Score> Engine::score(std::span<const ScoreRequest> requests) {
  std::vector<Score> scores(requests.size());
  if (requests.empty()) return scores;
  std::vector<TokenSpan> sequences;
  sequences.reserve(requests.size());
  for (const ScoreRequest& request : requests) {
    ALLOMETER_EXPECT(request.num_context >= 1);
    ALLOMETER_EXPECT(request.num_context < static_cast<int>(request.tokens.size()));
    check_last_token(request, model_.config().vocab_size);
    sequences.emplace_back(request.tokens);
    counters_.tokens_requested += static_cast<std::int64_t>(request.tokens.size()) - 1;
  }
  const TokenTrie trie(std::move(sequences), Inputs::all_but_last);
  ALLOMETER_EXPECT(trie.max_depth() <= model_.config().max_position_embeddings);

  if (!path_ || path_->max_positions() < trie.max_depth()) {
    path_.reset();
    path_.emplace(model_.make_cache(trie.max_depth()));
  }
  model::KvCache* const caches[] = {&*path_};
  TrieWalk walk(trie, options_.chunk_tokens);
  while (walk.next()) {
    forward(walk.ids(), walk.segments(), caches);
    ChunkTargets chunk(walk, requests);
    score_rows(chunk.rows(), chunk.targets());
    chunk.add_scores(row_scores_, target_logits_, scores);
  }
  return scores;
}

}  // namespace allometer::eval
