#include "report/efficiency.hpp"

#include <algorithm>
#include <map>

#include "report/rung.hpp"

namespace allometer::report {
namespace {

/// Sums of one variant beside its row.
struct Account {
  EfficiencyRow row;
  double flops_where_peak_is_known = 0;
  double possible_flops = 0;  ///< measured peak times busy seconds
  double joules = 0;
  bool energy_known = true;
};

void add(Account& account, const results::CellRow& cell) {
  results::Cost& sum = account.row.cost;
  const results::Cost& cost = cell.cost;
  ++account.row.cells;
  sum.wall_seconds += cost.wall_seconds;
  sum.load_seconds += cost.load_seconds;
  sum.tokens_computed += cost.tokens_computed;
  sum.tokens_requested += cost.tokens_requested;
  sum.flops += cost.flops;
  sum.peak_memory_bytes = std::max(sum.peak_memory_bytes, cost.peak_memory_bytes);
  if (cell.flops_per_second_peak > 0) {
    account.flops_where_peak_is_known += cost.flops;
    account.possible_flops += cell.flops_per_second_peak * cost.wall_seconds;
  }
  account.joules += cost.energy_joules.value_or(0);
  account.energy_known &= cost.energy_joules.has_value();
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
  if (account.energy_known) row.energy_joules = account.joules;
  row.cost.energy_joules = row.energy_joules;
  return row;
}

}  // namespace

std::vector<EfficiencyRow> efficiency_rows(const Source& source, const Settings& settings) {
  std::map<std::int32_t, Account> accounts;
  for (const auto& cell : source.cells) {
    if (cell.cell.in_job && cell.questions_done > 0) add(accounts[cell.cell.variant], cell);
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

}  // namespace allometer::report
