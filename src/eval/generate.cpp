#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "eval/engine.hpp"
#include "eval/token_trie.hpp"

namespace allometer::eval {

/// One call of Engine::generate. Prompts are prefilled in lexicographic order along one path, so
/// that each distinct prefix is computed once; a sequence then gets a copy of the path and is
/// decoded together with the others. When one finishes, the next prompt takes its place.
class Generation {
 public:
  Generation(Engine& engine, std::span<const GenerateRequest> requests)
      : engine_(engine), requests_(requests), outputs_(requests.size()) {}

  std::vector<std::vector<std::int32_t>> run() {
    const TokenTrie trie = merge_prompts();
    if (trie.branches().empty()) return std::move(outputs_);
    allocate(trie);
    std::size_t next = 0;
    while (next < trie.branches().size() || !active_.empty()) {
      while (next < trie.branches().size() && active_.size() < slots_.size()) {
        admit(trie.branches()[next++]);
      }
      if (!active_.empty()) decode();
    }
    return std::move(outputs_);
  }

 private:
  /// A sequence in decoding: its request and its cache.
  struct Sequence {
    std::int32_t request;
    model::KvCache* cache;
  };

  TokenTrie merge_prompts() {
    std::vector<TokenSpan> prompts;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const GenerateRequest& request = requests_[i];
      const std::size_t total =
          request.tokens.size() + static_cast<std::size_t>(request.max_new_tokens);
      ALLOMETER_EXPECT(!request.tokens.empty());
      ALLOMETER_EXPECT(request.max_new_tokens >= 0);
      ALLOMETER_EXPECT(static_cast<int>(total) <= engine_.model_.config().max_position_embeddings);
      if (request.max_new_tokens == 0) continue;
      prompts.emplace_back(request.tokens);
      request_of_prompt_.push_back(static_cast<std::int32_t>(i));
      // The last new token is never read.
      max_positions_ = std::max(max_positions_, static_cast<int>(total) - 1);
    }
    return TokenTrie(std::move(prompts), Inputs::all);
  }

  void allocate(const TokenTrie& trie) {
    path_.reset(new model::KvCache(engine_.model_.make_cache(trie.max_depth())));
    const model::Config& config = engine_.model_.config();
    const std::size_t bytes = model::KvCache::size_in_bytes(
        config.num_hidden_layers, config.num_key_value_heads, config.head_dim, max_positions_);
    const std::size_t budget = engine_.options_.generation_bytes;
    if (budget < path_->num_bytes() + bytes) {
      throw ConfigError(fmt::format(
          "engine.generation_memory is {} bytes, but generating one sequence of {} tokens takes {} "
          "bytes for its keys and "
          "values and {} for those of its prompt; raise it to {} or more, or lower max_gen_toks",
          budget, max_positions_, bytes, path_->num_bytes(), bytes + path_->num_bytes()));
    }
    const std::size_t affordable = (budget - path_->num_bytes()) / bytes;
    const std::size_t useful =
        std::min(trie.branches().size(), static_cast<std::size_t>(engine_.options_.chunk_tokens));
    for (std::size_t i = std::min(affordable, useful); i > 0; --i) {
      slots_.push_back(engine_.model_.make_cache(max_positions_));
    }
    for (model::KvCache& slot : slots_) free_.push_back(&slot);
  }

  /// Computes what `branch` adds to the path and its first new token.
  void admit(const TokenTrie::Branch& branch) {
    const std::int32_t request = request_of_prompt_[branch.sequence];
    if (branch.shared < branch.length) {
      const TokenSpan tokens = requests_[request].tokens;
      model::KvCache* const caches[] = {path_.get()};
      int rows = 0;
      for (int begin = branch.shared; begin < branch.length; begin += rows) {
        rows = std::min(engine_.options_.chunk_tokens, branch.length - begin);
        const model::Segment segment{0, rows, begin, 0};
        engine_.forward(tokens.subspan(begin, rows), {&segment, 1}, caches);
      }
      const int last_row[] = {rows - 1};
      engine_.score_rows(last_row, {});
      first_token_ = engine_.row_scores_[0].argmax;
    }
    engine_.counters_.tokens_requested += branch.length;
    if (append(request, first_token_)) return;
    model::KvCache* const cache = free_.back();
    free_.pop_back();
    cache->copy_prefix(*path_, branch.length);
    active_.push_back({request, cache});
  }

  /// One more token for every active sequence, in one forward pass.
  void decode() {
    ids_.clear();
    segments_.clear();
    caches_.clear();
    rows_.clear();
    for (std::size_t i = 0; i < active_.size(); ++i) {
      const int row = static_cast<int>(i);
      const std::vector<std::int32_t>& output = outputs_[active_[i].request];
      const std::size_t prompt = requests_[active_[i].request].tokens.size();
      ids_.push_back(output.back());
      segments_.push_back({row, 1, static_cast<int>(prompt + output.size()) - 1, row});
      caches_.push_back(active_[i].cache);
      rows_.push_back(row);
    }
    engine_.forward(ids_, segments_, caches_);
    engine_.score_rows(rows_, {});
    engine_.counters_.tokens_requested += static_cast<std::int64_t>(ids_.size());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (append(active_[i].request, engine_.row_scores_[i].argmax)) {
        free_.push_back(active_[i].cache);
      } else {
        active_[kept++] = active_[i];
      }
    }
    active_.resize(kept);
  }

  /// True if the request is finished with this token.
  bool append(std::int32_t index, std::int32_t token) {
    const GenerateRequest& request = requests_[index];
    std::vector<std::int32_t>& output = outputs_[index];
    output.push_back(token);
    const bool is_end = std::find(request.end_tokens.begin(), request.end_tokens.end(), token) !=
                        request.end_tokens.end();
    const bool is_full = output.size() == static_cast<std::size_t>(request.max_new_tokens);
    return is_end || is_full || (request.is_finished && request.is_finished(output));
  }

  Engine& engine_;
  std::span<const GenerateRequest> requests_;
  std::vector<std::vector<std::int32_t>> outputs_;
  std::vector<std::int32_t> request_of_prompt_;  // sequences of the trie -> requests_
  int max_positions_ = 0;                        // of the longest sequence
  std::unique_ptr<model::KvCache> path_;
  std::int32_t first_token_ = 0;  // after the prompt that path_ holds
  std::vector<model::KvCache> slots_;
  std::vector<model::KvCache*> free_;
  std::vector<Sequence> active_;
  std::vector<std::int32_t> ids_;
  std::vector<model::Segment> segments_;
  std::vector<model::KvCache*> caches_;
  std::vector<int> rows_;
};

std::vector<std::vector<std::int32_t>> Engine::generate(std::span<const GenerateRequest> requests) {
  return Generation(*this, requests).run();
}

}  // namespace allometer::eval
