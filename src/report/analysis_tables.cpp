#include <cmath>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/comparison_tables.hpp"
#include "report/report.hpp"
#include "report/table_columns.hpp"
#include "report/verdict_columns.hpp"

namespace allometer::report {
namespace {

using results::AnalysisTable;

/// What N is: the job chose.
std::string size_axis(const Report& report) {
  switch (report.settings.size) {
    case SizeAxis::without_embeddings:
      return "N: parameters without embeddings";
    case SizeAxis::total:
      return "N: parameters, embeddings included";
    default:
      return std::string(name_of(report.settings.size));
  }
}

/// `over`: what the bootstrap resamples. of_row: the Correlation.
template <class Row, class OfRow>
void add_correlation(Columns<Row>& columns, const std::string& name, const std::string& what,
                     const std::string& over, OfRow of_row) {
  const auto field = [of_row](double Correlation::*part) {
    return [of_row, part](const Row& row) { return std::invoke(of_row, row).*part; };
  };
  columns.number(name, "1", what + " with log10 N over models", field(&Correlation::value));
  columns.number(name + "_ci_low", "1",
                 "lower end of the bootstrap interval over " + over + " of " + name,
                 field(&Correlation::ci_low));
  columns.number(name + "_ci_high", "1",
                 "upper end of the bootstrap interval over " + over + " of " + name,
                 field(&Correlation::ci_high));
  columns.number(name + "_p", "1", "two-sided permutation p of " + name + " over models",
                 field(&Correlation::p));
  columns.number(name + "_smallest_p", "1", "smallest p that these sizes and ties can reach",
                 field(&Correlation::smallest_p));
}

/// of_row: the SlopeEstimate. Its value is NAME_per_decade.
template <class Row, class OfRow>
void add_slope(Columns<Row>& columns, const std::string& name, const std::string& what,
               OfRow of_row) {
  const auto field = [of_row](auto SlopeEstimate::*part) {
    return [of_row, part](const Row& row) { return std::invoke(of_row, row).*part; };
  };
  columns.text(name + "_errors", field(&SlopeEstimate::errors));
  columns.number(name + "_per_decade", "1", what + ", per tenfold N", field(&SlopeEstimate::value));
  columns.number(name + "_standard_error", "1", "standard error over models of " + name,
                 field(&SlopeEstimate::standard_error));
  columns.number(name + "_df", "1", "degrees of freedom of its t distribution",
                 field(&SlopeEstimate::degrees_of_freedom));
  columns.number(name + "_t_low", "1", "lower end of the t interval over models of " + name,
                 field(&SlopeEstimate::t_low));
  columns.number(name + "_t_high", "1", "upper end of the t interval over models of " + name,
                 field(&SlopeEstimate::t_high));
  columns.number(name + "_p", "1", "two-sided p of t", field(&SlopeEstimate::p));
  columns.number(
      name + "_t_coverage", "1",
      "how often such 95 % t intervals hold the mean slope of all families, by simulation",
      field(&SlopeEstimate::coverage));
  columns.number(name + "_ci_low", "1",
                 "lower end of the bootstrap interval over questions of " + name,
                 field(&SlopeEstimate::ci_low));
  columns.number(name + "_ci_high", "1",
                 "upper end of the bootstrap interval over questions of " + name,
                 field(&SlopeEstimate::ci_high));
}

/// of_row: the TestedCorrelation.
template <class Row, class OfRow>
void add_tested(Columns<Row>& columns, const std::string& name, const std::string& what,
                OfRow of_row) {
  columns.number(name, "1", what,
                 [of_row](const Row& row) { return std::invoke(of_row, row).value; });
  columns.number(name + "_df", "1", "degrees of freedom of " + name,
                 [of_row](const Row& row) { return std::invoke(of_row, row).degrees_of_freedom; });
  columns.number(name + "_p", "1", "two-sided p of t of " + name,
                 [of_row](const Row& row) { return std::invoke(of_row, row).p; });
}

/// "a = 0.1 [0.05, 0.15]; ...".
std::string text_of(const std::vector<Shape::Parameter>& parameters) {
  std::string text;
  for (const Shape::Parameter& parameter : parameters) {
    text += fmt::format("{}{} = {:.4g} [{:.4g}, {:.4g}]", text.empty() ? "" : "; ", parameter.name,
                        parameter.value, parameter.low, parameter.high);
  }
  return text;
}

template <class Row>
void add_shape(Columns<Row>& columns) {
  columns.text("curve", [](const Row& row) { return row.shape.curve; });
  columns.text("curve_parameters", [](const Row& row) { return text_of(row.shape.parameters); });
  columns.number("curve_r_squared", "1", "share of the variance of scores that the curve explains",
                 [](const Row& row) { return row.shape.r_squared; });
  columns.number("curve_aicc", "1", "AICc of the curve",
                 [](const Row& row) { return row.shape.aicc; });
  columns.number("line_aicc", "1", "AICc of a straight line in log10 N",
                 [](const Row& row) { return row.shape.line_aicc; });
  columns.number("quadratic_p", "1", "p of a turn by Lind and Mehlum's test",
                 [](const Row& row) { return row.shape.quadratic_p; });
  columns.number("turn_p", "1", "p of a turn by the two-lines test, 1 without opposite signs",
                 [](const Row& row) { return row.shape.turn_p; });
  columns.number("turn_at", "1", "N where the two lines meet",
                 [](const Row& row) { return row.shape.turn_at; });
  columns.number("inverse_scaling", "1", "1 if scores fall throughout",
                 [](const Row& row) { return row.shape.is_inverse ? 1 : 0; });
}

/// How the row goes with size.
template <class Row>
void add_relation(Columns<Row>& columns) {
  columns.number("num_models", "1", "models in the row",
                 [](const Row& row) { return row.points.size(); });
  columns.number("num_sizes", "1", "distinct sizes in the row", &Row::num_sizes);
  add_correlation(columns, "pearson_r", "Pearson correlation of the estimate", "questions",
                  &Row::pearson);
  add_correlation(columns, "spearman_rho", "Spearman correlation of the estimate", "questions",
                  &Row::spearman);
  add_correlation(columns, "kendall_tau_b", "Kendall correlation (tau-b) of the estimate",
                  "questions", &Row::kendall);
  // Units of the slopes are those of the row's metric: they differ between rows.
  add_slope(columns, "slope", "slope of one line through all models, in units of the metric",
            &Row::slope);
  add_slope(columns, "within_slope", "common slope of a line per family, in units of the metric",
            &Row::within_slope);
  add_tested(columns, "within_pearson_r", "Pearson correlation within families",
             &Row::within_pearson);
  columns.number("within_spearman_rho", "1", "Spearman correlation within families",
                 [](const Row& row) { return row.within_spearman.value; });
  columns.number("within_spearman_rho_p", "1", "its two-sided permutation p, within families",
                 [](const Row& row) { return row.within_spearman.p; });
  columns.number("within_spearman_rho_smallest_p", "1", "smallest p that it can reach",
                 [](const Row& row) { return row.within_spearman.smallest_p; });
  add_tested(columns, "partial_r", "Pearson correlation given the levers", &Row::partial);
  columns.number("hierarchical_low", "1",
                 "lower end of the interval over families, models and questions of the slope",
                 [](const Row& row) { return row.hierarchical.low; });
  columns.number("hierarchical_high", "1", "upper end of it",
                 [](const Row& row) { return row.hierarchical.high; });
  columns.number("hierarchical_coverage", "1", "how often such 95 % intervals hold, by simulation",
                 [](const Row& row) { return row.hierarchical.coverage; });
  columns.number("hierarchical_degenerate_draws", "1", "draws without a slope, left out",
                 [](const Row& row) { return row.hierarchical.num_degenerate; });
  columns.number("exact_permutation", "1",
                 "1 if every permutation was counted, 0 if they were drawn",
                 [](const Row& row) { return row.exact ? 1 : 0; });
}

AnalysisTable size_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_size";
  table.dimension = "size_row";
  Columns<SizeRow> columns(table, report.size_rows);
  const auto metric = [&](const SizeRow& row) -> const results::PlannedMetric& {
    return report.plan.tasks[static_cast<std::size_t>(row.task)]
        .metrics[static_cast<std::size_t>(row.metric)];
  };
  columns.text("task", [&](const SizeRow& row) {
    return report.plan.tasks[static_cast<std::size_t>(row.task)].name;
  });
  columns.text("metric", [&](const SizeRow& row) { return metric(row).name; });
  columns.text("metric_unit", [&](const SizeRow& row) { return metric(row).unit; });
  columns.text("precision", &SizeRow::precision);
  columns.text("models", &SizeRow::models);
  columns.text("trend", [](const SizeRow& row) { return name_of(row.trend); });
  columns.text("notes",
               [](const SizeRow& row) { return fmt::format("{}", fmt::join(row.notes, "; ")); });
  columns.number("num_fewshot", "1", "demonstrations in the prompt", &SizeRow::num_fewshot);
  columns.number("higher_is_better", "1", "1 if a higher estimate is better, 0 if a lower one is",
                 [&](const SizeRow& row) { return metric(row).higher_is_better ? 1 : 0; });
  columns.number("chance", "1", "expected value of guessing",
                 [&](const SizeRow& row) { return metric(row).chance; });
  columns.number("random_weights", "1", "1 if the models have random weights",
                 [](const SizeRow& row) { return row.random_weights ? 1 : 0; });
  add_relation(columns);
  columns.number("spearman_rho_q", "1",
                 "p of spearman_rho adjusted over all rows (Benjamini and Hochberg)",
                 &SizeRow::spearman_q);
  add_slope(columns, "logit_slope", "slope of accuracies on the logit scale", &SizeRow::logit);
  columns.text("mixed_undefined", [](const SizeRow& row) { return row.mixed.undefined; });
  const auto mixed = [&](const char* name, const char* meaning, double MixedSlope::*part) {
    columns.number(name, "1", meaning, [part](const SizeRow& row) { return row.mixed.*part; });
  };
  mixed("mixed_slope", "log odds per tenfold N, questions and families random", &MixedSlope::value);
  mixed("mixed_slope_low", "lower end of its Wald interval", &MixedSlope::low);
  mixed("mixed_slope_high", "upper end of its Wald interval", &MixedSlope::high);
  mixed("mixed_slope_p", "its two-sided Wald p", &MixedSlope::p);
  mixed("mixed_question_deviation", "standard deviation of questions, log odds",
        &MixedSlope::question_deviation);
  mixed("mixed_family_deviation", "standard deviation of families, log odds",
        &MixedSlope::family_deviation);
  add_shape(columns);
  return table;
}

AnalysisTable ability_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_ability";
  table.dimension = "ability_row";
  Columns<AbilityRow> columns(table, report.ability_rows);
  columns.text("ability", &AbilityRow::ability);
  columns.text("precision", &AbilityRow::precision);
  columns.text("models", &AbilityRow::models);
  columns.text("trend", [](const AbilityRow& row) { return name_of(row.trend); });
  columns.number("random_weights", "1", "1 if the models have random weights",
                 [](const AbilityRow& row) { return row.random_weights ? 1 : 0; });
  columns.text("score_unit", [](const AbilityRow& row) { return name_of(row.unit); });
  columns.number("num_tasks", "1", "tasks in the score", &AbilityRow::num_tasks);
  columns.number("num_measures", "1", "tasks times numbers of shots in the score",
                 &AbilityRow::num_rows);
  columns.number("num_left_out", "1", "more measures, left out: they have no scale",
                 &AbilityRow::num_left_out);
  add_relation(columns);
  add_shape(columns);
  return table;
}

/// A model in a row of the size table.
struct RowPoint {
  std::size_t row = 0;
  const Point* point = nullptr;
};

AnalysisTable point_table(const Report& report) {
  std::vector<RowPoint> points;
  for (std::size_t i = 0; i < report.size_rows.size(); ++i) {
    for (const Point& point : report.size_rows[i].points) points.push_back({i, &point});
  }
  AnalysisTable table;
  table.name = "analysis_points";
  table.dimension = "point";
  Columns<RowPoint> columns(table, points);
  const auto model = [&](const RowPoint& p) -> const results::PlannedModel& {
    return report.plan.models[static_cast<std::size_t>(p.point->model)];
  };
  columns.text("model", [&](const RowPoint& p) { return model(p).name; });
  columns.text("family", [&](const RowPoint& p) { return model(p).family; });
  columns.number("row_index", "1", "row of analysis_size that the point belongs to",
                 &RowPoint::row);
  columns.number("parameters", "1", size_axis(report),
                 [](const RowPoint& p) { return p.point->parameters; });
  columns.number("value", "1", "estimate over the questions of all seeds, in units of the metric",
                 [](const RowPoint& p) { return p.point->estimate; });
  columns.number("ci_low", "1", "lower end of the bootstrap interval over questions",
                 [](const RowPoint& p) { return p.point->ci_low; });
  columns.number("ci_high", "1", "upper end of the bootstrap interval over questions",
                 [](const RowPoint& p) { return p.point->ci_high; });
  return table;
}

/// `what`: the answers that are counted.
void add_answer_cost(Columns<EfficiencyRow>& columns, const std::string& name,
                     const std::string& what, AnswerCost EfficiencyRow::*cost) {
  const auto part = [cost](double AnswerCost::*member) {
    return [cost, member](const EfficiencyRow& row) { return row.*cost.*member; };
  };
  columns.number("num_" + name + "s", "1", what, part(&AnswerCost::count));
  columns.number("seconds_per_" + name, "s", "seconds of a busy rank for each of them",
                 part(&AnswerCost::seconds));
  columns.number("memory_time_per_" + name, "byte s",
                 "largest resident set of a rank, held for those seconds",
                 part(&AnswerCost::byte_seconds));
  columns.number("energy_per_" + name, "J", "energy for each of them", part(&AnswerCost::joules));
}

AnalysisTable efficiency_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_efficiency";
  table.dimension = "efficiency_row";
  Columns<EfficiencyRow> columns(table, report.efficiency_rows);
  columns.text("variant", [&](const EfficiencyRow& row) {
    return report.plan.variants[static_cast<std::size_t>(row.variant)].name;
  });
  columns.text("energy_source", [&](const EfficiencyRow& row) {
    if (row.energy_joules) return std::string("measured");
    return report.energy_source.empty() ? std::string("unmeasured") : report.energy_source;
  });
  columns.number("parameters", "1", size_axis(report), &EfficiencyRow::parameters);
  columns.number("random_weights", "1", "1 if the model has random weights",
                 [](const EfficiencyRow& row) { return row.random_weights ? 1 : 0; });
  columns.number("num_cells", "1", "cells with any question answered", &EfficiencyRow::cells);
  columns.number("tokens_computed", "1", "rows of forward passes",
                 [](const EfficiencyRow& row) { return row.cost.tokens_computed; });
  columns.number("tokens_requested", "1",
                 "tokens that one forward pass per request would have computed",
                 [](const EfficiencyRow& row) { return row.cost.tokens_requested; });
  columns.number("busy_seconds", "s", "seconds of work, summed over ranks",
                 [](const EfficiencyRow& row) { return row.cost.wall_seconds; });
  columns.number("load_seconds", "s", "seconds of attaching or packing weights, summed over ranks",
                 [](const EfficiencyRow& row) { return row.cost.load_seconds; });
  columns.number("tokens_per_second", "s-1", "computed tokens per second of a busy rank",
                 &EfficiencyRow::tokens_per_second);
  columns.number("flops", "1", "floating-point operations of the model",
                 [](const EfficiencyRow& row) { return row.cost.flops; });
  columns.number("mfu", "1", "achieved share of the matrix-product rate measured at start",
                 &EfficiencyRow::mfu);
  columns.number("tokens_saved", "1", "share of requested tokens that shared prefixes spared",
                 &EfficiencyRow::tokens_saved);
  columns.number("peak_memory", "byte", "largest resident set of one rank",
                 [](const EfficiencyRow& row) { return row.cost.peak_memory_bytes; });
  columns.number("energy", "J", "energy of the ranks' share of the counters",
                 [](const EfficiencyRow& row) { return row.energy_joules.value_or(kUndefined); });
  add_answer_cost(columns, "answer", "questions with an answer", &EfficiencyRow::per_answer);
  add_answer_cost(columns, "right_answer",
                  "right answers, of the finished cells whose headline metric counts them",
                  &EfficiencyRow::per_right_answer);
  return table;
}

AnalysisTable shots_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_shots";
  table.dimension = "shots_row";
  Columns<ShotsRow> columns(table, report.shots_rows);
  const auto task = [&](const ShotsRow& row) -> const results::PlannedTask& {
    return report.plan.tasks[static_cast<std::size_t>(row.task)];
  };
  columns.text("task", [&](const ShotsRow& row) { return task(row).name; });
  columns.text("metric", [&](const ShotsRow& row) {
    return task(row).metrics[static_cast<std::size_t>(row.metric)].name;
  });
  columns.text("precision", &ShotsRow::precision);
  columns.text("models", &ShotsRow::models);
  columns.number("num_models", "1", "models in the row",
                 [](const ShotsRow& row) { return row.points.size(); });
  columns.number("num_sizes", "1", "distinct sizes in the row",
                 [](const ShotsRow& row) { return row.level.num_sizes; });
  add_correlation(columns, "level_pearson_r", "Pearson correlation of the level", "draws",
                  [](const ShotsRow& row) { return row.level.pearson; });
  add_correlation(columns, "level_spearman_rho", "Spearman correlation of the level", "draws",
                  [](const ShotsRow& row) { return row.level.spearman; });
  add_correlation(columns, "gain_pearson_r", "Pearson correlation of the gain", "draws",
                  [](const ShotsRow& row) { return row.gain.pearson; });
  add_correlation(columns, "gain_spearman_rho", "Spearman correlation of the gain", "draws",
                  [](const ShotsRow& row) { return row.gain.spearman; });
  return table;
}

/// A model in a row of the table of shots.
struct ShotsRowPoint {
  std::size_t row = 0;
  const ShotsPoint* point = nullptr;
};

AnalysisTable shots_point_table(const Report& report) {
  std::vector<ShotsRowPoint> points;
  for (std::size_t i = 0; i < report.shots_rows.size(); ++i) {
    for (const ShotsPoint& point : report.shots_rows[i].points) points.push_back({i, &point});
  }
  AnalysisTable table;
  table.name = "analysis_shots_points";
  table.dimension = "shots_point";
  Columns<ShotsRowPoint> columns(table, points);
  columns.text("model", [&](const ShotsRowPoint& p) {
    return report.plan.models[static_cast<std::size_t>(p.point->model)].name;
  });
  const auto number = [&](const char* name, const char* meaning, auto member) {
    columns.number(name, "1", meaning,
                   [member](const ShotsRowPoint& p) { return p.point->*member; });
  };
  columns.number("row_index", "1", "row of analysis_shots that the point belongs to",
                 &ShotsRowPoint::row);
  columns.number("parameters", "1", size_axis(report),
                 [](const ShotsRowPoint& p) { return p.point->parameters; });
  columns.number("num_shots", "1", "different numbers of demonstrations",
                 [](const ShotsRowPoint& p) { return p.point->shots.size(); });
  number("num_draws", "draws of the demonstrations that have all of them", &ShotsPoint::num_draws);
  // Units are those of the row's metric: they differ between rows.
  number("level", "a of value = a + b ln(1 + shots), of the means over draws", &ShotsPoint::level);
  number("gain", "b of it: what each e-fold of 1 + shots adds", &ShotsPoint::gain);
  number("gain_t_low", "lower end of the Student t interval over shots of the gain",
         &ShotsPoint::gain_t_low);
  number("gain_t_high", "upper end of it", &ShotsPoint::gain_t_high);
  number("spread", "standard deviation over draws at the same shots, pooled over shots",
         &ShotsPoint::spread);
  number("gain_spread", "standard deviation over draws of the gain of each draw",
         &ShotsPoint::gain_spread);
  return table;
}

}  // namespace

std::vector<AnalysisTable> tables_of(const Report& report) {
  std::vector<AnalysisTable> tables = {verdict_table(report), ability_table(report),
                                       size_table(report), point_table(report),
                                       efficiency_table(report)};
  if (!report.shots_rows.empty()) {
    tables.push_back(shots_table(report));
    tables.push_back(shots_point_table(report));
  }
  add_comparison_tables(tables, report);
  return tables;
}

}  // namespace allometer::report
