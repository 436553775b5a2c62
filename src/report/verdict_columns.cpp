#include "report/verdict_columns.hpp"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/table_columns.hpp"

namespace allometer::report {
namespace {

using VerdictColumns = Columns<VerdictRow>;

void add_names(VerdictColumns& columns) {
  columns.text("kind", [](const VerdictRow& row) {
    return std::string(row.is_ability ? "ability" : "task");
  });
  columns.text("name", &VerdictRow::name);
  columns.text("metric", &VerdictRow::metric);
  columns.text("precision", &VerdictRow::precision);
  columns.text("models", &VerdictRow::models);
  columns.text("verdict", [](const VerdictRow& row) { return name_of(row.verdict); });
  columns.text("score_unit", [](const VerdictRow& row) { return name_of(row.unit); });
  columns.text("needs", [](const VerdictRow& row) { return row.needs.text; });
  columns.text("remarks", [](const VerdictRow& row) {
    return fmt::format("{}", fmt::join(row.remarks, "; "));
  });
  columns.number("num_fewshot", "1", "demonstrations in the prompt, of a task",
                 &VerdictRow::num_fewshot);
}

void add_evidence(VerdictColumns& columns) {
  const auto slope = [&](const char* name, const char* meaning, auto part) {
    columns.number(name, "1", meaning,
                   [part](const VerdictRow& row) { return row.evidence.slope.*part; });
  };
  const auto evidence = [&](const char* name, const char* meaning, auto part) {
    columns.number(name, "1", meaning,
                   [part](const VerdictRow& row) { return row.evidence.*part; });
  };
  evidence("num_sizes", "distinct sizes that bear on the slope", &Evidence::num_sizes);
  slope("num_models", "models that bear on the slope", &SlopeEstimate::num_models);
  slope("num_families", "families of those, models of other levers being another one",
        &SlopeEstimate::num_families);
  columns.text("slope_errors", [](const VerdictRow& row) { return row.evidence.slope.errors; });
  slope("slope", "change of the rescaled score per tenfold N", &SlopeEstimate::value);
  slope("slope_standard_error", "over models", &SlopeEstimate::standard_error);
  slope("slope_df", "degrees of freedom of its t distribution", &SlopeEstimate::degrees_of_freedom);
  slope("slope_t_low", "lower end of its t interval over models", &SlopeEstimate::t_low);
  slope("slope_t_high", "upper end of its t interval over models", &SlopeEstimate::t_high);
  slope("slope_ci_low", "lower end of its bootstrap interval over questions",
        &SlopeEstimate::ci_low);
  slope("slope_ci_high", "upper end of its bootstrap interval over questions",
        &SlopeEstimate::ci_high);
  evidence("permutation_p", "two-sided permutation p of rho, within families",
           &Evidence::permutation_p);
  evidence("smallest_permutation_p", "smallest that it can reach",
           &Evidence::smallest_permutation_p);
  const auto claim = [&](const std::string& name, const char* meaning, double Claims::*part) {
    columns.number(name + "_p", "1", meaning,
                   [part](const VerdictRow& row) { return row.claims.*part; });
    columns.number(name + "_holm_p", "1", std::string(meaning) + ", adjusted by Holm",
                   [part](const VerdictRow& row) { return row.adjusted.*part; });
  };
  claim("slope", "p of t against a slope of nought", &Claims::slope);
  claim("flat", "p of two one-sided tests against the margin", &Claims::flat);
  claim("turn", "p of the two-lines test", &Claims::turn);
  columns.number("turn_at", "1", "N where the two lines meet", &VerdictRow::turn_at);
  const auto needs = [&](const char* name, const char* meaning, auto part) {
    columns.number(name, "1", meaning, [part](const VerdictRow& row) { return row.needs.*part; });
  };
  needs("sizes_needed", "where it cannot tell; 0: unknown, or no number would do", &Needs::sizes);
  needs("questions_needed", "as many times the questions, where that would do", &Needs::questions);
  needs("question_share", "of the squared error, where it cannot tell", &Needs::question_share);
}

void add_correlations(VerdictColumns& columns, const std::string& prefix, const std::string& what,
                      Correlations Comparison::*of) {
  const auto add = [&](const char* name, const char* meaning, double Correlations::*part) {
    columns.number(prefix + name, "1", meaning + what,
                   [of, part](const VerdictRow& row) { return row.comparison.*of.*part; });
  };
  add("r", "correlation with log10 N", &Correlations::measure);
  add("contrast_r", "correlation of the contrast with log10 N", &Correlations::contrast);
  add("between_r", "correlation with the contrast", &Correlations::between);
  add("williams_t", "Williams' t of equal correlations with log10 N", &Correlations::williams_t);
  add("williams_df", "its degrees of freedom", &Correlations::williams_df);
  add("williams_p", "its two-sided p", &Correlations::williams_p);
  add("r_difference", "correlation with log10 N less that of the contrast",
      &Correlations::difference);
  add("r_difference_low", "lower end of Zou's interval", &Correlations::difference_low);
  add("r_difference_high", "upper end of Zou's interval", &Correlations::difference_high);
}

void add_comparison(VerdictColumns& columns) {
  columns.text("contrast_undefined",
               [](const VerdictRow& row) { return row.comparison.undefined; });
  const auto add = [&](const char* name, const char* meaning, auto part) {
    columns.number(name, "1", meaning,
                   [part](const VerdictRow& row) { return row.comparison.*part; });
  };
  add("contrast_num_models", "models that have both", &Comparison::num_models);
  add("reliability", "split-half reliability over models", &Comparison::reliability);
  add("contrast_reliability", "that of the contrast", &Comparison::contrast_reliability);
  add_correlations(columns, "", "", &Comparison::observed);
  add_correlations(columns, "corrected_", ", corrected for attenuation", &Comparison::corrected);
  const auto slope = [&](const char* name, const char* meaning, double SlopeEstimate::*part) {
    columns.number(name, "1", meaning,
                   [part](const VerdictRow& row) { return row.comparison.slope.*part; });
  };
  slope("slope_difference", "slope less that of the contrast", &SlopeEstimate::value);
  slope("slope_difference_df", "degrees of freedom of its t distribution",
        &SlopeEstimate::degrees_of_freedom);
  slope("slope_difference_t_low", "lower end of its t interval over models", &SlopeEstimate::t_low);
  slope("slope_difference_t_high", "upper end of it", &SlopeEstimate::t_high);
  slope("slope_difference_p", "two-sided p of t", &SlopeEstimate::p);
  slope("slope_difference_ci_low", "lower end of its paired bootstrap interval over questions",
        &SlopeEstimate::ci_low);
  slope("slope_difference_ci_high", "upper end of it", &SlopeEstimate::ci_high);
}

}  // namespace

results::AnalysisTable verdict_table(const Report& report) {
  results::AnalysisTable table;
  table.name = "analysis_verdict";
  table.dimension = "verdict_row";
  VerdictColumns columns(table, report.verdict_rows);
  add_names(columns);
  add_evidence(columns);
  columns.number("margin", "1", "slope that is worth speaking of: the job's smallest_effect",
                 [&](const VerdictRow&) { return report.settings.smallest_effect; });
  add_comparison(columns);
  return table;
}

}  // namespace allometer::report
