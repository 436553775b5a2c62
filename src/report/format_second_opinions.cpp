#include <cmath>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

void add_line(TextTable& table, const std::string& name, const std::string& models,
              const HierarchicalSlope& slope, const MixedSlope& mixed) {
  const bool has_mixed = !std::isnan(mixed.value);
  table.add_row(
      {name, models, interval_text(slope.low, slope.high),
       std::isnan(slope.coverage) ? "-" : fmt::format("{:.0f}", 100 * slope.coverage),
       slope.num_draws == 0 ? "-" : fmt::format("{} of {}", slope.num_degenerate, slope.num_draws),
       has_mixed ? short_number(mixed.value, true)
                 : (mixed.undefined.empty() ? "-" : mixed.undefined),
       interval_text(mixed.low, mixed.high)});
}

}  // namespace

void append_second_opinions(std::string& out, const Report& report) {
  const Settings& settings = report.settings;
  if (!settings.hierarchical && !settings.mixed_model) return;
  TextTable table;
  table.add_column("ability\nor task", Align::left, true);
  table.add_column("models", Align::left, true);
  table.add_column("slope, bootstrap\nof all levels", Align::right);
  table.add_column("holds\n%", Align::right);
  table.add_column("draws\nwithout", Align::right);
  table.add_column("log odds\nper 10x", Align::right);
  table.add_column("Wald\n" + confidence_text(report) + " CI", Align::right);
  for (const AbilityRow& row : report.ability_rows) {
    if (!row.random_weights) add_line(table, row.ability, row.models, row.hierarchical, {});
  }
  for (const SizeRow& row : report.size_rows) {
    if (row.random_weights || row.within_family) continue;
    if (!task_of(report, row).is_headline(metric_of(report, row))) continue;
    add_line(table, fmt::format("  {}, {} shots", task_of(report, row).name, row.num_fewshot),
             row.models, row.hierarchical, row.mixed);
  }
  out += "Second opinions\n\n" + table.format() + "\n";
  append_wrapped(
      out,
      "slope: interval of the bootstrap over families, their models and the questions, within "
      "families where there are several; holds: how often such 95 % intervals held the true slope "
      "in simulations of so many families and models; draws without: resamples that had no two "
      "sizes to compare, left out. log odds: of a right answer, by a logistic model with random "
      "questions and families (Laplace); its interval is over questions, models being given.");
  out += "\n";
}

}  // namespace allometer::report
