#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "exchange/export.hpp"
#include "exchange/import.hpp"
#include "exchange/merge.hpp"
#include "exchange/scratch.hpp"
#include "io/atomic_file.hpp"
#include "io/hdf5.hpp"
#include "results/sample_sweep.hpp"
#include "results/store.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;
namespace sample = results::sample;
using nlohmann::json;
using results::PlanRecord;
using results::QuestionRecord;
using results::RecordType;
using results::ResultsFile;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;

/// Mean and standard error of each metric of each cell, as lm-evaluation-harness has them of a
/// mean.
std::vector<ResultsFile::Estimate> estimates_of(const ResultsFile& file) {
  std::vector<ResultsFile::Estimate> estimates;
  for (std::int32_t cell = 0; cell < static_cast<std::int32_t>(file.cells().size()); ++cell) {
    const auto& row = file.cells()[static_cast<std::size_t>(cell)];
    const auto& metrics = file.plan().tasks[static_cast<std::size_t>(row.cell.task)].metrics;
    for (std::int32_t m = 0; m < static_cast<std::int32_t>(metrics.size()); ++m) {
      ResultsFile::Estimate estimate;
      estimate.cell = cell;
      estimate.metric = metrics[static_cast<std::size_t>(m)].name;
      if (const auto published = file.published(cell, m)) {
        estimate.estimate = published->value;
        estimate.standard_error = published->standard_error;
        estimate.num_questions = published->num_questions;
        estimates.push_back(estimate);
        continue;
      }
      const auto column = file.metric(cell, m);
      if (column.value.empty()) continue;
      double values = 0;
      double weights = 0;
      for (std::size_t i = 0; i < column.value.size(); ++i) {
        values += column.value[i];
        weights += column.weight[i];
      }
      estimate.estimate = values / weights;
      if (metrics[static_cast<std::size_t>(m)].aggregation == "bits") {
        estimate.estimate = -values / weights / std::log(2);
      }
      estimate.standard_error = results::kUnknown;
      estimate.num_questions = static_cast<std::int32_t>(column.value.size());
      estimates.push_back(estimate);
    }
  }
  return estimates;
}

/// The sample sweep of tests/results, or the part of it that `keep` names.
fs::path write_sweep(const fs::path& directory, const std::string& name, const std::set<int>& cells,
                     const std::function<void(PlanRecord&)>& change = {}) {
  PlanRecord plan = sample::make_plan();
  const PlanRecord whole = plan;
  std::vector<results::PlannedCell> kept;
  for (const int cell : cells) kept.push_back(plan.cells[static_cast<std::size_t>(cell)]);
  plan.cells = kept;
  if (change) change(plan);
  const fs::path journals = directory / (name + ".journals");
  fs::create_directories(journals);
  {
    io::JournalWriter journal(journals / "00000-n1.journal");
    sample::append(journal, RecordType::start, sample::make_start(0).encode());
    sample::append(journal, RecordType::plan, plan.encode());
    sample::append(
        journal, RecordType::machine,
        results::MachineRecord{"n1", 2, 1, {{"f32", 1e11}}, "powercap: package-0"}.encode());
    sample::append(
        journal, RecordType::machine,
        results::MachineRecord{"n2", 2, 1, {{"bf16", 4e11}}, "unmeasured: no powercap"}.encode());
    for (const int cell : cells) {
      const auto& planned = whole.cells[static_cast<std::size_t>(cell)];
      if (cell == 4) continue;  // not begun
      if (cell == 3) {
        sample::append(
            journal, RecordType::failure,
            results::FailureRecord{planned.digest, "format", "a tensor is missing", "n2", 1}
                .encode());
        continue;
      }
      const std::int32_t end = cell == 2 ? 3 : planned.num_questions;  // cell 2 is unfinished
      sample::append(journal, RecordType::shard, sample::make_shard(whole, cell, 0, end).encode());
    }
    journal.sync();
  }
  const fs::path file = directory / (name + ".h5");
  write_results_file(results::JournalIndex::read(journals), file);
  return file;
}

/// A file of the whole plan with one answered cell.
fs::path write_one_cell(const fs::path& directory, const results::ShardResult& shard) {
  const fs::path journals = directory / "b.journals";
  fs::create_directories(journals);
  {
    io::JournalWriter journal(journals / "00000-n1.journal");
    sample::append(journal, RecordType::start, sample::make_start(0).encode());
    sample::append(journal, RecordType::plan, sample::make_plan().encode());
    sample::append(journal, RecordType::shard, shard.encode());
    journal.sync();
  }
  write_results_file(results::JournalIndex::read(journals), directory / "b.h5");
  return directory / "b.h5";
}

/// Every column of a file by name: values as text, bit for bit, in rows sorted by what names them.
using Columns = std::map<std::string, std::vector<std::string>>;

template <class T>
std::vector<std::string> texts_of(const io::Hdf5Group& job, const std::string& name) {
  std::vector<std::string> texts;
  for (const T& value : job.read_column<T>(name)) {
    if constexpr (std::is_same_v<T, std::string>) {
      texts.push_back(value);
    } else if constexpr (std::is_same_v<T, double>) {
      texts.push_back(fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value)));
    } else {
      texts.push_back(fmt::format("{}", value));
    }
  }
  return texts;
}

Columns columns_of(const fs::path& path) {
  const io::Hdf5File file = io::Hdf5File::open(path, io::Hdf5File::Mode::read);
  const io::Hdf5Group job = file.root().open_group(file.root().group_names().front());
  Columns columns;
  for (const std::string& name : job.column_names()) {
    const io::ColumnLayout layout = job.column_layout(name);
    if (layout.bare_dimension) {
      columns[name] = {fmt::format("{}", layout.size)};
      continue;
    }
    switch (layout.type) {
      case io::ColumnType::int16:
        columns[name] = texts_of<std::int16_t>(job, name);
        break;
      case io::ColumnType::int32:
        columns[name] = texts_of<std::int32_t>(job, name);
        break;
      case io::ColumnType::int64:
        columns[name] = texts_of<std::int64_t>(job, name);
        break;
      case io::ColumnType::float64:
        columns[name] = texts_of<double>(job, name);
        break;
      case io::ColumnType::text:
        columns[name] = texts_of<std::string>(job, name);
        break;
    }
  }
  return columns;
}

MergeSummary merge(const std::vector<fs::path>& files, const fs::path& output, bool mixed = false) {
  return merge_results({files, output, mixed});
}

// --- merge

/// Parts that keep the order of the cells make the same columns, bit for bit.
TEST(Merge, MakesTheWholeOfItsParts) {
  const Scratch scratch;
  const fs::path whole = write_sweep(scratch.path(), "whole", {0, 1, 2, 3, 4, 5});
  const fs::path a = write_sweep(scratch.path(), "a", {0, 1, 2});
  const fs::path b = write_sweep(scratch.path(), "b", {3, 4, 5});
  const fs::path merged = scratch.path() / "merged.h5";
  const MergeSummary summary = merge({a, b}, merged);
  EXPECT_EQ(summary.num_cells, 6);
  EXPECT_EQ(summary.num_same_cells, 0);
  const Columns expected = columns_of(whole);
  const Columns found = columns_of(merged);
  for (const auto& [name, values] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_EQ(found.at(name), values) << name;
  }
  EXPECT_EQ(found.size(), expected.size());
}

/// In another order every cell still has its own records.
TEST(Merge, KeepsEveryCellsRecordsInAnyOrder) {
  const Scratch scratch;
  const ResultsFile whole(write_sweep(scratch.path(), "whole", {0, 1, 2, 3, 4, 5}));
  const fs::path a = write_sweep(scratch.path(), "a", {1, 2, 5});
  const fs::path b = write_sweep(scratch.path(), "b", {0, 1, 3, 4});
  const MergeSummary summary = merge({a, b}, scratch.path() / "m.h5");
  EXPECT_EQ(summary.num_same_cells, 1);
  const ResultsFile merged(scratch.path() / "m.h5");
  ASSERT_EQ(merged.cells().size(), whole.cells().size());
  for (std::size_t i = 0; i < whole.cells().size(); ++i) {
    const auto& cell = whole.cells()[i].cell;
    const auto same = std::find_if(merged.cells().begin(), merged.cells().end(),
                                   [&](const auto& row) { return row.cell.digest == cell.digest; });
    ASSERT_NE(same, merged.cells().end());
    EXPECT_EQ(same->status, whole.cells()[i].status);
    EXPECT_EQ(same->reason, whole.cells()[i].reason);
    EXPECT_EQ(same->cost.flops, whole.cells()[i].cost.flops);
    EXPECT_EQ(whole.plan().variants[static_cast<std::size_t>(cell.variant)].name,
              merged.plan().variants[static_cast<std::size_t>(same->cell.variant)].name);
    const auto place = static_cast<std::int32_t>(same - merged.cells().begin());
    EXPECT_TRUE(whole.records(static_cast<std::int32_t>(i)) == merged.records(place)) << i;
  }
  EXPECT_EQ(merged.machines().size(), 2) << "the same machines are there once";
}

/// What is only planned in one file and done in the other is done.
TEST(Merge, TakesTheMoreCompleteOfTwoCells) {
  const Scratch scratch;
  const fs::path a = write_sweep(scratch.path(), "a", {0, 4});
  const fs::path b =
      write_one_cell(scratch.path(), sample::make_shard(sample::make_plan(), 4, 0, 5));
  merge({a, b}, scratch.path() / "m.h5");
  const ResultsFile merged(scratch.path() / "m.h5");
  EXPECT_EQ(merged.cells()[0].status, results::CellStatus::done);
  EXPECT_EQ(merged.cells()[1].status, results::CellStatus::done);
  EXPECT_EQ(merged.records(1).size(), 5);
}

TEST(Merge, RefusesWhatContradictsItself) {
  const Scratch scratch;
  const fs::path a = write_sweep(scratch.path(), "a", {0, 1});
  const fs::path out = scratch.path() / "m.h5";
  const auto message = [&](const std::function<void(PlanRecord&)>& change) {
    const fs::path b = write_sweep(scratch.path(), "b", {0, 5}, change);
    const std::string what = error_of([&] { merge({a, b}, out); });
    fs::remove_all(scratch.path() / "b.journals");
    return what;
  };
  EXPECT_THAT(
      message([](PlanRecord& plan) { plan.models[0].digest = sha256("other"); }),
      HasSubstr("both have a model 'stories-50k', but with different weights (model_digest)"));
  EXPECT_THAT(message([](PlanRecord& plan) { plan.models[0].family = "x"; }),
              HasSubstr("but with different families"));
  EXPECT_THAT(message([](PlanRecord& plan) { plan.tasks[0].digest = sha256("other"); }),
              HasSubstr("a task 'story_cloze', but with different text or data (task_digest)"));
  EXPECT_THAT(message([](PlanRecord& plan) { plan.tasks[0].question_ids[3] = "new"; }),
              HasSubstr("with different questions (question_id)"));
  EXPECT_THAT(message([](PlanRecord& plan) { plan.tasks[0].question_texts[3] = "new"; }),
              HasSubstr("with different texts of questions"));
  EXPECT_THAT(message([](PlanRecord& plan) { plan.numerics = "avx2"; }),
              HasSubstr("numerics: 'avx512_bf16, oneDNN 2.6.3, kernels 1' in "));
  EXPECT_FALSE(fs::exists(out));
  EXPECT_THAT(message({}), IsEmpty());
  EXPECT_THAT(error_of([&] { merge({a, a}, out); }), HasSubstr("is given twice"));
  EXPECT_THAT(error_of([&] { merge({a}, out); }), HasSubstr("two results files"));
  EXPECT_THAT(error_of([&] { merge({a, out}, out); }), HasSubstr("is one of the files to merge"));
}

TEST(Merge, NamesTheCellThatDiffers) {
  const Scratch scratch;
  const fs::path a = write_sweep(scratch.path(), "a", {0});
  auto shard = sample::make_shard(sample::make_plan(), 0, 0, 7);
  shard.records[4].log_likelihood[1] = std::nextafter(shard.records[4].log_likelihood[1], 0);
  const fs::path b = write_one_cell(scratch.path(), shard);
  EXPECT_THAT(error_of([&] {
                merge({a, b}, scratch.path() / "m.h5");
              }),
              HasSubstr("hold different results of the cell stories-50k/f32 story_cloze, 2 shots, "
                        "seed 1234 (question 'q4')"));
}

TEST(Merge, SaysThatBuildsAreMixed) {
  const Scratch scratch;
  const fs::path a = write_sweep(scratch.path(), "a", {0, 1});
  const fs::path b =
      write_sweep(scratch.path(), "b", {5}, [](PlanRecord& plan) { plan.numerics = "avx2"; });
  merge({a, b}, scratch.path() / "m.h5", true);
  const io::Hdf5File file = io::Hdf5File::open(scratch.path() / "m.h5", io::Hdf5File::Mode::read);
  const io::Hdf5Group job = file.root().open_group(file.root().group_names().front());
  EXPECT_THAT(job.text_attribute("mixed_builds"), HasSubstr("numerics"));
  EXPECT_EQ(job.text_attribute("numerics"), "avx512_bf16, oneDNN 2.6.3, kernels 1 | avx2");
  const json from = json::parse(job.text_attribute("merged_from"));
  ASSERT_EQ(from.size(), 2);
  EXPECT_EQ(from[1]["file"], b.string());
  EXPECT_EQ(from[1]["sha256"], sha256(io::read_text(b)).hex());
}

/// A longer list of the same questions serves both.
TEST(Merge, UnitesATaskUnderTwoLimits) {
  const Scratch scratch;
  const fs::path a = write_sweep(scratch.path(), "a", {0, 1}, [](PlanRecord& plan) {
    auto& task = plan.tasks[2];
    task.question_ids.resize(2);
    task.question_texts.resize(2);
    task.question_targets.resize(2);
    task.num_choices.resize(2);
  });
  const fs::path b = write_sweep(scratch.path(), "b", {5});
  merge({a, b}, scratch.path() / "m.h5");
  const ResultsFile merged(scratch.path() / "m.h5");
  EXPECT_EQ(merged.plan().tasks[2].question_ids.size(), 4);
  EXPECT_EQ(merged.plan().tasks.size(), 3);
  EXPECT_EQ(merged.records(2).size(), 4);
  EXPECT_TRUE(merged.records(2)[3] == ResultsFile(b).records(0)[3]);
}

// --- export

constexpr const char* kSidecar =
    "models:\n"
    "  - {match: '*', family: stories, num_parameters: 260000}\n"
    "tasks:\n"
    "  - {match: '*', higher_is_better: true}\n";

TEST(Export, ComesBackAsTheSameNumbers) {
  const Scratch scratch;
  const ResultsFile file(write_sweep(scratch.path(), "sweep", {0, 1, 5}));
  const auto estimates = estimates_of(file);
  const fs::path directory = scratch.path() / "out";
  const ExportSummary summary = export_lm_eval(file, estimates, directory);
  EXPECT_EQ(summary.num_records, 7 + 5 + 4);
  EXPECT_EQ(summary.files.size(), 3 + 3) << "results and samples of three runs";

  ImportRequest request;
  request.inputs = {directory};
  request.sidecar = scratch.write("sidecar.yaml", kSidecar);
  request.output = scratch.path() / "again.h5";
  const ImportSummary imported = import_results(request);
  EXPECT_EQ(imported.num_records, 16);
  EXPECT_THAT(imported.left_out, IsEmpty());
  const ResultsFile again(request.output);
  ASSERT_EQ(again.cells().size(), 3);
  const auto name = [](const ResultsFile& f, const ResultsFile::Estimate& estimate) {
    const auto& cell = f.cells()[static_cast<std::size_t>(estimate.cell)].cell;
    return f.plan().tasks[static_cast<std::size_t>(cell.task)].name + "/" + estimate.metric +
           fmt::format("/{}/{}", cell.num_fewshot, cell.seed);
  };
  std::map<std::string, double> expected;
  std::map<std::string, double> found;
  for (const auto& estimate : estimates) expected[name(file, estimate)] = estimate.estimate;
  for (const auto& estimate : estimates_of(again)) found[name(again, estimate)] = estimate.estimate;
  EXPECT_EQ(found, expected);
}

TEST(Export, WritesTheKeysOfLmEval) {
  const Scratch scratch;
  const ResultsFile file(write_sweep(scratch.path(), "sweep", {0}));
  const ExportSummary summary = export_lm_eval(file, estimates_of(file), scratch.path() / "out");
  ASSERT_EQ(summary.files.size(), 2);
  const fs::path folder = scratch.path() / "out" / "stories-50k_2shot_seed1234";
  const json root = json::parse(io::read_text(folder / "results_2026-01-01T12-00-00.json"));
  EXPECT_DOUBLE_EQ(root["results"]["story_cloze"]["acc,none"].get<double>(), 21.0 / 28);
  EXPECT_EQ(root["results"]["story_cloze"]["acc_stderr,none"], "N/A");
  EXPECT_EQ(root["n-shot"]["story_cloze"], 2);
  EXPECT_EQ(root["n-samples"]["story_cloze"]["effective"], 7);
  EXPECT_EQ(root["higher_is_better"]["story_cloze"]["acc"], true);
  EXPECT_EQ(root["configs"]["story_cloze"]["output_type"], "multiple_choice");
  EXPECT_EQ(root["config"]["model_num_parameters"], 50000);
  EXPECT_EQ(root["model_name"], "stories-50k");
  const std::string samples =
      io::read_text(folder / "samples_story_cloze_2026-01-01T12-00-00.jsonl");
  const json first = json::parse(samples.substr(0, samples.find('\n')));
  EXPECT_EQ(first["doc_id"], 0);
  EXPECT_EQ(first["doc"]["id"], "q0");
  EXPECT_EQ(first["filter"], "none");
  EXPECT_EQ(first["resps"][0][0][0], "-0.3333333333333333");
  EXPECT_EQ(first["resps"][0][0][1], "True");
  EXPECT_EQ(first["metrics"], (json{"acc", "acc_norm"}));
  EXPECT_EQ(first["acc"], 0.0);
}

TEST(Export, WritesTables) {
  const Scratch scratch;
  const ResultsFile file(write_sweep(scratch.path(), "sweep", {0, 5}));
  const ExportSummary summary = export_csv(file, estimates_of(file), scratch.path() / "t");
  EXPECT_EQ(summary.num_records, 11);
  const std::string estimates = io::read_text(scratch.path() / "t" / "estimates.csv");
  EXPECT_THAT(estimates, HasSubstr("model,variant,precision,family,num_parameters"));
  EXPECT_THAT(estimates, HasSubstr(",lever_data set,lever_tuning,task,"));
  EXPECT_THAT(estimates, HasSubstr("\r\nstories-50k,stories-50k/"
                                   "f32,f32,stories,50000,30000,,,tiny,base,story_cloze,reading,2,"
                                   "1234,acc,true,0.25,0.75,,0,0,7,done\r\n"));
  const std::string records = io::read_text(scratch.path() / "t" / "records.csv");
  EXPECT_THAT(
      records,
      HasSubstr("\r\nstories-260k/bf16,story_continue,0,1234,q3,\"exact,match\",3.5,4\r\n"));
  EXPECT_EQ(std::count(records.begin(), records.end(), '\n'), 1 + 2 * 7 + 4);
}

}  // namespace
}  // namespace allometer::exchange
