#include "report/efficiency.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "report/rung.hpp"

namespace allometer::report {
namespace {

/// A variant asked a task with some number of shots.
using Asked = std::pair<std::int32_t, Measure>;

/// Sums of one variant beside its row.
struct Account {
  EfficiencyRow row;
  double flops_where_peak_is_known = 0;
  double possible_flops = 0;  ///< measured peak times busy seconds
  double answers = 0;
  double right_answers = 0;
  results::Cost of_right_answers;  ///< of the cells that they are in
};

Asked asked_of(const results::PlannedCell& cell) {
  return {cell.variant, {cell.task, cell.num_fewshot}};
}

bool has_cost(const results::CellRow& cell) {
  return cell.cell.in_job && cell.questions_done > 0 &&
         (cell.cost.wall_seconds > 0 || cell.cost.tokens_computed > 0);
}

void add(Account& account, const results::CellRow& cell) {
  ++account.row.cells;
  account.row.cost += cell.cost;
  account.answers += cell.questions_done;
  if (cell.flops_per_second_peak > 0) {
    account.flops_where_peak_is_known += cell.cost.flops;
    account.possible_flops += cell.flops_per_second_peak * cell.cost.wall_seconds;
  }
}

AnswerCost cost_per_answer(double answers, const results::Cost& cost) {
  if (!(answers > 0)) return {.count = answers};
  const double seconds = cost.wall_seconds / answers;
  return {answers, seconds, seconds * static_cast<double>(cost.peak_memory_bytes),
          cost.energy_joules ? *cost.energy_joules / answers : kUndefined};
}

EfficiencyRow finish(const Account& account) {
  EfficiencyRow row = account.row;
  const auto computed = static_cast<double>(row.cost.tokens_computed);
  if (row.cost.wall_seconds > 0) row.tokens_per_second = computed / row.cost.wall_seconds;
  if (account.possible_flops > 0)
    row.mfu = account.flops_where_peak_is_known / account.possible_flops;
  if (row.cost.tokens_requested > 0) {
    row.tokens_saved = 1 - computed / static_cast<double>(row.cost.tokens_requested);
  }
  row.energy_joules = row.cost.energy_joules;
  row.per_answer = cost_per_answer(account.answers, row.cost);
  const bool any_counted = account.of_right_answers.wall_seconds > 0;
  row.per_right_answer =
      cost_per_answer(any_counted ? account.right_answers : kUndefined, account.of_right_answers);
  return row;
}

// --- who is not dominated

using Rows = std::vector<ParetoRow>;

/// Marks the rows that no other dominates. Rows whose cost is NaN neither are nor dominate.
void mark_front(Rows& rows, double ParetoRow::*cost, bool ParetoRow::*is_best) {
  for (ParetoRow& row : rows) {
    row.*is_best =
        !std::isnan(row.*cost) && std::ranges::none_of(rows, [&](const ParetoRow& other) {
          return other.score >= row.score && other.*cost <= row.*cost &&
                 (other.score > row.score || other.*cost < row.*cost);
        });
  }
}

/// What the cells of each variant and measure cost, all seeds together.
struct MeasureCost {
  double answers = 0;
  results::Cost cost;
};

/// Of the variants that have all of the measures, and whose cost is known.
Rows rows_of(const std::string& ability,
             const std::vector<std::map<Measure, ScoreOfVariant>::const_iterator>& measures,
             const std::map<Asked, MeasureCost>& costs) {
  std::map<std::int32_t, std::size_t> times;
  std::map<std::int32_t, ParetoRow> by_variant;
  std::map<std::int32_t, MeasureCost> sums;
  for (const auto& measure : measures) {
    for (const auto& [variant, score] : measure->second) {
      const auto cost = costs.find({variant, measure->first});
      if (cost == costs.end()) continue;
      ++times[variant];
      ParetoRow& row = by_variant[variant];
      row.ability = ability;
      row.variant = variant;
      row.score =
          (times[variant] == 1 ? 0 : row.score) + score / static_cast<double>(measures.size());
      sums[variant].answers += cost->second.answers;
      sums[variant].cost += cost->second.cost;
    }
  }
  Rows rows;
  for (auto& [variant, row] : by_variant) {
    if (times[variant] < measures.size()) continue;
    const MeasureCost& sum = sums[variant];
    const AnswerCost cost = cost_per_answer(sum.answers, sum.cost);
    row.seconds_per_answer = cost.seconds;
    row.joules_per_answer = cost.joules;
    row.peak_memory_bytes = static_cast<double>(sum.cost.peak_memory_bytes);
    rows.push_back(row);
  }
  if (rows.size() < 2) return {};
  mark_front(rows, &ParetoRow::seconds_per_answer, &ParetoRow::is_best_for_time);
  mark_front(rows, &ParetoRow::peak_memory_bytes, &ParetoRow::is_best_for_memory);
  mark_front(rows, &ParetoRow::joules_per_answer, &ParetoRow::is_best_for_energy);
  std::ranges::stable_sort(rows, std::greater(), &ParetoRow::score);
  return rows;
}

}  // namespace

std::vector<EfficiencyRow> efficiency_rows(const Source& source,
                                           std::span<const HeadlineScore> scores,
                                           const Settings& settings) {
  std::map<Asked, double> num_right;
  for (const HeadlineScore& score : scores) {
    if (!std::isnan(score.num_right))
      num_right[{score.variant, {score.task, score.num_fewshot}}] = score.num_right;
  }
  std::map<std::int32_t, Account> accounts;
  for (const auto& cell : source.cells) {
    if (!has_cost(cell)) continue;
    Account& account = accounts[cell.cell.variant];
    add(account, cell);
    if (cell.status == results::CellStatus::done && num_right.contains(asked_of(cell.cell)))
      account.of_right_answers += cell.cost;
  }
  for (const auto& [asked, right] : num_right) {
    if (const auto found = accounts.find(asked.first); found != accounts.end())
      found->second.right_answers += right;
  }
  std::vector<EfficiencyRow> rows;
  for (auto& [variant, account] : accounts) {
    const auto& planned = source.plan.variants[static_cast<std::size_t>(variant)];
    const auto& model = source.plan.models[static_cast<std::size_t>(planned.model)];
    account.row.variant = variant;
    account.row.random_weights = model.random_weights;
    account.row.parameters = parameters_of(model, settings);
    rows.push_back(finish(account));
  }
  return rows;
}

std::vector<ParetoRow> pareto_rows(const Source& source,
                                   const std::map<Measure, ScoreOfVariant>& measures) {
  std::map<Asked, MeasureCost> costs;
  for (const auto& cell : source.cells) {
    if (!has_cost(cell) || cell.status != results::CellStatus::done) continue;
    MeasureCost& sum = costs[asked_of(cell.cell)];
    sum.answers += cell.questions_done;
    sum.cost += cell.cost;
  }
  std::vector<std::map<Measure, ScoreOfVariant>::const_iterator> all;
  std::map<std::string, decltype(all)> of_ability;
  for (auto measure = measures.begin(); measure != measures.end(); ++measure) {
    const auto& task = source.plan.tasks[static_cast<std::size_t>(measure->first.task)];
    all.push_back(measure);
    of_ability[task.ability].push_back(measure);
  }
  std::vector<ParetoRow> rows = rows_of("", all, costs);
  if (of_ability.size() < 2) return rows;
  for (const auto& [ability, of_it] : of_ability) {
    if (ability.empty()) continue;
    std::ranges::move(rows_of(ability, of_it, costs), std::back_inserter(rows));
  }
  return rows;
}

}  // namespace allometer::report
