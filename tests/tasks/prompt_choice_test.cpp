#include "tasks/prompt_choice.hpp"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two questions and six labelled documents, "sign n" whose label is "+" or "-".
class PromptChoice : public testing::Test {
 protected:
  PromptChoice() {
    directory_.write("test.jsonl", "{\"x\": \"t1\", \"y\": 0}\n{\"x\": \"t2\", \"y\": 1}\n");
    std::string rows;
    for (int i = 0; i < 6; ++i)
      rows += "{\"x\": \"d" + std::to_string(i) + "\", \"y\": " + std::to_string(i % 2) + "}\n";
    directory_.write("train.jsonl", rows);
  }

  std::filesystem::path write(const std::string& choice, const std::string& more = "") const {
    return directory_.write("t.yaml",
                            "task: t\ndataset_path: test.jsonl\nfewshot_path: train.jsonl\n"
                            "output_type: multiple_choice\ndoc_to_text: \"{{x}}\"\n"
                            "doc_to_choice: [\"+\", \"-\"]\ndoc_to_target: \"{{y}}\"\n"
                            "fewshot_delimiter: \";\"\n" +
                                more + "prompt_choice: " + choice + "\n");
  }
  std::shared_ptr<const Task> load(const std::string& choice) const {
    return load_task(write(choice));
  }
  std::string failure(const std::string& choice) const {
    return message_of<ConfigError>([&] { load(choice); });
  }

  TemporaryDirectory directory_;
};

constexpr const char* kTwo =
    "candidates: [{doc_to_text: \"{{x}} is\"}, {doc_to_text: \"sign of {{x}}:\", description: "
    "\"Signs. \"}]}";

PromptSettings shots(int num_fewshot, std::uint64_t seed = 0) {
  PromptSettings settings;
  settings.num_fewshot = num_fewshot;
  settings.seed = seed;
  settings.sampler = Sampler::first_n;
  return settings;
}

/// Log-likelihoods: of the right label as given, of the other -1.
std::vector<Response> answers(const std::vector<Request>& requests, double log_likelihood) {
  std::vector<Response> responses(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    // The document's number stands in the last "dN" of the context; its parity is the label.
    const char digit = requests[i].context[requests[i].context.rfind('d') + 1];
    const bool is_right = requests[i].continuation == ((digit - '0') % 2 == 0 ? " +" : " -");
    responses[i].log_likelihood = is_right ? log_likelihood : -1;
  }
  return responses;
}

TEST_F(PromptChoice, AsksByThePromptThatTheArtifactNames) {
  const auto task = load(std::string("{by: mdl, examples: 4, ") + kTwo);
  PromptSettings settings = shots(1);
  EXPECT_EQ(task->requests(0, settings)[0].context, "d0 is +;t1 is");
  settings.artifact = R"({"prompt": 1})";
  EXPECT_EQ(task->requests(0, settings)[0].context, "Signs. sign of d0: +;sign of t1:");
  for (const char* artifact : {"{}", "1", "no json", R"({"prompt": 2})", R"({"prompt": -1})"}) {
    settings.artifact = artifact;
    EXPECT_THAT(message_of<FormatError>([&] { task->requests(0, settings); }),
                HasSubstr("chooses none of its 2 prompts"));
  }
}

TEST_F(PromptChoice, TheCodeOfTheLabelsSeesAllThatStandsBefore) {
  const auto task = load(std::string("{by: mdl, examples: 3, orders: 1, ") + kTwo);
  const auto preparation = task->preparation(shots(1));
  ASSERT_TRUE(preparation);
  const Task& scoring = *preparation->task;
  EXPECT_EQ(scoring.name(), "t.prompt_choice");
  EXPECT_EQ(scoring.num_questions(), 2);
  const auto requests = scoring.requests(0, preparation->settings);
  std::vector<std::string> asked;
  for (const Request& request : requests) asked.push_back(request.context + request.continuation);
  EXPECT_THAT(asked, ElementsAre("d0 is +", "d0 is -", "d0 is +;d1 is +", "d0 is +;d1 is -",
                                 "d0 is +;d1 is -;d2 is +", "d0 is +;d1 is -;d2 is -"));
  // Each label has p = e^2 / (e^2 + e^-1): three of them make the code.
  const double nll = std::log1p(std::exp(-3.0));
  EXPECT_NEAR(scoring.score(0, answers(requests, 2))[0].value, 3 * nll, 1e-12);
  EXPECT_EQ(scoring.metrics().at(0).name, "codelength");
}

TEST_F(PromptChoice, LeftOneOutEachExampleSeesAsManyOthersAsTheTaskShows) {
  const auto task = load(std::string("{by: leave_one_out, examples: 3, orders: 1, ") + kTwo);
  const auto contexts = [&](int num_fewshot) {
    const auto preparation = task->preparation(shots(num_fewshot));
    const auto requests = preparation->task->requests(1, preparation->settings);
    std::vector<std::string> found;
    for (std::size_t i = 0; i < requests.size(); i += 2) found.push_back(requests[i].context);
    EXPECT_NEAR(preparation->task->score(1, answers(requests, 0))[0].value,
                std::log1p(std::exp(-1.0)), 1e-12);  // a mean, whatever their number
    return found;
  };
  EXPECT_THAT(contexts(0),
              ElementsAre("Signs. sign of d0:", "Signs. sign of d1:", "Signs. sign of d2:"));
  EXPECT_THAT(contexts(1),
              ElementsAre("Signs. sign of d1: -;sign of d0:", "Signs. sign of d0: +;sign of d1:",
                          "Signs. sign of d0: +;sign of d2:"));
  EXPECT_EQ(contexts(2)[2], "Signs. sign of d0: +;sign of d1: -;sign of d2:");
  EXPECT_EQ(contexts(9), contexts(2));
}

TEST_F(PromptChoice, OrdersShuffleTheSameExamples) {
  const auto task = load(std::string("{by: mdl, examples: 5, orders: 8, ") + kTwo);
  const auto last_contexts = [&](std::uint64_t seed) {
    PromptSettings settings = shots(2, seed);
    settings.sampler = Sampler::lm_eval;  // a draw for all questions is made all the same
    const auto preparation = task->preparation(settings);
    const auto requests = preparation->task->requests(0, preparation->settings);
    EXPECT_EQ(requests.size(), 8U * 5U * 2U);
    std::set<std::string> found;
    std::set<std::string> documents;
    for (std::size_t order = 0; order < 8; ++order) {
      const std::string& context = requests[order * 10 + 8].context;
      found.insert(context);
      std::string drawn;
      for (char digit = '0'; digit < '6'; ++digit) {
        if (context.find(std::string("d") + digit) != std::string::npos) drawn += digit;
      }
      documents.insert(drawn);
    }
    EXPECT_EQ(documents.size(), 1U);
    return found;
  };
  EXPECT_GT(last_contexts(0).size(), 4U);
  EXPECT_EQ(last_contexts(0), last_contexts(0));
  EXPECT_NE(last_contexts(0), last_contexts(1));
}

TEST_F(PromptChoice, TheArtifactNamesTheSmallestScore) {
  const auto task = load(std::string("{by: mdl, examples: 2, ") + kTwo);
  const auto scoring = task->preparation(shots(0))->task;
  const auto artifact = [&](double first, double second) {
    const std::vector<std::vector<MetricValue>> scores = {{{first, 1}}, {{second, 1}}};
    return nlohmann::json::parse(scoring->artifact(scores)).at("prompt").get<int>();
  };
  EXPECT_EQ(artifact(2, 1), 1);
  EXPECT_EQ(artifact(1, 2), 0);
  EXPECT_EQ(artifact(1, 1), 0);
  EXPECT_THAT(message_of<FormatError>([&] { artifact(1, INFINITY); }),
              HasSubstr("the codelength of prompt 1 is not finite"));
  // What another task makes of answers is nothing.
  EXPECT_EQ(task->artifact({}), "");
}

TEST_F(PromptChoice, WhatTheChoiceIsMadeByIsPartOfTheTask) {
  const auto digest = [&](const std::string& choice) { return load(choice)->digest(); };
  const Digest first = digest(std::string("{by: mdl, examples: 4, ") + kTwo);
  EXPECT_NE(digest(std::string("{by: leave_one_out, examples: 4, ") + kTwo), first);
  EXPECT_NE(digest(std::string("{by: mdl, examples: 5, ") + kTwo), first);
  EXPECT_NE(digest(std::string("{by: mdl, examples: 4, orders: 9, ") + kTwo), first);
  EXPECT_NE(digest("{by: mdl, examples: 4, candidates: [{description: a}, {description: b}]}"),
            first);
  const auto task = load(std::string("{by: mdl, examples: 4, ") + kTwo);
  EXPECT_NE(task->preparation(shots(0))->task->digest(), task->digest());
  EXPECT_EQ(task->preparation(shots(0))->task->digest(),
            task->preparation(shots(3, 7))->task->digest());
}

TEST_F(PromptChoice, AGeneratedAnswerIsJudgedByItsLikelihood) {
  const auto path = directory_.write(
      "g.yaml",
      "task: g\ndataset_path: test.jsonl\nfewshot_path: train.jsonl\ndoc_to_text: \"{{x}}\"\n"
      "doc_to_target: \"n{{y}}\"\nprompt_choice: {by: mdl, examples: 2, orders: 1, "
      "candidates: [{target_delimiter: \"=\"}, {target_delimiter: \": \"}]}\n");
  const auto preparation = load_task(path)->preparation(shots(0));
  const auto requests = preparation->task->requests(1, preparation->settings);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].kind, Request::Kind::loglikelihood);
  EXPECT_EQ(requests[1].context + "|" + requests[1].continuation, "d0: n0\n\nd1|: n1");
  std::vector<Response> responses(2);
  responses[0].log_likelihood = -3;
  responses[1].log_likelihood = -0.5;
  EXPECT_EQ(preparation->task->score(1, responses)[0].value, 3.5);
}

TEST_F(PromptChoice, MistakesAreNamed) {
  EXPECT_THAT(failure("[]"), HasSubstr("prompt_choice is a map"));
  EXPECT_THAT(failure(std::string("{") + kTwo), HasSubstr("needs the key by"));
  EXPECT_THAT(failure(std::string("{by: mld, ") + kTwo), HasSubstr("did you mean 'mdl'?"));
  EXPECT_THAT(failure(std::string("{by: mdl, exampels: 3, ") + kTwo), HasSubstr("exampels"));
  EXPECT_THAT(failure("{by: mdl, examples: 2, candidates: [{doc_to_text: a}]}"),
              HasSubstr("two prompts or more"));
  EXPECT_THAT(failure("{by: mdl, examples: 2, candidates: [a, b]}"), HasSubstr("is a map"));
  EXPECT_THAT(failure("{by: mdl, examples: 2, candidates: [{doc_to_target: a}, {}]}"),
              HasSubstr("doc_to_target"));
  EXPECT_THAT(failure(std::string("{by: mdl, examples: 7, ") + kTwo),
              HasSubstr("7 examples, the training split has 6"));
  const auto no_pool = directory_.write(
      "n.yaml", std::string("task: n\ndataset_path: test.jsonl\ndoc_to_text: \"{{x}}\"\n"
                            "doc_to_target: \"n{{y}}\"\nprompt_choice: {by: mdl, ") +
                    kTwo + "\n");
  EXPECT_THAT(message_of<ConfigError>([&] { load_task(no_pool); }),
              HasSubstr("give the task a training split"));
}

}  // namespace
}  // namespace allometer::tasks
