#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

std::string with_interval(const Correlation& correlation) {
  return fmt::format("{} [{}, {}]", coefficient_text(correlation.value),
                     coefficient_text(correlation.ci_low), coefficient_text(correlation.ci_high));
}

std::string shots_of(const ShotsRow& row) {
  const std::vector<std::int32_t>& shots = row.points.front().shots;
  return fmt::format("{}..{}", shots.front(), shots.back());
}

/// A task's first metric, and the one that no threshold stands before; the rest are in the file.
bool is_shown(const results::PlannedTask& task, std::int32_t metric) {
  return metric == 0 || task.metrics[static_cast<std::size_t>(metric)].name == "nll";
}

}  // namespace

void append_shots_table(std::string& out, const Report& report) {
  if (report.shots_rows.empty()) return;
  append_wrapped(
      out, fmt::format("What demonstrations add: value = level + gain x ln(1 + shots), of the "
                       "smallest and the largest model, fitted to the means over draws; spread: SD "
                       "over draws, of the largest; rho with log10 N, {} intervals over draws. "
                       "Other metrics are in the results file.",
                       confidence_text(report)));
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("task", Align::left);
  table.add_column("metric", Align::left, true);
  table.add_column("prec", Align::left);
  table.add_column("shots", Align::left);
  table.add_column("level", Align::right);
  table.add_column("", Align::right);
  table.add_column("gain", Align::right);
  table.add_column("", Align::right);
  table.add_column("spread", Align::right);
  table.add_column("rho of level", Align::left);
  table.add_column("rho of gain", Align::left);
  for (const ShotsRow& row : report.shots_rows) {
    const auto& task = report.plan.tasks[static_cast<std::size_t>(row.task)];
    if (!is_shown(task, row.metric)) continue;
    const ShotsPoint& first = row.points.front();
    const ShotsPoint& last = row.points.back();
    table.add_row({task.name, task.metrics[static_cast<std::size_t>(row.metric)].name,
                   row.precision, shots_of(row), short_number(first.level),
                   short_number(last.level), short_number(first.gain, true),
                   short_number(last.gain, true), short_number(last.spread),
                   with_interval(row.level.spearman), with_interval(row.gain.spearman)});
  }
  out += table.format() + "\n";
}

}  // namespace allometer::report
