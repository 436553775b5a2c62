// The task files on places, ways and shapes: what they ask, and what they take for an answer.
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasks/task.hpp"

namespace allometer::tasks {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs/tasks/visual_spatial";

/// Every task of the folder: files that are only included begin with an underscore.
std::vector<std::shared_ptr<const Task>> tasks_ending_in(const std::string& ending) {
  std::vector<std::shared_ptr<const Task>> tasks;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().stem().string();
    if (name[0] == '_' || name == "visual_spatial" || !name.ends_with(ending)) continue;
    tasks.push_back(load_task(entry.path()));
  }
  return tasks;
}

double metric(const Task& task, int question, const std::vector<Response>& responses,
              const std::string& name) {
  const std::vector<MetricValue> values = task.score(question, responses);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (task.metrics()[i].name.rfind(name, 0) == 0) return values[i].value;
  }
  ADD_FAILURE() << task.name() << " has no metric " << name;
  return -1;
}

/// What the task makes of a text that a model wrote.
double exact_match(const Task& task, int question, const std::string& text) {
  std::vector<Response> responses(task.requests(question, {}).size());
  for (Response& response : responses) response.num_tokens = 1;
  responses.front().text = text;
  return metric(task, question, responses, "exact_match");
}

TEST(VisualSpatialFiles, EachKindIsThereInThreeForms) {
  int num_tasks = 0;
  for (const auto& task : tasks_ending_in("")) {
    EXPECT_EQ(task->ability(), "visual_spatial") << task->name();
    EXPECT_GE(task->num_questions(), 100) << task->name();
    EXPECT_LE(task->num_questions(), 200) << task->name();
    ++num_tasks;
  }
  // Nine kinds in three forms, and StepGame amid noise and over many hops.
  EXPECT_EQ(num_tasks, 9 * 3 + 2);
  EXPECT_EQ(tasks_ending_in("_generate").size(), 9U);
  EXPECT_EQ(tasks_ending_in("_steps").size(), 9U);
}

TEST(VisualSpatialFiles, AnswersOfTheDefaultQuestionsAreBalanced) {
  for (const auto& task : tasks_ending_in("")) {
    if (task->output_type() != OutputType::multiple_choice) continue;
    std::map<std::size_t, int> golds;
    for (int question = 0; question < task->num_questions(); ++question) {
      std::vector<Response> responses(task->requests(question, {}).size());
      ASSERT_EQ(responses.size(), task->num_choices(question));
      for (std::size_t choice = 0; choice < responses.size(); ++choice) {
        for (Response& response : responses) response.log_likelihood = -2;
        responses[choice].log_likelihood = -1;
        if (metric(*task, question, responses, "acc") == 1) ++golds[choice];
      }
    }
    for (const auto& [choice, count] : golds)
      EXPECT_EQ(count * task->num_choices(0), task->num_questions()) << task->name() << choice;
  }
}

TEST(VisualSpatialFiles, GeneratedAnswersAreReadAsWritten) {
  for (const auto& task : tasks_ending_in("_generate")) {
    for (int question = 0; question < 10; ++question) {
      const std::string target = task->question_target(question);
      EXPECT_EQ(exact_match(*task, question, " " + target), 1) << task->name();
      EXPECT_EQ(exact_match(*task, question, "x" + target), 0) << task->name();
      EXPECT_EQ(exact_match(*task, question, ""), 0) << task->name();
    }
  }
}

TEST(VisualSpatialFiles, AnswersAreTakenFromTheEndOfTheSteps) {
  for (const auto& task : tasks_ending_in("_steps")) {
    for (int question = 0; question < 10; ++question) {
      const std::string target = task->question_target(question);
      EXPECT_EQ(exact_match(*task, question, " One, two. So the answer is " + target + "."), 1)
          << task->name();
      EXPECT_EQ(exact_match(*task, question, "The answer is zzz. No: the answer is: " + target), 1)
          << task->name();
      EXPECT_EQ(exact_match(*task, question, " So the answer is not " + target + "."), 0)
          << task->name();
      EXPECT_EQ(exact_match(*task, question, target), 0) << task->name();
    }
  }
}

TEST(VisualSpatialFiles, DemonstrationsOfStepsEndInTheirAnswer) {
  for (const auto& task : tasks_ending_in("_steps")) {
    PromptSettings prompt;
    prompt.num_fewshot = 1;
    const std::string context = task->requests(0, prompt).front().context;
    EXPECT_THAT(context, testing::ContainsRegex("step by step\\.[^~]+ the answer is [^~]+\\.\n\n"))
        << task->name();
    EXPECT_THAT(context, testing::EndsWith("Let's think step by step.")) << task->name();
  }
}

}  // namespace
}  // namespace allometer::tasks
