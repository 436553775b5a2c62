#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/format.hpp"
#include "report/levers.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

/// Of more tasks only these, by their p, are printed: the file has them all.
constexpr std::size_t kMostTaskRows = 30;
constexpr std::size_t kStrongestPairs = 5;

using LeverRows = std::vector<const LeverRow*>;

std::string name_of_row(const Report& report, const LeverRow& row) {
  if (row.task < 0) return row.ability;
  return report.plan.tasks[static_cast<std::size_t>(row.task)].name;
}

std::string signed_interval(double low, double high) {
  if (std::isnan(low)) return "-";
  return short_number(low, true) + ".." + short_number(high, true);
}

/// "+0.41 [+0.20, +0.90]"; the interval in words where it is not one.
std::string exchange_text(const LeverRow& row) {
  const std::string value = coefficient_text(row.exchange);
  const std::string low = coefficient_text(row.exchange_low);
  const std::string high = coefficient_text(row.exchange_high);
  switch (row.exchange_interval) {
    case ExchangeInterval::bounded:
      return fmt::format("{} [{}, {}]", value, low, high);
    case ExchangeInterval::outside:
      return fmt::format("{} <{} >{}", value, low, high);
    case ExchangeInterval::everything:
      return value + " any";
    case ExchangeInterval::none:
      break;
  }
  return value;
}

/// Of tasks, whose names are long, without what stands beside the effect as a check.
TextTable lever_table(const Report& report, const LeverRows& rows, bool of_tasks) {
  TextTable table;
  table.add_column(of_tasks ? "task" : "ability", Align::left, true);
  table.add_column("lever", Align::left);
  table.add_column("level", Align::left, true);
  table.add_column("effect", Align::right);
  table.add_column(confidence_text(report) + " CI\nmodels", Align::right);
  table.add_column("p adj", Align::right);
  table.add_column("per\n10x N", Align::right);
  table.add_column("worth in\ndecades of N", Align::left);
  table.add_column(of_tasks ? "inter-\naction p" : "interaction\n(p)", Align::right);
  if (!of_tasks) table.add_column("matched", Align::right);
  for (const LeverRow* row : rows) {
    const std::string p = probability_text(row->interaction.p);
    std::vector<std::string> texts{
        name_of_row(report, *row),
        row->lever,
        level_text(row->level),
        short_number(row->effect.value, true),
        signed_interval(row->effect.low, row->effect.high),
        probability_text(row->p_adjusted),
        short_number(row->decade.value, true),
        exchange_text(*row),
        of_tasks ? p : fmt::format("{} ({})", short_number(row->interaction.value, true), p)};
    if (!of_tasks) texts.push_back(short_number(row->matched.value, true));
    table.add_row(std::move(texts));
  }
  return table;
}

/// "data plain, shots 0"
std::string references_of(const Report& report) {
  std::set<std::string> references;
  for (const LeverRow& row : report.lever_rows)
    references.insert(row.lever + " " + level_text(row.reference));
  return fmt::format("{}", fmt::join(references, ", "));
}

/// Smallest p first, those without one last.
void sort_by_p(LeverRows& rows) {
  std::ranges::stable_sort(rows, [](const LeverRow* a, const LeverRow* b) {
    return std::pair(std::isnan(a->effect.p), a->effect.p) <
           std::pair(std::isnan(b->effect.p), b->effect.p);
  });
}

void append_lever_legend(std::string& out, const Report& report) {
  const auto unbounded = [](const LeverRow& row) {
    return row.exchange_interval == ExchangeInterval::outside ||
           row.exchange_interval == ExchangeInterval::everything;
  };
  append_wrapped(
      out,
      fmt::format(
          "effect: of the level instead of the reference ({}), at equal family, size and other "
          "levers; the score is rescaled to 0 for guessing and 1 for perfect (of a loss: relative "
          "to its mean, more being better). per 10x N: what ten-fold size does in the same model. "
          "worth: the one over the other, 1 being ten times the parameters. interaction: change of "
          "the effect per 10x N. matched: mean difference between models that differ in this lever "
          "alone, without the linear model. p adj: Benjamini and Hochberg over the rows.",
          references_of(report)));
  if (std::ranges::any_of(report.lever_rows, unbounded)) {
    append_wrapped(
        out,
        "Where an effect of size is not certain, what the lever is worth in sizes has no "
        "bounded interval (Fieller): \"<A >B\" is all but the values between, \"any\" leaves out "
        "none.");
  }
}

/// What is summed up of pairs.
struct PairSummary {
  std::size_t pairs = 0;
  std::size_t better = 0;
  std::size_t worse = 0;
  std::size_t untested = 0;
  std::map<PairMethod, std::size_t> methods;
};

bool is_better(const Report& report, const PairRow& row) {
  const auto& metric = report.plan.tasks[static_cast<std::size_t>(row.task)]
                           .metrics[static_cast<std::size_t>(row.metric)];
  return (row.difference > 0) == metric.higher_is_better;
}

bool differs(const Report& report, const PairRow& row) {
  return row.p_adjusted < 1 - report.settings.confidence;
}

std::string name_of_pair(const Report& report, const PairRow& row) {
  const auto& from = report.plan.variants[static_cast<std::size_t>(row.variant_from)].name;
  const auto& to = report.plan.variants[static_cast<std::size_t>(row.variant_to)].name;
  if (row.shots_from != row.shots_to)
    return fmt::format("{}, {} to {} shots", from, row.shots_from, row.shots_to);
  return fmt::format("{} to {}, {} shots", from, to, row.shots_from);
}

void append_strongest_pairs(std::string& out, const Report& report) {
  std::vector<const PairRow*> rows;
  for (const PairRow& row : report.pair_rows) {
    if (differs(report, row)) rows.push_back(&row);
  }
  const std::size_t listed = std::min(rows.size(), kStrongestPairs);
  std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(listed), {},
                            &PairRow::p);
  if (listed > 0) out += "Smallest p:\n";
  for (std::size_t i = 0; i < listed; ++i) {
    const PairRow& row = *rows[i];
    const auto& task = report.plan.tasks[static_cast<std::size_t>(row.task)];
    append_wrapped(
        out,
        fmt::format("{} {}: {}: {} [{}], {}, p adj {}", task.name,
                    task.metrics[static_cast<std::size_t>(row.metric)].name,
                    name_of_pair(report, row), short_number(row.difference, true),
                    signed_interval(row.ci_low, row.ci_high),
                    is_better(report, row) ? "better" : "worse", probability_text(row.p_adjusted)),
        2);
  }
}

}  // namespace

void append_levers(std::string& out, const Report& report) {
  LeverRows abilities, tasks;
  for (const LeverRow& row : report.lever_rows) (row.task < 0 ? abilities : tasks).push_back(&row);
  if (abilities.empty() && tasks.empty()) return;
  out += "What levers do, beside ten-fold size\n\n";
  if (!abilities.empty()) out += lever_table(report, abilities, false).format() + "\n";
  if (!tasks.empty()) {
    const std::size_t all = tasks.size();
    if (all > kMostTaskRows) sort_by_p(tasks);
    tasks.resize(std::min(all, kMostTaskRows));
    out += lever_table(report, tasks, true).format() + "\n";
    if (all > tasks.size()) {
      append_wrapped(out, fmt::format("The {} rows with the smallest p of {}; the results file has "
                                      "the others (analysis_lever).",
                                      tasks.size(), all));
    }
  }
  append_lever_legend(out, report);
  out += "\n";
}

void append_pairs(std::string& out, const Report& report) {
  if (report.pair_rows.empty()) return;
  std::map<std::tuple<std::string, std::string, std::string>, PairSummary> summaries;
  for (const PairRow& row : report.pair_rows) {
    PairSummary& summary = summaries[{row.lever, row.from, row.to}];
    ++summary.pairs;
    ++summary.methods[row.method];
    if (std::isnan(row.p_adjusted)) ++summary.untested;
    if (differs(report, row)) ++(is_better(report, row) ? summary.better : summary.worse);
  }
  out += "Pairs of models that differ in one lever alone, on the same task\n\n";
  TextTable table;
  for (const char* header : {"lever", "from", "to"}) table.add_column(header, Align::left, true);
  for (const char* header : {"pairs", "better", "worse", "not told\napart", "without\np"})
    table.add_column(header, Align::right);
  table.add_column("compared", Align::left);
  for (const auto& [key, summary] : summaries) {
    const auto& [lever, from, to] = key;
    std::string methods;
    for (const auto& [method, count] : summary.methods) {
      methods += fmt::format("{}{}{}", methods.empty() ? "" : "; ", name_of(method),
                             summary.methods.size() > 1 ? fmt::format(" ({})", count) : "");
    }
    const std::size_t told = summary.better + summary.worse + summary.untested;
    table.add_row({lever, level_text(from), level_text(to), std::to_string(summary.pairs),
                   std::to_string(summary.better), std::to_string(summary.worse),
                   std::to_string(summary.pairs - told), std::to_string(summary.untested),
                   methods});
  }
  out += table.format() + "\n";
  append_wrapped(
      out,
      fmt::format("Models of the same family and size, headline metrics. better, worse: p below "
                  "{:.3g} after Benjamini and Hochberg over all pairs. Paired: the same questions, "
                  "and McNemar's mid-p where answers are right or wrong. Each pair is in the "
                  "results file (analysis_pairs).",
                  1 - report.settings.confidence));
  if (std::ranges::count(report.pair_rows, PairMethod::unpaired, &PairRow::method) > 0) {
    append_wrapped(out,
                   "Published values come without their questions: their pairs are compared by two "
                   "standard errors, which sees less than the same questions would.");
  }
  append_strongest_pairs(out, report);
  out += "\n";
}

}  // namespace allometer::report
