#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

std::string with_interval(const Correlation& correlation) {
  return coefficient_text(correlation.value) + " " +
         interval_text(correlation.ci_low, correlation.ci_high);
}

}  // namespace

void append_shots_table(std::string& out, const Report& report) {
  if (report.shots_rows.empty()) return;
  append_wrapped(
      out, fmt::format("\nWhat demonstrations add: value = level + gain x ln(1 + shots), fitted to "
                       "the means over draws; rho with log10 N, {} over draws",
                       confidence_text(report)));
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("task", Align::left, true);
  table.add_column("metric", Align::left, true);
  table.add_column("prec", Align::left);
  table.add_column("models", Align::right);
  table.add_column("shots", Align::left);
  table.add_column("draws", Align::right);
  table.add_column("level,\nsmallest", Align::right);
  table.add_column("largest", Align::right);
  table.add_column("gain,\nsmallest", Align::right);
  table.add_column("largest", Align::right);
  table.add_column("spread", Align::right);
  table.add_column("rho of level", Align::left);
  table.add_column("rho of gain", Align::left);
  for (const ShotsRow& row : report.shots_rows) {
    const auto& task = report.plan.tasks[static_cast<std::size_t>(row.task)];
    const ShotsPoint& first = row.points.front();
    const ShotsPoint& last = row.points.back();
    table.add_row({task.name, task.metrics[static_cast<std::size_t>(row.metric)].name,
                   row.precision, std::to_string(row.points.size()),
                   fmt::format("{}..{}", first.shots.front(), first.shots.back()),
                   std::to_string(first.num_draws), short_number(first.level),
                   short_number(last.level), short_number(first.gain, true),
                   short_number(last.gain, true), short_number(last.spread),
                   with_interval(row.level.spearman), with_interval(row.gain.spearman)});
  }
  out += table.format();
}

}  // namespace allometer::report
