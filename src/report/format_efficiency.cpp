#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kGibibyte = 1024.0 * kMebibyte;

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}", 100 * share);
}

const std::string& variant_name(const Report& report, std::int32_t variant) {
  return report.plan.variants[static_cast<std::size_t>(variant)].name;
}

std::string name_of_row(const Report& report, const EfficiencyRow& row) {
  return variant_name(report, row.variant) + (row.random_weights ? " (random)" : "");
}

void append_efficiency_table(std::string& out, const Report& report) {
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
    measured_everywhere &= row.energy_joules.has_value();
    table.add_row(
        {name_of_row(report, row), count_text(row.parameters), std::to_string(row.cells),
         count_text(static_cast<double>(row.cost.tokens_computed)),
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

std::string joules_text(double joules, double count) {
  return std::isnan(joules) && count > 0 ? "unmeasured" : short_number(joules);
}

void append_answer_table(std::string& out, const Report& report) {
  TextTable table;
  table.add_column("variant", Align::left, true);
  table.add_column("answers", Align::right);
  for (const char* header : {"s per\nanswer", "GiB s per\nanswer", "J per\nanswer",
                             "right\nanswers", "s per\nright", "GiB s per\nright", "J per\nright"})
    table.add_column(header, Align::right);
  for (const EfficiencyRow& row : report.efficiency_rows) {
    const AnswerCost& any = row.per_answer;
    const AnswerCost& right = row.per_right_answer;
    table.add_row({name_of_row(report, row), count_text(any.count), short_number(any.seconds),
                   short_number(any.byte_seconds / kGibibyte), joules_text(any.joules, any.count),
                   count_text(right.count), short_number(right.seconds),
                   short_number(right.byte_seconds / kGibibyte),
                   joules_text(right.joules, right.count)});
  }
  out += "What an answer cost\n\n" + table.format() + "\n";
  append_wrapped(out,
                 "s: seconds of one busy rank. GiB s: the rank's largest resident set, held for "
                 "those seconds. right: over the tasks whose headline metric counts right answers, "
                 "all that they cost per answer that was right.\n");
}

// --- who is not dominated

std::string front_text(bool is_best, double cost) {
  return std::isnan(cost) ? "-" : is_best ? "yes" : "no";
}

void append_front(std::string& out, const Report& report) {
  std::vector<const ParetoRow*> all;
  for (const ParetoRow& row : report.pareto_rows) {
    if (row.ability.empty()) all.push_back(&row);
  }
  if (all.empty()) return;
  TextTable table;
  table.add_column("variant", Align::left, true);
  for (const char* header : {"score", "s per\nanswer", "not\ndominated", "memory\nMiB",
                             "not\ndominated", "J per\nanswer", "not\ndominated"})
    table.add_column(header, Align::right);
  for (const ParetoRow* row : all) {
    table.add_row({variant_name(report, row->variant), short_number(row->score, true),
                   short_number(row->seconds_per_answer),
                   front_text(row->is_best_for_time, row->seconds_per_answer),
                   fmt::format("{:.0f}", row->peak_memory_bytes / kMebibyte),
                   front_text(row->is_best_for_memory, row->peak_memory_bytes),
                   joules_text(row->joules_per_answer, 1),
                   front_text(row->is_best_for_energy, row->joules_per_answer)});
  }
  out += "Score against cost, over all tasks\n\n" + table.format() + "\n";
}

void append_fronts_of_abilities(std::string& out, const Report& report) {
  std::map<std::string, std::vector<std::string>> best;
  for (const ParetoRow& row : report.pareto_rows) {
    if (row.ability.empty() || !row.is_best_for_time) continue;
    best[row.ability].push_back(variant_name(report, row.variant));
  }
  if (best.empty()) return;
  out += "Not dominated in score and time, best score first:\n";
  for (const auto& [ability, variants] : best)
    append_wrapped(out, fmt::format("{}: {}", ability, fmt::join(variants, ", ")), 2);
}

void append_pareto(std::string& out, const Report& report) {
  if (report.pareto_rows.empty()) return;
  append_front(out, report);
  append_fronts_of_abilities(out, report);
  append_wrapped(
      out,
      "score: mean of the rescaled headline metrics (0 guessing, 1 perfect), of the "
      "variants that answered every task. A variant is dominated where another scores at "
      "least as well for at most its cost, and one of both is strictly better.");
  out += "\n";
}

}  // namespace

void append_efficiency(std::string& out, const Report& report) {
  if (report.efficiency_rows.empty()) {
    if (report.num_cells_done > 0) {
      append_wrapped(out,
                     "What it cost is unknown: results that were imported do not say what they "
                     "took.\n");
    }
    return;
  }
  append_efficiency_table(out, report);
  append_answer_table(out, report);
  append_pareto(out, report);
}

}  // namespace allometer::report
