/// How long the statistics of a large results file take, and what they hold in memory: 100 tasks x
/// 1000 models x 1000 questions, 10,000 draws, unless told otherwise.
///
///   analysis_bench [--tasks N] [--models N] [--questions N] [--threads N] [--real] [--file PATH]
///
/// --real adds a metric that is not 0 or 1; --file writes a results file there and analyses that
/// (the file is not removed), else the answers come from memory.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "io/hdf5.hpp"
#include "io/journal.hpp"
#include "model/backend.hpp"
#include "report/part.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/sample.hpp"
#include "report/size_table.hpp"
#include "results/store.hpp"
#include "stats/bootstrap.hpp"

namespace {

using namespace allometer;

struct Size {
  std::int32_t tasks = 100;
  std::int32_t models = 1000;
  std::int32_t questions = 1000;
  std::int32_t threads = 2;
  bool real = false;
  std::filesystem::path file;
};

constexpr int kFamilies = 20;
constexpr int kAbilities = 5;

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double peak_gib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

void add_models(const Size& size, results::PlanRecord& plan) {
  for (std::int32_t m = 0; m < size.models; ++m) {
    results::PlannedModel model;
    model.name = "model-" + std::to_string(m);
    model.family = "family-" + std::to_string(m % kFamilies);
    const double decades = 4.0 * m / size.models;
    model.num_parameters_without_embeddings = std::llround(1e7 * std::pow(10, decades));
    model.num_parameters = model.num_parameters_without_embeddings + 1'000'000;
    model.digest = sha256(model.name);
    plan.models.push_back(model);
    results::PlannedVariant variant;
    variant.model = m;
    variant.precision = "f32";
    variant.name = model.name + "/f32";
    plan.variants.push_back(variant);
  }
}

void add_tasks(const Size& size, results::PlanRecord& plan) {
  results::PlannedMetric acc;
  acc.name = "acc";
  acc.aggregation = "mean";
  acc.unit = "1";
  acc.higher_is_better = acc.has_standard_error = true;
  acc.chance = 0.25;
  acc.best = 1;
  results::PlannedMetric nll = acc;
  nll.name = "log_likelihood";
  nll.chance = nll.best = report::kUndefined;
  for (std::int32_t t = 0; t < size.tasks; ++t) {
    results::PlannedTask task;
    task.name = "task-" + std::to_string(t);
    task.ability = "ability-" + std::to_string(t % kAbilities);
    task.metrics = {acc};
    if (size.real) task.metrics.push_back(nll);
    for (std::int32_t q = 0; q < size.questions; ++q)
      task.question_ids.push_back(std::to_string(q));
    task.question_texts = task.question_targets = task.question_ids;
    task.num_choices.assign(task.question_ids.size(), 4);
    plan.tasks.push_back(task);
  }
}

/// In the order of a sweep: variant after variant.
report::Source make_source(const Size& size) {
  report::Source source;
  add_models(size, source.plan);
  add_tasks(size, source.plan);
  for (std::int32_t m = 0; m < size.models; ++m) {
    for (std::int32_t t = 0; t < size.tasks; ++t) {
      results::CellRow row;
      row.cell.variant = m;
      row.cell.task = t;
      row.cell.num_questions = size.questions;
      row.cell.digest = sha256(std::to_string(m) + "/" + std::to_string(t));
      row.status = results::CellStatus::done;
      row.questions_done = size.questions;
      source.plan.cells.push_back(row.cell);
      source.cells.push_back(row);
    }
  }
  return source;
}

/// The answers of a cell. Right answers come with size, and more of some questions than of others.
results::MetricColumn answers_of(const report::Source& source, std::int32_t cell,
                                 std::int32_t metric) {
  const auto& row = source.cells[static_cast<std::size_t>(cell)].cell;
  const double ability = 0.4 * row.variant / static_cast<double>(source.plan.models.size());
  SplitMix64 random(static_cast<std::uint64_t>(cell) * 2 + static_cast<std::uint64_t>(metric));
  results::MetricColumn column;
  for (std::int32_t q = 0; q < row.num_questions; ++q) {
    const double u = random.uniform();
    const double chance_of_right = 0.25 + ability + 0.2 * (q % 7) / 7.0;
    column.question.push_back(q);
    column.value.push_back(metric == 0 ? (u < chance_of_right ? 1 : 0) : -3 * u / chance_of_right);
    column.weight.push_back(1);
  }
  return column;
}

/// A results file with these answers: one of a plan without any, whose records are then put in.
void write_file(const report::Source& source, const std::filesystem::path& path) {
  const auto directory = results::journal_directory(path);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  {
    io::JournalWriter journal(directory / "node.journal");
    journal.append(static_cast<std::uint32_t>(results::RecordType::plan), source.plan.encode());
    journal.sync();
  }
  results::write_results_file(results::JournalIndex::read(directory), path);
  std::filesystem::remove_all(directory);

  io::Hdf5File file = io::Hdf5File::open(path, io::Hdf5File::Mode::extend);
  {
    io::Hdf5Group job = file.root().open_group(file.root().group_names().front());
    std::vector<std::int16_t> status;
    std::vector<std::int32_t> done;
    std::vector<std::int64_t> start;
    std::int64_t records = 0;
    for (const auto& row : source.cells) {
      status.push_back(static_cast<std::int16_t>(row.status));
      done.push_back(row.questions_done);
      start.push_back(records);
      records += row.questions_done;
    }
    for (const char* name : {"status", "questions_done", "record_row_start", "record_question"})
      job.remove(name);
    job.write_column<std::int16_t>({"status", "status"}, "cell", status);
    job.write_column<std::int32_t>({"questions_done", "done"}, "cell", done);
    job.write_column<std::int64_t>({"record_row_start", "start"}, "cell", start);
    auto question =
        job.create_column({"record_question", "question"}, "record", io::ColumnType::int32);
    for (const auto& row : source.cells) {
      for (std::int32_t q = 0; q < row.questions_done; ++q)
        question.append(row.cell.task * row.cell.num_questions + q);
    }
    question.finish();
    const auto& metrics = source.plan.tasks.front().metrics;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      const std::string& name = metrics[m].name;
      job.remove(name);
      job.remove(name + "_weight");
      auto value = job.create_column({name, name, "1", {{"metric", name}}}, "record",
                                     io::ColumnType::float64);
      auto weight = job.create_column({name + "_weight", name, "1", {{"metric_weight", name}}},
                                      "record", io::ColumnType::float64);
      for (std::size_t cell = 0; cell < source.cells.size(); ++cell) {
        const auto column =
            answers_of(source, static_cast<std::int32_t>(cell), static_cast<std::int32_t>(m));
        for (const double v : column.value) value.append(v);
        for (const double w : column.weight) weight.append(w);
      }
      value.finish();
      weight.finish();
    }
  }
  file.close();
}

/// What the parts of the work take for one task on one thread.
void print_phases(const Size& size, const report::Source& source) {
  const report::Settings settings;
  const report::Ladder ladder{0, size.questions, 0, "f32", "", false, true};
  const auto& task = source.plan.tasks.front();
  for (std::int32_t m = 0; m < std::ssize(task.metrics); ++m) {
    const auto& metric = task.metrics[static_cast<std::size_t>(m)];
    std::vector<report::Sample> samples;
    std::vector<const report::Sample*> done;
    std::vector<report::Rung> rungs;
    const double load = seconds_of([&] {
      for (std::int32_t v = 0; v < size.models; ++v)
        samples.push_back(report::load_sample(source, v * size.tasks, m));
    });
    const double resample = seconds_of([&] { report::resample(samples, task.name, settings); });
    const double intervals = seconds_of([&] {
      for (report::Sample& sample : samples)
        sample.estimate = report::estimate_of(sample, metric, settings);
    });
    const double join = seconds_of([&] {
      for (const report::Sample& sample : samples) done.push_back(&sample);
      rungs = report::rungs_of(done, metric, source, settings);
    });
    const double rows = seconds_of([&] {
      report::Part part;
      report::SizeTable table(source, settings, part);
      table.add(ladder, m, std::move(rungs));
      table.finish();
    });
    std::printf(
        "  %-16s load %.3f s, resample %.3f s, intervals %.3f s, models %.3f s, rows %.3f s\n",
        metric.name.c_str(), load, resample, intervals, join, rows);
  }
}

Size parse(int argc, char** argv) {
  Size size;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
    if (word == "--tasks") size.tasks = number();
    if (word == "--models") size.models = number();
    if (word == "--questions") size.questions = number();
    if (word == "--threads") size.threads = number();
    if (word == "--real") size.real = true;
    if (word == "--file" && i + 1 < argc) size.file = argv[++i];
  }
  return size;
}

}  // namespace

int main(int argc, char** argv) {
  const Size size = parse(argc, argv);
  model::set_num_threads(size.threads);
  model::measure_peak_flops_per_second(Precision::f32);
  const double peak = model::measure_peak_flops_per_second(Precision::f32);
  report::Source source = make_source(size);
  std::printf(
      "%d tasks x %d models x %d questions, %d draws, %d threads; f32 products: %.0f GFLOP/s\n",
      size.tasks, size.models, size.questions, report::Settings{}.bootstrap_draws, size.threads,
      peak * 1e-9);

  // One task is kept in memory, and the others answer like it: making up answers is not measured.
  std::vector<results::MetricColumn> kept;
  for (std::int32_t m = 0; m < std::ssize(source.plan.tasks.front().metrics); ++m) {
    for (std::int32_t v = 0; v < size.models; ++v)
      kept.push_back(answers_of(source, v * size.tasks, m));
  }
  source.metric = [&](std::int32_t cell, std::int32_t metric) {
    return kept[static_cast<std::size_t>(metric * size.models + cell / size.tasks)];
  };
  std::printf("one task, one thread:\n");
  print_phases(size, source);

  report::Report report;
  double seconds = 0;
  if (size.file.empty()) {
    seconds = seconds_of([&] { report = report::analyse(source, size.threads); });
    std::printf("all, from memory: %.1f s", seconds);
  } else {
    if (!std::filesystem::exists(size.file)) write_file(source, size.file);
    seconds = seconds_of(
        [&] { report = report::analyse(size.file, report::AnalysisRequest{}, size.threads); });
    std::printf("all, from %s (%.2f GB): %.1f s", size.file.c_str(),
                static_cast<double>(std::filesystem::file_size(size.file)) * 1e-9, seconds);
  }
  const double flops = 2.0 * size.models * size.tasks * size.questions *
                       report.settings.bootstrap_draws * (size.real ? 2 : 1);
  std::printf(", %zu cells, %zu rows; the products alone are %.0f %% of that rate over all of it\n",
              report.estimates.size(), report.size_rows.size(), 100 * flops / seconds / peak);
  std::printf("peak memory: %.2f GiB\n", peak_gib());
}
