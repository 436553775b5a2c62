#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

/// Rows within one of several families are printed from this many sizes on: with fewer no p can
/// fall below 0.05, and they would bury the rows of all families.
constexpr std::int32_t kLeastSizesWithinFamily = 5;
/// With more rows than this, only those of headline metrics are printed: nobody reads more.
constexpr std::size_t kMostRowsOfAllMetrics = 60;

/// Letters for texts that are explained once: a, b .. z, aa, or A, B .. Z, AA, in order of use. A
/// letter means the same in every table.
class Letters {
 public:
  explicit Letters(char first) : first_(first) {}

  const std::string& of(const std::string& text) {
    const auto [found, is_new] = letters_.try_emplace(text);
    if (is_new) {
      for (std::size_t i = letters_.size(); i > 0; i = (i - 1) / 26) {
        found->second.insert(found->second.begin(), static_cast<char>(first_ + (i - 1) % 26));
      }
    }
    return found->second;
  }

 private:
  char first_;
  std::map<std::string, std::string> letters_;
};

/// Footnotes that all rows of a set of models have, by set: they are said once, beside its name.
using SharedNotes = std::map<std::string, std::set<std::string>>;

SharedNotes shared_notes(const SizeRows& rows) {
  SharedNotes shared;
  std::map<std::string, int> num_rows;
  for (const SizeRow* row : rows) {
    const std::set<std::string> notes(row->footnotes.begin(), row->footnotes.end());
    if (num_rows[row->models]++ == 0) shared[row->models] = notes;
    std::erase_if(shared[row->models],
                  [&](const std::string& note) { return !notes.contains(note); });
  }
  // A single row has marks like any other.
  for (const auto& [models, count] : num_rows) {
    if (count == 1) shared[models].clear();
  }
  return shared;
}

/// One table of rows and what explains it.
class RowTable {
 public:
  RowTable(const Report& report, const SizeRows& rows, Letters& sets, Letters& footnotes)
      : report_(report),
        rows_(rows),
        sets_(sets),
        footnotes_(footnotes),
        shared_(shared_notes(rows)) {
    for (const auto& [models, notes] : shared_) sets_.of(models);
    add_columns();
  }

  void append_to(std::string& out) {
    TextTable table;
    for (const Column& column : columns_) {
      table.add_column(column.header, column.align, column.may_shrink);
    }
    for (const SizeRow* row : rows_) {
      std::vector<std::string> texts;
      texts.reserve(columns_.size());
      for (const Column& column : columns_) texts.push_back(column.text(*row));
      table.add_row(std::move(texts));
    }
    out += table.format() + "\n";
    append_same_in_all(out);
    append_sets(out);
    for (const auto& [letter, note] : used_) append_wrapped(out, letter + ": " + note + ".");
  }

 private:
  struct Column {
    std::string header;
    Align align;
    bool may_shrink;
    std::function<std::string(const SizeRow&)> text;
  };

  template <class Text>
  void add(std::string header, Align align, Text text, bool may_shrink = false) {
    columns_.push_back({std::move(header), align, may_shrink, std::move(text)});
  }

  void add_columns() {
    add(
        "task", Align::left, [&](const SizeRow& row) { return task_of(report_, row).name; }, true);
    add(
        "metric", Align::left, [&](const SizeRow& row) { return metric_of(report_, row).name; },
        true);
    add("best", Align::left, [&](const SizeRow& row) {
      return std::string(metric_of(report_, row).higher_is_better ? "high" : "low");
    });
    add_factors();
    add_statistics();
    add("note", Align::left, [&](const SizeRow& row) { return marks_of(row); });
  }

  void add_factors() {
    const auto shots = [](const SizeRow& row) { return std::to_string(row.num_fewshot); };
    const auto precision = [](const SizeRow& row) { return row.precision; };
    const auto sizes = [](const SizeRow& row) { return std::to_string(row.num_sizes); };
    if (shared_.size() > 1) {
      add("set", Align::left, [&](const SizeRow& row) { return sets_.of(row.models); });
    }
    if (!same_in_all(rows_, shots)) add("shots", Align::right, shots);
    if (!same_in_all(rows_, precision)) add("prec", Align::left, precision);
    if (!same_in_all(rows_, sizes)) add("sizes", Align::right, sizes);
  }

  void add_statistics() {
    add("rho", Align::right,
        [](const SizeRow& row) { return coefficient_text(row.spearman.value); });
    add("r", Align::right, [](const SizeRow& row) { return coefficient_text(row.pearson.value); });
    add("p", Align::right, [](const SizeRow& row) { return probability_text(row.spearman.p); });
    add("min p", Align::right,
        [](const SizeRow& row) { return probability_text(row.spearman.smallest_p); });
    add("q", Align::right, [](const SizeRow& row) { return probability_text(row.spearman_q); });
    add("slope per\n10x N", Align::right,
        [](const SizeRow& row) { return short_number(row.slope.value, true); });
    add("+-t", Align::right, [](const SizeRow& row) {
      return short_number(0.5 * (row.slope.t_high - row.slope.t_low));
    });
    add(confidence_text(report_) + " CI\nquestions", Align::right,
        [](const SizeRow& row) { return interval_text(row.slope.ci_low, row.slope.ci_high); });
    add("as N\ngrows", Align::left,
        [](const SizeRow& row) { return std::string(name_of(row.trend)); });
  }

  /// "a,c"; what the set's line says has no mark.
  std::string marks_of(const SizeRow& row) {
    std::string marks;
    for (const std::string& note : row.footnotes) {
      if (shared_.at(row.models).contains(note)) continue;
      const std::string& letter = footnotes_.of(note);
      if (std::find(used_.begin(), used_.end(), std::pair(letter, note)) == used_.end()) {
        used_.emplace_back(letter, note);
      }
      marks += (marks.empty() ? "" : ",") + letter;
    }
    return marks;
  }

  void append_same_in_all(std::string& out) const {
    const SizeRow& first = *rows_.front();
    std::string same;
    const auto add = [&](const std::string& text) { same += (same.empty() ? "" : "; ") + text; };
    if (same_in_all(rows_, [](const SizeRow& row) { return row.num_sizes; })) {
      add(fmt::format("{} size{}", first.num_sizes, first.num_sizes == 1 ? "" : "s"));
    }
    if (same_in_all(rows_, [](const SizeRow& row) { return row.num_fewshot; })) {
      add(fmt::format("{} shots", first.num_fewshot));
    }
    if (same_in_all(rows_, [](const SizeRow& row) { return row.precision; })) {
      add(first.precision);
    }
    if (!same.empty()) append_wrapped(out, "All rows: " + same + ".");
  }

  /// What each letter of the column `set` stands for, or the one set there is; and what all of its
  /// rows have to say.
  void append_sets(std::string& out) const {
    for (const auto& [models, notes] : shared_) {
      std::string line = shared_.size() == 1 ? "Models: " + models
                                             : fmt::format("Set {}: {}", sets_.of(models), models);
      for (const std::string& note : notes) line += "; " + note;
      append_wrapped(out, line + ".");
    }
  }

  const Report& report_;
  const SizeRows& rows_;
  Letters& sets_;
  Letters& footnotes_;
  SharedNotes shared_;
  std::vector<Column> columns_;
  std::vector<std::pair<std::string, std::string>> used_;  ///< letter and footnote
};

/// A line for every verdict there is, with its tasks: "improves: story_cloze (7 of 8 rows), ...".
void append_verdicts(std::string& out, const Report& report, const SizeRows& rows) {
  std::vector<std::string> tasks;  // weakest first
  std::map<std::string, int> total;
  std::map<Trend, std::map<std::string, int>> count;
  for (const SizeRow* row : rows) {
    const std::string task =
        task_of(report, *row).name + (row->random_weights ? " with random weights" : "");
    if (total[task]++ == 0) tasks.push_back(task);
    ++count[row->trend][task];
  }
  for (const auto& [trend, of_task] : count) {
    std::string line;
    for (const std::string& task : tasks) {
      const auto found = of_task.find(task);
      if (found == of_task.end()) continue;
      line += line.empty() ? fmt::format("{}:", name_of(trend)) : ",";
      const int all = total[task];
      line += fmt::format(" {} ({}{} row{})", task,
                          found->second == all ? "" : fmt::format("{} of ", found->second), all,
                          all == 1 ? "" : "s");
    }
    append_wrapped(out, line, 2);
  }
  out += "\n";
}

void append_legend(std::string& out, const Report& report) {
  append_wrapped(
      out,
      "best: are high or low values good? rho, r: correlation with log10 N by Spearman and "
      "Pearson (Kendall's tau-b is in the file). p: two-sided permutation p of rho over "
      "models; min p: the smallest that these sizes and ties can reach; q: p adjusted over "
      "all rows of trained models (Benjamini and Hochberg).");
  append_wrapped(
      out, fmt::format(
               "slope: change of the value for ten times the parameters, by least squares. +-t: "
               "half its {0} small-sample t interval over models. {0} CI questions: its bootstrap "
               "interval over questions ({1} draws), these models given.",
               confidence_text(report), report.settings.bootstrap_draws));
  append_wrapped(
      out,
      "as N grows: the task improves (a loss falls) or worsens if the interval over questions is "
      "on one side of 0, else it is unclear. That speaks of these models; p, of models like them.");
}

}  // namespace

void append_size_tables(std::string& out, const Report& report) {
  switch (report.settings.size) {
    case SizeAxis::without_embeddings:
      out += "What grows with size: values against log10 N, N = parameters without embeddings\n\n";
      break;
    case SizeAxis::total:
      out += "What grows with size: values against log10 N, N = parameters\n\n";
      break;
    default:
      out += fmt::format("What grows with size: values against log10 of {}\n\n",
                         name_of(report.settings.size));
  }
  if (report.size_rows.empty()) {
    out += "No finished cells: nothing to correlate yet.\n\n";
    return;
  }
  SizeRows trained;
  SizeRows random;
  SizeRows within;
  SizeRows left_to_file;
  const bool only_headlines = report.size_rows.size() > kMostRowsOfAllMetrics;
  std::size_t other_metrics = 0;
  for (const SizeRow& row : report.size_rows) {
    if (row.all_levers) continue;  // its verdict is printed
    if (only_headlines && !task_of(report, row).is_headline(metric_of(report, row))) {
      ++other_metrics;
      continue;
    }
    const bool is_left = row.within_family && row.num_sizes < kLeastSizesWithinFamily;
    (is_left              ? left_to_file
     : row.random_weights ? random
     : row.within_family  ? within
                          : trained)
        .push_back(&row);
  }
  Letters sets('A');
  Letters footnotes('a');
  const auto append = [&](std::string_view title, const SizeRows& rows) {
    if (rows.empty()) return;
    out += fmt::format("{}\n\n", title);
    RowTable(report, rows, sets, footnotes).append_to(out);
    out += "\n";
  };
  SizeRows judged = trained;
  judged.insert(judged.end(), random.begin(), random.end());
  append_verdicts(out, report, judged);
  append("Tasks and metrics, weakest correlation first", trained);
  append(
      "Models with random weights, weakest correlation first: these numbers say nothing of "
      "language",
      random);
  append("Within families: as above, each family alone", within);
  append_legend(out, report);
  if (other_metrics > 0) {
    append_wrapped(out, fmt::format("Only the headline metric of each task is printed. {} rows of "
                                    "other metrics: analysis_size in the file.",
                                    other_metrics));
  }
  if (!left_to_file.empty()) {
    append_wrapped(out, fmt::format("Rows that pool families mix size with family. {} row{} within "
                                    "families of fewer than {} sizes: analysis_size in the file.",
                                    left_to_file.size(), left_to_file.size() == 1 ? "" : "s",
                                    kLeastSizesWithinFamily));
  }
  out += "\n";
}

}  // namespace allometer::report
