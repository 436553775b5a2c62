#include <algorithm>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

std::string name_of_row(const AbilityRow& row) {
  return row.ability + (row.random_weights ? " (random)" : "");
}

}  // namespace

void append_abilities(std::string& out, const Report& report) {
  const std::vector<AbilityRow>& rows = report.ability_rows;
  if (rows.empty()) return;
  out += "Abilities against log10 N, weakest correlation first\n\n";
  const auto differ = [&](auto get) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const AbilityRow& row) { return get(row) != get(rows.front()); });
  };
  const bool several_precisions = differ([](const AbilityRow& row) { return row.precision; });
  TextTable table;
  table.add_column("ability", Align::left);
  if (several_precisions) table.add_column("prec", Align::left);
  table.add_column("models", Align::left, true);
  for (const char* header : {"sizes", "tasks", "rho"}) table.add_column(header, Align::right);
  table.add_column(confidence_text(report) + " CI\nquestions", Align::right);
  for (const char* header : {"p", "min p", "slope per\n10x N"})
    table.add_column(header, Align::right);
  table.add_column(confidence_text(report) + " CI\nquestions", Align::right);
  table.add_column("as N\ngrows", Align::left);
  for (const AbilityRow& row : rows) {
    std::vector<std::string> texts{name_of_row(row)};
    if (several_precisions) texts.push_back(row.precision);
    texts.insert(
        texts.end(),
        {row.models, std::to_string(row.num_sizes), std::to_string(row.num_tasks),
         coefficient_text(row.spearman.value),
         interval_text(row.spearman.ci_low, row.spearman.ci_high), probability_text(row.spearman.p),
         probability_text(row.spearman.smallest_p), short_number(row.slope.value, true),
         interval_text(row.slope.ci_low, row.slope.ci_high), std::string(name_of(row.trend))});
    table.add_row(std::move(texts));
  }
  out += table.format() + "\n";
  append_wrapped(
      out,
      "An ability's score of a model is the mean over its tasks (and numbers of shots) of the "
      "headline metric, rescaled so that 0 is guessing and 1 perfect (a loss: relative to the mean "
      "of the models, less being better).");
  out += "\n";
}

}  // namespace allometer::report
