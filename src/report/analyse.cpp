#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "report/ability_table.hpp"
#include "report/analysis.hpp"
#include "report/comparisons.hpp"
#include "report/part.hpp"
#include "report/sample.hpp"
#include "report/shots_table.hpp"
#include "report/size_table.hpp"
#include "report/verdict_table.hpp"

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

/// Works out one part: ladders and metrics of a task, in batches whose samples are drawn together.
class Batch {
 public:
  /// `reading` is held while the source is read.
  Batch(const Source& source, const Settings& settings, const Levers& levers, std::mutex& reading)
      : source_(source),
        settings_(settings),
        reading_(reading),
        comparisons_(source, levers, settings) {}

  void add(const Ladder& ladder, std::int32_t metric, const std::vector<std::int32_t>& cells) {
    if (!members_.empty()) {
      const bool alike = members_.back().ladder.num_questions == ladder.num_questions;
      if (!alike || samples_.size() + cells.size() > kSamplesPerBatch) flush();
    }
    members_.push_back({ladder, metric, samples_.size(), cells.size()});
    const std::lock_guard lock(reading_);
    for (const std::int32_t cell : cells) samples_.push_back(load_sample(source_, cell, metric));
  }

  /// What was added since the part was begun.
  Part finish() {
    flush();
    rows_.finish();
    part_.compared = comparisons_.take();
    return std::exchange(part_, {});
  }

 private:
  struct Member {
    Ladder ladder;
    std::int32_t metric = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  void flush() {
    if (members_.empty()) return;
    const auto& task = source_.plan.tasks[static_cast<std::size_t>(members_.front().ladder.task)];
    resample(samples_, task.name, settings_);
    split_in_halves(samples_, task, settings_);
    for (Sample& sample : samples_) {
      const auto& metric = task.metrics[static_cast<std::size_t>(sample.metric)];
      if (sample.published) {
        const auto& cell = source_.cells[static_cast<std::size_t>(sample.cell)].cell;
        draw_published(sample, metric.aggregation, cell.digest.hex() + "/" + metric.name,
                       settings_);
      }
      sample.estimate = estimate_of(sample, metric, settings_);
      part_.estimates.push_back(sample.estimate);
    }
    for (const Member& member : members_) add_rows(member);
    members_.clear();
    samples_.clear();
  }

  void add_rows(const Member& member) {
    const Ladder& ladder = member.ladder;
    if (!ladder.in_job) return;
    std::vector<const Sample*> done;
    for (std::size_t i = member.first; i < member.first + member.count; ++i) {
      // An unfinished cell has answered other questions than the rest: its estimate stands, but not
      // beside theirs.
      const auto& row = source_.cells[static_cast<std::size_t>(samples_[i].cell)];
      if (row.status == results::CellStatus::done) done.push_back(&samples_[i]);
    }
    if (done.empty()) return;
    const auto& task = source_.plan.tasks[static_cast<std::size_t>(ladder.task)];
    const auto& metric = task.metrics[static_cast<std::size_t>(member.metric)];
    rows_.add(ladder, member.metric, rungs_of(done, metric, source_, settings_));
    comparisons_.add(ladder, member.metric, done);
  }

  const Source& source_;
  const Settings& settings_;
  std::mutex& reading_;
  Part part_;
  SizeTable rows_{source_, settings_, part_};
  Comparisons comparisons_;
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

/// The ladders of one task.
struct PlannedPart {
  std::int32_t task = 0;
  std::vector<CellsOfLadder::const_iterator> ladders;
};

/// Tasks of one ability stand together, so that its draws need not be kept for long.
std::vector<PlannedPart> parts_of(const CellsOfLadder& ladders, const Source& source) {
  std::vector<PlannedPart> parts;
  for (auto it = ladders.begin(); it != ladders.end(); ++it) {
    if (parts.empty() || parts.back().task != it->first.task) parts.push_back({it->first.task, {}});
    parts.back().ladders.push_back(it);
  }
  const auto ability = [&](const PlannedPart& part) -> const std::string& {
    return source.plan.tasks[static_cast<std::size_t>(part.task)].ability;
  };
  std::stable_sort(parts.begin(), parts.end(), [&](const PlannedPart& a, const PlannedPart& b) {
    return ability(a) < ability(b);
  });
  return parts;
}

}  // namespace

struct Analysis::Impl {
  const Source& source;
  Settings settings;
  Levers levers;
  CellsOfLadder ladders;
  std::vector<PlannedPart> parts;
  std::mutex reading;
  // What the absorbed parts came to.
  std::size_t num_absorbed = 0;
  Report report;
  std::map<std::int32_t, std::vector<SizeRow>> size_rows;  ///< by task
  AbilityTable abilities{settings};
  Compared compared;
  std::vector<Judged> judged_tasks;

  explicit Impl(const Source& from)
      : source(from),
        settings(Settings::parse(from.plan.analysis)),
        levers(from, settings),
        ladders(ladders_of(from)),
        parts(parts_of(ladders, from)) {}

  const std::string& ability(std::size_t part) const {
    return source.plan.tasks[static_cast<std::size_t>(parts[part].task)].ability;
  }
};

Analysis::Analysis(const Source& source) {
  check(source);
  impl_ = std::make_unique<Impl>(source);
}
Analysis::~Analysis() = default;

std::int32_t Analysis::num_parts() const {
  return static_cast<std::int32_t>(impl_->parts.size());
}

std::string Analysis::work_out(std::int32_t part) const {
  const PlannedPart& planned = impl_->parts.at(static_cast<std::size_t>(part));
  Batch batch(impl_->source, impl_->settings, impl_->levers, impl_->reading);
  for (const auto& ladder : planned.ladders) {
    const auto num_metrics =
        std::ssize(impl_->source.plan.tasks[static_cast<std::size_t>(planned.task)].metrics);
    for (std::int32_t metric = 0; metric < num_metrics; ++metric)
      batch.add(ladder->first, metric, ladder->second);
  }
  return encode(batch.finish());
}

void Analysis::absorb(std::string_view bytes) {
  Impl& impl = *impl_;
  ALLOMETER_EXPECT(impl.num_absorbed < impl.parts.size());
  Part part = decode_part(bytes);
  std::move(part.estimates.begin(), part.estimates.end(),
            std::back_inserter(impl.report.estimates));
  impl.size_rows[impl.parts[impl.num_absorbed].task] = std::move(part.size_rows);
  for (const AbilityMeasure& measure : part.measures) impl.abilities.add(measure);
  impl.compared += std::move(part.compared);
  std::move(part.judged.begin(), part.judged.end(), std::back_inserter(impl.judged_tasks));
  const std::size_t next = ++impl.num_absorbed;
  if (next == impl.parts.size() || impl.ability(next) != impl.ability(next - 1))
    impl.abilities.close();
}

Report Analysis::finish() {
  Impl& impl = *impl_;
  ALLOMETER_EXPECT(impl.num_absorbed == impl.parts.size());
  Report& report = impl.report;
  report.settings = impl.settings;
  report.plan = impl.source.plan;
  report.energy_source = impl.source.energy_source;
  std::stable_sort(report.estimates.begin(), report.estimates.end(),
                   [](const auto& a, const auto& b) { return a.cell < b.cell; });
  for (auto& [task, rows] : impl.size_rows)
    std::move(rows.begin(), rows.end(), std::back_inserter(report.size_rows));
  report.ability_rows = impl.abilities.rows();
  sort_weakest_first(report.size_rows);
  adjust_for_exploring(report.size_rows);
  std::stable_sort(impl.judged_tasks.begin(), impl.judged_tasks.end(),
                   [](const Judged& a, const Judged& b) { return a.task < b.task; });
  report.verdict_rows = verdict_rows(impl.abilities.judged(), impl.judged_tasks, impl.settings);
  report.shots_rows = shots_rows(impl.ladders, report.estimates, impl.source, impl.settings);
  report_comparisons(std::move(impl.compared), impl.source, impl.levers, report);
  list_open_cells(impl.source, report);
  return std::move(report);
}

Report analyse(const Source& source) {
  Analysis analysis(source);
  for (std::int32_t part = 0; part < analysis.num_parts(); ++part)
    analysis.absorb(analysis.work_out(part));
  return analysis.finish();
}

}  // namespace allometer::report
