#include "report/size_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/random.hpp"
#include "stats/bootstrap.hpp"
#include "stats/correlation.hpp"
#include "stats/permutation.hpp"
#include "stats/regression.hpp"

namespace allometer::report {
namespace {

/// A model of a ladder: its cells of all seeds as one sample.
struct Rung {
  Point point;
  std::string family;
  std::set<std::uint64_t> seeds;
  int num_cells = 0;
  double value_sum = 0;
  double weight_sum = 0;
  Eigen::ArrayXd value_sums;
  Eigen::ArrayXd weight_sums;
  Eigen::ArrayXd draws;  ///< estimates, [draws]
};

/// A row in the making.
struct Draft {
  const Ladder& ladder;
  const results::PlannedTask& task;
  const results::PlannedMetric& metric;
  const Settings& settings;
  const Source& source;
  std::vector<const Rung*> rungs;  ///< smallest first
  std::vector<int> family;         ///< label per rung
  Eigen::MatrixXd draws;           ///< [draws x rungs]
  std::vector<double> log_size;
  std::vector<double> estimate;
  SizeRow row;
};

std::span<const double> column(const Eigen::MatrixXd& matrix, Eigen::Index index) {
  return {matrix.col(index).data(), static_cast<std::size_t>(matrix.rows())};
}

std::span<const double> as_span(const Eigen::ArrayXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

double parameters_of(const results::PlannedModel& model, const Settings& settings) {
  return static_cast<double>(settings.with_embeddings ? model.num_parameters
                                                      : model.num_parameters_without_embeddings);
}

std::vector<Rung> rungs_of(std::span<const Sample* const> samples,
                           const results::PlannedMetric& metric, const Source& source,
                           const Settings& settings) {
  std::map<std::int32_t, Rung> by_model;
  for (const Sample* sample : samples) {
    const results::PlannedCell& cell = source.cells[static_cast<std::size_t>(sample->cell)].cell;
    const std::int32_t model_index =
        source.plan.variants[static_cast<std::size_t>(cell.variant)].model;
    const auto [found, is_new] = by_model.try_emplace(model_index);
    Rung& rung = found->second;
    if (is_new) {
      const auto& model = source.plan.models[static_cast<std::size_t>(model_index)];
      rung.point.model = model_index;
      rung.point.parameters = parameters_of(model, settings);
      rung.point.ci_low = sample->estimate.ci_low;
      rung.point.ci_high = sample->estimate.ci_high;
      rung.family = model.family;
      rung.value_sums = rung.weight_sums = Eigen::ArrayXd::Zero(sample->value_sums.size());
    }
    rung.seeds.insert(cell.seed);
    ++rung.num_cells;
    rung.value_sum += sample->value_sum;
    rung.weight_sum += sample->weight_sum;
    rung.value_sums += sample->value_sums;
    rung.weight_sums += sample->weight_sums;
  }
  std::vector<Rung> rungs;
  for (auto& [index, rung] : by_model) {
    rung.draws = apply_aggregation(metric.aggregation, rung.value_sums / rung.weight_sums);
    rung.point.estimate = apply_aggregation(metric.aggregation, rung.value_sum / rung.weight_sum);
    if (rung.num_cells > 1) {  // of one cell the cell's interval stands
      const auto interval = stats::percentile_interval(as_span(rung.draws), settings.confidence);
      rung.point.ci_low = interval.low;
      rung.point.ci_high = interval.high;
    }
    rungs.push_back(std::move(rung));
  }
  std::stable_sort(rungs.begin(), rungs.end(), [](const Rung& a, const Rung& b) {
    return a.point.parameters < b.point.parameters;
  });
  return rungs;
}

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

std::string name_of_models(const std::set<std::string>& families, const Ladder& ladder) {
  std::string name;
  if (families.size() > 1) {
    name = families.size() > 3 ? fmt::format("{} families", families.size())
                               : "families " + join({families.begin(), families.end()});
  } else {
    name = families.begin()->empty() ? "models without a family" : "family " + *families.begin();
  }
  if (!ladder.levers.empty()) name += ", " + ladder.levers;
  if (ladder.random_weights) name += " (random weights)";
  return name;
}

/// In print a footnote stands for the notes of several rows: what differs between them is in their
/// columns.
void add_note(SizeRow& row, std::string note, std::string footnote = {}) {
  row.footnotes.push_back(footnote.empty() ? note : std::move(footnote));
  row.notes.push_back(std::move(note));
}

/// Rungs whose size or estimate is no number cannot be correlated; they are named instead.
void choose_rungs(Draft& draft, std::span<const Rung* const> all) {
  std::vector<std::string> undefined;
  std::vector<std::string> sizeless;
  std::map<std::string, int> labels;
  std::set<std::string> families;
  for (const Rung* rung : all) {
    families.insert(rung->family);
    const auto& model = draft.source.plan.models[static_cast<std::size_t>(rung->point.model)];
    if (!(rung->point.parameters > 0)) {
      sizeless.push_back(model.name);
    } else if (!std::isfinite(rung->point.estimate)) {
      undefined.push_back(model.name);
    } else {
      draft.rungs.push_back(rung);
      const int next = static_cast<int>(labels.size());
      draft.family.push_back(labels.try_emplace(rung->family, next).first->second);
    }
  }
  draft.row.models = name_of_models(families, draft.ladder);
  if (!undefined.empty()) {
    add_note(draft.row, "no finite estimate, left out: " + join(undefined));
  }
  if (!sizeless.empty()) add_note(draft.row, "size unknown, left out: " + join(sizeless));
}

void gather(Draft& draft) {
  draft.draws.resize(draft.settings.bootstrap_draws, static_cast<Eigen::Index>(draft.rungs.size()));
  for (std::size_t i = 0; i < draft.rungs.size(); ++i) {
    const Rung& rung = *draft.rungs[i];
    draft.draws.col(static_cast<Eigen::Index>(i)) = rung.draws;
    draft.log_size.push_back(std::log10(rung.point.parameters));
    draft.estimate.push_back(rung.point.estimate);
    draft.row.points.push_back(rung.point);
  }
  const std::set<double> sizes(draft.log_size.begin(), draft.log_size.end());
  draft.row.num_sizes = static_cast<std::int32_t>(sizes.size());
}

void interval_into(Correlation& correlation, const Eigen::ArrayXd& draws, double confidence) {
  const auto interval = stats::percentile_interval(as_span(draws), confidence);
  correlation.ci_low = interval.low;
  correlation.ci_high = interval.high;
}

/// Labels for permutations within families; none where each family has one model, so that nothing
/// could be permuted.
std::vector<int> strata_of(const Draft& draft) {
  const std::set<int> families(draft.family.begin(), draft.family.end());
  if (families.size() < 2 || families.size() == draft.family.size()) return {};
  return draft.family;
}

void correlate(Draft& draft) {
  SizeRow& row = draft.row;
  row.pearson.value = stats::pearson(draft.log_size, draft.estimate).value;
  row.spearman.value = stats::spearman(draft.log_size, draft.estimate).value;
  row.kendall.value = stats::kendall_tau_b(draft.log_size, draft.estimate).value;

  const std::uint64_t seed =
      seed_from(fmt::format("permutation/{}/{}/{}/{}/{}/{}", draft.settings.seed, draft.task.name,
                            draft.metric.name, row.num_fewshot, row.precision, row.models));
  const auto test = stats::permutation_test(draft.log_size, draft.estimate, strata_of(draft), seed);
  row.exact = test.exact;
  row.pearson.p = test.pearson.p;
  row.pearson.smallest_p = test.pearson.smallest_p;
  row.spearman.p = test.spearman.p;
  row.spearman.smallest_p = test.spearman.smallest_p;
  row.kendall.p = test.kendall.p;
  row.kendall.smallest_p = test.kendall.smallest_p;

  const double confidence = draft.settings.confidence;
  const auto line = stats::least_squares(draft.log_size, draft.estimate, confidence);
  row.slope = line.slope;
  row.slope_t_low = line.slope_low;
  row.slope_t_high = line.slope_high;
  if (row.num_sizes < 2) return;
  const auto drawn = stats::drawn_coefficients(draft.log_size, draft.draws);
  interval_into(row.pearson, drawn.pearson, confidence);
  interval_into(row.spearman, drawn.spearman, confidence);
  interval_into(row.kendall, drawn.kendall, confidence);
  const auto slope = stats::percentile_interval(as_span(drawn.slope), confidence);
  row.slope_ci_low = slope.low;
  row.slope_ci_high = slope.high;
}

/// Does the interval of every model hold the chance level? Each is widened for the number of models
/// (Bonferroni), so that a task of pure guessing is recognised with the stated confidence however
/// many models there are.
bool at_chance(const Draft& draft) {
  if (std::isnan(draft.metric.chance) || draft.rungs.empty()) return false;
  const double models = static_cast<double>(draft.rungs.size());
  const double confidence = 1 - (1 - draft.settings.confidence) / models;
  for (Eigen::Index i = 0; i < draft.draws.cols(); ++i) {
    const Point& point = draft.rungs[static_cast<std::size_t>(i)]->point;
    if (point.ci_low <= draft.metric.chance && draft.metric.chance <= point.ci_high) continue;
    const auto interval = stats::percentile_interval(column(draft.draws, i), confidence);
    if (!(interval.low <= draft.metric.chance && draft.metric.chance <= interval.high))
      return false;
  }
  return true;
}

bool constant(const Draft& draft) {
  return draft.estimate.size() > 1 &&
         std::all_of(draft.estimate.begin(), draft.estimate.end(),
                     [&](double e) { return e == draft.estimate.front(); });
}

Trend trend_of(const Draft& draft, bool is_at_chance) {
  const SizeRow& row = draft.row;
  if (is_at_chance) return Trend::at_chance;
  if (constant(draft)) return Trend::constant;
  if (row.num_sizes < 2 || std::isnan(row.slope_ci_low)) return Trend::unknown;
  if (row.slope_ci_low <= 0 && row.slope_ci_high >= 0) return Trend::unclear;
  return (row.slope > 0) == draft.metric.higher_is_better ? Trend::improves : Trend::worsens;
}

/// Models that lack seeds which others have are compared over other few-shot draws.
bool seeds_differ(const Draft& draft) {
  return std::any_of(draft.rungs.begin(), draft.rungs.end(),
                     [&](const Rung* rung) { return rung->seeds != draft.rungs.front()->seeds; });
}

void take_notes(Draft& draft, bool is_at_chance) {
  SizeRow& row = draft.row;
  const double alpha = 1 - draft.settings.confidence;
  if (row.random_weights) add_note(row, "random weights: the numbers mean nothing");
  if (is_at_chance) {
    add_note(row,
             fmt::format("at chance for every model: no score can be told from guessing ({:.3g})",
                         draft.metric.chance));
  }
  if (constant(draft)) {
    add_note(row,
             fmt::format("constant: every model scores {:.4g}, so there is nothing to correlate",
                         draft.estimate.front()),
             "constant: every model scores the same, so there is nothing to correlate");
  }
  if (row.num_sizes < 2) {
    add_note(row, row.num_sizes == 0 ? "no model has a result" : "one size: nothing to correlate");
  } else if (row.num_sizes < 3) {
    add_note(row, "two sizes: no interval over models");
  }
  if (row.spearman.smallest_p > alpha) {
    add_note(row,
             fmt::format("too few sizes for p < {:.2g}: the smallest possible p is {:.3f}", alpha,
                         row.spearman.smallest_p),
             fmt::format("too few sizes, or too many ties, for p < {:.2g}: see min p", alpha));
  }
  if (const auto families = std::set<int>(draft.family.begin(), draft.family.end());
      families.size() > 1) {
    add_note(row,
             families.size() == draft.family.size()
                 ? "each family has one model: p takes families to be alike but for size"
                 : fmt::format("{} families pooled: p permutes within families", families.size()));
  }
  if (seeds_differ(draft)) add_note(row, "not every model has every seed");
}

SizeRow make_row(Draft draft, std::span<const Rung* const> rungs, std::int32_t metric) {
  SizeRow& row = draft.row;
  row.task = draft.ladder.task;
  row.metric = metric;
  row.num_fewshot = draft.ladder.num_fewshot;
  row.precision = draft.ladder.precision;
  row.random_weights = draft.ladder.random_weights;
  choose_rungs(draft, rungs);
  gather(draft);
  correlate(draft);
  const bool is_at_chance = at_chance(draft);
  row.trend = trend_of(draft, is_at_chance);
  take_notes(draft, is_at_chance);
  return std::move(row);
}

std::size_t count_sizes(std::span<const Rung* const> rungs) {
  std::set<double> sizes;
  for (const Rung* rung : rungs) sizes.insert(rung->point.parameters);
  return sizes.size();
}

}  // namespace

std::string_view name_of(Trend trend) {
  switch (trend) {
    case Trend::improves:
      return "improves";
    case Trend::worsens:
      return "worsens";
    case Trend::unclear:
      return "unclear";
    case Trend::at_chance:
      return "at chance";
    case Trend::constant:
      return "constant";
    case Trend::unknown:
      return "unknown";
  }
  return "unknown";
}

std::vector<SizeRow> size_rows(const Ladder& ladder, std::int32_t metric,
                               std::span<const Sample* const> samples, const Source& source,
                               const Settings& settings) {
  const auto& task = source.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  const std::vector<Rung> rungs = rungs_of(samples, planned, source, settings);
  std::vector<const Rung*> all;
  std::map<std::string, std::vector<const Rung*>> families;
  for (const Rung& rung : rungs) {
    all.push_back(&rung);
    families[rung.family].push_back(&rung);
  }
  const auto row_of = [&](std::span<const Rung* const> members) {
    return make_row({ladder, task, planned, settings, source, {}, {}, {}, {}, {}, {}}, members,
                    metric);
  };
  std::vector<SizeRow> rows;
  if (families.size() != 1) rows.push_back(row_of(all));
  for (const auto& [name, members] : families) {
    if (families.size() > 1 && count_sizes(members) < 2) continue;
    rows.push_back(row_of(members));
    rows.back().within_family = families.size() > 1;
  }
  return rows;
}

void sort_weakest_first(std::vector<SizeRow>& rows) {
  const auto strength = [](const SizeRow& row, const Correlation& correlation) {
    const bool nothing_to_follow = row.trend == Trend::constant || row.trend == Trend::at_chance;
    return nothing_to_follow && std::isnan(correlation.value) ? 0.0 : std::abs(correlation.value);
  };
  const auto key = [&](const SizeRow& row) {
    const double rho = strength(row, row.spearman);
    const double r = strength(row, row.pearson);
    const bool undefined = std::isnan(rho) || std::isnan(r);
    return std::tuple(undefined, undefined ? 0 : rho, undefined ? 0 : r);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const SizeRow& a, const SizeRow& b) { return key(a) < key(b); });
}

}  // namespace allometer::report
