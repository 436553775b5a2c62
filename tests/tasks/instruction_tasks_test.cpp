// Instructions and preferences as tasks: what is asked, and what an answer is worth.
#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/metrics.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using testing::HasSubstr;

const std::filesystem::path kTasks =
    std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs" / "tasks" / "instruction_following";

constexpr const char* kInstructionTask = R"(task: t
dataset_path: data.jsonl
doc_to_text: "{{prompt}}"
generation_kwargs: {until: []}
metric_list:
  - {metric: prompt_level_strict_acc, aggregation: mean}
  - {metric: inst_level_strict_acc}
  - {metric: prompt_level_loose_acc}
  - {metric: inst_level_loose_acc}
)";
constexpr const char* kDocument =
    R"({"key": 1, "prompt": "p", "instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {}]})";

std::vector<MetricValue> score_text(const Task& task, const std::string& text) {
  Response response;
  response.text = text;
  return task.score(0, std::vector{response});
}

TEST(InstructionTasks, ScoreByPromptAndByInstructionWithoutATarget) {
  const TemporaryDirectory directory;
  directory.write("data.jsonl", kDocument);
  const auto task = load_task(directory.write("t.yaml", kInstructionTask));
  EXPECT_EQ(task->question_target(0), "");
  const std::vector<Request> requests = task->requests(0, {});
  ASSERT_EQ(requests.size(), 1);
  EXPECT_EQ(requests[0].context, "p");
  EXPECT_TRUE(requests[0].until.empty());
  const auto expect_values = [&](const char* text, double strict, double strict_followed,
                                 double loose, double loose_followed) {
    const std::vector<MetricValue> values = score_text(*task, text);
    ASSERT_EQ(values.size(), 4);
    EXPECT_EQ(values[0].value, strict) << text;
    EXPECT_EQ(values[0].weight, 1);
    EXPECT_EQ(values[1].value, strict_followed) << text;
    EXPECT_EQ(values[1].weight, 2);
    EXPECT_EQ(values[2].value, loose) << text;
    EXPECT_EQ(values[3].value, loose_followed) << text;
    EXPECT_EQ(values[3].weight, 2);
  };
  expect_values("\"a\"", 1, 2, 1, 2);
  expect_values("\"a, b\"", 0, 1, 0, 1);
  expect_values("Well:\n\"a\"", 0, 1, 1, 2);
  expect_values("", 0, 0, 0, 0);
  // As lm-evaluation-harness: none for the ratios of sums.
  EXPECT_TRUE(task->metrics()[0].has_standard_error);
  EXPECT_FALSE(task->metrics()[1].has_standard_error);
  EXPECT_TRUE(std::isnan(task->metrics()[0].chance));
}

TEST(InstructionTasks, RefuseDocumentsAndSettingsThatDoNotFit) {
  const TemporaryDirectory directory;
  const auto failure = [&](const std::string& yaml, const char* data) {
    directory.write("data.jsonl", data);
    return message_of<ConfigError>([&] { load_task(directory.write("t.yaml", yaml)); });
  };
  EXPECT_THAT(failure(kInstructionTask, R"({"prompt": "p"})"),
              HasSubstr("data.jsonl:1: 'instruction_id_list' must be a list"));
  EXPECT_THAT(
      failure(
          kInstructionTask,
          R"({"prompt": "p", "instruction_id_list": ["keywords:frequency"], "kwargs": [{"keyword": "a"}]})"),
      HasSubstr("data.jsonl:1: keywords:frequency: kwargs lack 'relation'"));
  EXPECT_THAT(failure(std::string(kInstructionTask) + "  - {metric: exact_match}\n", kDocument),
              HasSubstr("needs doc_to_target"));
  EXPECT_THAT(failure(std::string(kInstructionTask) + "num_fewshot: 1\n", kDocument),
              testing::IsEmpty());
  const std::string with_option =
      std::string(kInstructionTask)
          .replace(std::string(kInstructionTask).find("aggregation: mean"), 17,
                   "ignore_case: true");
  EXPECT_THAT(failure(with_option, kDocument), HasSubstr("ignore_case"));
}

TEST(InstructionTasks, IfevalIsAskedAsInTheHarness) {
  if (std::getenv("ALLOMETER_SHARED_DATA") == nullptr)
    GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const auto task = load_task(kTasks / "ifeval.yaml");
  EXPECT_EQ(task->num_questions(), 541);
  EXPECT_EQ(task->ability(), "instruction_following");
  double instructions = 0;
  for (int question = 0; question < task->num_questions(); ++question) {
    const std::vector<Request> requests = task->requests(question, {});
    ASSERT_EQ(requests.size(), 1);
    EXPECT_EQ(requests[0].kind, Request::Kind::generate);
    EXPECT_EQ(requests[0].max_gen_toks, 1280);
    EXPECT_TRUE(requests[0].until.empty());
    EXPECT_EQ(requests[0].context, task->question_text(question));
    Response response;
    response.text = "a";
    instructions += task->score(question, std::vector{response})[1].weight;
  }
  EXPECT_EQ(instructions, 834);
}

TEST(InstructionTasks, GeneratedAnswersFollowTheirInstructions) {
  const auto task = load_task(kTasks / "instructions_open.yaml");
  for (int question = 0; question < task->num_questions(); ++question) {
    std::vector<Response> responses(2);
    responses[0].text = task->question_target(question);
    responses[1].log_likelihood = -3;
    const std::vector<MetricValue> values = task->score(question, responses);
    EXPECT_EQ(values[0].value, 1) << task->question_text(question);
    EXPECT_EQ(values[1].value, values[1].weight);
    EXPECT_EQ(values[4].value, 3);
    EXPECT_EQ(task->difficulty(question), values[1].weight);
  }
  EXPECT_EQ(load_task(kTasks / "instructions.yaml")->num_choices(0), 4);
  EXPECT_EQ(load_task(kTasks / "instructions.yaml")->metrics()[0].chance, 0.25);
}

std::vector<Response> likelihoods(const std::vector<std::pair<double, int>>& sums_and_tokens) {
  std::vector<Response> responses;
  for (const auto& [sum, tokens] : sums_and_tokens) {
    Response response;
    response.log_likelihood = sum;
    response.num_tokens = tokens;
    responses.push_back(response);
  }
  return responses;
}

TEST(Preferences, AreStrictAndTiesLose) {
  const std::vector<std::string> choices{"a", "b", "c"};
  const std::vector<int> gold{1};
  const auto preferred = [&](MetricId id, const std::vector<std::pair<double, int>>& given) {
    const std::vector<Response> responses = likelihoods(given);
    return score_choices(id, {responses, {}, std::span(choices).first(given.size()), gold}).value;
  };
  using enum MetricId;
  EXPECT_EQ(preferred(preference_acc, {{-2, 1}, {-1, 1}}), 1);
  EXPECT_EQ(preferred(preference_acc, {{-1, 1}, {-1, 1}}), 0);
  EXPECT_EQ(preferred(preference_acc, {{-1, 1}, {-2, 1}}), 0);
  // Per token: -1 against -0.5, then a tie.
  EXPECT_EQ(preferred(preference_acc, {{-2, 2}, {-4, 8}}), 0);
  EXPECT_EQ(preferred(preference_acc_norm, {{-2, 2}, {-4, 8}}), 1);
  EXPECT_EQ(preferred(preference_acc_norm, {{-2, 2}, {-8, 8}}), 0);
  // With several others, every one of them must be worse.
  EXPECT_EQ(preferred(preference_acc, {{-3, 1}, {-1, 1}, {-2, 1}}), 1);
  EXPECT_EQ(preferred(preference_acc, {{-3, 1}, {-1, 1}, {-1, 1}}), 0);
}

TEST(Preferences, AreReadFromRewardBenchsForm) {
  const TemporaryDirectory directory;
  directory.write(
      "reward_bench.jsonl",
      R"({"prompt": "Hi?", "chosen": "Hello.", "rejected": "No.", "subset": "s", "id": 7})");
  ::setenv("ALLOMETER_REWARD_BENCH", directory.path().c_str(), 1);
  const auto task = load_task(kTasks / "reward_bench.yaml");
  ::unsetenv("ALLOMETER_REWARD_BENCH");
  EXPECT_EQ(task->question_id(0), "7");
  std::vector<Request> requests = task->requests(0, {});
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[0].context, "Hi?");
  EXPECT_EQ(requests[0].continuation, "\n\nHello.");
  EXPECT_EQ(requests[1].continuation, "\n\nNo.");

  PromptSettings chat;
  chat.chat.apply_template = true;
  chat.chat.render = [](std::span<const Message> messages) {
    return "<" + messages[0].role + ">" + messages[0].content + "<assistant>";
  };
  requests = task->requests(0, chat);
  EXPECT_EQ(requests[0].context, "<user>Hi?<assistant>");
  EXPECT_EQ(requests[0].continuation, "Hello.");

  ASSERT_EQ(task->metrics()[0].name, "preference_acc");
  EXPECT_EQ(task->metrics()[0].chance, 0.5);
  EXPECT_TRUE(std::isnan(task->metrics()[0].majority));
  EXPECT_EQ(task->score(0, likelihoods({{-1, 2}, {-1, 1}}))[0].value, 0);
  EXPECT_EQ(task->score(0, likelihoods({{-1, 2}, {-1, 1}}))[1].value, 1);
}

TEST(Preferences, OfTheGeneratedSetPutTheChosenOneInEitherPlace) {
  const auto task = load_task(kTasks / "preferences.yaml");
  std::array<int, 2> places{};
  for (int question = 0; question < task->num_questions(); ++question) {
    const std::vector<Request> requests = task->requests(question, {});
    ASSERT_EQ(requests.size(), 2);
    const std::string target = " " + task->question_target(question);
    ++places[requests[0].continuation == target ? 0 : 1];
  }
  EXPECT_EQ(places, (std::array<int, 2>{150, 150}));
}

}  // namespace
}  // namespace allometer::tasks
