#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "report/ability_table.hpp"
#include "report/efficiency.hpp"
#include "report/report.hpp"
#include "report/sample.hpp"
#include "report/shots_table.hpp"
#include "report/size_table.hpp"

namespace allometer::report {
namespace {

using CellsOfLadder = std::map<Ladder, std::vector<std::int32_t>>;

/// Samples that are resampled together: enough for the matrix product, few enough that 10,000 draws
/// of them are a few dozen megabytes.
constexpr std::size_t kSamplesPerBatch = 256;

bool in_range(std::int32_t index, std::size_t size) {
  return index >= 0 && static_cast<std::size_t>(index) < size;
}

void check(const Source& source) {
  const auto& plan = source.plan;
  for (const auto& variant : plan.variants) {
    if (!in_range(variant.model, plan.models.size())) {
      throw FormatError(
          fmt::format("the results file is inconsistent: variant {} is of model {}, but "
                      "there are {} models",
                      variant.name, variant.model, plan.models.size()));
    }
  }
  for (std::size_t i = 0; i < source.cells.size(); ++i) {
    const auto& cell = source.cells[i].cell;
    if (!in_range(cell.variant, plan.variants.size()) || !in_range(cell.task, plan.tasks.size())) {
      throw FormatError(
          fmt::format("the results file is inconsistent: cell {} has variant {} and task "
                      "{}, but there are {} variants and {} tasks",
                      i, cell.variant, cell.task, plan.variants.size(), plan.tasks.size()));
    }
  }
}

std::string text_of(const std::map<std::string, std::string>& levers) {
  std::string text;
  for (const auto& [name, value] : levers) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

/// Cells with any answer, by what they share.
CellsOfLadder ladders_of(const Source& source) {
  CellsOfLadder ladders;
  for (std::size_t i = 0; i < source.cells.size(); ++i) {
    const auto& row = source.cells[i];
    if (row.questions_done == 0 && row.status != results::CellStatus::done) continue;
    const auto& variant = source.plan.variants[static_cast<std::size_t>(row.cell.variant)];
    const auto& model = source.plan.models[static_cast<std::size_t>(variant.model)];
    ladders[{row.cell.task, row.cell.num_questions, row.cell.num_fewshot, variant.precision,
             text_of(model.levers), model.random_weights, row.cell.in_job}]
        .push_back(static_cast<std::int32_t>(i));
  }
  return ladders;
}

/// Ladders and metrics of one task whose samples are drawn together.
class Batch {
 public:
  Batch(const Source& source, Report& report, AbilityTable& abilities)
      : source_(source), report_(report), abilities_(abilities) {}

  void add(const Ladder& ladder, std::int32_t metric, const std::vector<std::int32_t>& cells) {
    if (!members_.empty()) {
      const Ladder& last = members_.back().ladder;
      const bool alike = last.task == ladder.task && last.num_questions == ladder.num_questions;
      if (!alike || samples_.size() + cells.size() > kSamplesPerBatch) flush();
    }
    members_.push_back({ladder, metric, samples_.size(), cells.size()});
    for (const std::int32_t cell : cells) samples_.push_back(load_sample(source_, cell, metric));
  }

  void flush() {
    if (members_.empty()) return;
    const auto& task = source_.plan.tasks[static_cast<std::size_t>(members_.front().ladder.task)];
    resample(samples_, task.name, report_.settings);
    for (Sample& sample : samples_) {
      const auto& metric = task.metrics[static_cast<std::size_t>(sample.metric)];
      if (sample.published) {
        const auto& cell = source_.cells[static_cast<std::size_t>(sample.cell)].cell;
        draw_published(sample, metric.aggregation, cell.digest.hex() + "/" + metric.name,
                       report_.settings);
      }
      sample.estimate = estimate_of(sample, metric, report_.settings);
      report_.estimates.push_back(sample.estimate);
    }
    for (const Member& member : members_) add_rows(member);
    members_.clear();
    samples_.clear();
  }

 private:
  struct Member {
    Ladder ladder;
    std::int32_t metric = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  void add_rows(const Member& member) {
    if (!member.ladder.in_job) return;
    std::vector<const Sample*> done;
    for (std::size_t i = member.first; i < member.first + member.count; ++i) {
      // An unfinished cell has answered other questions than the rest: its estimate stands, but not
      // beside theirs.
      const auto& row = source_.cells[static_cast<std::size_t>(samples_[i].cell)];
      if (row.status == results::CellStatus::done) done.push_back(&samples_[i]);
    }
    if (done.empty()) return;
    abilities_.add(member.ladder, member.metric, done);
    auto rows = size_rows(member.ladder, member.metric, done, source_, report_.settings);
    std::move(rows.begin(), rows.end(), std::back_inserter(report_.size_rows));
  }

  const Source& source_;
  Report& report_;
  AbilityTable& abilities_;
  std::vector<Member> members_;
  std::vector<Sample> samples_;
};

std::string name_of_cell(const Source& source, const results::PlannedCell& cell) {
  return fmt::format(
      "{} {}, {} shots, seed {}", source.plan.variants[static_cast<std::size_t>(cell.variant)].name,
      source.plan.tasks[static_cast<std::size_t>(cell.task)].name, cell.num_fewshot, cell.seed);
}

void list_open_cells(const Source& source, Report& report) {
  for (std::size_t i = 0; i < source.cells.size(); ++i) {
    const auto& row = source.cells[i];
    if (!row.cell.in_job) continue;
    if (row.status == results::CellStatus::done) {
      ++report.num_cells_done;
      continue;
    }
    OpenCell open;
    open.cell = static_cast<std::int32_t>(i);
    open.failed = row.status == results::CellStatus::failed;
    open.name = name_of_cell(source, row.cell);
    open.reason = open.failed              ? row.reason
                  : row.questions_done > 0 ? fmt::format("unfinished: {} of {} questions answered",
                                                         row.questions_done, row.cell.num_questions)
                                           : "not started";
    report.open_cells.push_back(std::move(open));
  }
  std::stable_partition(report.open_cells.begin(), report.open_cells.end(),
                        [](const OpenCell& open) { return open.failed; });
}

}  // namespace

Report analyse(const Source& source) {
  check(source);
  Report report;
  report.settings = Settings::parse(source.plan.analysis);
  report.plan = source.plan;
  report.energy_source = source.energy_source;
  AbilityTable abilities(source, report.settings);
  Batch batch(source, report, abilities);
  const CellsOfLadder ladders = ladders_of(source);
  for (const auto& [ladder, cells] : ladders) {
    const auto& metrics = source.plan.tasks[static_cast<std::size_t>(ladder.task)].metrics;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      batch.add(ladder, static_cast<std::int32_t>(m), cells);
    }
  }
  batch.flush();
  std::stable_sort(report.estimates.begin(), report.estimates.end(),
                   [](const auto& a, const auto& b) { return a.cell < b.cell; });
  report.ability_rows = abilities.rows();
  sort_weakest_first(report.size_rows);
  report.shots_rows = shots_rows(ladders, report.estimates, source, report.settings);
  report.efficiency_rows = efficiency_rows(source, report.settings);
  list_open_cells(source, report);
  return report;
}

}  // namespace allometer::report
