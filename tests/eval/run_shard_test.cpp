#include "eval/run_shard.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "eval/encode_requests.hpp"
#include "eval/fake_model.hpp"
#include "eval/generated_text.hpp"
#include "eval/mini_tokenizer.hpp"

namespace allometer::eval {
namespace {

using Kind = tasks::Request::Kind;
using Tokens = std::vector<std::int32_t>;
using tokenizer::SkipSpecial;

/// Questions given as lists of requests. Its metrics hand on what the first response says.
class FakeTask final : public tasks::Task {
 public:
  explicit FakeTask(std::vector<std::vector<tasks::Request>> questions)
      : questions_(std::move(questions)) {}

  const std::string& name() const override { return name_; }
  const std::string& ability() const override { return name_; }
  const std::string& description() const override { return name_; }
  tasks::OutputType output_type() const override { return tasks::OutputType::multiple_choice; }
  int num_questions() const override { return static_cast<int>(questions_.size()); }
  int default_num_fewshot() const override { return 0; }
  tasks::Sampler default_sampler() const override { return tasks::Sampler::fixed; }
  const std::vector<tasks::Metric>& metrics() const override { return metrics_; }
  std::string question_id(int question) const override { return "q" + std::to_string(question); }
  std::string question_text(int) const override { return ""; }
  std::string question_target(int) const override { return ""; }
  double difficulty(int) const override { return std::nan(""); }
  int num_choices(int question) const override {
    return static_cast<int>(questions_[static_cast<std::size_t>(question)].size());
  }
  std::vector<tasks::Request> requests(int question,
                                       const tasks::PromptSettings& settings) const override {
    if (question == broken_question) throw FormatError("row without a field");
    std::vector<tasks::Request> requests = questions_[static_cast<std::size_t>(question)];
    for (tasks::Request& request : requests) {
      for (int shot = 0; shot < settings.num_fewshot; ++shot)
        request.context.insert(0, "a b a c. ");
    }
    return requests;
  }
  std::vector<tasks::MetricValue> score(int question,
                                        std::span<const tasks::Response> responses) const override {
    const tasks::Response& first = responses[0];
    return {{first.log_likelihood + question, static_cast<double>(first.num_tokens)},
            {first.is_greedy ? 1.0 : 0.0, static_cast<double>(first.text.size())}};
  }
  Digest digest() const override { return {}; }
  std::optional<bool> add_bos_token() const override { return add_bos; }

  int broken_question = -1;
  std::optional<bool> add_bos;

 private:
  std::string name_ = "fake";
  std::vector<tasks::Metric> metrics_ = std::vector<tasks::Metric>(2);
  std::vector<std::vector<tasks::Request>> questions_;
};

tasks::Request scored(const std::string& context, const std::string& continuation) {
  return {Kind::loglikelihood, context, continuation, {}, 0};
}
tasks::Request rolling(const std::string& text) {
  return {Kind::rolling, "", text, {}, 0};
}
tasks::Request generated(const std::string& context, std::vector<std::string> until,
                         int max_gen_toks) {
  return {Kind::generate, context, "", std::move(until), max_gen_toks};
}

Score score_alone(const Tokens& tokens, int num_context) {
  Score score;
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (static_cast<int>(i) >= num_context) {
      const model::RowScore row = fake_row_score(state, kMiniVocabulary);
      score.log_likelihood += static_cast<double>(fake_logit(state, tokens[i])) - row.log_sum_exp;
      score.is_greedy = score.is_greedy && row.argmax == tokens[i];
    }
    state = extend(state, tokens[i]);
  }
  return score;
}

/// What the model would say after `prompt`, without any end but EOS.
Tokens continue_alone(const Tokens& prompt, int max_new_tokens) {
  std::uint64_t state = 0;
  for (const std::int32_t token : prompt) state = extend(state, token);
  Tokens output;
  while (static_cast<int>(output.size()) < max_new_tokens) {
    output.push_back(fake_row_score(state, kMiniVocabulary).argmax);
    if (output.back() == 2) break;
    state = extend(state, output.back());
  }
  return output;
}

class RunQuestions : public testing::Test {
 protected:
  RunQuestions() : tokenizer_(mini_tokenizer()), model_(kMiniVocabulary, 48) {}

  std::vector<results::QuestionRecord> run(const FakeTask& task, int begin, int end,
                                           int num_fewshot = 0, EngineOptions options = {}) {
    Engine engine(model_, options);
    return run_questions(task, {num_fewshot}, begin, end, tokenizer_, model_.config(), engine);
  }

  tokenizer::Tokenizer tokenizer_;
  FakeModel model_;
};

/// A little of every kind, with shared and unshared text.
FakeTask mixed_task() {
  std::vector<std::vector<tasks::Request>> questions;
  const std::vector<std::string> words = {"a", "b", "ab", "ca", "c."};
  for (std::size_t i = 0; i < 12; ++i) {
    const std::string context = words[i % 5] + " " + words[i % 3];
    questions.push_back(
        {scored(context, " a"), scored(context, " b a"), scored(context, " c"), scored("", " a")});
    questions.push_back({rolling(context + " a b a b a c a b. " + words[i % 4])});
    questions.push_back({generated(context, {"b", "."}, 10)});
  }
  questions.push_back(
      {rolling(std::string(40, 'c') + " a b a b a b a b a b a b a b a b a b a b a b")});
  return FakeTask(std::move(questions));
}

TEST_F(RunQuestions, ReportsEachRequestOfAQuestion) {
  const FakeTask task({{scored("a b", " a"), scored("a b", " b"), scored("a b", " a b")}});
  const results::QuestionRecord record = run(task, 0, 1).at(0);
  const Score a = score_alone({1, 7, 8, 7}, 3);
  const Score b = score_alone({1, 7, 8, 8}, 3);
  const Score ab = score_alone({1, 7, 8, 7, 8}, 3);
  EXPECT_EQ(record.question, 0);
  EXPECT_EQ(record.context_tokens, 3);
  EXPECT_EQ(record.truncated, 0);
  EXPECT_THAT(record.log_likelihood,
              testing::ElementsAre(a.log_likelihood, b.log_likelihood, ab.log_likelihood));
  EXPECT_THAT(record.is_greedy, testing::ElementsAre(a.is_greedy, b.is_greedy, ab.is_greedy));
  EXPECT_THAT(record.num_tokens, testing::ElementsAre(1, 1, 2));
  EXPECT_TRUE(record.generated.empty());
  EXPECT_THAT(record.metric_value, testing::ElementsAre(a.log_likelihood, a.is_greedy ? 1.0 : 0.0));
  EXPECT_THAT(record.metric_weight, testing::ElementsAre(1.0, 0.0));
}

TEST_F(RunQuestions, JoinsTheWindowsOfARollingRequest) {
  model_.mutable_config().max_position_embeddings = 4;
  FakeTask task({{rolling("a b a b a")}});
  results::QuestionRecord record = run(task, 0, 1).at(0);
  // <s> | <s> a b a, then a b a | b a, of which the last four positions are read.
  const Score first = score_alone({1, 1, 7, 8, 7}, 1);
  const Score second = score_alone({7, 8, 7, 8, 7}, 3);
  EXPECT_THAT(record.log_likelihood,
              testing::ElementsAre(first.log_likelihood + second.log_likelihood));
  EXPECT_THAT(record.num_tokens, testing::ElementsAre(6));
  EXPECT_EQ(record.context_tokens, 1);

  task.add_bos = false;
  record = run(task, 0, 1).at(0);
  EXPECT_THAT(record.num_tokens, testing::ElementsAre(5));
}

TEST_F(RunQuestions, MarksTruncatedQuestions) {
  model_.mutable_config().max_position_embeddings = 4;
  const FakeTask task({{scored("a b", " a"), scored("a b a b a", " a")}, {scored("a b", " a")}});
  const std::vector<results::QuestionRecord> records = run(task, 0, 2);
  EXPECT_EQ(records[0].truncated, 1);
  EXPECT_EQ(records[0].context_tokens, 3);
  EXPECT_EQ(records[1].truncated, 0);
}

TEST_F(RunQuestions, CutsGeneratedTextAtTheFirstStop) {
  int num_stopped = 0;
  for (const std::string context :
       {"a", "b", "c", "a b", "b a", "c c", "a c b", "ab", "ba", "cab"}) {
    const std::vector<std::string> stops = {"b.", "a", "", "\n"};
    const FakeTask task({{generated(context, stops, 30)}});
    const results::QuestionRecord record = run(task, 0, 1).at(0);
    const Tokens prompt = tokenizer_.encode(context, tokenizer::AddSpecial::yes);
    const Tokens all = continue_alone(prompt, 30);
    // As soon as a stop string shows, nothing more is generated; an EOS counts as a token, but has
    // no text.
    std::size_t count = 0;
    std::string text;
    std::size_t stop = std::string::npos;
    while (count < all.size() && stop == std::string::npos) {
      ++count;
      text = tokenizer_.decode(std::span(all).first(count), SkipSpecial::yes);
      for (const std::string& s : stops) stop = s.empty() ? stop : std::min(stop, text.find(s));
    }
    num_stopped += stop != std::string::npos ? 1 : 0;
    EXPECT_THAT(record.generated, testing::ElementsAre(text.substr(0, stop)));
    EXPECT_THAT(record.num_tokens, testing::ElementsAre(static_cast<int>(count)));
    EXPECT_EQ(record.context_tokens, static_cast<int>(prompt.size()));
    EXPECT_EQ(record.metric_weight.at(1), static_cast<double>(record.generated[0].size()));
  }
  EXPECT_GT(num_stopped, 3);
}

TEST_F(RunQuestions, DoesNotDependOnTheRangeOrTheOptions) {
  const FakeTask task = mixed_task();
  const std::vector<results::QuestionRecord> whole = run(task, 0, task.num_questions(), 2);
  ASSERT_EQ(static_cast<int>(whole.size()), task.num_questions());
  for (const int step : {1, 5}) {
    std::vector<results::QuestionRecord> parts;
    for (int begin = 0; begin < task.num_questions(); begin += step) {
      const int end = std::min(begin + step, task.num_questions());
      const std::vector<results::QuestionRecord> part =
          run(task, begin, end, 2, {3, 2 * model::KvCache::size_in_bytes(1, 1, 16, 48)});
      parts.insert(parts.end(), part.begin(), part.end());
    }
    EXPECT_EQ(parts, whole);
  }
  EXPECT_NE(run(task, 0, task.num_questions(), 1), whole);
}

TEST_F(RunQuestions, NamesTheQuestionOfAnError) {
  FakeTask task({{scored("a", " b")}, {scored("a", "")}, {scored("a", " b")}});
  try {
    run(task, 0, 2);
    FAIL() << "an empty continuation was accepted";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("task fake, question q1: the continuation \"\""));
  }
  task.broken_question = 2;
  try {
    run(task, 2, 3);
    FAIL() << "a broken question was accepted";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(), "task fake, question q2: row without a field");
  }
}

TEST_F(RunQuestions, EstimatesWhatTheEngineThenComputes) {
  const FakeTask mixed = mixed_task();
  std::vector<std::vector<tasks::Request>> questions;
  for (int i = 0; i < mixed.num_questions(); ++i) {
    const std::vector<tasks::Request> requests = mixed.requests(i, {});
    if (requests[0].kind != Kind::generate) questions.push_back(requests);
  }
  const FakeTask task(questions);
  Engine engine(model_, {});
  const tasks::PromptSettings settings{2};
  run_questions(task, settings, 3, 20, tokenizer_, model_.config(), engine);
  const TokenEstimate estimate =
      estimate_tokens(task, settings, 3, 20, tokenizer_, model_.config());
  EXPECT_EQ(estimate.requested, engine.counters().tokens_requested);
  EXPECT_EQ(estimate.distinct, engine.counters().tokens_computed);
  EXPECT_EQ(estimate.scored, model_.head_rows);
  EXPECT_LT(estimate.distinct, estimate.requested);
}

TEST_F(RunQuestions, EstimatesGenerationAtItsLongest) {
  const FakeTask task({{generated("a b", {}, 7)}, {generated("a c", {}, 4)}});
  const TokenEstimate estimate = estimate_tokens(task, {}, 0, 2, tokenizer_, model_.config());
  EXPECT_EQ(estimate.requested, 3 + 6 + 4 + 3);  // <s> ▁a ▁b and <s> ▁a ▁ c
  EXPECT_EQ(estimate.distinct, 5 + 6 + 3);
  EXPECT_EQ(estimate.scored, 2 + 6 + 3);
  EXPECT_EQ(estimate.max_sequence, 9);
}

// ---- generated text

Tokens first_tokens_until_finished(StopWatch& watch, const Tokens& tokens) {
  for (std::size_t n = 1; n <= tokens.size(); ++n) {
    if (watch.is_finished(std::span(tokens).first(n))) return {tokens.begin(), tokens.begin() + n};
  }
  return {};
}

TEST(StopWatch, FindsAStopThatIsSpreadOverTokens) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  const Tokens tokens = {7, 6, 9, 16,
                         4};  // "a" (its blank is dropped at the start), "c", "ab", ".", "a"
  StopWatch watch(tokenizer, {"cab."});
  EXPECT_EQ(first_tokens_until_finished(watch, tokens), (Tokens{7, 6, 9, 16}));
  EXPECT_EQ(watch.text_of(tokens), "a");
}

TEST(StopWatch, CutsAtOneStopAfterTheOther) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  StopWatch watch(tokenizer, {".", "b", "cab"});
  EXPECT_EQ(watch.text_of(Tokens{4, 6, 4, 5, 16}), "aca");  // at "b" first: no "cab" is left then
  EXPECT_EQ(StopWatch(tokenizer, {"cab", "b"}).text_of(Tokens{4, 6, 4, 5, 16}), "a");
  EXPECT_EQ(watch.text_of(Tokens{4, 16, 4, 5, 16}), "a");
  EXPECT_EQ(watch.text_of(Tokens{4, 6}), "ac");
}

TEST(StopWatch, KnowsThatTheFirstBlankIsDroppedAndNoOther) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  StopWatch watch(tokenizer, {" a"});
  EXPECT_EQ(first_tokens_until_finished(watch, {7, 5, 6, 7, 4}), (Tokens{7, 5, 6, 7}));
  EXPECT_EQ(watch.text_of(Tokens{7, 5, 6, 7, 4}), "abc");
}

TEST(StopWatch, WaitsForTheBytesOfACharacter) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  const Tokens tokens = {4, 13, 14, 15, 5, 13, 14, 15, 16};  // a U+3002 b U+3002 .
  StopWatch full_stop(tokenizer, {"\u3002"});
  EXPECT_EQ(first_tokens_until_finished(full_stop, tokens), (Tokens{4, 13, 14, 15}));
  EXPECT_EQ(full_stop.text_of(tokens), "a");
  StopWatch later(tokenizer, {"b\u3002"});
  EXPECT_EQ(first_tokens_until_finished(later, tokens), (Tokens{4, 13, 14, 15, 5, 13, 14, 15}));
  EXPECT_EQ(later.text_of(tokens), "a\u3002");
  StopWatch broken(tokenizer, {"b"});
  EXPECT_EQ(first_tokens_until_finished(broken, {13, 14, 5, 4}), (Tokens{13, 14, 5}));
}

TEST(StopWatch, LeavesSpecialTokensOutAndFindsTheTextOfEos) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  StopWatch watch(tokenizer, {"</s>", "c"});
  EXPECT_FALSE(watch.is_finished(Tokens{4, 2}));
  EXPECT_EQ(watch.text_of(Tokens{4, 2}), "a");
  EXPECT_TRUE(watch.is_finished(Tokens{4, 2, 6}));
}

TEST(StopWatch, WithoutStopsNeverFinishes) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  StopWatch watch(tokenizer, {""});
  EXPECT_TRUE(first_tokens_until_finished(watch, {4, 5, 6}).empty());
  EXPECT_EQ(watch.text_of(Tokens{4, 5}), "ab");
}

}  // namespace
}  // namespace allometer::eval
