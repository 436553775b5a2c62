#include "tasks/explanation_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Explanation : public testing::Test {
 protected:
  Explanation() {
    directory_.write("data.jsonl",
                     R"({"a": "It is so good.", "b": "Yes.", "why_a": [[9, 13]], "why_b": null}
{"a": "It is bad.", "b": "No.", "why_a": [[6, 9], [0, 2]]}
)");
  }

  std::shared_ptr<const Task> load(const std::string& explanation,
                                   const std::string& output_type = "multiple_choice") const {
    return load_task(directory_.write(
        "t.yaml", "task: t\ndataset_path: data.jsonl\noutput_type: " + output_type +
                      "\ndoc_to_text: \"{{a}} {{b}}\"\ndoc_to_target: 0\n" +
                      (output_type == "multiple_choice" ? "doc_to_choice: [x, y]\n" : "") +
                      "explanation: " + explanation + "\n"));
  }
  std::string failure(const std::string& explanation) const {
    return message_of<ConfigError>([&] { load(explanation)->explained_texts(0); });
  }

  TemporaryDirectory directory_;
};

TEST_F(Explanation, IsReadWithItsDefaults) {
  const auto task = load("{field: a}");
  const ExplanationSettings& plain = *task->explanation();
  EXPECT_THAT(plain.fields, ElementsAre("a"));
  EXPECT_EQ(plain.method, "lime");
  EXPECT_EQ(plain.num_samples, 0);
  EXPECT_EQ(plain.num_features, 10);
  EXPECT_EQ(plain.repeats, 1);
  EXPECT_TRUE(plain.bag_of_words);
  EXPECT_FALSE(plain.units_are_tokens);
  EXPECT_FALSE(plain.replacement.has_value());
  EXPECT_EQ(task->metrics().front().name, "acc");
  EXPECT_EQ(task->metrics().back().name, "local_r2");
  EXPECT_FALSE(load("{field: a, units: tokens}")->explanation()->bag_of_words);
}

TEST_F(Explanation, EverySettingChangesTheTask) {
  std::set<std::string> digests;
  const std::vector<std::string> all{"field: a",
                                     "field: b",
                                     "field: [a, b]",
                                     "field: a, method: shap",
                                     "field: a, num_samples: 7",
                                     "field: a, num_features: 7",
                                     "field: a, selection: none",
                                     "field: a, units: tokens",
                                     "field: a, bag_of_words: false",
                                     "field: a, replacement: _",
                                     "field: a, rationale: why_a",
                                     "field: a, rationale: why_a, share: 0.2",
                                     "field: a, repeats: 2",
                                     "field: a, seed: 3"};
  for (const std::string& settings : all)
    digests.insert(load("{" + settings + "}")->digest().hex());
  EXPECT_EQ(digests.size(), all.size());
}

TEST_F(Explanation, MetricsAreThoseThatItsSettingsGiveAMeaning) {
  const auto names = [&](const std::string& explanation) {
    std::vector<std::string> all;
    for (const ExplanationMetric& metric : load(explanation)->explanation()->metrics())
      all.push_back(metric.metric.name);
    return all;
  };
  const std::vector<std::string> plain = names("{field: a, method: occlusion}");
  EXPECT_EQ(plain.size(), 12U);
  EXPECT_THAT(plain, testing::IsSupersetOf({"comprehensiveness", "sufficiency_relative",
                                            "aopc_comprehensiveness_over_random"}));
  EXPECT_THAT(names("{field: a, method: shap, repeats: 3}"),
              testing::IsSupersetOf({"tau_leave_one_out", "vsi", "csi"}));
  EXPECT_THAT(names("{field: a, rationale: why_a}"),
              testing::IsSupersetOf({"local_r2", "token_iou", "token_f1", "auprc"}));
}

TEST_F(Explanation, TextsAndRationalesAreThoseOfTheDocument) {
  const auto task = load("{field: [a, b], rationale: [why_a, why_b]}");
  const std::vector<ExplainedText> texts = task->explained_texts(0);
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].text, "It is so good.");
  EXPECT_EQ(texts[0].rationale->at(0), std::pair(std::size_t{9}, std::size_t{13}));
  EXPECT_FALSE(texts[1].rationale.has_value());
  EXPECT_FALSE(task->explained_texts(1)[1].rationale.has_value());
}

TEST_F(Explanation, PerturbedRequestsReplaceTheTextsAlone) {
  const auto task = load("{field: [a, b]}");
  PromptSettings prompt;
  prompt.num_fewshot = 1;
  prompt.sampler = Sampler::first_n;
  const std::vector<std::vector<std::string>> texts{{"It is so good.", "Yes."}, {"It", ""}};
  const auto perturbed = task->perturbed_requests(0, texts, prompt);
  ASSERT_EQ(perturbed.size(), 2U);
  const std::vector<Request> plain = task->requests(0, prompt);
  for (std::size_t choice = 0; choice < 2; ++choice) {
    EXPECT_EQ(perturbed[0][choice].context, plain[choice].context);
    EXPECT_EQ(perturbed[0][choice].continuation, plain[choice].continuation);
    EXPECT_EQ(perturbed[1][choice].context, "It is bad. No. x\n\nIt ");
  }
  prompt.chat.apply_template = true;
  prompt.chat.render = [](std::span<const Message> messages) {
    return "<" + messages.back().content + ">";
  };
  const auto chat = task->perturbed_requests(0, texts, prompt);
  EXPECT_EQ(chat[0][1].context, task->requests(0, prompt)[1].context);
  EXPECT_EQ(chat[1][1].context, "<It is bad. No. x\n\nIt >");
  EXPECT_EQ(chat[1][1].continuation, "y");
}

TEST_F(Explanation, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(failure("{method: lime}"),
              AllOf(HasSubstr("t.yaml:7: "), HasSubstr("field must name the text")));
  EXPECT_THAT(failure("{field: a, method: lme}"),
              HasSubstr("'lme' is unknown; did you mean 'lime'?"));
  EXPECT_THAT(failure("{field: a, metod: lime}"), HasSubstr("metod"));
  EXPECT_THAT(failure("{field: a, method: occlusion, num_samples: 5}"),
              HasSubstr("num_samples means nothing to method: occlusion"));
  EXPECT_THAT(failure("{field: a, method: shap, selection: none}"),
              HasSubstr("selection means nothing to method: shap"));
  EXPECT_THAT(failure("{field: a, num_samples: 0}"), HasSubstr("num_samples"));
  EXPECT_THAT(failure("{field: a, units: letters}"), HasSubstr("There are: words, tokens"));
  EXPECT_THAT(failure("{field: a, replacement: \"\"}"), HasSubstr("without the key"));
  EXPECT_THAT(failure("{field: [a, b], rationale: why_a}"),
              HasSubstr("names 1 fields of spans, and 2 fields are explained"));
  EXPECT_THAT(failure("{field: a, rationale: why_a, share: 1.5}"), HasSubstr("share must lie"));
  EXPECT_THAT(failure("{field: a, share: .2}"), HasSubstr("with a rationale"));
  EXPECT_THAT(message_of<ConfigError>([&] { load("{field: a}", "generate_until"); }),
              HasSubstr("explanation needs output_type: multiple_choice"));
}

TEST_F(Explanation, BadDocumentsAreToldWithTheirRow) {
  const auto expect = [&](const std::string& document, const std::string& message) {
    directory_.write("data.jsonl", "\n" + document);
    EXPECT_THAT(failure("{field: a, rationale: why}"),
                AllOf(HasSubstr("data.jsonl:2: "), HasSubstr(message)));
  };
  expect(R"({"b": "x"})", "the document has no field 'a'; it has b");
  expect(R"({"a": 5})", "the field 'a' must be text, not 5");
  expect(R"({"a": "x", "why": "x"})", "must be a list of spans");
  expect(R"({"a": "abc", "why": [[1, 4]]})", "[begin, end) in bytes of a text of 3 bytes");
  expect(R"({"a": "abc", "why": [[2, 2]]})", "has the span [2,2]");
  expect(R"({"a": "abc", "why": [[-1, 2]]})", "has the span [-1,2]");
  expect(R"({"a": "abc", "why": [[0]]})", "has the span [0]");
  expect(R"({"a": "abc", "why": [7]})", "has the span 7");
  expect(R"({"a": "abc", "why": [[0, 18446744073709551615]]})", "has the span");
}

}  // namespace
}  // namespace allometer::tasks
