#include "eval/engine.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "eval/fake_model.hpp"
#include "eval/token_trie.hpp"

namespace allometer::eval {
namespace {

using Tokens = std::vector<std::int32_t>;

constexpr int kVocabulary = 4;

/// The score of one request on its own, from the tokens alone.
Score expected_score(const ScoreRequest& request) {
  Score score;
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < request.tokens.size(); ++i) {
    if (static_cast<int>(i) >= request.num_context) {
      const model::RowScore row = fake_row_score(state, kVocabulary);
      score.log_likelihood +=
          static_cast<double>(fake_logit(state, request.tokens[i])) - row.log_sum_exp;
      score.is_greedy = score.is_greedy && row.argmax == request.tokens[i];
    }
    state = extend(state, request.tokens[i]);
  }
  return score;
}

/// New tokens of one request on its own.
Tokens expected_tokens(const GenerateRequest& request) {
  std::uint64_t state = 0;
  for (const std::int32_t token : request.tokens) state = extend(state, token);
  Tokens output;
  while (static_cast<int>(output.size()) < request.max_new_tokens) {
    output.push_back(fake_row_score(state, kVocabulary).argmax);
    state = extend(state, output.back());
    if (std::count(request.end_tokens.begin(), request.end_tokens.end(), output.back()) > 0) break;
    if (request.is_finished && request.is_finished(output)) break;
  }
  return output;
}

/// Requests that branch everywhere: few tokens, copies, prefixes of one another, contexts with many
/// continuations.
std::vector<ScoreRequest> branchy_requests(std::uint64_t seed, int count) {
  SplitMix64 random(seed);
  std::vector<ScoreRequest> requests;
  while (static_cast<int>(requests.size()) < count) {
    ScoreRequest request;
    if (!requests.empty() && random.below(4) != 0) {
      request = requests[random.below(requests.size())];
      if (random.below(5) != 0) request.tokens.resize(1 + random.below(request.tokens.size()));
    }
    for (std::uint64_t more = random.below(12); more > 0 && request.tokens.size() < 60; --more) {
      request.tokens.push_back(static_cast<std::int32_t>(random.below(kVocabulary)));
    }
    if (request.tokens.size() < 2) continue;
    request.num_context = 1 + static_cast<int>(random.below(request.tokens.size() - 1));
    requests.push_back(request);
  }
  return requests;
}

std::size_t distinct_prefixes(const std::vector<Tokens>& sequences) {
  std::set<Tokens> prefixes;
  for (const Tokens& tokens : sequences) {
    for (std::size_t n = 1; n <= tokens.size(); ++n)
      prefixes.emplace(tokens.begin(), tokens.begin() + n);
  }
  return prefixes.size();
}

std::vector<Tokens> inputs_of(const std::vector<ScoreRequest>& requests) {
  std::vector<Tokens> inputs;
  for (const ScoreRequest& request : requests) {
    inputs.emplace_back(request.tokens.begin(), request.tokens.end() - 1);
  }
  return inputs;
}

void expect_scores(const std::vector<ScoreRequest>& requests, const std::vector<Score>& scores) {
  ASSERT_EQ(scores.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Score expected = expected_score(requests[i]);
    EXPECT_EQ(scores[i].log_likelihood, expected.log_likelihood) << "request " << i;
    EXPECT_EQ(scores[i].is_greedy, expected.is_greedy) << "request " << i;
  }
}

TEST(TokenTrie, NumbersNodesInDepthFirstOrder) {
  const std::vector<Tokens> sequences = {{1, 2, 3}, {1}, {1, 2}, {0, 5}, {1, 2, 3}, {1, 4}};
  const TokenTrie trie({sequences.begin(), sequences.end()}, Inputs::all);
  EXPECT_EQ(trie.num_nodes(), 6);  // 0, 0 5, 1, 1 2, 1 2 3, 1 4
  EXPECT_EQ(trie.max_depth(), 3);
  std::vector<std::vector<int>> branches;
  for (const TokenTrie::Branch& b : trie.branches()) {
    branches.push_back({b.sequence, static_cast<int>(b.first_node), b.shared, b.length});
  }
  EXPECT_THAT(
      branches,
      testing::ElementsAreArray(std::vector<std::vector<int>>{
          {3, 0, 0, 2}, {1, 2, 0, 1}, {2, 3, 1, 2}, {0, 4, 2, 3}, {4, 5, 3, 3}, {5, 5, 1, 2}}));
}

TEST(TokenTrie, LeavesTheLastTokenOutOfWhatIsRead) {
  const std::vector<Tokens> sequences = {{1, 2, 3}, {1, 2}, {1, 3}, {1, 2, 4, 5}, {1, 2, 9}};
  const TokenTrie trie({sequences.begin(), sequences.end()}, Inputs::all_but_last);
  EXPECT_EQ(trie.num_nodes(), 3);  // 1, 1 2, 1 2 4
  EXPECT_EQ(trie.max_depth(), 3);
}

TEST(TokenTrie, WalksEveryNodeOnceInSegmentsOfOnePath) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<ScoreRequest> requests = branchy_requests(seed, 60);
    const std::vector<Tokens> inputs = inputs_of(requests);
    const TokenTrie trie({inputs.begin(), inputs.end()}, Inputs::all);
    ASSERT_EQ(static_cast<std::size_t>(trie.num_nodes()), distinct_prefixes(inputs));
    for (const int chunk_rows : {1, 2, 7, 16, 1000}) {
      TrieWalk walk(trie, chunk_rows);
      std::set<Tokens> seen;
      std::vector<int> depth_reached(inputs.size());
      Tokens path;
      while (walk.next()) {
        ASSERT_LE(walk.ids().size(), static_cast<std::size_t>(chunk_rows));
        std::vector<Tokens> prefix_of_row;
        for (const model::Segment& segment : walk.segments()) {
          ASSERT_EQ(segment.first_row, static_cast<int>(prefix_of_row.size()));
          ASSERT_LE(segment.position, static_cast<int>(path.size()));
          path.resize(static_cast<std::size_t>(segment.position));
          for (int i = 0; i < segment.num_rows; ++i) {
            path.push_back(walk.ids()[static_cast<std::size_t>(segment.first_row + i)]);
            EXPECT_TRUE(seen.insert(path).second);
            prefix_of_row.push_back(path);
          }
        }
        walk.visit_paths([&](const PathInChunk& part) {
          const Tokens& tokens = inputs[static_cast<std::size_t>(part.sequence)];
          int& reached = depth_reached[static_cast<std::size_t>(part.sequence)];
          EXPECT_EQ(part.begin, reached);
          for (int depth = part.begin; depth < part.end; ++depth) {
            EXPECT_EQ(prefix_of_row[static_cast<std::size_t>(part.rows[depth])],
                      Tokens(tokens.begin(), tokens.begin() + depth + 1));
          }
          reached = part.end;
        });
      }
      EXPECT_EQ(seen.size(), static_cast<std::size_t>(trie.num_nodes()));
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        EXPECT_EQ(depth_reached[i], static_cast<int>(inputs[i].size()));
      }
    }
  }
}

TEST(Engine, ATargetOutsideTheVocabularyIsNamed) {
  FakeModel model;
  Engine engine(model, {16});
  const std::vector<ScoreRequest> requests = {{{1, 2, 1'000'000}, 2}};
  try {
    engine.score(requests);
    FAIL() << "scored a token that the model does not have";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("token id 1000000"));
  }
}

TEST(Engine, ScoresEachRequestAsIfItWereAlone) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::vector<ScoreRequest> requests = branchy_requests(seed, 80);
    for (const int chunk_tokens : {1, 3, 16, 61, 256}) {
      FakeModel model;
      Engine engine(model, {chunk_tokens});
      expect_scores(requests, engine.score(requests));
      EXPECT_EQ(static_cast<std::size_t>(engine.counters().tokens_computed),
                distinct_prefixes(inputs_of(requests)));
    }
  }
}

TEST(Engine, DoesNotDependOnTheOrderOrTheGroupingOfRequests) {
  std::vector<ScoreRequest> requests = branchy_requests(99, 200);
  SplitMix64(5).shuffle(std::span(requests));
  FakeModel model;
  Engine engine(model, {16});
  expect_scores(requests, engine.score(requests));
  for (std::size_t first = 0; first < requests.size(); first += 7) {
    const std::size_t count = std::min<std::size_t>(7, requests.size() - first);
    const std::vector<ScoreRequest> part(requests.begin() + first,
                                         requests.begin() + first + count);
    expect_scores(part,
                  engine.score(part));  // the cache still holds what the parts before left there
  }
}

TEST(Engine, RunsTheHeadOnScoredRowsOnly) {
  // One context with four continuations, each asked twice: 3 rows are scored, the first for two
  // tokens.
  std::vector<ScoreRequest> requests = {{{0, 1, 2, 3, 0, 1}, 4},
                                        {{0, 1, 2, 3, 0, 2}, 4},
                                        {{0, 1, 2, 3, 1}, 4},
                                        {{0, 1, 2, 3, 1, 1}, 4}};
  const std::vector<ScoreRequest> copies = requests;
  requests.insert(requests.end(), copies.begin(), copies.end());
  FakeModel model;
  Engine engine(model, {256});
  expect_scores(requests, engine.score(requests));
  EXPECT_EQ(model.forward_rows, std::vector<int>{6});
  EXPECT_EQ(model.forward_segments, std::vector<int>{2});
  EXPECT_EQ(model.head_rows, 3);
  EXPECT_EQ(model.head_targets, 5);
  EXPECT_EQ(engine.counters().tokens_computed, 6);
  EXPECT_EQ(engine.counters().tokens_requested, 2 * (5 + 5 + 4 + 5));
  const model::Flops cost(model.config());
  double flops = 3 * cost.head();
  for (const int position : {0, 1, 2, 3, 4, 4}) flops += cost.forward(position);
  EXPECT_NEAR(engine.counters().flops, flops, 1e-9 * flops);
}

TEST(Engine, HoldsNoMoreThanTheDeepestPath) {
  FakeModel model;
  Engine engine(model, {4});
  engine.score(std::vector<ScoreRequest>{{{0, 1, 2}, 1}, {{0, 1, 2, 3, 0, 1, 2}, 1}});
  EXPECT_EQ(model.caches_made, 1);
  EXPECT_EQ(model.bytes_made, model::KvCache::size_in_bytes(1, 1, 16, 6));
}

TEST(Engine, CallsBackAfterEveryChunk) {
  FakeModel model;
  Engine engine(model, {4});
  int calls = 0;
  engine.on_chunk([&] { ++calls; });
  engine.score(std::vector<ScoreRequest>{{{0, 1, 2, 3, 0, 1, 2, 3, 1, 2}, 1}});
  EXPECT_EQ(calls, 3);
}

TEST(Engine, AcceptsNothingToDo) {
  FakeModel model;
  Engine engine(model, {4});
  EXPECT_TRUE(engine.score({}).empty());
  EXPECT_TRUE(engine.generate({}).empty());
  EXPECT_EQ(engine.generate(std::vector<GenerateRequest>{{{1}, 0, {}, {}}}),
            std::vector<Tokens>{{}});
}

TEST(Engine, RefusesChunksThatTheModelCannotTake) {
  FakeModel model(4, 64, 32);
  EXPECT_THROW(Engine(model, {33}), ConfigError);
  EXPECT_THROW(Engine(model, {0}), ConfigError);
}

#ifdef ALLOMETER_CONTRACTS
TEST(Engine, TakesSequencesUpToTheLastPosition) {
  FakeModel model(4, 8);
  Engine engine(model, {4});
  const std::vector<ScoreRequest> longest = {{{0, 1, 2, 3, 0, 1, 2, 3, 0}, 8}};
  expect_scores(longest, engine.score(longest));
  const std::vector<ScoreRequest> too_long = {{{0, 1, 2, 3, 0, 1, 2, 3, 0, 1}, 8}};
  EXPECT_THROW(engine.score(too_long), ContractViolation);
  EXPECT_THROW(engine.score(std::vector<ScoreRequest>{{{0, 1}, 0}}), ContractViolation);
  EXPECT_THROW(engine.score(std::vector<ScoreRequest>{{{0, 1}, 2}}), ContractViolation);
  EXPECT_THROW(engine.generate(std::vector<GenerateRequest>{{{0, 1, 2, 3, 0}, 4, {}, {}}}),
               ContractViolation);
}
#endif

std::vector<GenerateRequest> branchy_prompts(std::uint64_t seed, int count) {
  std::vector<GenerateRequest> requests;
  SplitMix64 random(seed);
  for (const ScoreRequest& prompt : branchy_requests(seed, count)) {
    GenerateRequest request;
    request.tokens = prompt.tokens;
    request.tokens.resize(std::min<std::size_t>(40, request.tokens.size()));
    request.max_new_tokens = static_cast<int>(random.below(20));
    if (random.below(2) == 0)
      request.end_tokens = {static_cast<std::int32_t>(random.below(kVocabulary)), 77};
    if (random.below(2) == 0) {
      request.is_finished = [](std::span<const std::int32_t> tokens) {
        return tokens.size() >= 2 && tokens[tokens.size() - 2] == 3;
      };
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

TEST(Generate, ContinuesEachPromptAsIfItWereAlone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<GenerateRequest> requests = branchy_prompts(seed, 40);
    std::vector<Tokens> expected;
    for (const GenerateRequest& request : requests) expected.push_back(expected_tokens(request));
    const std::size_t one = model::KvCache::size_in_bytes(1, 1, 16, 64);
    for (const std::size_t sequences : {2, 3, 8, 100}) {
      for (const int chunk_tokens : {1, 5, 256}) {
        FakeModel model;
        Engine engine(model, {chunk_tokens, sequences * one});
        EXPECT_EQ(engine.generate(requests), expected)
            << "seed " << seed << ", memory for " << sequences;
        EXPECT_LE(model.bytes_made, sequences * one);
      }
    }
  }
}

TEST(Generate, PrefillsEveryDistinctPrefixOnceAndDecodesTogether) {
  const std::vector<GenerateRequest> requests = {{{0, 1, 2, 3}, 3, {}, {}},
                                                 {{0, 1, 2, 0}, 3, {}, {}},
                                                 {{0, 1, 2, 3}, 3, {}, {}},
                                                 {{0, 1}, 3, {}, {}}};
  FakeModel model;
  Engine engine(model, {256});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(engine.generate(requests)[i], expected_tokens(requests[i]));
  }
  // Sorted: 0 1, 0 1 2 0, 0 1 2 3 and its copy; the last new token is never read.
  EXPECT_THAT(std::vector<int>(model.forward_rows.begin(), model.forward_rows.begin() + 5),
              testing::ElementsAre(2, 2, 1, 4, 4));
  EXPECT_EQ(engine.counters().tokens_computed, 4 * (5 + 8));
  EXPECT_EQ(engine.counters().tokens_requested, 4 * (4 + 4 + 4 + 2 + 8));
}

TEST(Generate, RefillsTheBatchAsSequencesFinish) {
  std::vector<GenerateRequest> requests;
  for (int i = 0; i < 9; ++i) requests.push_back({{i % 4, i / 4}, i == 0 ? 9 : 3, {}, {}});
  const std::size_t path = model::KvCache::size_in_bytes(1, 1, 16, 2);
  const std::size_t sequence = model::KvCache::size_in_bytes(1, 1, 16, 10);
  FakeModel model;
  Engine engine(model, {256, path + 3 * sequence + 1});
  const std::vector<Tokens> outputs = engine.generate(requests);
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(outputs[i], expected_tokens(requests[i]));
  EXPECT_EQ(model.caches_made, 4);
  EXPECT_EQ(*std::max_element(model.forward_rows.begin(), model.forward_rows.end()), 3);
  // 8 decoding steps of the long one, and the others beside it.
  const int decoded = std::accumulate(model.forward_rows.begin(), model.forward_rows.end(), 0);
  EXPECT_EQ(decoded, 13 + 8 + 8 * 2);
}

TEST(Generate, SaysWhatMemoryOneSequenceTakes) {
  FakeModel model;
  const std::size_t needed =
      model::KvCache::size_in_bytes(1, 1, 16, 3) + model::KvCache::size_in_bytes(1, 1, 16, 12);
  const std::vector<GenerateRequest> requests = {{{0, 1, 2}, 10, {}, {}}};
  Engine enough(model, {16, needed});
  EXPECT_EQ(enough.generate(requests)[0], expected_tokens(requests[0]));
  Engine short_of_one(model, {16, needed - 1});
  try {
    short_of_one.generate(requests);
    FAIL() << "one byte too few was accepted";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(std::to_string(needed)));
    EXPECT_THAT(error.what(), testing::HasSubstr("generation_memory"));
  }
}

}  // namespace
}  // namespace allometer::eval
