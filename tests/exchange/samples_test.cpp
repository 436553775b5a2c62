#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/import.hpp"
#include "exchange/lm_eval_samples.hpp"
#include "exchange/scratch.hpp"
#include "results/results_file.hpp"

namespace allometer::exchange {
namespace {

using results::ResultsFile;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;

/// A line of multiple choice as the harness logs it, numbers and flags as texts.
std::string choice_line(int id, int acc, const std::string& more = "") {
  return fmt::format(
      R"({{"doc_id": {0}, "doc": {{"q": "question {0}", "answer": 1}}, "target": "1",
 "arguments": {{"gen_args_0": {{"arg_0": "ctx", "arg_1": " a"}}}}, "resps": [[["-1.5", "False"]], [["-0.{0}25", "True"]]],
 "filtered_resps": [["-1.5", "False"], ["-0.{0}25", "True"]], "filter": "none", "metrics": ["acc"], "acc": {1}.0,
 "doc_hash": "x", "prompt_hash": "y", "target_hash": "z"{2}}})",
      id, acc, more);
}

std::string on_one_line(std::string text) {
  std::erase(text, '\n');
  return text + "\n";
}

Answers parse(const std::string& text, std::vector<std::string>* left_out = nullptr) {
  std::vector<std::string> ignored;
  return parse_lm_eval_samples(text, "samples_t_d.jsonl", left_out ? *left_out : ignored);
}

TEST(Samples, KeepWhatEachQuestionGave) {
  const Answers answers =
      parse(on_one_line(choice_line(7, 1)) + "\n" + on_one_line(choice_line(3, 0)));
  EXPECT_THAT(answers.ids, ElementsAre("3", "7")) << "in the order of the documents";
  EXPECT_EQ(answers.texts[1], R"({"q":"question 7","answer":1})");
  EXPECT_THAT(answers.targets, ElementsAre("1", "1"));
  ASSERT_EQ(answers.metrics.size(), 1);
  EXPECT_EQ(answers.metrics[0].name, "acc");
  const auto& record = answers.records[1];
  EXPECT_THAT(record.log_likelihood, ElementsAre(-1.5, -0.725));
  EXPECT_THAT(record.is_greedy, ElementsAre(0, 1));
  EXPECT_THAT(record.metric_value, ElementsAre(1));
  EXPECT_THAT(record.metric_weight, ElementsAre(1));
  EXPECT_THAT(record.generated, IsEmpty());
}

TEST(Samples, TakeOneLineForEachFilter) {
  const char* line =
      R"({"doc_id": 0, "doc": {}, "target": "42", "resps": [["so 42"]], "filtered_resps": ["42"], "filter": "FILTER", "exact_match": VALUE}
)";
  const auto filled = [&](const std::string& filter, const std::string& value) {
    std::string text = line;
    text.replace(text.find("FILTER"), 6, filter);
    return text.replace(text.find("VALUE"), 5, value);
  };
  const Answers answers = parse(filled("strict-match", "0.0") + filled("flexible-extract", "1.0"));
  ASSERT_EQ(answers.metrics.size(), 2);
  EXPECT_EQ(answers.metrics[0].name, "exact_match,flexible-extract");
  EXPECT_EQ(answers.metrics[1].name, "exact_match,strict-match");
  EXPECT_THAT(answers.records[0].metric_value, ElementsAre(1, 0));
  EXPECT_THAT(answers.records[0].generated, ElementsAre("so 42"));
  EXPECT_THAT(error_of([&] { parse(filled("a", "1") + filled("a", "1")); }),
              HasSubstr("samples_t_d.jsonl:2: doc_id 0 with filter 'a' stands in line 1 too"));
}

TEST(Samples, ReadRatiosVerdictsAndWhatIsNoNumber) {
  std::vector<std::string> left_out;
  const Answers rolling = parse(
      R"({"doc_id": 0, "doc": {}, "target": "t", "resps": [["-12.5"]], "bits_per_byte": [-12.5, 5], "f1": [0, 1]})",
      &left_out);
  ASSERT_EQ(rolling.metrics.size(), 1);
  EXPECT_EQ(rolling.metrics[0].aggregation, "bits");
  EXPECT_THAT(rolling.records[0].metric_value, ElementsAre(-12.5));
  EXPECT_THAT(rolling.records[0].metric_weight, ElementsAre(5));
  EXPECT_THAT(rolling.records[0].log_likelihood, ElementsAre(-12.5));
  EXPECT_THAT(left_out, ElementsAre("samples_t_d.jsonl: f1: not a number for each question"));
  const Answers verdicts = parse(
      R"({"doc_id": 0, "doc": {}, "target": "", "resps": [["12"]], "inst_level_strict_acc": [true, false, true], "prompt_level_strict_acc": false})");
  EXPECT_THAT(verdicts.records[0].metric_value, ElementsAre(2, 0));
  EXPECT_THAT(verdicts.records[0].metric_weight, ElementsAre(3, 1));
  EXPECT_THAT(verdicts.records[0].generated, ElementsAre("12")) << "a number that was generated";
}

TEST(Samples, NameFileLineAndKeyOfWhatIsBroken) {
  const auto message = [](const std::string& line) {
    return error_of([&] { parse("\n" + line + "\n"); });
  };
  EXPECT_THAT(message("{"), HasSubstr("samples_t_d.jsonl:2: not JSON"));
  EXPECT_THAT(message("[]"), HasSubstr("jsonl:2: is no JSON object"));
  EXPECT_THAT(message("{}"), HasSubstr("jsonl:2: has no \"doc_id\""));
  EXPECT_THAT(message(R"({"doc_id": 1.5})"), HasSubstr("\"doc_id\" is 1.5"));
  EXPECT_THAT(message(R"({"doc_id": 1})"), HasSubstr("has no \"doc\""));
  EXPECT_THAT(message(R"({"doc_id": 1, "doc": {}, "target": "", "resps": [1]})"),
              HasSubstr("must hold a list for each request"));
  EXPECT_THAT(message(R"({"doc_id": 1, "doc": {}, "target": "", "resps": [[["x", "True"]]]})"),
              HasSubstr("neither a text nor a likelihood"));
  EXPECT_THAT(message(R"({"doc_id": 1, "doc": {}, "target": ""})"), HasSubstr("no line holds"));
  EXPECT_THAT(error_of([] { parse("\n"); }), HasSubstr("holds no samples"));
}

constexpr const char* kSidecar =
    "models: [{match: org/m, family: f, num_parameters: 100}]\n"
    "tasks: [{match: quiz, ability: knowledge, chance: 0.5}]\n";

std::string results_of(double acc) {
  return fmt::format(
      R"({{"results": {{"quiz": {{"acc,none": {}, "acc_stderr,none": 0.1}}}}, "n-shot": {{"quiz": 2}},
 "configs": {{"quiz": {{"output_type": "multiple_choice"}}}}, "model_name": "org/m"}})",
      acc);
}

ImportSummary import_directory(const Scratch& scratch, const std::string& sidecar = kSidecar) {
  ImportRequest request;
  request.inputs = {scratch.path() / "run"};
  request.sidecar = scratch.write("sidecar.yaml", sidecar);
  request.output = scratch.path() / "out.h5";
  return import_results(request);
}

TEST(Samples, AndTheResultsOfTheirRunAreOneCell) {
  const Scratch scratch;
  scratch.write("run/results_2026-01-01.json", results_of(2.0 / 3));
  scratch.write("run/samples_quiz_2026-01-01.jsonl", on_one_line(choice_line(0, 1)) +
                                                         on_one_line(choice_line(1, 0)) +
                                                         on_one_line(choice_line(2, 1)));
  const ImportSummary summary = import_directory(scratch);
  EXPECT_EQ(summary.num_cells, 1);
  EXPECT_EQ(summary.num_records, 3);
  const ResultsFile file(scratch.path() / "out.h5");
  ASSERT_EQ(file.cells().size(), 1);
  EXPECT_EQ(file.cells()[0].status, results::CellStatus::done);
  EXPECT_EQ(file.cells()[0].questions_done, 3);
  EXPECT_EQ(file.cells()[0].cell.num_fewshot, 2) << "as the results say";
  EXPECT_EQ(file.published(0, 0), std::nullopt);
  EXPECT_THAT(file.metric(0, 0).value, ElementsAre(1, 0, 1));
  EXPECT_THAT(file.records(0)[2].log_likelihood, ElementsAre(-1.5, -0.225));
  EXPECT_THAT(file.plan().tasks[0].question_ids, ElementsAre("0", "1", "2"));
  EXPECT_THAT(file.plan().tasks[0].num_choices, ElementsAre(2, 2, 2));
  EXPECT_EQ(file.question_texts(0)[1], R"({"q":"question 1","answer":1})");
}

TEST(Samples, MustAgreeWithTheResultsOfTheirRun) {
  const Scratch scratch;
  scratch.write("run/results_2026-01-01.json", results_of(0.5));
  scratch.write("run/samples_quiz_2026-01-01.jsonl", on_one_line(choice_line(0, 1)));
  EXPECT_THAT(error_of([&] { import_directory(scratch); }),
              HasSubstr("its answers make acc 1, but"));
}

TEST(Samples, OfOneTaskAskTheSameQuestions) {
  const Scratch scratch;
  const std::string first = on_one_line(choice_line(0, 1)) + on_one_line(choice_line(1, 0));
  std::string other = on_one_line(choice_line(0, 0));
  scratch.write("run/org__m/samples_quiz_1.jsonl", first);
  scratch.write("run/org__n/samples_quiz_1.jsonl", other);
  const std::string sidecar =
      "models: [{match: 'org/*', family: f, num_parameters: 100}]\n"
      "tasks: [{match: quiz, num_fewshot: 0}]\n";
  EXPECT_EQ(import_directory(scratch, sidecar).num_cells, 2) << "models are named by directories";
  {
    const ResultsFile file(scratch.path() / "out.h5");
    EXPECT_EQ(file.cells()[1].cell.num_questions, 1)
        << "the first question only: a run with a limit";
    EXPECT_EQ(file.cells()[1].status, results::CellStatus::done);
  }
  other.replace(other.find("question 0"), 10, "question X");
  scratch.write("run/org__n/samples_quiz_1.jsonl", other);
  EXPECT_THAT(error_of([&] { import_directory(scratch, sidecar); }),
              HasSubstr("asked different questions: doc_id 0"));
}

}  // namespace
}  // namespace allometer::exchange
