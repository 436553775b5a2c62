// BIG-Bench Hard: options read out of the questions, and answers out of what a model would write.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/bbh_options.hpp"
#include "tasks/settings.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kTasks = std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs/tasks/bbh";

Dataset options_in(const std::string& json) {
  return bbh_options(parse_dataset(json, "bbh.json"));
}

TEST(BbhOptions, AreReadFromTheQuestion) {
  const Dataset dataset = options_in(R"j({"examples": [
    {"input": "Which (A) one?\nOptions:\n(A) a cat\n(B) a dog (B)\n(C) 3", "target": "(B)"},
    {"input": "Back?\nOptions:\n- Yes\n- No", "target": "No"}]})j");
  const auto& lettered = dataset.documents.at(0);
  EXPECT_EQ(lettered.at("choices"), (std::vector<std::string>{"a cat", "a dog (B)", "3"}));
  EXPECT_EQ(lettered.at("labels"), (std::vector<std::string>{"(A)", "(B)", "(C)"}));
  EXPECT_EQ(lettered.at("gold"), 1);
  EXPECT_EQ(lettered.at("target"), "(B)");
  EXPECT_EQ(dataset.documents.at(1).at("labels"), (std::vector<std::string>{"Yes", "No"}));
  EXPECT_EQ(dataset.documents.at(1).at("gold"), 1);
  EXPECT_THAT(dataset.ids, ElementsAre("1", "2"));
}

TEST(BbhOptions, SaysWhichQuestionHasNone) {
  const auto failure = [](const std::string& input, const std::string& target) {
    const nlohmann::json data{{"examples",
                               {{{"input", "x\nOptions:\n- a\n- b"}, {"target", "a"}},
                                {{"input", input}, {"target", target}}}}};
    return message_of<ConfigError>([&] { options_in(data.dump()); });
  };
  for (const char* input : {"No options.", "x\nOptions:\n(A) one", "x\nOptions:\n(A) a\n(C) b",
                            "x\nOptions:\n(A) a\nb", "x\nOptions:\n- \n- b", "x\nOptions:\n"}) {
    EXPECT_THAT(failure(input, "(A)"), AllOf(HasSubstr("bbh.json:2: "), HasSubstr("Options:")))
        << input;
  }
  EXPECT_THAT(failure("x\nOptions:\n(A) a\n(B) b", "(C)"), HasSubstr("the target '(C)'"));
  EXPECT_THAT(message_of<ConfigError>([] { options_in(R"([{"input": 3, "target": "a"}])"); }),
              HasSubstr("a field 'input' that is text"));
}

/// The task files of one kind, by what their names end with.
std::vector<std::string> files_ending(const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kTasks)) {
    const std::string name = entry.path().stem().string();
    const bool has_suffix = name.ends_with("_steps") || name.ends_with("_choice");
    if (!name.starts_with("bbh_") || entry.path().extension() != ".yaml") continue;
    if (ending.empty() ? !has_suffix : name.ends_with(ending)) names.push_back(name);
  }
  return names;
}

std::shared_ptr<const Task> bbh_task(const std::string& name) {
  return load_task(kTasks / (name + ".yaml"));
}

/// Values of exact_match by filter: strict-match, flexible-extract.
std::vector<double> exact_matches(const Task& task, int question, const std::string& generated) {
  std::vector<Response> responses(task.requests(question, {}).size());
  responses.front().text = generated;
  const std::vector<MetricValue> values = task.score(question, responses);
  std::vector<double> matches;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (task.metrics()[i].name.starts_with("exact_match,")) matches.push_back(values[i].value);
  }
  return matches;
}

/// A target of another question that is not this one's.
std::string other_target(const Task& task, int question) {
  for (int other = question + 1;; ++other) {
    const std::string target = task.question_target(other % task.num_questions());
    if (target != task.question_target(question)) return target;
  }
}

class BbhData : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("ALLOMETER_SHARED_DATA") == nullptr) {
      GTEST_SKIP() << "needs bbh/ in ALLOMETER_SHARED_DATA";
    }
  }
};

TEST_F(BbhData, EveryTargetIsFoundInADirectAnswer) {
  const std::vector<std::string> names = files_ending("");
  ASSERT_EQ(names.size(), 10U);
  int questions = 0;
  for (const std::string& name : names) {
    const auto task = bbh_task(name);
    for (int question = 0; question < task->num_questions(); ++question, ++questions) {
      const std::string target = task->question_target(question);
      EXPECT_THAT(exact_matches(*task, question, " " + target), ElementsAre(1, 1))
          << name << " " << question;
      EXPECT_THAT(exact_matches(*task, question, " The answer: " + target + ".\n"),
                  ElementsAre(0, 1))
          << name << " " << question;
      EXPECT_THAT(exact_matches(*task, question, " " + other_target(*task, question)),
                  ElementsAre(0, 0))
          << name << " " << question;
    }
  }
  EXPECT_EQ(questions, 9 * 250 + 146);
}

TEST_F(BbhData, EveryTargetIsFoundAtTheEndOfTheReasoning) {
  const std::vector<std::string> names = files_ending("_steps");
  ASSERT_EQ(names.size(), 10U);
  for (const std::string& name : names) {
    const auto task = bbh_task(name);
    for (int question = 0; question < task->num_questions(); ++question) {
      const std::string target = task->question_target(question);
      const std::string other = other_target(*task, question);
      const std::string reasoning = "At first it looks like " + other + ".\nThen it does not. ";
      EXPECT_THAT(exact_matches(*task, question, reasoning + "So the answer is " + target + "."),
                  ElementsAre(1, 1))
          << name << " " << question;
      EXPECT_THAT(exact_matches(*task, question, reasoning + "So the answer is " + other + "."),
                  ElementsAre(0, 0))
          << name << " " << question;
      EXPECT_THAT(exact_matches(*task, question, reasoning + "Answer: " + target),
                  ElementsAre(0, 1))
          << name << " " << question;
    }
  }
}

TEST_F(BbhData, ChoicesHoldTheTarget) {
  const std::vector<std::string> names = files_ending("_choice");
  ASSERT_EQ(names.size(), 9U);
  for (const std::string& name : names) {
    const auto task = bbh_task(name);
    const auto direct = bbh_task(name.substr(0, name.rfind('_')));
    ASSERT_EQ(task->num_questions(), direct->num_questions());
    for (int question = 0; question < task->num_questions(); ++question) {
      EXPECT_EQ(task->question_target(question), direct->question_target(question)) << name;
      EXPECT_GE(task->num_choices(question), 2) << name;
    }
  }
}

/// The worked examples are asked about as any question: what they say must be extracted, too.
TEST_F(BbhData, WorkedExamplesEndAsTheFiltersExpect) {
  for (const std::string& name : files_ending("_steps")) {
    const TaskSettings settings =
        parse_settings(read_task_yaml(kTasks / (name + ".yaml")), kTasks / (name + ".yaml"));
    const nlohmann::json samples = nlohmann::json::parse(settings.data.samples);
    ASSERT_EQ(samples.size(), 3U) << name;
    for (const auto& sample : samples) {
      const std::string target = sample.at("target");
      const std::string opening = "So the answer is ";
      const std::size_t at = target.find(opening);
      ASSERT_NE(at, std::string::npos) << target;
      const std::string answer =
          target.substr(at + opening.size(), target.size() - at - opening.size() - 1);
      for (const FilterSetting& filter : settings.filters) {
        EXPECT_EQ(AnswerFilter(filter).apply(target, {{"choices", nlohmann::json::array()}}),
                  answer)
            << name << " " << filter.name;
      }
      if (answer.starts_with("(")) {
        EXPECT_THAT(sample.at("input").get<std::string>(), HasSubstr("\n" + answer + " "));
      }
    }
  }
}

}  // namespace
}  // namespace allometer::tasks
