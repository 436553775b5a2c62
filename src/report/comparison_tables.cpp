#include "report/comparison_tables.hpp"

#include "report/levers.hpp"
#include "report/table_columns.hpp"

namespace allometer::report {
namespace {

using results::AnalysisTable;

const results::PlannedTask& task_at(const Report& report, std::int32_t task) {
  return report.plan.tasks[static_cast<std::size_t>(task)];
}

/// Value, t interval and p.
void add_effect(Columns<LeverRow>& columns, const std::string& name, const std::string& what,
                Effect LeverRow::*effect) {
  const auto part = [effect](double Effect::*member) {
    return [effect, member](const LeverRow& row) { return row.*effect.*member; };
  };
  columns.number(name, "1", what, part(&Effect::value));
  columns.number(name + "_low", "1", "lower end of the t interval over models of " + name,
                 part(&Effect::low));
  columns.number(name + "_high", "1", "upper end of it", part(&Effect::high));
  columns.number(name + "_p", "1", "two-sided p of " + name + ", unadjusted", part(&Effect::p));
}

AnalysisTable lever_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_lever";
  table.dimension = "lever_row";
  Columns<LeverRow> columns(table, report.lever_rows);
  columns.text("ability", &LeverRow::ability);
  columns.text("task", [&](const LeverRow& row) {
    return row.task < 0 ? std::string() : task_at(report, row.task).name;
  });
  columns.text("lever", &LeverRow::lever);
  columns.text("level", [](const LeverRow& row) { return level_text(row.level); });
  columns.text("reference", [](const LeverRow& row) { return level_text(row.reference); });
  columns.text("exchange_interval",
               [](const LeverRow& row) { return name_of(row.exchange_interval); });
  columns.number("num_points", "1", "models, each with its settings, in the linear model",
                 &LeverRow::num_points);
  columns.number("num_sizes", "1", "distinct sizes among them", &LeverRow::num_sizes);
  columns.number("num_families", "1", "families among them", &LeverRow::num_families);
  add_effect(columns, "effect", "change of the rescaled score by the level", &LeverRow::effect);
  columns.number("effect_p_adjusted", "1",
                 "effect_p after Benjamini and Hochberg over the abilities, or over the tasks",
                 &LeverRow::p_adjusted);
  add_effect(columns, "decade", "change of the rescaled score per tenfold N", &LeverRow::decade);
  columns.number("exchange", "1", "effect / decade: decades of N that the level is worth",
                 &LeverRow::exchange);
  columns.number("exchange_low", "1",
                 "lower end of Fieller's interval of exchange, or of the gap in it",
                 &LeverRow::exchange_low);
  columns.number("exchange_high", "1", "upper end of it", &LeverRow::exchange_high);
  add_effect(columns, "interaction", "change of the effect per tenfold N", &LeverRow::interaction);
  add_effect(columns, "matched", "mean difference between models that differ in the lever alone",
             &LeverRow::matched);
  columns.number("num_matched", "1", "sizes with such models", &LeverRow::num_matched);
  return table;
}

AnalysisTable pair_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_pairs";
  table.dimension = "pair";
  Columns<PairRow> columns(table, report.pair_rows);
  const auto variant_name = [&](std::int32_t variant) {
    return report.plan.variants[static_cast<std::size_t>(variant)].name;
  };
  columns.text("task", [&](const PairRow& row) { return task_at(report, row.task).name; });
  columns.text("metric", [&](const PairRow& row) {
    return task_at(report, row.task).metrics[static_cast<std::size_t>(row.metric)].name;
  });
  columns.text("lever", &PairRow::lever);
  columns.text("from", [](const PairRow& row) { return level_text(row.from); });
  columns.text("to", [](const PairRow& row) { return level_text(row.to); });
  columns.text("variant_from", [&](const PairRow& row) { return variant_name(row.variant_from); });
  columns.text("variant_to", [&](const PairRow& row) { return variant_name(row.variant_to); });
  columns.text("method", [](const PairRow& row) { return name_of(row.method); });
  columns.number("num_fewshot_from", "1", "demonstrations of the first", &PairRow::shots_from);
  columns.number("num_fewshot_to", "1", "demonstrations of the second", &PairRow::shots_to);
  // Units are those of the row's metric: they differ between rows.
  columns.number("difference", "1",
                 "estimate of the second less that of the first, in units of the metric",
                 &PairRow::difference);
  columns.number(
      "ci_low", "1",
      "lower end of its interval over questions, the same draws for both; of published values "
      "from two standard errors",
      &PairRow::ci_low);
  columns.number("ci_high", "1", "upper end of it", &PairRow::ci_high);
  columns.number("only_from_right", "1", "questions that only the first has right",
                 &PairRow::only_from_right);
  columns.number("only_to_right", "1", "questions that only the second has right",
                 &PairRow::only_to_right);
  columns.number("mcnemar_exact_p", "1", "exact two-sided p of McNemar's test",
                 &PairRow::mcnemar_exact_p);
  columns.number("mcnemar_mid_p", "1", "its mid-p", &PairRow::mcnemar_mid_p);
  columns.number("p", "1",
                 "two-sided p: McNemar's mid-p, of the bootstrap, or of two standard errors",
                 &PairRow::p);
  columns.number("p_adjusted", "1", "p after Benjamini and Hochberg over all pairs",
                 &PairRow::p_adjusted);
  return table;
}

AnalysisTable pareto_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_pareto";
  table.dimension = "pareto_row";
  Columns<ParetoRow> columns(table, report.pareto_rows);
  columns.text("ability", &ParetoRow::ability);
  columns.text("variant", [&](const ParetoRow& row) {
    return report.plan.variants[static_cast<std::size_t>(row.variant)].name;
  });
  columns.number("score", "1", "mean of the rescaled headline metrics", &ParetoRow::score);
  columns.number("seconds_per_answer", "s", "seconds of a busy rank per answer to the same tasks",
                 &ParetoRow::seconds_per_answer);
  columns.number("peak_memory", "byte", "largest resident set of a rank",
                 &ParetoRow::peak_memory_bytes);
  columns.number("energy_per_answer", "J", "energy per answer to the same tasks",
                 &ParetoRow::joules_per_answer);
  columns.number("is_best_for_time", "1", "1 if not dominated in score and seconds_per_answer",
                 &ParetoRow::is_best_for_time);
  columns.number("is_best_for_memory", "1", "1 if not dominated in score and peak_memory",
                 &ParetoRow::is_best_for_memory);
  columns.number("is_best_for_energy", "1",
                 "1 if not dominated in score and energy_per_answer; 0 also where that is missing",
                 &ParetoRow::is_best_for_energy);
  return table;
}

AnalysisTable fewer_questions_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_fewer_questions";
  table.dimension = "fewer_questions_row";
  Columns<AnchorRow> columns(table, report.anchor_rows);
  columns.text("task", [&](const AnchorRow& row) { return task_at(report, row.task).name; });
  columns.number("num_fewshot", "1", "demonstrations in the prompt", &AnchorRow::num_fewshot);
  columns.number("num_models", "1", "models that answered every question", &AnchorRow::num_models);
  columns.number("num_questions", "1", "questions of the task", &AnchorRow::num_questions);
  columns.number("num_anchors", "1", "anchor questions, rows of analysis_anchors",
                 [](const AnchorRow& row) { return row.questions.size(); });
  columns.number("error", "1",
                 "mean absolute error of gp-IRT against the share of all questions that is right",
                 &AnchorRow::error);
  columns.number("largest_error", "1", "its largest error over models", &AnchorRow::largest_error);
  columns.number("error_of_weighted_mean", "1", "mean absolute error of the anchors' weighted mean",
                 &AnchorRow::error_of_weighted_mean);
  columns.number("error_of_p_irt", "1", "mean absolute error of p-IRT", &AnchorRow::error_of_p_irt);
  columns.number("error_of_random", "1", "mean absolute error of as many questions drawn at random",
                 &AnchorRow::error_of_random);
  return table;
}

/// An anchor question of a row.
struct Anchor {
  std::size_t row = 0;
  std::size_t index = 0;
};

AnalysisTable anchor_table(const Report& report) {
  std::vector<Anchor> anchors;
  for (std::size_t row = 0; row < report.anchor_rows.size(); ++row) {
    for (std::size_t i = 0; i < report.anchor_rows[row].questions.size(); ++i)
      anchors.push_back({row, i});
  }
  AnalysisTable table;
  table.name = "analysis_anchors";
  table.dimension = "anchor";
  Columns<Anchor> columns(table, anchors);
  const auto row_of = [&](const Anchor& anchor) -> const AnchorRow& {
    return report.anchor_rows[anchor.row];
  };
  columns.text("task",
               [&](const Anchor& anchor) { return task_at(report, row_of(anchor).task).name; });
  columns.text("question_id", [&](const Anchor& anchor) {
    const auto& ids = task_at(report, row_of(anchor).task).question_ids;
    const auto question = static_cast<std::size_t>(row_of(anchor).questions[anchor.index]);
    return question < ids.size() ? ids[question] : std::string();
  });
  columns.number("row_index", "1", "row of analysis_fewer_questions that the anchor belongs to",
                 [](const Anchor& anchor) { return anchor.row; });
  columns.number("question", "1", "index of the question in its task",
                 [&](const Anchor& anchor) { return row_of(anchor).questions[anchor.index]; });
  const auto number = [&](const char* name, const char* meaning, auto member) {
    columns.number(name, "1", meaning, [&report, member](const Anchor& anchor) {
      return (report.anchor_rows[anchor.row].*member)[anchor.index];
    });
  };
  number("weight", "share of the task's questions that it stands for", &AnchorRow::weights);
  number("discrimination", "of the two-parameter logistic model", &AnchorRow::discriminations);
  number("difficulty", "of the two-parameter logistic model", &AnchorRow::difficulties);
  return table;
}

AnalysisTable density_table(const Report& report) {
  AnalysisTable table;
  table.name = "analysis_density";
  table.dimension = "density_row";
  Columns<DensityRow> columns(table, report.density.rows);
  columns.text("variant", [&](const DensityRow& row) {
    return report.plan.variants[static_cast<std::size_t>(row.variant)].name;
  });
  columns.number("is_reference", "1", "1 if of the reference family", &DensityRow::is_reference);
  columns.number("parameters", "1", "N of the model", &DensityRow::parameters);
  columns.number("score", "1", "its score", &DensityRow::score);
  columns.number("effective_parameters", "1", "N of a reference model of equal score",
                 &DensityRow::effective_parameters);
  columns.number("density", "1", "effective_parameters / parameters", &DensityRow::density);
  columns.number("density_low", "1",
                 "lower end of its interval: errors of the fits and of the score",
                 &DensityRow::low);
  columns.number("density_high", "1", "upper end of it", &DensityRow::high);
  columns.number("at_ceiling", "1",
                 "1 if the score is above the law's: the density is at least that",
                 &DensityRow::at_ceiling);
  columns.number("at_floor", "1", "1 if the score is below the law's: the density is at most that",
                 &DensityRow::at_floor);
  return table;
}

}  // namespace

void add_comparison_tables(std::vector<AnalysisTable>& tables, const Report& report) {
  if (!report.lever_rows.empty()) tables.push_back(lever_table(report));
  if (!report.pair_rows.empty()) tables.push_back(pair_table(report));
  if (!report.pareto_rows.empty()) tables.push_back(pareto_table(report));
  if (!report.anchor_rows.empty()) {
    tables.push_back(fewer_questions_table(report));
    tables.push_back(anchor_table(report));
  }
  if (!report.density.rows.empty()) tables.push_back(density_table(report));
}

}  // namespace allometer::report
