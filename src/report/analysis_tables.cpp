#include <cmath>
#include <functional>
#include <utility>

#include "report/comparison_tables.hpp"
#include "report/report.hpp"
#include "report/table_columns.hpp"

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

std::string joined(const std::vector<std::string>& notes) {
  std::string all;
  for (const std::string& note : notes) all += (all.empty() ? "" : "; ") + note;
  return all;
}

/// `over`: what the bootstrap resamples. of_row: the Correlation.
template <class Row, class OfRow>
void add_correlation(Columns<Row>& columns, const std::string& name, const std::string& what,
                     const std::string& over, OfRow of_row) {
  const auto field = [of_row](double Correlation::*part) {
    return [of_row, part](const Row& row) { return of_row(row).*part; };
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

/// How the row goes with size.
template <class Row>
void add_relation(Columns<Row>& columns) {
  columns.number("num_models", "1", "models in the row",
                 [](const Row& row) { return row.points.size(); });
  columns.number("num_sizes", "1", "distinct sizes in the row",
                 [](const Row& row) { return row.num_sizes; });
  add_correlation(columns, "pearson_r", "Pearson correlation of the estimate", "questions",
                  [](const Row& row) { return row.pearson; });
  add_correlation(columns, "spearman_rho", "Spearman correlation of the estimate", "questions",
                  [](const Row& row) { return row.spearman; });
  add_correlation(columns, "kendall_tau_b", "Kendall correlation (tau-b) of the estimate",
                  "questions", [](const Row& row) { return row.kendall; });
  // Units of the slopes are those of the row's metric: they differ between rows.
  columns.number("slope_per_decade", "1",
                 "change of the estimate per tenfold N, in units of the metric",
                 [](const Row& row) { return row.slope; });
  columns.number("slope_t_low", "1", "lower end of the Student t interval over models of the slope",
                 [](const Row& row) { return row.slope_t_low; });
  columns.number("slope_t_high", "1",
                 "upper end of the Student t interval over models of the slope",
                 [](const Row& row) { return row.slope_t_high; });
  columns.number("slope_ci_low", "1",
                 "lower end of the bootstrap interval over questions of the slope",
                 [](const Row& row) { return row.slope_ci_low; });
  columns.number("slope_ci_high", "1",
                 "upper end of the bootstrap interval over questions of the slope",
                 [](const Row& row) { return row.slope_ci_high; });
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
  columns.text("precision", [](const SizeRow& row) { return row.precision; });
  columns.text("models", [](const SizeRow& row) { return row.models; });
  columns.text("trend", [](const SizeRow& row) { return name_of(row.trend); });
  columns.text("notes", [](const SizeRow& row) { return joined(row.notes); });
  columns.number("num_fewshot", "1", "demonstrations in the prompt",
                 [](const SizeRow& row) { return row.num_fewshot; });
  columns.number("higher_is_better", "1", "1 if a higher estimate is better, 0 if a lower one is",
                 [&](const SizeRow& row) { return metric(row).higher_is_better ? 1 : 0; });
  columns.number("chance", "1", "expected value of guessing",
                 [&](const SizeRow& row) { return metric(row).chance; });
  columns.number("random_weights", "1", "1 if the models have random weights",
                 [](const SizeRow& row) { return row.random_weights ? 1 : 0; });
  add_relation(columns);
  return table;
}

AnalysisTable ability_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_ability";
  table.dimension = "ability_row";
  Columns<AbilityRow> columns(table, report.ability_rows);
  columns.text("ability", [](const AbilityRow& row) { return row.ability; });
  columns.text("precision", [](const AbilityRow& row) { return row.precision; });
  columns.text("models", [](const AbilityRow& row) { return row.models; });
  columns.text("trend", [](const AbilityRow& row) { return name_of(row.trend); });
  columns.number("random_weights", "1", "1 if the models have random weights",
                 [](const AbilityRow& row) { return row.random_weights ? 1 : 0; });
  columns.number("num_tasks", "1", "tasks in the score",
                 [](const AbilityRow& row) { return row.num_tasks; });
  columns.number("num_measures", "1", "tasks times numbers of shots in the score",
                 [](const AbilityRow& row) { return row.num_rows; });
  columns.number("num_left_out", "1", "more measures, left out: they have no scale",
                 [](const AbilityRow& row) { return row.num_left_out; });
  add_relation(columns);
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
                 [](const RowPoint& p) { return p.row; });
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
  columns.number("parameters", "1", size_axis(report),
                 [](const EfficiencyRow& row) { return row.parameters; });
  columns.number("random_weights", "1", "1 if the model has random weights",
                 [](const EfficiencyRow& row) { return row.random_weights ? 1 : 0; });
  columns.number("num_cells", "1", "cells with any question answered",
                 [](const EfficiencyRow& row) { return row.cells; });
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
                 [](const EfficiencyRow& row) { return row.tokens_per_second; });
  columns.number("flops", "1", "floating-point operations of the model",
                 [](const EfficiencyRow& row) { return row.cost.flops; });
  columns.number("mfu", "1", "achieved share of the matrix-product rate measured at start",
                 [](const EfficiencyRow& row) { return row.mfu; });
  columns.number("tokens_saved", "1", "share of requested tokens that shared prefixes spared",
                 [](const EfficiencyRow& row) { return row.tokens_saved; });
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
  columns.text("precision", [](const ShotsRow& row) { return row.precision; });
  columns.text("models", [](const ShotsRow& row) { return row.models; });
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
                 [](const ShotsRowPoint& p) { return p.row; });
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
  std::vector<AnalysisTable> tables = {ability_table(report), size_table(report),
                                       point_table(report), efficiency_table(report)};
  if (!report.shots_rows.empty()) {
    tables.push_back(shots_table(report));
    tables.push_back(shots_point_table(report));
  }
  add_comparison_tables(tables, report);
  return tables;
}

}  // namespace allometer::report
