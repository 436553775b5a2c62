// The shipped task files of the battery explainability.
#include <cstdlib>
#include <filesystem>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasks/explanation_settings.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs/tasks/explainability";

/// Every question can be asked with any half of its text, and some of it is gold.
void expect_explainable(const Task& task) {
  EXPECT_EQ(task.ability(), "explainability") << task.name();
  ASSERT_NE(task.explanation(), nullptr) << task.name();
  for (int question = 0; question < task.num_questions(); ++question) {
    std::vector<std::string> halves;
    std::size_t num_gold = 0;
    for (const ExplainedText& text : task.explained_texts(question)) {
      halves.push_back(text.text.substr(0, text.text.size() / 2));
      num_gold += text.rationale ? text.rationale->size() : 0;
    }
    EXPECT_GT(num_gold, 0U) << task.question_id(question);
    const auto requests = task.perturbed_requests(question, std::span(&halves, 1), {});
    ASSERT_EQ(requests.at(0).size(), static_cast<std::size_t>(task.num_choices(question)));
    EXPECT_NE(requests[0][0].context, task.requests(question, {})[0].context);
    EXPECT_THAT(requests[0][0].context, testing::HasSubstr(halves[0]));
  }
}

TEST(ExplainabilityFiles, GeneratedTasksAreExplainable) {
  const std::vector<std::string> methods{"lime", "lime_1000", "lime_5000",      "lime_tokens",
                                         "shap", "occlusion", "lime_stability", "random"};
  for (const std::string data : {"sentiment", "nli"}) {
    for (const std::string& method : methods) {
      const auto task = load_task(kFolder / (data + "_" + method + ".yaml"));
      EXPECT_EQ(task->name(), data + "_" + method);
      EXPECT_EQ(task->num_questions(), 60);
      EXPECT_EQ(task->explanation()->method, method.substr(0, method.find('_')));
      if (method == "lime" || method == "occlusion") expect_explainable(*task);
    }
  }
  EXPECT_EQ(load_task(kFolder / "nli_lime_5000.yaml")->explanation()->num_samples, 5000);
  EXPECT_EQ(load_task(kFolder / "nli_lime_stability.yaml")->explanation()->repeats, 5);
}

TEST(ExplainabilityFiles, PublishedDataSetsAreReadWhereTheyAre) {
  const TemporaryDirectory directory;
  directory.write("esnli_test.csv",
                  "pairID,gold_label,Sentence1,Sentence2,Sentence1_marked_1,Sentence2_marked_1\n"
                  "1r,contradiction,A man sleeps.,A man runs.,A man *sleeps.*,A man *runs.*\n");
  directory.write("docs.jsonl", R"({"docid": "pos_1.txt", "document": "what a film !"})");
  directory.write("test.jsonl",
                  R"({"annotation_id": "pos_1.txt", "classification": "POS", "query": "", )"
                  R"("evidences": [[{"docid": "pos_1.txt", "start_token": 0, "end_token": 3}]]})");
  directory.write("dev_rand_split.jsonl",
                  R"({"answerKey": "B", "id": "q1", "question": {"stem": "Where do foxes sleep?", )"
                  R"("choices": [{"label": "A", "text": "sky"}, {"label": "B", "text": "den"}]}})");
  directory.write("cose.jsonl", R"({"id": "q1", "explanation": {"selected": "foxes sleep"}})");
  for (const char* variable : {"ESNLI", "ERASER_MOVIES", "COSE"})
    ::setenv(variable, directory.path().c_str(), 1);
  const auto target = [](const char* name) {
    const auto task = load_task(kFolder / (std::string(name) + ".yaml"));
    expect_explainable(*task);
    return task->question_target(0);
  };
  EXPECT_EQ(target("esnli_lime"), "False");
  EXPECT_EQ(target("eraser_movies_lime"), "positive");
  EXPECT_EQ(target("cose_lime"), "den");
}

}  // namespace
}  // namespace allometer::tasks
