#include "eval/explain_questions.hpp"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "eval/fake_model.hpp"
#include "eval/mini_tokenizer.hpp"
#include "eval/run_shard.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::eval {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int32_t kPlanted = 6;  // the letter c
constexpr std::int32_t kFirstLabel = 7;

/// Its answer depends on one planted letter: with it the first label is likely, else unlikely.
class PlantedModel final : public FakeModel {
 public:
  PlantedModel() : FakeModel(kMiniVocabulary, 96) {}

 protected:
  std::uint64_t next(std::uint64_t state, std::int32_t token) const override {
    return state != 0 || token == kPlanted ? 1 : 0;
  }
  float logit(std::uint64_t state, std::int32_t token) const override {
    if (token != kFirstLabel) return 0;
    return state != 0 ? 2.0F : -1.0F;
  }
  model::RowScore row_score(std::uint64_t state) const override {
    model::RowScore score;
    score.argmax = state != 0 ? kFirstLabel : 0;
    score.log_sum_exp =
        std::log(kMiniVocabulary - 1 + std::exp(static_cast<double>(logit(state, kFirstLabel))));
    return score;
  }
};

class ExplainQuestions : public testing::Test {
 protected:
  ExplainQuestions() : tokenizer_(mini_tokenizer()) {
    directory_.write("data.jsonl", R"({"text": "a b ab c ba aab", "why": [[7, 8]]}
{"text": "c bb aba", "why": [[0, 1]]}
{"text": "ba a. aab bab  bba cab a.", "why": [[19, 22]]}
)");
  }

  std::shared_ptr<const tasks::Task> task(const std::string& explanation,
                                          const std::string& text = "{{text}}\\n") const {
    return tasks::load_task(directory_.write(
        "t.yaml",
        "task: t\ndataset_path: data.jsonl\noutput_type: multiple_choice\ndoc_to_choice: [a, b]\n"
        "doc_to_target: 0\nmetric_list: [{metric: acc}, {metric: acc_mutual_info}]\ndoc_to_text: "
        "\"" +
            text + "\"\nexplanation: {field: text, " + explanation + "}\n"));
  }

  std::vector<results::QuestionRecord> run(const tasks::Task& task, int begin, int end,
                                           EngineOptions options = {}) {
    Engine engine(model_, options);
    auto records = run_questions(task, {}, begin, end, tokenizer_, model_.config(), engine);
    counters_ = engine.counters();
    return records;
  }
  std::vector<results::QuestionRecord> run(const tasks::Task& task) {
    return run(task, 0, task.num_questions());
  }

  static double metric(const tasks::Task& task, const results::QuestionRecord& record,
                       const std::string& name) {
    for (std::size_t i = 0; i < task.metrics().size(); ++i) {
      if (task.metrics()[i].name == name) return record.metric_value.at(i);
    }
    ADD_FAILURE() << "no metric " << name;
    return 0;
  }

  tasks::TemporaryDirectory directory_;
  tokenizer::Tokenizer tokenizer_;
  PlantedModel model_;
  EngineCounters counters_;
};

/// The unit of the largest weight.
std::string first_unit(const json& explanation) {
  const auto weights = explanation["weights"].get<std::vector<double>>();
  const auto best = std::max_element(weights.begin(), weights.end()) - weights.begin();
  for (std::size_t i = 0; i < explanation["units"][0].size(); ++i) {
    if (explanation["features"][0][i] == best) return explanation["units"][0][i];
  }
  return "";
}

TEST_F(ExplainQuestions, EveryMethodNamesThePlantedWordFirst) {
  for (const std::string method :
       {"method: lime, num_samples: 100", "method: lime, num_samples: 1000, selection: none",
        "method: shap", "method: shap, num_samples: 40", "method: exact_shapley",
        "method: occlusion"}) {
    for (const std::string how : {"", ", replacement: b"}) {
      const auto words = task(method + how);
      const auto records = run(*words);
      EXPECT_EQ(first_unit(json::parse(records[0].generated.at(0))), "c") << method << how;
      EXPECT_EQ(first_unit(json::parse(records[1].generated.at(0))), "c") << method << how;
      EXPECT_EQ(first_unit(json::parse(records[2].generated.at(0))), "cab") << method << how;
      for (const auto& record : run(*task(method + how + ", units: tokens, bag_of_words: true"))) {
        EXPECT_EQ(first_unit(json::parse(record.generated.at(0))), "c") << method << how;
      }
    }
  }
}

TEST_F(ExplainQuestions, MetricsAreThoseOfTheTaskAndThoseOfTheExplanation) {
  const auto task = this->task("method: lime, num_samples: 200, rationale: why, repeats: 2");
  const auto records = run(*task);
  // p(c|x) by hand: the labels' likelihoods, renormalised.
  const double p = std::exp(2) / (std::exp(2) + 1);
  const double without = std::exp(-1) / (std::exp(-1) + 1);
  for (const results::QuestionRecord& record : records) {
    ASSERT_EQ(record.metric_value.size(), task->metrics().size());
    EXPECT_EQ(record.metric_weight.size(), task->metrics().size());
    EXPECT_EQ(record.log_likelihood.size(), 4U);  // two choices, with and without the question
    EXPECT_EQ(metric(*task, record, "acc"), 1);
    EXPECT_NEAR(metric(*task, record, "comprehensiveness"), p - without, 1e-9);
    EXPECT_NEAR(metric(*task, record, "comprehensiveness_relative"), 1 - without / p, 1e-9);
    EXPECT_NEAR(metric(*task, record, "aopc_comprehensiveness"), p - without, 1e-9);
    EXPECT_NEAR(metric(*task, record, "sufficiency"), 0, 1e-9);
    EXPECT_GE(metric(*task, record, "comprehensiveness_over_random"), 0);
    EXPECT_EQ(metric(*task, record, "token_iou"), 1);
    EXPECT_EQ(metric(*task, record, "token_f1"), 1);
    EXPECT_EQ(metric(*task, record, "auprc"), 1);
    EXPECT_GT(metric(*task, record, "local_r2"), .5);
    EXPECT_EQ(metric(*task, record, "vsi"), 1);  // ten features are all of them
    EXPECT_GE(metric(*task, record, "csi"), .5);
    const json explanation = json::parse(record.generated.at(0));
    EXPECT_EQ(explanation["class"], 0);
    EXPECT_NEAR(explanation["probabilities"][0].get<double>(), p, 1e-9);
  }
  const json first = json::parse(records[0].generated.at(0));
  EXPECT_EQ(first["units"], json::parse(R"([["a", "b", "ab", "c", "ba", "aab"]])"));
  EXPECT_EQ(first["gold"], json::parse("[3]"));
  const json last = json::parse(records[2].generated.at(0));
  EXPECT_EQ(last["features"], json::parse("[[0, 1, 2, 3, 4, 5, 1]]"));
}

TEST_F(ExplainQuestions, DoesNotDependOnShardsOrChunks) {
  for (const std::string settings : {"method: lime, num_samples: 100, repeats: 2",
                                     "method: shap, num_samples: 50", "method: random"}) {
    const auto task = this->task(settings);
    const auto together = run(*task);
    for (int question = 0; question < 3; ++question) {
      const auto alone = run(*task, question, question + 1, {.chunk_tokens = 3});
      ASSERT_EQ(alone.size(), 1U);
      EXPECT_EQ(alone[0], together[static_cast<std::size_t>(question)]) << settings;
    }
  }
}

TEST_F(ExplainQuestions, SeedsOfTaskAndCellChangeTheDraws) {
  const auto weights = [&](const std::string& seed, std::uint64_t cell_seed) {
    const auto task = this->task("method: lime, num_samples: 30, selection: none, seed: " + seed);
    Engine engine(model_, {});
    tasks::PromptSettings settings;
    settings.seed = cell_seed;
    const auto records = run_questions(*task, settings, 0, 1, tokenizer_, model_.config(), engine);
    return records[0].generated.at(0);
  };
  EXPECT_EQ(weights("0", 0), weights("0", 0));
  EXPECT_NE(weights("0", 0), weights("1", 0));
  EXPECT_NE(weights("0", 0), weights("0", 1));
}

TEST_F(ExplainQuestions, TheEstimateForeseesTheWork) {
  for (const std::string settings : {"method: lime, num_samples: 60", "method: occlusion"}) {
    const auto task = this->task(settings);
    run(*task);
    const TokenEstimate estimate =
        estimate_tokens(*task, {}, 0, task->num_questions(), tokenizer_, model_.config());
    const auto requested = static_cast<double>(counters_.tokens_requested);
    EXPECT_NEAR(static_cast<double>(estimate.requested) / requested, 1, .2) << settings;
    EXPECT_NEAR(
        static_cast<double>(estimate.distinct) / static_cast<double>(counters_.tokens_computed), 1,
        .35)
        << settings;
  }
}

TEST_F(ExplainQuestions, BadTasksAreToldOf) {
  const auto failure = [&](const std::shared_ptr<const tasks::Task>& task) {
    return tasks::message_of<ConfigError>([&] { run(*task); });
  };
  EXPECT_THAT(failure(task("method: lime", "no field at all")),
              testing::AllOf(HasSubstr("task t, question 1: "),
                             HasSubstr("doc_to_text must read that field")));
  directory_.write("data.jsonl", R"({"text": " \t "})");
  EXPECT_THAT(failure(task("method: lime")), HasSubstr("the explained text has no words"));
  directory_.write("data.jsonl", R"({"text": "a b", "other": 1})");
  EXPECT_THAT(failure(task("method: lime, rationale: other")),
              HasSubstr("must be a list of spans [begin, end), not 1"));
  directory_.write("data.jsonl", R"({"text": "a aa aaa b bb bbb c cc ccc ab ba aab abb"})");
  EXPECT_THAT(failure(task("method: exact_shapley")), HasSubstr("13 are too many"));
}

}  // namespace
}  // namespace allometer::eval
