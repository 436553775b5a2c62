#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

/// More verdicts on tasks than this stand in the file only.
constexpr std::ptrdiff_t kMostTasks = 60;

std::string signed_number(double value) {
  return fmt::format("{:+.3g}", value);
}

/// "[-0.02, +0.03]"
std::string bracketed(double low, double high) {
  return fmt::format("[{}, {}]", signed_number(low), signed_number(high));
}

/// "p = .003" as readers of journals have it.
std::string p_text(double p) {
  if (p < 0.0005) return "p < .001";
  const std::string digits = fmt::format("{:.3f}", p);
  return "p = " + (digits.front() == '0' ? digits.substr(1) : digits);
}

/// "+0.21 [+0.15, +0.27] of the range from chance to perfect per ten-fold N".
std::string slope_text(const VerdictRow& row, std::string_view axis) {
  const SlopeEstimate& slope = row.evidence.slope;
  std::string text = signed_number(slope.value);
  if (!std::isnan(slope.t_low)) text += " " + bracketed(slope.t_low, slope.t_high);
  return fmt::format("{} {} per ten-fold {}", text, name_of(row.unit), axis);
}

/// "15 models within 2 families"; models of one family with other levers are a family of their own.
std::string models_text(const VerdictRow& row) {
  const SlopeEstimate& slope = row.evidence.slope;
  if (slope.num_families < 2) return fmt::format("{} models", slope.num_models);
  return fmt::format("{} models within {} families{}", slope.num_models, slope.num_families,
                     row.all_levers ? ", levers kept apart" : "");
}

std::string turn_text(const VerdictRow& row, std::string_view axis) {
  return fmt::format("it {} up to {} {} and then {} (two lines, Holm {})",
                     row.falls_first ? "falls" : "rises", count_text(row.turn_at), axis,
                     row.falls_first ? "rises" : "falls", p_text(row.adjusted.turn));
}

/// In brackets: what the verdict rests on.
std::string grounds_text(const VerdictRow& row, double margin) {
  const SlopeEstimate& slope = row.evidence.slope;
  std::string text = models_text(row);
  if (std::isnan(slope.t_low)) return text;
  text += fmt::format(", t with {:.1f} df", slope.degrees_of_freedom);
  if (row.verdict == Verdict::flat) {
    return text + fmt::format("; inside +-{:.3g}: Holm {}", margin, p_text(row.adjusted.flat));
  }
  if (!std::isnan(row.adjusted.slope)) text += ", Holm " + p_text(row.adjusted.slope);
  if (!std::isnan(row.evidence.permutation_p)) {
    text += ", by permutation " + p_text(row.evidence.permutation_p);
  }
  return text;
}

/// "less than contrast by 0.12 [0.05, 0.19]", or that they cannot be told apart; empty without a
/// contrast.
std::string contrast_text(const VerdictRow& row, const std::string& contrast) {
  const SlopeEstimate& slope = row.comparison.slope;
  if (!row.comparison.undefined.empty() || std::isnan(slope.t_low)) return {};
  if (slope.t_low <= 0 && slope.t_high >= 0) {
    return fmt::format("not told apart from {} (difference {} {})", contrast,
                       signed_number(slope.value), bracketed(slope.t_low, slope.t_high));
  }
  const bool less = slope.value < 0;
  const double low = less ? -slope.t_high : slope.t_low;
  const double high = less ? -slope.t_low : slope.t_high;
  return fmt::format("{} than {} by {:.3g} [{:.3g}, {:.3g}]", less ? "less" : "more", contrast,
                     std::abs(slope.value), low, high);
}

std::string sentence(const VerdictRow& row, const Report& report) {
  const std::string_view axis = name_of(report.settings.size);
  std::string text =
      fmt::format("{}: {}: {} ({})", row.name, name_of(row.verdict), slope_text(row, axis),
                  grounds_text(row, report.settings.smallest_effect));
  if (row.verdict == Verdict::u_shaped) text += "; " + turn_text(row, axis);
  if (row.verdict == Verdict::cannot_tell) text += "; " + row.needs.text;
  const std::string contrast = contrast_text(row, report.settings.contrast);
  if (!contrast.empty()) text += "; " + contrast;
  for (const std::string& remark : row.remarks) text += "; " + remark;
  return text + ".";
}

/// Those that are printed.
std::vector<const VerdictRow*> rows_of(const Report& report, std::ptrdiff_t& left_out) {
  std::vector<const VerdictRow*> rows;
  const auto is_task = [](const VerdictRow& row) { return !row.is_ability; };
  const auto tasks = std::count_if(report.verdict_rows.begin(), report.verdict_rows.end(), is_task);
  left_out = tasks > kMostTasks ? tasks : 0;
  for (const VerdictRow& row : report.verdict_rows) {
    if (row.is_ability || left_out == 0) rows.push_back(&row);
  }
  return rows;
}

void append_table(std::string& out, const Report& report,
                  const std::vector<const VerdictRow*>& rows) {
  const auto differ = [&](auto get) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const VerdictRow* row) { return get(*row) != get(*rows.front()); });
  };
  const bool shots = differ([](const VerdictRow& row) { return row.num_fewshot; });
  const bool precisions = differ([](const VerdictRow& row) { return row.precision; });
  TextTable table;
  table.add_column("ability\nor task", Align::left, true);
  if (shots) table.add_column("shots", Align::right);
  if (precisions) table.add_column("prec", Align::left);
  table.add_column("verdict", Align::left);
  table.add_column("sizes", Align::right);
  table.add_column("slope per\n10x", Align::right);
  table.add_column(confidence_text(report) + " CI\nmodels", Align::right);
  table.add_column("Holm p", Align::right);
  table.add_column("flat p", Align::right);
  table.add_column("perm p", Align::right);
  table.add_column("less " + report.settings.contrast + ",\n" + confidence_text(report) + " CI",
                   Align::right);
  for (const VerdictRow* row : rows) {
    const SlopeEstimate& slope = row->evidence.slope;
    const SlopeEstimate& difference = row->comparison.slope;
    std::vector<std::string> texts{row->is_ability ? row->name : "  " + row->name};
    if (shots) texts.push_back(row->is_ability ? "" : std::to_string(row->num_fewshot));
    if (precisions) texts.push_back(row->precision);
    texts.insert(texts.end(),
                 {std::string(name_of(row->verdict)), std::to_string(row->evidence.num_sizes),
                  short_number(slope.value, true), interval_text(slope.t_low, slope.t_high),
                  probability_text(row->adjusted.slope), probability_text(row->adjusted.flat),
                  probability_text(row->evidence.permutation_p),
                  interval_text(difference.t_low, difference.t_high)});
    table.add_row(std::move(texts));
  }
  out += table.format() + "\n";
}

/// Of intervals that hold for these families alone: how they would fare for others. Empty if there
/// are none.
std::string coverage_text(const Report& report) {
  double low = 1;
  double high = 0;
  for (const VerdictRow& row : report.verdict_rows) {
    const SlopeEstimate& slope = row.evidence.slope;
    if (std::isnan(slope.coverage) || slope.errors == "families") continue;
    low = std::min(low, slope.coverage);
    high = std::max(high, slope.coverage);
  }
  if (high == 0) return {};
  const std::string share = low == high ? fmt::format("{:.0f} %", 100 * low)
                                        : fmt::format("{:.0f} to {:.0f} %", 100 * low, 100 * high);
  return fmt::format(
      " With fewer than eight families intervals are of these families: in simulations 95 % "
      "intervals of so many sizes held the mean slope of all families {} of the time.",
      share);
}

void append_legend(std::string& out, const Report& report) {
  append_wrapped(
      out, fmt::format(
               "Slopes are of rescaled scores: 0 guessing, 1 perfect (a loss: relative to the "
               "mean of the models). grows, shrinks: the slope differs from 0, by t and by "
               "permutation. flat: it is surely within +-{:.3g}. U-shaped: two lines of opposite "
               "slopes. p are adjusted by Holm, over abilities and over tasks, but for perm p. "
               "Cannot tell does not mean flat.{}",
               report.settings.smallest_effect, coverage_text(report)));
}

}  // namespace

void append_verdict_rows(std::string& out, const Report& report) {
  if (report.verdict_rows.empty()) return;
  out += "What the data show\n\n";
  bool any_ability = false;
  for (const VerdictRow& row : report.verdict_rows) {
    if (!row.is_ability) continue;
    any_ability = true;
    append_wrapped(out, sentence(row, report), 2);
  }
  if (any_ability) out += "\n";
  std::ptrdiff_t left_out = 0;
  const auto rows = rows_of(report, left_out);
  if (!rows.empty()) append_table(out, report, rows);
  append_legend(out, report);
  if (left_out > 0) {
    append_wrapped(out,
                   fmt::format("{} verdicts on tasks: analysis_verdict in the file.", left_out));
  }
  out += "\n";
}

}  // namespace allometer::report
