#include "tasks/metrics.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tasks/edit_distance.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

TEST(EditDistance, CountsChangesOfCodePoints) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("intention", "execution"), 5);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("same", "same"), 0);
  EXPECT_EQ(edit_distance("größe", "grosse"), 3);
  EXPECT_EQ(edit_distance("猫が", "犬が"), 1);
  EXPECT_DOUBLE_EQ(normalized_edit_distance("kitten", "sitting"), 3.0 / 7);
  EXPECT_DOUBLE_EQ(normalized_edit_distance("", ""), 0);
  EXPECT_DOUBLE_EQ(normalized_edit_distance("", "ab"), 1);
}

std::vector<Response> with_probabilities(std::initializer_list<double> probabilities) {
  std::vector<Response> responses;
  for (const double p : probabilities) {
    Response response;
    response.log_likelihood = std::log(p) - 700;  // sums of tokens are far below exp's reach
    responses.push_back(response);
  }
  return responses;
}

TEST(Metrics, BrierScoreIsThatOfRenormalisedLikelihoods) {
  const auto responses = with_probabilities({0.1, 0.4, 0.3});  // 1/8, 1/2, 3/8
  const std::vector<std::string> choices{"a", "b", "c"};
  const std::vector<int> gold{1};
  const ChoiceScores scores{responses, {}, choices, gold};
  EXPECT_NEAR(score_choices(MetricId::brier_score, scores).value, 1 / 64.0 + 1 / 4.0 + 9 / 64.0,
              1e-12);
  const std::vector<int> two{1, 2};
  EXPECT_NEAR(score_choices(MetricId::brier_score, {responses, {}, choices, two}).value,
              1 / 64.0 + 0 + 1 / 64.0, 1e-12);
}

TEST(Metrics, AccuracyAboveChanceIsZeroForGuessingAndOneForKnowing) {
  const auto responses = with_probabilities({0.1, 0.4, 0.3});
  const std::vector<std::string> choices{"a", "b", "c"};
  const std::vector<int> right{1}, wrong{2};
  EXPECT_DOUBLE_EQ(
      score_choices(MetricId::acc_above_chance, {responses, {}, choices, right, 0.25}).value, 1);
  EXPECT_DOUBLE_EQ(
      score_choices(MetricId::acc_above_chance, {responses, {}, choices, wrong, 0.25}).value,
      -1 / 3.0);
  EXPECT_TRUE(std::isnan(
      score_choices(MetricId::acc_above_chance, {responses, {}, choices, wrong, 1.0}).value));
}

TEST(Metrics, EditDistanceIsThatToTheNearestReference) {
  const ExactMatch as_is({}, "");
  const std::vector<std::string> references{"sitting", "mitten"};
  EXPECT_DOUBLE_EQ(score_generation(MetricId::edit_distance, as_is, "kitten", references).value,
                   1.0 / 6);
  EXPECT_DOUBLE_EQ(score_generation(MetricId::edit_distance, as_is, "mitten", references).value, 0);
  EXPECT_DOUBLE_EQ(score_generation(MetricId::exact_match, as_is, "mitten", references).value, 1);
  EXPECT_DOUBLE_EQ(score_generation(MetricId::exact_match, as_is, "kitten", references).value, 0);
}

const Metric& metric_of(const Task& task, const std::string& name) {
  for (const Metric& metric : task.metrics()) {
    if (metric.name == name) return metric;
  }
  throw std::runtime_error("no metric " + name);
}

TEST(Metrics, GuessingIsStoredWithTheMetric) {
  const TemporaryDirectory directory;
  directory.write("data.jsonl",
                  "{\"q\": \"one\", \"o\": [\"yes\", \"no\"], \"a\": \"no\"}\n"
                  "{\"q\": \"two\", \"o\": [\"no\", \"yes\", \"eh\"], \"a\": \"no\"}\n"
                  "{\"q\": \"three\", \"o\": [\"yes\", \"no\"], \"a\": \"no\"}\n"
                  "{\"q\": \"four\", \"o\": [\"yes\", \"no\"], \"a\": \"yes\"}\n");
  const std::string data = "task: t\ndataset_path: data.jsonl\ndoc_to_text: \"{{q}}\"\n";
  const auto choice = load_task(
      directory.write("c.yaml", data + "output_type: multiple_choice\ndoc_to_choice: \"{{o}}\"\n"
                                       "doc_to_target: \"{{a}}\"\n"));
  const double chance = (0.5 + 1 / 3.0 + 0.5 + 0.5) / 4;
  EXPECT_NEAR(metric_of(*choice, "acc").chance, chance, 1e-12);
  EXPECT_DOUBLE_EQ(metric_of(*choice, "acc").majority, 0.75) << "always \"no\"";
  EXPECT_DOUBLE_EQ(metric_of(*choice, "acc_above_chance").chance, 0);
  EXPECT_NEAR(metric_of(*choice, "acc_above_chance").majority, (0.75 - chance) / (1 - chance),
              1e-12);
  EXPECT_TRUE(std::isnan(metric_of(*choice, "nll").majority));

  const auto open = load_task(directory.write("g.yaml", data + "doc_to_target: \"{{a}}\"\n"));
  EXPECT_DOUBLE_EQ(metric_of(*open, "exact_match").majority, 0.75);
  EXPECT_TRUE(std::isnan(metric_of(*open, "exact_match").chance));
}

TEST(Metrics, GeneratedAnswersAreAlsoScoredByTheLikelihoodOfTheTarget) {
  const TemporaryDirectory directory;
  directory.write("data.jsonl", "{\"q\": \"one and one is\", \"a\": \"two\"}\n");
  const auto task =
      load_task(directory.write("t.yaml",
                                "task: t\ndataset_path: data.jsonl\ndoc_to_text: \"{{q}}\"\n"
                                "doc_to_target: \"{{a}}\"\n"));
  const std::vector<Request> requests = task->requests(0, {});
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].kind, Request::Kind::generate);
  EXPECT_EQ(requests[1].kind, Request::Kind::loglikelihood);
  EXPECT_EQ(requests[1].context, "one and one is");
  EXPECT_EQ(requests[1].continuation, " two");
  Response generated, scored;
  generated.text = "twos";
  scored.log_likelihood = -3.5;
  const std::vector<Response> responses{generated, scored};
  const auto values = task->score(0, responses);
  ASSERT_EQ(values.size(), 3U);  // exact_match, edit_distance, nll
  EXPECT_EQ(values[0].value, 0);
  EXPECT_EQ(values[1].value, 0.25);
  EXPECT_EQ(values[2].value, 3.5);
}

}  // namespace
}  // namespace allometer::tasks
