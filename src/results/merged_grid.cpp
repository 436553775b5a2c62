#include "results/merged_grid.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace allometer::results {
namespace {

bool same_model(const PlannedModel& a, const PlannedModel& b) {
  return a.digest == b.digest && a.name == b.name && a.family == b.family && a.levers == b.levers;
}

std::int32_t add_model(const PlannedModel& model, MergedGrid& grid) {
  const auto found = std::find_if(grid.models.begin(), grid.models.end(),
                                  [&](const auto* other) { return same_model(model, *other); });
  const auto index = static_cast<std::int32_t>(found - grid.models.begin());
  if (found == grid.models.end()) grid.models.push_back(&model);
  return index;
}

std::int32_t add_variant(const PlannedVariant& variant, const PlanRecord& plan, MergedGrid& grid) {
  PlannedVariant added = variant;
  added.model = add_model(plan.models[static_cast<std::size_t>(variant.model)], grid);
  const auto found =
      std::find_if(grid.variants.begin(), grid.variants.end(), [&](const PlannedVariant& other) {
        return other.model == added.model && other.name == added.name &&
               other.precision == added.precision;
      });
  const auto index = static_cast<std::int32_t>(found - grid.variants.begin());
  if (found == grid.variants.end()) grid.variants.push_back(std::move(added));
  return index;
}

/// The same task under another limit has more or fewer of the same questions: the longer list
/// serves both.
std::int32_t add_task(const PlannedTask& task, MergedGrid& grid) {
  const auto found = std::find_if(grid.tasks.begin(), grid.tasks.end(), [&](const auto* other) {
    return other->digest == task.digest && other->name == task.name;
  });
  const auto index = static_cast<std::int32_t>(found - grid.tasks.begin());
  if (found == grid.tasks.end()) {
    grid.tasks.push_back(&task);
  } else if ((*found)->question_ids.size() < task.question_ids.size()) {
    *found = &task;
  }
  return index;
}

/// Where the cell that another plan has at `needs` stands here; nothing if it is not here.
std::optional<std::int32_t> find_needed(std::int32_t needs, const PlanRecord& plan,
                                        const MergedGrid& grid) {
  const Digest& digest = plan.cells[static_cast<std::size_t>(needs)].digest;
  const auto found = std::find_if(grid.cells.begin(), grid.cells.end(),
                                  [&](const auto& cell) { return cell.digest == digest; });
  if (found == grid.cells.end()) return std::nullopt;
  return static_cast<std::int32_t>(found - grid.cells.begin());
}

void add_cell(PlannedCell cell, const PlanRecord& plan, MergedGrid& grid) {
  if (cell.needs) cell.needs = find_needed(*cell.needs, plan, grid);
  cell.variant = add_variant(plan.variants[static_cast<std::size_t>(cell.variant)], plan, grid);
  cell.task = add_task(plan.tasks[static_cast<std::size_t>(cell.task)], grid);
  grid.cells.push_back(std::move(cell));
}

bool has_results(const JournalIndex& index, const Digest& cell) {
  const auto state = index.cells().find(cell);
  return state != index.cells().end() && state->second.questions_done() > 0;
}

}  // namespace

MergedGrid merge_plans(const JournalIndex& index) {
  if (!index.plan()) {
    throw FormatError(
        "the journals hold no plan of the job: nothing was started, or the start was damaged; run "
        "the job again");
  }
  const PlanRecord& plan = *index.plan();
  MergedGrid grid;
  for (const PlannedModel& model : plan.models) grid.models.push_back(&model);
  grid.variants = plan.variants;
  for (const PlannedTask& task : plan.tasks) grid.tasks.push_back(&task);
  grid.cells = plan.cells;
  for (const JournalIndex::FormerCell& former : index.former_cells()) {
    if (has_results(index, former.cell.digest)) add_cell(former.cell, *former.plan, grid);
  }
  return grid;
}

}  // namespace allometer::results
