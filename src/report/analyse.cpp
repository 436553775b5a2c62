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
#include "report/part_workers.hpp"
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
    std::vector<Rung> rungs = rungs_of(done, metric, source_, settings_);
    comparisons_.add(ladder, member.metric, done, rungs);
    rows_.add(ladder, member.metric, std::move(rungs));
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
  Source source;
  Settings settings;
  Levers levers;
  CellsOfLadder ladders;
  std::vector<PlannedPart> parts;
  std::mutex reading;

  explicit Impl(Source from)
      : source(std::move(from)),
        settings(Settings::parse(source.plan.analysis)),
        levers(source, settings),
        ladders(ladders_of(source)),
        parts(parts_of(ladders, source)) {}

  const std::string& ability(std::size_t part) const {
    return source.plan.tasks[static_cast<std::size_t>(parts[part].task)].ability;
  }
};

Analysis::Analysis(Source source) {
  check(source);
  impl_ = std::make_unique<Impl>(std::move(source));
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

struct Assembly::Impl {
  std::shared_ptr<const Analysis> analysis;
  std::int32_t num_asked = 0;
  std::int32_t num_absorbed = 0;
  std::map<std::int32_t, std::string> early;  ///< parts that wait for those before them
  // What the absorbed parts came to.
  Report report;
  AbilityTable abilities;
  Compared compared;
  std::vector<Judged> judged_tasks;

  explicit Impl(std::shared_ptr<const Analysis> of)
      : analysis(std::move(of)), abilities(analysis->impl_->settings) {}
};

Assembly::Assembly(std::shared_ptr<const Analysis> analysis)
    : impl_(std::make_unique<Impl>(std::move(analysis))) {}
Assembly::~Assembly() = default;

std::int32_t Assembly::next_part(std::int32_t most_open) {
  const bool far_ahead = impl_->num_asked - impl_->num_absorbed >= most_open;
  return far_ahead || impl_->num_asked == impl_->analysis->num_parts() ? -1 : impl_->num_asked++;
}

bool Assembly::complete() const {
  return impl_->num_absorbed == impl_->analysis->num_parts();
}

void Assembly::add(std::int32_t part, std::string bytes) {
  ALLOMETER_EXPECT(part >= impl_->num_absorbed && part < impl_->num_asked);
  impl_->early[part] = std::move(bytes);
  for (auto next = impl_->early.begin();
       next != impl_->early.end() && next->first == impl_->num_absorbed;
       next = impl_->early.erase(next)) {
    absorb(next->second);
  }
}

void Assembly::absorb(std::string_view bytes) {
  Impl& impl = *impl_;
  const Analysis::Impl& of = *impl.analysis->impl_;
  Part part = decode_part(bytes);
  std::move(part.estimates.begin(), part.estimates.end(),
            std::back_inserter(impl.report.estimates));
  std::move(part.size_rows.begin(), part.size_rows.end(),
            std::back_inserter(impl.report.size_rows));
  for (const AbilityMeasure& measure : part.measures) impl.abilities.add(measure);
  impl.compared += std::move(part.compared);
  std::move(part.judged.begin(), part.judged.end(), std::back_inserter(impl.judged_tasks));
  const auto next = static_cast<std::size_t>(++impl.num_absorbed);
  if (next == of.parts.size() || of.ability(next) != of.ability(next - 1)) impl.abilities.close();
}

Report Assembly::finish() {
  ALLOMETER_EXPECT(complete());
  Impl& impl = *impl_;
  const Analysis::Impl& of = *impl.analysis->impl_;
  Report& report = impl.report;
  report.settings = of.settings;
  report.plan = of.source.plan;
  report.energy_source = of.source.energy_source;
  std::stable_sort(report.estimates.begin(), report.estimates.end(),
                   [](const auto& a, const auto& b) { return a.cell < b.cell; });
  std::ranges::stable_sort(report.size_rows, {}, &SizeRow::task);
  report.ability_rows = impl.abilities.rows();
  sort_weakest_first(report.size_rows);
  adjust_for_exploring(report.size_rows);
  std::stable_sort(impl.judged_tasks.begin(), impl.judged_tasks.end(),
                   [](const Judged& a, const Judged& b) { return a.task < b.task; });
  report.verdict_rows = verdict_rows(impl.abilities.judged(), impl.judged_tasks, of.settings);
  report.shots_rows = shots_rows(of.ladders, report.estimates, of.source, of.settings);
  report_comparisons(std::move(impl.compared), of.source, of.levers, report);
  list_open_cells(of.source, report);
  return std::move(report);
}

namespace {

Report assemble(std::shared_ptr<const Analysis> analysis, int num_threads) {
  Assembly assembly(analysis);
  PartWorkers workers([analysis] { return analysis; }, num_threads);
  // One for each thread, and as many that wait for a slow one before them.
  const std::int32_t most_open = 2 * workers.num_threads();
  while (!assembly.complete()) {
    for (std::int32_t part; (part = assembly.next_part(most_open)) >= 0;) workers.push(part);
    PartWorkers::Outcome outcome = workers.wait();
    if (outcome.error) std::rethrow_exception(outcome.error);
    assembly.add(outcome.part, std::move(outcome.bytes));
  }
  return assembly.finish();
}

}  // namespace

Report analyse(const Source& source, int num_threads) {
  return assemble(std::make_shared<const Analysis>(source), num_threads);
}

Report analyse(const std::filesystem::path& path, const AnalysisRequest& request, int num_threads) {
  return assemble(open_analysis(path, request), num_threads);
}

}  // namespace allometer::report
