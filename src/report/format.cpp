#include "report/format.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/report.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

constexpr std::size_t kListedCells = 10;

void append_open_cells(std::string& out, const Report& report) {
  const auto& open = report.open_cells;
  const auto failed = static_cast<std::size_t>(
      std::count_if(open.begin(), open.end(), [](const OpenCell& cell) { return cell.failed; }));
  out += fmt::format("Cells: {} done, {} failed, {} unfinished.\n", report.num_cells_done, failed,
                     open.size() - failed);
  // Failures are named before anything else; each kind has its own few lines.
  for (const bool is_failed : {true, false}) {
    std::size_t listed = 0;
    for (const OpenCell& cell : open) {
      if (cell.failed != is_failed || listed++ >= kListedCells) continue;
      append_wrapped(
          out, fmt::format("{}{}: {}", is_failed ? "failed: " : "", cell.name, cell.reason), 2);
    }
    if (listed > kListedCells) {
      out += fmt::format("  and {} more; the results file lists them all\n", listed - kListedCells);
    }
  }
}

}  // namespace

std::string confidence_text(const Report& report) {
  return fmt::format("{:.4g}%", 100 * report.settings.confidence);
}

const results::PlannedTask& task_of(const Report& report, const SizeRow& row) {
  return report.plan.tasks[static_cast<std::size_t>(row.task)];
}

const results::PlannedMetric& metric_of(const Report& report, const SizeRow& row) {
  return task_of(report, row).metrics[static_cast<std::size_t>(row.metric)];
}

void append_wrapped(std::string& out, const std::string& text, std::size_t first_indent) {
  out += wrap(text, first_indent, first_indent + 2) + "\n";
}

std::string format_tables(const Report& report) {
  std::string out;
  append_verdict_rows(out, report);
  append_second_opinions(out, report);
  append_abilities(out, report);
  append_size_tables(out, report);
  append_scores(out, report);
  append_shots_table(out, report);
  append_levers(out, report);
  append_pairs(out, report);
  append_fewer_questions(out, report);
  append_density(out, report);
  append_efficiency(out, report);
  append_open_cells(out, report);
  return out;
}

}  // namespace allometer::report
