/// The stories ladder against the numbers that its public implementation gives.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <omp.h>

#include "core/instruction_set.hpp"
#include "eval/engine.hpp"
#include "eval/run_shard.hpp"
#include "model/load.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {
namespace {

using Tokens = std::vector<std::int32_t>;

/// One rung of the ladder per test.
class Stories : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* data = std::getenv("ALLOMETER_SHARED_DATA");
    if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    stories_ = std::filesystem::path(data) / "stories";
    omp_set_num_threads(1);  // these models are too small to be shared between threads
  }

  std::unique_ptr<model::CausalModel> load(Precision precision) const {
    model::LoadOptions options;
    options.precision = precision;
    options.instruction_set = detect_instruction_set();
    return model::load_model(stories_ / GetParam(), options);
  }
  nlohmann::json read_json(const char* file) const {
    return nlohmann::json::parse(std::ifstream(stories_ / file));
  }
  /// Nats per token of story_lm over its first `num_questions` questions, as its task defines them.
  double loss(Precision precision, int num_questions, double& num_tokens) const {
    const auto task = tasks::load_task(ALLOMETER_SOURCE_DIR "/jobs/tasks/story_lm.yaml");
    const tokenizer::Tokenizer tokenizer = tokenizer::Tokenizer::load(stories_ / GetParam());
    const auto model = load(precision);
    Engine engine(*model, {});
    const auto records = run_questions(*task, {}, 0, std::min(num_questions, task->num_questions()),
                                       tokenizer, model->config(), engine);
    std::size_t metric = 0;
    while (task->metrics().at(metric).name != "nats_per_token") ++metric;
    double sum = 0;
    num_tokens = 0;
    for (const results::QuestionRecord& record : records) {
      sum += record.metric_value.at(metric);
      num_tokens += record.metric_weight.at(metric);
    }
    return tasks::apply(task->metrics()[metric].aggregation, sum / num_tokens);
  }

  std::filesystem::path stories_;
};

TEST_P(Stories, ContinuesPromptsAsThePublicImplementationDoes) {
  const auto model = load(Precision::f32);
  Engine engine(*model, {});
  std::vector<GenerateRequest> requests;
  std::vector<Tokens> expected;
  const nlohmann::json cases = read_json("greedy.json").at(GetParam());
  for (const nlohmann::json& entry : cases) {
    expected.push_back(entry.at("ids").get<Tokens>());
    requests.push_back(
        {entry.at("prompt_ids").get<Tokens>(), static_cast<int>(expected.back().size()), {}, {}});
  }
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(engine.generate(requests), expected);
}

TEST_P(Stories, LosesWhatIsPublishedOnEveryStory) {
  const nlohmann::json published = read_json("story_loss.json");
  double num_tokens = 0;
  const double nats = loss(Precision::f32, published.at("stories").get<int>(), num_tokens);
  EXPECT_EQ(num_tokens, published.at("tokens").get<double>());
  EXPECT_NEAR(nats, published.at("nats_per_token").at(GetParam()).get<double>(), 1e-3);
  RecordProperty("nats_per_token", std::to_string(nats));
}

TEST_P(Stories, HasNearlyTheSamePerplexityInBf16) {
  double num_tokens = 0;
  const double exact = loss(Precision::f32, 100, num_tokens);
  const double rounded = loss(Precision::bf16, 100, num_tokens);
  EXPECT_GT(num_tokens, 20000);
  EXPECT_NE(rounded, exact);
  EXPECT_NEAR(std::exp(rounded) / std::exp(exact), 1.0, 0.005);
}

INSTANTIATE_TEST_SUITE_P(Rungs, Stories,
                         testing::Values("stories-14k", "stories-50k", "stories-126k",
                                         "stories-260k", "stories-658k"),
                         [](const testing::TestParamInfo<const char*>& rung) {
                           std::string name = rung.param;
                           name.erase(name.find('-'), 1);
                           return name;
                         });

}  // namespace
}  // namespace allometer::eval
