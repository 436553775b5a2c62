#include "report/format.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/numbers.hpp"
#include "report/report.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kListedCells = 10;
constexpr double kMebibyte = 1024.0 * 1024.0;

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}", 100 * share);
}

void append_efficiency_table(std::string& out, const Report& report) {
  if (report.efficiency_rows.empty()) return;
  out += "What it cost, per model and precision\n\n";
  TextTable table;
  table.add_column("variant", Align::left, true);
  table.add_column("N", Align::right);
  table.add_column("cells", Align::right);
  table.add_column("tokens\ncomputed", Align::right);
  table.add_column("busy\ns", Align::right);
  table.add_column("tokens\nper s", Align::right);
  table.add_column("MFU\n%", Align::right);
  table.add_column("saved\n%", Align::right);
  table.add_column("load\ns", Align::right);
  table.add_column("memory\nMiB", Align::right);
  table.add_column("energy\nJ", Align::right);
  bool measured_everywhere = true;
  const bool peak_is_low = std::any_of(report.efficiency_rows.begin(), report.efficiency_rows.end(),
                                       [](const EfficiencyRow& row) { return row.mfu > 1; });
  const auto mfu_text = [&](const EfficiencyRow& row) {
    return percent(row.mfu) + (row.mfu > 1 ? "*" : peak_is_low ? " " : "");
  };
  for (const EfficiencyRow& row : report.efficiency_rows) {
    const auto& variant = report.plan.variants[static_cast<std::size_t>(row.variant)];
    measured_everywhere &= row.energy_joules.has_value();
    table.add_row(
        {variant.name + (row.random_weights ? " (random)" : ""), count_text(row.parameters),
         std::to_string(row.cells), count_text(static_cast<double>(row.cost.tokens_computed)),
         short_number(row.cost.wall_seconds), count_text(row.tokens_per_second), mfu_text(row),
         percent(row.tokens_saved), short_number(row.cost.load_seconds),
         fmt::format("{:.0f}", static_cast<double>(row.cost.peak_memory_bytes) / kMebibyte),
         row.energy_joules ? short_number(*row.energy_joules) : "unmeasured"});
  }
  out += table.format() + "\n";
  append_wrapped(out,
                 "busy: seconds of work, summed over ranks. tokens per s: of one busy rank. MFU: "
                 "floating-point operations of the model as a share of the matrix-product rate "
                 "measured at start. saved: share of the requests' tokens that another request had "
                 "already computed. load: waiting for weights. memory: largest resident set of a "
                 "rank. energy: package and memory counters, this variant's share.");
  if (peak_is_low) {
    append_wrapped(
        out,
        "*: above 100 % there is no such share. The rate was measured while the node was "
        "busier than during the sweep and is too low, so every MFU here is too high.");
  }
  if (!measured_everywhere) {
    append_wrapped(out, report.energy_source.empty()
                            ? "Energy unmeasured: no counter could be read on at least one node."
                            : "Energy " + report.energy_source + ".");
  }
  out += "\n";
}

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
  append_abilities(out, report);
  append_size_tables(out, report);
  append_scores(out, report);
  append_shots_table(out, report);
  append_efficiency_table(out, report);
  append_open_cells(out, report);
  return out;
}

}  // namespace allometer::report
