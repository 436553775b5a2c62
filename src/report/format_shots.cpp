#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

/// The interval is left out where there was one draw only.
std::string with_interval(const Correlation& correlation) {
  if (std::isnan(correlation.ci_low)) return coefficient_text(correlation.value);
  return fmt::format("{} [{}, {}]", coefficient_text(correlation.value),
                     coefficient_text(correlation.ci_low), coefficient_text(correlation.ci_high));
}

std::string shots_of(const ShotsRow& row) {
  const std::vector<std::int32_t>& shots = row.points.front().shots;
  return fmt::format("{}..{}", shots.front(), shots.back());
}

/// A task's headline metric, and the one that no threshold stands before; the rest are in the file.
bool is_shown(const Report& report, const ShotsRow& row) {
  const auto& task = report.plan.tasks[static_cast<std::size_t>(row.task)];
  const auto& metric = task.metrics[static_cast<std::size_t>(row.metric)];
  return task.is_headline(metric) || metric.name == "nll";
}

}  // namespace

void append_shots_table(std::string& out, const Report& report) {
  if (report.shots_rows.empty()) return;
  append_wrapped(
      out, fmt::format("What demonstrations add: value = level + gain x ln(1 + shots), of the "
                       "smallest and the largest model, fitted to the means over draws; spread: SD "
                       "over draws, of the largest; rho with log10 N, {} intervals over draws, if "
                       "there are several; p: permutation p of the gain's rho. Other metrics are "
                       "in the results file.",
                       confidence_text(report)));
  std::vector<const ShotsRow*> rows;
  for (const ShotsRow& row : report.shots_rows) {
    if (is_shown(report, row)) rows.push_back(&row);
  }
  std::map<std::string, std::size_t> sets;  // of models, numbered by their names
  for (const ShotsRow* row : rows) sets.try_emplace(row->models);
  std::size_t number = 0;
  for (auto& [models, set] : sets) set = ++number;
  const bool several_precisions = std::ranges::any_of(
      rows, [&](const ShotsRow* row) { return row->precision != rows.front()->precision; });
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("task", Align::left, true);
  table.add_column("metric", Align::left, true);
  if (several_precisions) table.add_column("prec", Align::left);
  if (sets.size() > 1) table.add_column("set", Align::left);
  table.add_column("shots", Align::left);
  table.add_column("level", Align::right);
  table.add_column("", Align::right);
  table.add_column("gain", Align::right);
  table.add_column("", Align::right);
  table.add_column("spread", Align::right);
  table.add_column("rho of level", Align::left);
  table.add_column("rho of gain", Align::left);
  table.add_column("p", Align::right);
  for (const ShotsRow* row : rows) {
    const auto& task = report.plan.tasks[static_cast<std::size_t>(row->task)];
    const ShotsPoint& first = row->points.front();
    const ShotsPoint& last = row->points.back();
    std::vector<std::string> texts{task.name,
                                   task.metrics[static_cast<std::size_t>(row->metric)].name};
    if (several_precisions) texts.push_back(row->precision);
    if (sets.size() > 1) texts.push_back(std::to_string(sets.at(row->models)));
    texts.insert(texts.end(),
                 {shots_of(*row), short_number(first.level), short_number(last.level),
                  short_number(first.gain, true), short_number(last.gain, true),
                  short_number(last.spread), with_interval(row->level.spearman),
                  with_interval(row->gain.spearman), probability_text(row->gain.spearman.p)});
    table.add_row(std::move(texts));
  }
  out += table.format() + "\n";
  for (const auto& [models, set] : sets) {
    if (sets.size() > 1) append_wrapped(out, fmt::format("Set {}: {}.", set, models));
  }
  if (sets.size() > 1) out += "\n";
}

}  // namespace allometer::report
