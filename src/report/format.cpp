#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "report/numbers.hpp"
#include "report/report.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kListedCells = 10;
constexpr double kMebibyte = 1024.0 * 1024.0;

const results::PlannedTask& task_of(const Report& report, const SizeRow& row) {
  return report.plan.tasks[static_cast<std::size_t>(row.task)];
}

const results::PlannedMetric& metric_of(const Report& report, const SizeRow& row) {
  return task_of(report, row).metrics[static_cast<std::size_t>(row.metric)];
}

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}", 100 * share);
}

/// The confidence as text: "95%".
std::string confidence_text(const Report& report) {
  return fmt::format("{:.4g}%", 100 * report.settings.confidence);
}

std::string size_word(const Report& report) {
  return report.settings.with_embeddings ? "parameters" : "parameters without embeddings";
}

/// What stands in a column, if it says the same in every row and so need not be a column.
template <class Text>
bool same_in_all(const std::vector<SizeRow>& rows, Text text) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const SizeRow& row) { return text(row) == text(rows.front()); });
}

/// A column of the size table.
struct SizeColumn {
  std::string header;
  Align align;
  bool may_shrink;
  std::function<std::string(const SizeRow&)> text;
};

/// One letter or more for each set of models: A, B .. Z, AA ..
std::map<std::string, std::string> letters_of(const std::vector<SizeRow>& rows) {
  std::set<std::string> names;
  for (const SizeRow& row : rows) names.insert(row.models);
  std::map<std::string, std::string> letters;
  for (const std::string& name : names) {
    std::string letter;
    for (std::size_t i = letters.size() + 1; i > 0; i = (i - 1) / 26) {
      letter.insert(letter.begin(), static_cast<char>('A' + (i - 1) % 26));
    }
    letters[name] = letter;
  }
  return letters;
}

std::vector<SizeColumn> size_columns(const Report& report,
                                     const std::map<std::string, std::string>& letters) {
  const auto& rows = report.size_rows;
  std::vector<SizeColumn> columns;
  const auto add = [&](std::string header, Align align, auto text, bool may_shrink = false) {
    columns.push_back({std::move(header), align, may_shrink, text});
  };
  const auto shots = [](const SizeRow& row) { return std::to_string(row.num_fewshot); };
  const auto precision = [](const SizeRow& row) { return row.precision; };
  const auto sizes = [](const SizeRow& row) { return std::to_string(row.num_sizes); };
  add(
      "task", Align::left, [&](const SizeRow& row) { return task_of(report, row).name; }, true);
  add(
      "metric", Align::left, [&](const SizeRow& row) { return metric_of(report, row).name; }, true);
  add("best", Align::left, [&](const SizeRow& row) {
    return std::string(metric_of(report, row).higher_is_better ? "high" : "low");
  });
  if (letters.size() > 1) {
    add("set", Align::left, [&](const SizeRow& row) { return letters.at(row.models); });
  }
  if (!same_in_all(rows, shots)) add("shot", Align::right, shots);
  if (!same_in_all(rows, precision)) add("prec", Align::left, precision);
  if (!same_in_all(rows, sizes)) add("n", Align::right, sizes);
  add("rho", Align::right, [](const SizeRow& row) { return coefficient_text(row.spearman.value); });
  add("r", Align::right, [](const SizeRow& row) { return coefficient_text(row.pearson.value); });
  add("tau", Align::right, [](const SizeRow& row) { return coefficient_text(row.kendall.value); });
  add("p", Align::right, [](const SizeRow& row) { return probability_text(row.spearman.p); });
  add("least\np", Align::right,
      [](const SizeRow& row) { return probability_text(row.spearman.smallest_p); });
  add("per\n10x N", Align::right, [](const SizeRow& row) { return short_number(row.slope, true); });
  add("+-\n(t)", Align::right,
      [](const SizeRow& row) { return short_number(0.5 * (row.slope_t_high - row.slope_t_low)); });
  add(confidence_text(report) + " over\nquestions", Align::right,
      [](const SizeRow& row) { return interval_text(row.slope_ci_low, row.slope_ci_high); });
  add("as N\ngrows", Align::left,
      [](const SizeRow& row) { return std::string(name_of(row.trend)); });
  return columns;
}

/// The models of a row, smallest first: "by N: 14.0k: 0.251, 50.0k: 0.262"; the middle is left out
/// where there are many.
std::string scores_by_size(const SizeRow& row) {
  constexpr std::size_t kShown = 8;
  std::string text = "by N:";
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    if (row.points.size() > kShown && i == kShown / 2) {
      text += " ...";
      i = row.points.size() - kShown / 2;
    }
    text += fmt::format(" {}: {},", count_text(row.points[i].parameters),
                        short_number(row.points[i].estimate));
  }
  text.pop_back();
  return text;
}

/// Notes that all rows of a set of models have, by set: they are said once.
using SharedNotes = std::map<std::string, std::set<std::string>>;

SharedNotes shared_notes(const std::vector<SizeRow>& rows) {
  SharedNotes shared;
  std::map<std::string, int> num_rows;
  for (const SizeRow& row : rows) {
    if (num_rows[row.models]++ == 0) shared[row.models] = {row.notes.begin(), row.notes.end()};
    std::erase_if(shared[row.models], [&](const std::string& note) {
      return std::find(row.notes.begin(), row.notes.end(), note) == row.notes.end();
    });
  }
  // What a single row has to say stands below it.
  for (const auto& [models, count] : num_rows) {
    if (count == 1) shared[models].clear();
  }
  return shared;
}

void append_wrapped(std::string& out, const std::string& text, std::size_t first_indent = 0) {
  out += wrap(text, first_indent, first_indent + 2) + "\n";
}

void append_same_in_all(std::string& out, const std::vector<SizeRow>& rows) {
  const SizeRow& first = rows.front();
  std::string same;
  const auto add = [&](const std::string& text) { same += (same.empty() ? "" : "; ") + text; };
  if (same_in_all(rows, [](const SizeRow& row) { return row.num_sizes; })) {
    add(fmt::format("{} size{}", first.num_sizes, first.num_sizes == 1 ? "" : "s"));
  }
  if (same_in_all(rows, [](const SizeRow& row) { return row.num_fewshot; })) {
    add(fmt::format("{} shots", first.num_fewshot));
  }
  if (same_in_all(rows, [](const SizeRow& row) { return row.precision; })) add(first.precision);
  if (!same.empty()) append_wrapped(out, "All rows: " + same + ".");
}

/// What each letter of the column `set` stands for, or the one set there is; and what all of its
/// rows have to say.
void append_sets(std::string& out, const std::map<std::string, std::string>& letters,
                 const SharedNotes& notes) {
  for (const auto& [models, letter] : letters) {
    std::string line =
        letters.size() == 1 ? "Models: " + models : fmt::format("Set {}: {}", letter, models);
    for (const std::string& note : notes.at(models)) line += "; " + note;
    append_wrapped(out, line + ".");
  }
}

void append_size_footnotes(std::string& out, const Report& report) {
  append_wrapped(
      out,
      "best: whether a high or a low value is good. rho, r, tau: correlation of the "
      "value with log10 N by Spearman, Pearson and Kendall (tau-b); a loss that falls as "
      "N grows has a negative sign and improves.");
  append_wrapped(out,
                 "p: two-sided permutation p of rho over models. least p: the smallest that this "
                 "many sizes and ties can reach, so a p that equals it could not be smaller.");
  append_wrapped(
      out,
      fmt::format("per 10x N: change of the value when N grows tenfold (least squares). +- (t): "
                  "half its {0} Student t interval over models. {0} over questions: its "
                  "bootstrap interval over questions, these models given ({1} draws).",
                  confidence_text(report), report.settings.bootstrap_draws));
  append_wrapped(out,
                 "as N grows: improves or worsens if the interval over questions is on one side of "
                 "0, else unclear; it speaks of these models only, p of models like them.");
}

void append_size_table(std::string& out, const Report& report) {
  out += fmt::format(
      "What grows with size: values against log10 N, N = {}; weakest correlation first\n\n",
      size_word(report));
  if (report.size_rows.empty()) {
    out += "No finished cells: nothing to correlate yet.\n\n";
    return;
  }
  const auto letters = letters_of(report.size_rows);
  const auto columns = size_columns(report, letters);
  const auto shared = shared_notes(report.size_rows);
  TextTable table;
  for (const auto& column : columns) {
    table.add_column(column.header, column.align, column.may_shrink);
  }
  for (const SizeRow& row : report.size_rows) {
    std::vector<std::string> texts;
    texts.reserve(columns.size());
    for (const auto& column : columns) texts.push_back(column.text(row));
    table.add_row(std::move(texts));
    table.add_note(scores_by_size(row));
    for (const std::string& note : row.notes) {
      if (!shared.at(row.models).contains(note)) table.add_note("note: " + note);
    }
  }
  out += table.format() + "\n";
  append_same_in_all(out, report.size_rows);
  append_sets(out, letters, shared);
  append_size_footnotes(out, report);
  out += "\n";
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
  for (const EfficiencyRow& row : report.efficiency_rows) {
    const auto& variant = report.plan.variants[static_cast<std::size_t>(row.variant)];
    measured_everywhere &= row.energy_joules.has_value();
    table.add_row(
        {variant.name + (row.random_weights ? " (random)" : ""), count_text(row.parameters),
         std::to_string(row.cells), count_text(static_cast<double>(row.cost.tokens_computed)),
         short_number(row.cost.wall_seconds), count_text(row.tokens_per_second), percent(row.mfu),
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

std::string format_tables(const Report& report) {
  std::string out;
  append_size_table(out, report);
  append_efficiency_table(out, report);
  append_open_cells(out, report);
  return out;
}

}  // namespace allometer::report
