/// A number must not depend on the rows computed beside it, on how a sequence was cut, or on
/// threads.

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "model/load.hpp"
#include "model/random_model.hpp"
#include "model/run_model.hpp"
#include "model/temporary_directory.hpp"
#include "ops/attention.hpp"

namespace allometer::model {
namespace {

std::vector<std::int32_t> random_ids(int count, int vocab_size, std::uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<std::int32_t> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(vocab_size))));
  return ids;
}

class Invariance : public ::testing::TestWithParam<Precision> {
 protected:
  Invariance() { write_random_checkpoint(directory_.path(), small_checkpoint()); }
  ~Invariance() override { omp_set_num_threads(threads_); }

  std::unique_ptr<CausalModel> load(int max_rows) const {
    LoadOptions options;
    options.precision = GetParam();
    options.max_rows = max_rows;
    return load_model(directory_.path(), options);
  }

  TemporaryDirectory directory_;
  int threads_ = omp_get_max_threads();
};

TEST_P(Invariance, OverSegmentationsChunksAndThreadsBeyond600Tokens) {
  const auto ids = random_ids(650, 1100, 1);
  omp_set_num_threads(2);
  const auto reference_model = load(256);
  const std::vector<float> reference = hidden_of(*reference_model, ids, whole_sequence());
  for (const float x : reference) ASSERT_TRUE(std::isfinite(x));
  for (const int threads : {1, 2}) {
    omp_set_num_threads(threads);
    for (const int max_rows : {1, 61, 650}) {
      const auto model = load(max_rows);
      EXPECT_EQ(
          count_different_bits(
              hidden_of(*model, ids, max_rows == 61 ? odd_pieces() : whole_sequence()), reference),
          0U)
          << threads << " threads, chunks of " << max_rows;
    }
  }
}

TEST_P(Invariance, OverBranchesThatOverwriteOneAnother) {
  const auto trunk = random_ids(613, 1100, 2);
  const auto model = load(256);
  // A trie in depth-first order: branches at 613; below the second one two more.
  struct Branch {
    int position;
    std::vector<std::int32_t> ids;
  };
  const std::vector<Branch> branches = {{613, random_ids(5, 1100, 3)},
                                        {613, random_ids(20, 1100, 4)},
                                        {633, random_ids(1, 1100, 5)},
                                        {633, random_ids(9, 1100, 6)},
                                        {613, random_ids(2, 1100, 7)}};
  KvCache cache = model->make_cache(700);
  KvCache* caches[] = {&cache};
  std::vector<float> hidden(256 * 72);
  for (int done = 0; done < 613;) {
    const Segment segment{0, std::min(200, 613 - done), done, 0};
    model->forward({trunk.data() + done, static_cast<std::size_t>(segment.num_rows)}, {&segment, 1},
                   caches, hidden.data());
    done += segment.num_rows;
  }
  std::vector<std::int32_t> ids;
  std::vector<Segment> segments;
  for (const Branch& b : branches) {
    segments.push_back(
        {static_cast<int>(ids.size()), static_cast<int>(b.ids.size()), b.position, 0});
    ids.insert(ids.end(), b.ids.begin(), b.ids.end());
  }
  model->forward(ids, segments, caches, hidden.data());
  for (std::size_t i = 0; i < branches.size(); ++i) {
    std::vector<std::int32_t> path = trunk;
    if (branches[i].position > 613)
      path.insert(path.end(), branches[1].ids.begin(), branches[1].ids.end());
    path.insert(path.end(), branches[i].ids.begin(), branches[i].ids.end());
    const std::vector<float> alone = hidden_of(*model, path, whole_sequence());
    const auto count = static_cast<std::ptrdiff_t>(branches[i].ids.size()) * 72;
    const std::ptrdiff_t begin = segments[i].first_row * 72;
    EXPECT_EQ(count_different_bits({alone.end() - count, alone.end()},
                                   {hidden.begin() + begin, hidden.begin() + begin + count}),
              0U)
        << "branch " << i;
  }
}

TEST_P(Invariance, OverTheBatchOfADecodingStep) {
  const auto model = load(64);
  const auto prefix = random_ids(30, 1100, 8);
  std::vector<KvCache> caches;
  std::vector<std::vector<float>> expected;
  std::vector<std::int32_t> last;
  std::vector<Segment> segments;
  std::vector<float> hidden(64 * 72);
  for (int i = 0; i < 7; ++i) {
    const std::vector<std::int32_t> ids(prefix.begin(), prefix.begin() + 30 - i * 4);
    const std::vector<float> all = hidden_of(*model, ids, whole_sequence());
    expected.emplace_back(all.end() - 72, all.end());
    caches.push_back(model->make_cache(40));
    KvCache* mine[] = {&caches.back()};
    const int length = static_cast<int>(ids.size()) - 1;
    const Segment segment{0, length, 0, 0};
    model->forward({ids.data(), static_cast<std::size_t>(length)}, {&segment, 1}, mine,
                   hidden.data());
    last.push_back(ids.back());
    segments.push_back({i, 1, length, i});
  }
  std::vector<KvCache*> pointers;
  for (KvCache& cache : caches) pointers.push_back(&cache);
  model->forward(last, segments, pointers, hidden.data());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::vector<float> row(hidden.begin() + static_cast<std::ptrdiff_t>(i) * 72,
                                 hidden.begin() + static_cast<std::ptrdiff_t>(i + 1) * 72);
    EXPECT_EQ(count_different_bits(row, expected[i]), 0U) << i;
  }
}

TEST_P(Invariance, ScoresAgreeWithLogitsForAnyRows) {
  const auto model = load(50);
  const auto ids = random_ids(130, 1100, 9);
  const std::vector<float> hidden = hidden_of(*model, ids, whole_sequence());
  const std::vector<float> logits = logits_of(*model, hidden);
  std::vector<Target> targets;
  for (int row = 0; row < 130; row += 3) {
    targets.push_back({row, ids[static_cast<std::size_t>(row)]});
    targets.push_back({row, 1099});
  }
  std::vector<RowScore> scores(130);
  std::vector<float> target_logits(targets.size());
  model->score(hidden.data(), 130, targets, scores, target_logits);
  for (std::size_t t = 0; t < targets.size(); ++t) {
    EXPECT_EQ(target_logits[t],
              logits[static_cast<std::size_t>(targets[t].row * 1100 + targets[t].token)]);
  }
  for (std::size_t row = 0; row < 130; ++row) {
    const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(row * 1100);
    const auto top = std::max_element(begin, begin + 1100);
    EXPECT_EQ(scores[row].argmax, top - begin);
    double sum = 0;
    for (auto x = begin; x != begin + 1100; ++x) sum += std::exp(double{*x} - *top);
    EXPECT_NEAR(scores[row].log_sum_exp, *top + std::log(sum), 2e-6);
    RowScore alone;
    model->score(hidden.data() + row * 72, 1, {}, {&alone, 1}, {});
    EXPECT_EQ(alone.log_sum_exp, scores[row].log_sum_exp);
    EXPECT_EQ(alone.argmax, scores[row].argmax);
  }
}

TEST_P(Invariance, TheseTestsSeeAReorderedReduction) {
  const auto model = load(256);
  const auto ids = random_ids(650, 1100, 1);
  const std::vector<float> reference = hidden_of(*model, ids, whole_sequence());
  ops::testing::reorder_reductions(true);
  const std::vector<float> reordered = hidden_of(*model, ids, odd_pieces());
  ops::testing::reorder_reductions(false);
  EXPECT_GT(count_different_bits(reordered, reference), 0U);
}

TEST_P(Invariance, RefusesTokensAndPositionsThatDoNotExist) {
  const auto model = load(16);
  KvCache cache = model->make_cache(4);
  KvCache* caches[] = {&cache};
  std::vector<float> hidden(16 * 72);
  const Segment segment{0, 3, 0, 0};
  const auto message = [&](std::vector<std::int32_t> ids, Segment s) -> std::string {
    try {
      model->forward(ids, {&s, 1}, caches, hidden.data());
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({1, 2, 1099}, segment), "no error");
  EXPECT_NE(message({1, 1100, 2}, segment)
                .find("token id 1100 in row 1 is outside the vocabulary of 1100"),
            std::string::npos);
  EXPECT_NE(message({1, 2, -1}, segment).find("token id -1 in row 2"), std::string::npos);
  EXPECT_NE(message({1, 2, 3}, {0, 3, 2, 0}).find("position 4"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Each, Invariance, ::testing::Values(Precision::f32, Precision::bf16),
                         [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace allometer::model
