/// What the token trie saves, and what it costs: computed tokens over naive tokens on five-shot
/// multiple choice with a fixed prefix, and the time and memory of a trie of 100,000 requests of
/// 1,000 tokens.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/resource.h>
#include <vector>

#include "core/random.hpp"
#include "eval/run_shard.hpp"
#include "eval/token_trie.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace {

using namespace allometer;

using Tokens = std::vector<std::int32_t>;

void print_ratio(const char* what, std::int64_t computed, std::int64_t naive) {
  std::printf("%-48s %11lld / %11lld = %.4f\n", what, static_cast<long long>(computed),
              static_cast<long long>(naive),
              static_cast<double>(computed) / static_cast<double>(naive));
}

/// Five demonstrations of 80 tokens, then 2,000 questions of 40 to 80 tokens with four choices of 1
/// to 8.
void bench_synthetic() {
  SplitMix64 random(0);
  const auto append = [&](Tokens& tokens, std::uint64_t count) {
    while (count-- > 0) tokens.push_back(static_cast<std::int32_t>(random.below(50000)));
  };
  Tokens prefix;
  append(prefix, 5 * 80);
  std::vector<Tokens> sequences;
  std::int64_t naive = 0;
  for (int question = 0; question < 2000; ++question) {
    Tokens context = prefix;
    append(context, 40 + random.below(41));
    for (int choice = 0; choice < 4; ++choice) {
      sequences.push_back(context);
      append(sequences.back(), 1 + random.below(8));
      naive += static_cast<std::int64_t>(sequences.back().size()) - 1;
    }
  }
  const eval::TokenTrie trie({sequences.begin(), sequences.end()}, eval::Inputs::all_but_last);
  print_ratio("random tokens, 5 shots, 2,000 x 4 choices", trie.num_nodes(), naive);
}

/// The real text of story_cloze as a model of 4,096 positions would read it.
void bench_story_cloze() {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) {
    std::printf("story_cloze: not measured, ALLOMETER_SHARED_DATA is not set\n");
    return;
  }
  const auto task = tasks::load_task(ALLOMETER_SOURCE_DIR "/jobs/tasks/story_cloze.yaml");
  const auto tokenizer =
      tokenizer::Tokenizer::load(std::filesystem::path(data) / "stories/stories-658k");
  model::Config config;
  config.max_position_embeddings = 4096;
  for (const tasks::Sampler sampler : {tasks::Sampler::fixed, tasks::Sampler::per_question}) {
    const eval::TokenEstimate estimate =
        eval::estimate_tokens(*task, {5, sampler, 0}, 0, task->num_questions(), tokenizer, config);
    print_ratio(sampler == tasks::Sampler::fixed
                    ? "story_cloze, 5 shots, one prefix for all questions"
                    : "story_cloze, 5 shots, drawn per question",
                estimate.distinct, estimate.requested);
  }
}

void bench_large() {
  constexpr int kRequests = 100000;
  constexpr int kTokens = 1000;
  SplitMix64 random(1);
  Tokens prefix(600);
  for (std::int32_t& token : prefix) token = static_cast<std::int32_t>(random.below(50000));
  std::vector<Tokens> sequences(kRequests);
  for (Tokens& tokens : sequences) {
    tokens = prefix;
    tokens.resize(kTokens);
    for (std::size_t i = prefix.size(); i < tokens.size(); ++i) {
      tokens[i] = static_cast<std::int32_t>(random.below(50000));
    }
  }
  const auto resident_kilobytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const long before = resident_kilobytes();
  const auto start = std::chrono::steady_clock::now();
  const eval::TokenTrie trie({sequences.begin(), sequences.end()}, eval::Inputs::all_but_last);
  const double built =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const long memory = resident_kilobytes() - before;
  eval::TrieWalk walk(trie, 256);
  std::int64_t visits = 0;
  while (walk.next()) walk.visit_paths([&](const eval::PathInChunk&) { ++visits; });
  const double walked =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() - built;
  print_ratio("100,000 requests of 1,000 tokens, 600 in common", trie.num_nodes(),
              std::int64_t{kRequests} * (kTokens - 1));
  std::printf("  built in %.2f s with %ld MB beside the tokens; walked in %.2f s (%lld visits)\n",
              built, memory / 1024, walked, static_cast<long long>(visits));
}

}  // namespace

int main() {
  std::printf("token trie: computed / naive tokens\n");
  bench_synthetic();
  bench_story_cloze();
  bench_large();
}
