// Answer extraction against an oracle in Python that follows lm_eval/filters (make_expected.py),
// and what filter_list says to its users.
#include "tasks/filters.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/task.hpp"
#include "tasks/task_regex.hpp"
#include "tasks/yaml_value.hpp"
#include "temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const json& expected() {
  static const json all = [] {
    std::ifstream file(std::filesystem::path(ALLOMETER_SOURCE_DIR) /
                       "tests/tasks/data/expected.json");
    return json::parse(file);
  }();
  return all;
}

AnswerFilter filter_of(const json& steps) {
  const json task{{"filter_list", {{{"filter", steps}}}}};
  return AnswerFilter(read_filters(parse_yaml(task.dump(), "task.yaml")).at(0));
}

TEST(Filters, AnswersAreTheOracles) {
  ASSERT_GE(expected().at("filters").size(), 500U);
  int extracted = 0;
  for (const json& entry : expected().at("filters")) {
    const std::string answer =
        filter_of(entry.at("steps"))
            .apply(entry.at("text").get<std::string>(), {{"choices", entry.at("choices")}});
    EXPECT_EQ(answer, entry.at("answer").get<std::string>()) << entry.dump();
    extracted += answer == "[invalid]" ? 0 : 1;
  }
  EXPECT_GT(extracted, 200);
}

TEST(Filters, RegularExpressionsArePythons) {
  ASSERT_GE(expected().at("regexes").size(), 200U);
  for (const json& entry : expected().at("regexes")) {
    const TaskRegex regex(entry.at("pattern"), "here: ");
    const std::string text = entry.at("text");
    EXPECT_EQ(json(regex.find_all(text)), entry.at("found")) << entry.dump();
    EXPECT_EQ(regex.removed_from(text), entry.at("removed").get<std::string>()) << entry.dump();
  }
}

TEST(Filters, AnExpressionThatNeverEndsIsAnError) {
  const TaskRegex regex("(a|aa)+[bc]", "task.yaml:3: ");
  try {
    regex.find_all(std::string(60, 'a'));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("task.yaml:3: the regular expression '(a|aa)+[bc]' takes"));
  }
  // A long text is no reason to give up.
  const TaskRegex number("[0-9]+", "");
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "words " + std::to_string(i) + ", ";
  EXPECT_EQ(number.find_all(text).size(), 20'000U);
}

/// A generation task with two documents in a directory of its own.
class FilterTask : public testing::Test {
 protected:
  std::shared_ptr<const Task> load(const std::string& filter_list, const std::string& more = "") {
    const std::filesystem::path directory = directory_.path();
    std::ofstream(directory / "data.jsonl") << R"({"q": "2+2?", "a": "4", "choices": ["3", "4"]})"
                                            << "\n"
                                            << R"({"q": "3+3?", "a": "6"})"
                                            << "\n";
    std::ofstream(directory / "task.yaml")
        << "task: sums\ndataset_path: data.jsonl\noutput_type: generate_until\n"
        << "doc_to_text: q\ndoc_to_target: a\nmetric_list: [{metric: exact_match}, {metric: nll}]\n"
        << filter_list << more;
    return load_task(directory / "task.yaml");
  }
  std::string error(const std::string& filter_list, const std::string& more = "") {
    try {
      load(filter_list, more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  }
  static std::vector<double> values(const Task& task, int question, const std::string& text) {
    const std::vector<Response> responses{{0, false, 1, text}, {-1.5, false, 1, ""}};
    std::vector<double> values;
    for (const MetricValue& value : task.score(question, responses)) {
      values.push_back(value.value);
    }
    return values;
  }

  TemporaryDirectory directory_;
};

constexpr const char* kTwo = R"(filter_list:
  - name: strict-match
    filter: [{function: regex, regex_pattern: '#### (\-?[0-9]+)'}, {function: take_first}]
  - name: flexible-extract
    filter: [{function: regex, regex_pattern: '(-?[0-9]+)', group_select: -1}, {function: take_first}]
)";

std::vector<std::string> metric_names(const Task& task) {
  std::vector<std::string> names;
  for (const Metric& metric : task.metrics()) names.push_back(metric.name);
  return names;
}

TEST_F(FilterTask, EachMetricIsThereOncePerFilter) {
  const auto task = load(kTwo);
  ASSERT_THAT(metric_names(*task),
              ElementsAre("exact_match,strict-match", "nll", "exact_match,flexible-extract"));
  EXPECT_THAT(values(*task, 0, "so it is #### 4"), ElementsAre(1, 1.5, 1));
  EXPECT_THAT(values(*task, 0, "so 2+2 is 4."), ElementsAre(0, 1.5, 1));
  EXPECT_THAT(values(*task, 0, "#### 4, not 5"), ElementsAre(1, 1.5, 0));
}

TEST_F(FilterTask, OneWithoutANameLeavesTheMetricsName) {
  for (const char* name : {"", "name: none, "}) {
    const auto task =
        load(fmt::format("filter_list: [{{{}filter: [{{function: take_first}}]}}]\n", name));
    EXPECT_THAT(metric_names(*task), ElementsAre("exact_match", "nll")) << name;
  }
  EXPECT_THAT(metric_names(*load("filter_list: [{name: x, filter: [{function: lowercase}]}]\n")),
              ElementsAre("exact_match,x", "nll"));
}

TEST_F(FilterTask, DigestsTellFiltersApart) {
  const std::string one = "filter_list: [{filter: [{function: regex, regex_pattern: a}]}]\n";
  const std::string other = "filter_list: [{filter: [{function: regex, regex_pattern: b}]}]\n";
  const Digest first = load(one)->digest();
  EXPECT_EQ(first, load(one)->digest());
  EXPECT_NE(first, load(other)->digest());
  EXPECT_NE(first, load("")->digest());
}

TEST_F(FilterTask, MistakesAreNamed) {
  const auto steps = [&](const std::string& list) {
    return error("filter_list:\n  - filter: " + list + "\n");
  };
  EXPECT_THAT(steps("[{function: majority_vote}]"),
              HasSubstr("task.yaml:8: the function majority_vote chooses among several"));
  EXPECT_THAT(steps("[{function: take_first_k, k: 3}]"), HasSubstr("use take_first"));
  EXPECT_THAT(steps("[{function: regexp}]"), HasSubstr("did you mean"));
  EXPECT_THAT(steps("[{function: !function utils.X}]"), HasSubstr("runs Python code"));
  EXPECT_THAT(steps("[{function: regex, pattern: a}]"), HasSubstr("regex_pattern"));
  EXPECT_THAT(steps("[{function: regex, regex_pattern: '('}]"),
              HasSubstr("task.yaml:8: regex_pattern: the regular expression '(' is malformed"));
  EXPECT_THAT(steps("[{function: regex, group_select: x}]"), HasSubstr("group_select"));
  EXPECT_THAT(steps("[{function: map, mapping_dict: [a]}]"), HasSubstr("a map from text to text"));
  EXPECT_THAT(steps("[{function: take_first}, {function: lowercase}]"),
              HasSubstr("take_first must be the last function"));
  EXPECT_THAT(steps("[]"), HasSubstr("at least one function"));
  EXPECT_THAT(steps("[lowercase]"), HasSubstr("the key 'function'"));
  EXPECT_THAT(error("filter_list: {name: x}\n"), HasSubstr("must be a list of filters"));
  const std::string one = "{name: x, filter: [{function: lowercase}]}";
  EXPECT_THAT(error("filter_list: [" + one + ", " + one + "]\n"), HasSubstr("listed twice"));
  EXPECT_THAT(error("filter_list: [" + one + ", {filter: [{function: lowercase}]}]\n"),
              HasSubstr("each needs a name"));
}

TEST_F(FilterTask, OnlyGeneratedTextIsFiltered) {
  std::ofstream(directory_.path() / "choice.yaml")
      << "task: t\ndataset_path: data.jsonl\noutput_type: multiple_choice\ndoc_to_text: q\n"
      << "doc_to_target: a\ndoc_to_choice: ['4', '6']\n"
      << kTwo;
  load("");
  EXPECT_THROW(load_task(directory_.path() / "choice.yaml"), ConfigError);
}

TEST_F(FilterTask, ChoicesMustBeThereForTheirLetters) {
  const auto task = load("filter_list: [{filter: [{function: multi_choice_regex}]}]\n");
  EXPECT_THAT(values(*task, 0, "#### 4"), ElementsAre(1, 1.5));
  EXPECT_THROW(values(*task, 1, "six"), ConfigError);
}

}  // namespace
}  // namespace allometer::tasks
