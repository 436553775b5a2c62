#include "exchange/import.hpp"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/digest.hpp"
#include "exchange/scratch.hpp"
#include "io/atomic_file.hpp"
#include "results/results_file.hpp"

namespace allometer::exchange {
namespace {

using results::CellStatus;
using results::ResultsFile;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;
using ::testing::StartsWith;

/// The form of lm-evaluation-harness before 2023.
constexpr const char* kLegacy = R"({
  "results": {"piqa": {"acc": 0.75, "acc_stderr": 0.05, "acc_norm": 0.5, "acc_norm_stderr": 0.057735026918962574},
              "lambada_openai": {"ppl": 12.5, "ppl_stderr": 0.5, "acc": 0.25, "acc_stderr": 0.05}},
  "versions": {"piqa": 0, "lambada_openai": 0},
  "config": {"model": "hf-causal", "model_args": "use_accelerate=True,pretrained=org/small,revision=x", "num_fewshot": 5}
})";

/// Today's form; NaN as Python writes it.
constexpr const char* kCurrent = R"({
  "results": {
    "gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.5, "exact_match_stderr,strict-match": 0.5,
              "exact_match,flexible-extract": 1.0, "exact_match_stderr,flexible-extract": 0.0},
    "mmlu": {"acc,none": 0.3, "acc_stderr,none": 0.1, "alias": "mmlu"},
    "mmlu_law": {"acc,none": 0.3, "acc_stderr,none": "N/A", "alias": " - law"},
    "mystery": {"charm,none": 2.5, "charm_stderr,none": NaN}
  },
  "groups": {"mmlu": {"acc,none": 0.3}},
  "group_subtasks": {"mmlu": ["mmlu_law"], "gsm8k": []},
  "configs": {"gsm8k": {"output_type": "generate_until", "num_fewshot": 5}, "mmlu_law": {"num_fewshot": 2}},
  "versions": {"gsm8k": 3.0, "mmlu_law": 1.0, "mystery": 0},
  "n-shot": {"gsm8k": 5, "mmlu_law": 2, "mystery": 0},
  "higher_is_better": {"gsm8k": {"exact_match": true}, "mystery": {"charm": false}},
  "n-samples": {"gsm8k": {"original": 1319, "effective": 2}, "mystery": {"original": 7, "effective": 7}},
  "config": {"model": "hf", "model_args": {"pretrained": "org/big"}, "model_num_parameters": 1234567, "fewshot_seed": 1234},
  "model_name": "org/big"
})";

constexpr const char* kSidecar = R"(name: two models
models:
  - match: "org/*"
    family: orgs
    levers: {tuning: base}
  - match: org/small
    num_parameters: 1e6
    num_parameters_without_embeddings: 5e5
    training_tokens: 3e9
tasks:
  - match: [piqa, "mmlu_*"]
    ability: knowledge
    chance: 0.5
  - match: lambada_openai
    headline: ppl
    num_questions: 76
)";

ImportSummary import_files(const Scratch& scratch, std::vector<std::string> inputs,
                           const std::string& sidecar = kSidecar) {
  ImportRequest request;
  request.inputs = std::move(inputs);
  request.sidecar = scratch.write("sidecar.yaml", sidecar);
  request.output = scratch.path() / "out.h5";
  request.argv = {"allometer", "import"};
  return import_results(request);
}

/// Indices of a cell and a metric by their names.
struct Place {
  std::int32_t cell = -1;
  std::int32_t metric = -1;
};

Place find(const ResultsFile& file, const std::string& model, const std::string& task, int shots,
           const std::string& metric) {
  const auto& plan = file.plan();
  for (std::size_t i = 0; i < file.cells().size(); ++i) {
    const auto& cell = file.cells()[i].cell;
    const auto& variant = plan.variants[static_cast<std::size_t>(cell.variant)];
    const auto& planned = plan.tasks[static_cast<std::size_t>(cell.task)];
    const bool same = plan.models[static_cast<std::size_t>(variant.model)].name == model &&
                      planned.name == task && cell.num_fewshot == shots;
    for (std::size_t m = 0; same && m < planned.metrics.size(); ++m) {
      if (planned.metrics[m].name == metric)
        return {static_cast<std::int32_t>(i), static_cast<std::int32_t>(m)};
    }
  }
  throw FormatError(fmt::format("no {} {} {} {}", model, task, shots, metric));
}

results::PublishedValue published(const ResultsFile& file, const std::string& model,
                                  const std::string& task, int shots, const std::string& metric) {
  const Place place = find(file, model, task, shots, metric);
  return file.published(place.cell, place.metric).value();
}

const results::PlannedMetric& metric_of(const ResultsFile& file, const Place& place) {
  const auto& cell = file.cells()[static_cast<std::size_t>(place.cell)].cell;
  return file.plan()
      .tasks[static_cast<std::size_t>(cell.task)]
      .metrics[static_cast<std::size_t>(place.metric)];
}

TEST(Import, ReadsBothFormsOfLmEval) {
  const Scratch scratch;
  const std::string legacy = scratch.write("small.json", kLegacy);
  const std::string current = scratch.write("big/results_2026-01-01.json", kCurrent);
  const ImportSummary summary = import_files(scratch, {legacy, current});
  EXPECT_EQ(summary.num_models, 2);
  EXPECT_EQ(summary.num_cells, 5);
  EXPECT_EQ(summary.left_out.size(), 1) << "the group mmlu";
  const ResultsFile file(scratch.path() / "out.h5");
  EXPECT_EQ(file.plan().job_name, "two models");
  for (const auto& cell : file.cells()) EXPECT_EQ(cell.status, CellStatus::done);

  const auto piqa = published(file, "small", "piqa", 5, "acc");
  EXPECT_EQ(piqa.value, 0.75);
  EXPECT_EQ(piqa.standard_error, 0.05);
  EXPECT_EQ(piqa.num_questions, 76) << ".75 x .25 / .05^2 + 1";
  EXPECT_EQ(published(file, "small", "lambada_openai", 5, "ppl").value, 12.5);
  EXPECT_FALSE(metric_of(file, find(file, "small", "lambada_openai", 5, "ppl")).higher_is_better);
  EXPECT_EQ(published(file, "big", "gsm8k", 5, "exact_match,strict-match").standard_error, 0.5);
  EXPECT_EQ(published(file, "big", "gsm8k", 5, "exact_match,flexible-extract").num_questions, 2);
  EXPECT_TRUE(std::isnan(published(file, "big", "mmlu_law", 2, "acc").standard_error));
  EXPECT_EQ(metric_of(file, find(file, "big", "mmlu_law", 2, "acc")).chance, 0.5);
  EXPECT_FALSE(metric_of(file, find(file, "big", "mystery", 0, "charm")).higher_is_better);
  const Place charm = find(file, "big", "mystery", 0, "charm");
  EXPECT_EQ(file.cells()[static_cast<std::size_t>(charm.cell)].cell.seed, 1234u);
}

TEST(Import, TellsOfModelsWhatTheSidecarSays) {
  const Scratch scratch;
  import_files(scratch,
               {scratch.write("small.json", kLegacy), scratch.write("big.json", kCurrent)});
  const ResultsFile file(scratch.path() / "out.h5");
  const auto& models = file.plan().models;
  ASSERT_EQ(models.size(), 2);
  EXPECT_EQ(models[0].name, "small");
  EXPECT_EQ(models[0].family, "orgs");
  EXPECT_EQ(models[0].num_parameters, 1000000);
  EXPECT_EQ(models[0].num_parameters_without_embeddings, 500000);
  EXPECT_EQ(models[0].training_tokens, 3e9);
  EXPECT_TRUE(std::isnan(models[0].training_flops));
  EXPECT_EQ(models[0].levers, (std::map<std::string, std::string>{{"tuning", "base"}}));
  EXPECT_EQ(models[1].num_parameters, 1234567) << "as the file says";
  EXPECT_THAT(file.plan().analysis, HasSubstr("total"))
      << "that without embeddings is not known of all";
  EXPECT_EQ(file.plan().tasks[0].ability, "knowledge");
}

TEST(Import, NamesItsSourcesWithTheirDigests) {
  const Scratch scratch;
  const std::string legacy = scratch.write("small.json", kLegacy);
  import_files(scratch, {legacy});
  const ResultsFile file(scratch.path() / "out.h5");
  EXPECT_THAT(file.plan().job_text, StartsWith(kSidecar));
  EXPECT_THAT(file.plan().job_text, HasSubstr(sha256(kLegacy).hex() + "  " + legacy));
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
    EXPECT_EQ(entry.path().string().find(".import-"), std::string::npos) << "the journal is gone";
  }
}

TEST(Import, AsksForWhatNobodySays) {
  const Scratch scratch;
  const std::string unknown = scratch.write(
      "x.json",
      R"({"results": {"odd": {"charm": 2.5}}, "config": {"model_args": "pretrained=a/b"}})");
  const std::string message = error_of([&] { import_files(scratch, {unknown}, ""); });
  EXPECT_THAT(message, HasSubstr("family of model 'b' (a/b)"));
  EXPECT_THAT(message, HasSubstr("num_parameters of model 'b'"));
  EXPECT_THAT(message, HasSubstr("num_fewshot of " + unknown + ": results.odd"));
  const std::string direction = error_of([&] {
    import_files(scratch, {unknown},
                 "models: [{match: a/b, family: f, num_parameters: 5}]\n"
                 "tasks: [{match: odd, num_fewshot: 0}]\n");
  });
  EXPECT_THAT(direction, HasSubstr("higher_is_better of metric 'charm' of task 'odd'"));
}

TEST(Import, RefusesContradictions) {
  const Scratch scratch;
  std::string other = kLegacy;
  other.replace(other.find("0.75"), 4, "0.70");
  const std::string a = scratch.write("a.json", kLegacy);
  const std::string b = scratch.write("b.json", other);
  EXPECT_THAT(error_of([&] {
                import_files(scratch, {a, b});
              }),
              HasSubstr("but not the same acc: 0.75 and 0.7"));
  const std::string c = scratch.write("c.json", kLegacy);
  EXPECT_THAT(error_of([&] {
                import_files(scratch, {a, c});
              }),
              IsEmpty())
      << "the same numbers twice are one cell";
  std::string version = kLegacy;
  version.replace(version.find("\"piqa\": 0"), 9, "\"piqa\": 1");
  const std::string d = scratch.write("d.json", version);
  EXPECT_THAT(error_of([&] {
                import_files(scratch, {a, d});
              }),
              HasSubstr("is version 1 of task 'piqa'"));
}

TEST(Import, NamesFileAndPathOfWhatIsBroken) {
  const Scratch scratch;
  const auto message = [&](const std::string& text) {
    const std::string file = scratch.write("bad.json", text);
    std::string what = error_of([&] { import_files(scratch, {file}); });
    EXPECT_THAT(what, StartsWith(file + ": ")) << text;
    return what.substr(std::min(what.size(), file.size() + 2));
  };
  EXPECT_THAT(message("{\"results\": "), StartsWith("not JSON"));
  EXPECT_THAT(message("\xff"), StartsWith("not UTF-8"));
  EXPECT_THAT(message("[]"), StartsWith("results: must be an object"));
  EXPECT_THAT(message(R"({"results": {}})"), StartsWith("results: holds no task"));
  EXPECT_THAT(message(R"({"results": {"a": 1}})"), StartsWith("results.a: must be an object"));
  EXPECT_THAT(message(R"({"results": {"a": {"acc": true}}})"),
              StartsWith("results.a.acc: must be a number"));
  EXPECT_THAT(message(R"({"results": {"a": {"acc": 1, "acc_stderr": -1}}})"),
              StartsWith("results.a.acc_stderr: a standard"));
  EXPECT_THAT(message(R"({"results": {"a": {"acc": 1}}, "n-shot": {"a": 1.5}})"),
              StartsWith("n-shot.a: is 1.5"));
  EXPECT_THAT(message(std::string(100, '[')), StartsWith("nested more than 64"));
}

TEST(Import, ReadsATableOfModels) {
  const Scratch scratch;
  const std::string table = scratch.write("t.csv",
                                          "Model,Kind,Size (B),ARC,\"Se, %\",Code\r\n"
                                          "org/a-7b,A,7.0,0.75,0.05,0.5\r\n"
                                          "org/b-moe,B,1.0,0.5,0.05,0.5\r\n"
                                          "org/c,C,0.5,,,0.251\r\n");
  const char* sidecar = R"(name: table
table:
  model: Model
  family: Kind
  num_parameters: {column: Size (B), times: 1e9}
  scores:
    - {column: ARC, task: arc, standard_error: "Se, %"}
    - {column: Code, task: code, metric: pass@1}
models:
  - {match: "*-moe", exclude: a mixture}
tasks:
  - {match: "*", num_fewshot: 3}
  - {match: code, num_questions: 100, chance: 0}
)";
  const ImportSummary summary = import_files(scratch, {table}, sidecar);
  EXPECT_THAT(summary.left_out, ElementsAre("org/b-moe: a mixture"));
  const ResultsFile file(scratch.path() / "out.h5");
  EXPECT_EQ(file.cells().size(), 3) << "an empty cell is missing";
  EXPECT_EQ(file.plan().models[0].num_parameters, 7000000000);
  EXPECT_EQ(published(file, "a-7b", "arc", 3, "acc").standard_error, 0.05);
  EXPECT_DOUBLE_EQ(published(file, "a-7b", "code", 3, "pass@1").standard_error,
                   std::sqrt(.25 / 99));
  EXPECT_TRUE(std::isnan(published(file, "c", "code", 3, "pass@1").standard_error))
      << ".251 is no mean of 100 zeros and ones";
}

TEST(Import, NamesRowAndColumnOfABrokenTable) {
  const Scratch scratch;
  const std::string sidecar = "table:\n  model: Model\n  family: F\n  scores: [{column: Acc}]\n";
  const auto message = [&](const std::string& text) {
    return error_of([&] { import_files(scratch, {scratch.write("t.csv", text)}, sidecar); });
  };
  EXPECT_THAT(message("Model,F,Acc\na,f,x\n"), HasSubstr("t.csv:2: column 'Acc' holds 'x'"));
  EXPECT_THAT(message("Model,F,Acc\na,f\n"), HasSubstr("t.csv:2: has 2 fields, but there are 3"));
  EXPECT_THAT(message("Model,F,Acc\na,f,1\na,f,1\n"),
              HasSubstr("t.csv:3: model 'a' stands further up"));
  EXPECT_THAT(message("Model,Acc\na,1\n"), HasSubstr("sidecar.yaml:2: there is no column 'F'"));
  EXPECT_THAT(message("Model,F,F,Acc\na,f,f,1\n"), HasSubstr("there is more than one column 'F'"));
  EXPECT_THAT(message("Model,F,Acc\n"), HasSubstr("a row for each model"));
  EXPECT_THAT(message("Model,F,Acc\n\"a,f,1\n"), HasSubstr("t.csv:2: the quote"));
}

TEST(Import, FindsFilesPatternsAndDirectories) {
  const Scratch scratch;
  const std::string b = scratch.write("d/b-10.json", "");
  const std::string a = scratch.write("d/b-9.json", "");
  const std::string c = scratch.write("d/deep/c.jsonl", "");
  scratch.write("d/readme.md", "");
  const std::string directory = scratch.path() / "d";
  EXPECT_THAT(expand_inputs({directory}), ElementsAre(a, b, c));
  EXPECT_THAT(expand_inputs({directory + "/*.json", a}), ElementsAre(a, b));
  EXPECT_THAT(error_of([&] { expand_inputs({directory + "/*.csv"}); }),
              HasSubstr("no file matches"));
  EXPECT_THAT(error_of([&] { expand_inputs({directory + "/x.json"}); }),
              HasSubstr("does not exist"));
}

/// The public results of Pythia: fifteen models, zero- and five-shot.
TEST(Import, ReadsPythiaWithOneCommand) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const Scratch scratch;
  const std::string sidecar = io::read_text(ALLOMETER_SOURCE_DIR "/jobs/published/pythia.yaml");
  const ImportSummary summary = import_files(scratch, {std::string(data) + "/pythia"}, sidecar);
  EXPECT_EQ(summary.num_files, 30);
  EXPECT_EQ(summary.num_models, 15);
  EXPECT_EQ(summary.num_families, 1);
  EXPECT_EQ(summary.num_cells, 15 * (65 + 87));
  EXPECT_THAT(summary.left_out, IsEmpty());
  EXPECT_THAT(summary.notes, IsEmpty());
  const ResultsFile file(scratch.path() / "out.h5");
  std::map<std::string, std::int32_t> questions;
  for (const auto& cell : file.cells()) {
    const auto& task = file.plan().tasks[static_cast<std::size_t>(cell.cell.task)];
    questions[task.name] = cell.cell.num_questions;
  }
  EXPECT_EQ(questions["lambada_openai"], 5153);
  EXPECT_EQ(questions["piqa"], 1838);
  EXPECT_EQ(questions["arc_easy"], 2376);
  EXPECT_EQ(questions["logiqa"], 651);
  EXPECT_EQ(questions["wsc"], 104);
  int deduplicated = 0;
  for (const auto& model : file.plan().models) {
    const bool is_deduplicated = model.levers.at("data") == "deduplicated";
    deduplicated += is_deduplicated ? 1 : 0;
    EXPECT_EQ(is_deduplicated, model.name.ends_with("-deduped")) << model.name;
  }
  EXPECT_EQ(deduplicated, 8);
  const auto value =
      published(file, "pythia-410m", "hendrycksTest-college_computer_science", 5, "acc");
  EXPECT_EQ(value.value, 0.38);
  EXPECT_EQ(value.standard_error, 0.048783173121456316);
  EXPECT_EQ(value.num_questions, 100);
}

TEST(Import, ReadsTheTableOfObservationalScalingLaws) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const Scratch scratch;
  const std::string sidecar =
      io::read_text(ALLOMETER_SOURCE_DIR "/jobs/published/obs_scaling.yaml");
  const std::string table = std::string(data) + "/obs_scaling/base_llm_benchmark_eval.csv";
  const ImportSummary summary = import_files(scratch, {table}, sidecar);
  EXPECT_EQ(summary.num_models, 148 - 8) << "seven mixtures of experts, one tuned model";
  EXPECT_EQ(summary.num_tasks, 8);
  EXPECT_THAT(summary.left_out,
              ::testing::Contains(StartsWith("mistralai/Mixtral-8x7B-v0.1: a mixture")));
  const ResultsFile file(scratch.path() / "out.h5");
  const auto value = published(file, "Llama-2-7b-hf", "gsm8k", 5, "acc");
  EXPECT_EQ(value.value, 0.1448066717210007) << "191 of 1319";
  EXPECT_DOUBLE_EQ(value.standard_error,
                   std::sqrt(0.1448066717210007 * (1 - 0.1448066717210007) / 1318));
  EXPECT_TRUE(std::isnan(published(file, "Llama-2-7b-hf", "mmlu", 5, "acc").standard_error));
  for (const auto& model : file.plan().models) {
    if (model.name != "Llama-2-7b-hf") continue;
    EXPECT_EQ(model.num_parameters, 7000000000);
    EXPECT_DOUBLE_EQ(model.training_tokens, 2e12);
    EXPECT_DOUBLE_EQ(model.training_flops, 8.4e22);
  }
}

}  // namespace
}  // namespace allometer::exchange
