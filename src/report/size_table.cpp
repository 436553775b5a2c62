#include "report/size_table.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/rescale.hpp"
#include "report/size_relation.hpp"
#include "stats/bootstrap.hpp"
#include "stats/logit.hpp"
#include "stats/mixed_logistic.hpp"

namespace allometer::report {
namespace {

/// A row in the making.
struct Draft {
  const Ladder& ladder;
  const results::PlannedTask& task;
  const results::PlannedMetric& metric;
  const Settings& settings;
  const Source& source;
  std::vector<const Rung*> rungs;  ///< smallest first
  SizedEstimates models;           ///< one entry per rung
  SizeRow row;
};

std::span<const double> column(const Eigen::MatrixXd& matrix, Eigen::Index index) {
  return {matrix.col(index).data(), static_cast<std::size_t>(matrix.rows())};
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
    }
  }
  draft.row.models = name_of_models(families, draft.ladder.levers, draft.ladder.random_weights);
  if (!undefined.empty()) {
    add_note(draft.row,
             fmt::format("no finite estimate, left out: {}", fmt::join(undefined, ", ")));
  }
  if (!sizeless.empty()) {
    add_note(draft.row, fmt::format("size unknown, left out: {}", fmt::join(sizeless, ", ")));
  }
}

void correlate(Draft& draft) {
  SizeRow& row = draft.row;
  const std::string key = fmt::format("{}/{}/{}/{}/{}", draft.task.name, draft.metric.name,
                                      row.num_fewshot, row.precision, row.models);
  static_cast<SizeRelation&>(row) = relate(draft.models, key, draft.settings);
}

/// Does the interval of every model hold the chance level? Each is widened for the number of models
/// (Bonferroni), so that a task of pure guessing is recognised with the stated confidence however
/// many models there are.
bool at_chance(const Draft& draft) {
  if (std::isnan(draft.metric.chance) || draft.rungs.empty()) return false;
  const double models = static_cast<double>(draft.rungs.size());
  const double confidence = 1 - (1 - draft.settings.confidence) / models;
  for (Eigen::Index i = 0; i < draft.models.draws.cols(); ++i) {
    const Point& point = draft.rungs[static_cast<std::size_t>(i)]->point;
    if (point.ci_low <= draft.metric.chance && draft.metric.chance <= point.ci_high) continue;
    const auto interval = stats::percentile_interval(column(draft.models.draws, i), confidence);
    if (!(interval.low <= draft.metric.chance && draft.metric.chance <= interval.high))
      return false;
  }
  return true;
}

/// Does the interval of every model hold the value of a perfect one?
bool at_ceiling(const Draft& draft) {
  const double best = draft.metric.best;
  return !draft.rungs.empty() &&
         std::all_of(draft.rungs.begin(), draft.rungs.end(), [&](const Rung* rung) {
           return rung->point.ci_low <= best && best <= rung->point.ci_high;
         });
}

bool constant(const Draft& draft) {
  return draft.models.estimate.size() > 1 &&
         std::all_of(draft.models.estimate.begin(), draft.models.estimate.end(),
                     [&](double e) { return e == draft.models.estimate.front(); });
}

Trend trend_of(const Draft& draft, bool is_at_chance) {
  const SizeRow& row = draft.row;
  if (is_at_chance) return Trend::at_chance;
  if (at_ceiling(draft)) return Trend::at_ceiling;
  if (constant(draft)) return Trend::constant;
  if (row.num_sizes < 2 || std::isnan(row.slope.ci_low)) return Trend::unknown;
  if (row.slope.ci_low <= 0 && row.slope.ci_high >= 0) return Trend::unclear;
  return (row.slope.value > 0) == draft.metric.higher_is_better ? Trend::improves : Trend::worsens;
}

/// Models that lack seeds which others have are compared over other few-shot draws.
bool seeds_differ(const Draft& draft) {
  return std::any_of(draft.rungs.begin(), draft.rungs.end(),
                     [&](const Rung* rung) { return rung->seeds != draft.rungs.front()->seeds; });
}

/// How p deals with several families; models of one family and other levers are a family of their
/// own.
void note_families(Draft& draft) {
  const std::vector<int>& family = draft.models.family;
  const auto num_families = std::set<int>(family.begin(), family.end()).size();
  if (num_families < 2) return;
  const auto& setting = draft.models.setting;
  const bool several_settings = std::set<int>(setting.begin(), setting.end()).size() > 1;
  add_note(draft.row,
           num_families == family.size()
               ? "each family has one model: p takes families to be alike but for size"
           : several_settings
               ? fmt::format("{} families with levers pooled: p permutes within them", num_families)
               : fmt::format("{} families pooled: p permutes within families", num_families));
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
  if (row.trend == Trend::at_ceiling) {
    add_note(row, "at ceiling for every model: no score can be told from a perfect one");
  }
  if (constant(draft)) {
    add_note(row,
             fmt::format("constant: every model scores {:.4g}, so there is nothing to correlate",
                         draft.models.estimate.front()),
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
  note_families(draft);
  if (seeds_differ(draft)) add_note(row, "not every model has every seed");
}

/// The slope of accuracies on the logit scale, as slope_of; nothing for other metrics, and where
/// the number of questions is not known.
SlopeEstimate logit_slope(const Draft& draft) {
  const results::PlannedMetric& metric = draft.metric;
  const double chance = std::isnan(metric.chance) ? 0 : metric.chance;
  const bool is_share = metric.aggregation == "mean" && metric.best == 1 && chance >= 0;
  std::vector<double> num_questions;
  for (const Rung* rung : draft.rungs) num_questions.push_back(rung->num_questions);
  if (!is_share || std::count(num_questions.begin(), num_questions.end(), 0) > 0) return {};
  const auto scores = stats::logit_scores(draft.models.estimate, num_questions, chance);
  return slope_of(draft.models.log_size, scores.values, draft.models.family,
                  draft.settings.confidence);
}

bool is_right_or_wrong(const Rung& rung) {
  return std::all_of(rung.answers.begin(), rung.answers.end(), [](double answer) {
    return std::isnan(answer) || answer == 0 || answer == 1;
  });
}

/// The logistic model of every answer, of headline metrics that are right or wrong.
MixedSlope mixed_slope(const Draft& draft) {
  MixedSlope mixed;
  if (!draft.settings.mixed_model || !draft.task.is_headline(draft.metric)) return mixed;
  if (draft.rungs.empty() || draft.rungs.front()->answers.empty()) {
    mixed.undefined = "answers unknown";
    return mixed;
  }
  const std::size_t num_answers = draft.rungs.front()->answers.size();
  Eigen::MatrixXd right(num_answers, draft.rungs.size());
  for (std::size_t i = 0; i < draft.rungs.size(); ++i) {
    const Rung& rung = *draft.rungs[i];
    if (rung.answers.size() != num_answers || !is_right_or_wrong(rung)) {
      mixed.undefined = rung.answers.size() == num_answers ? "not right or wrong" : "other seeds";
      return mixed;
    }
    right.col(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::VectorXd>(rung.answers.data(), std::ssize(rung.answers));
  }
  const Eigen::MatrixXd size = Eigen::Map<const Eigen::VectorXd>(draft.models.log_size.data(),
                                                                 std::ssize(draft.models.log_size));
  const auto fit =
      stats::mixed_logistic(right, size, draft.models.family, draft.settings.confidence);
  if (fit.fixed.size() < 2 || !fit.converged) {
    mixed.undefined = fit.fixed.size() < 2 ? name_of(fit.undefined) : "not converged";
    return mixed;
  }
  const stats::FixedEffect& slope = fit.fixed[1];
  mixed.value = slope.estimate;
  mixed.low = slope.low;
  mixed.high = slope.high;
  mixed.p = slope.p;
  mixed.question_deviation = fit.question_deviation;
  mixed.family_deviation = fit.family_deviation;
  return mixed;
}

/// Empty where the metric has no scale.
std::vector<Rung> scores_of(const Draft& draft, const Rescale& rescale) {
  std::vector<Rung> scores;
  if (std::isnan(rescale.unit)) return scores;
  for (const Rung* rung : draft.rungs) scores.push_back(rescaled(*rung, rescale));
  return scores;
}

SizeRow make_row(Draft draft, std::span<const Rung* const> rungs, std::int32_t metric) {
  SizeRow& row = draft.row;
  row.task = draft.ladder.task;
  row.metric = metric;
  row.num_fewshot = draft.ladder.num_fewshot;
  row.precision = draft.ladder.precision;
  row.random_weights = draft.ladder.random_weights;
  choose_rungs(draft, rungs);
  draft.models = sized(draft.rungs);
  for (const Rung* rung : draft.rungs) row.points.push_back(rung->point);
  correlate(draft);
  row.logit = logit_slope(draft);
  row.mixed = mixed_slope(draft);
  const bool is_at_chance = at_chance(draft);
  row.trend = trend_of(draft, is_at_chance);
  take_notes(draft, is_at_chance);
  if (draft.task.is_headline(draft.metric)) {
    const Rescale rescale = rescale_of(draft.metric, draft.models.estimate);
    const std::vector<Rung> scores = scores_of(draft, rescale);
    row.shape = shape_from(scores, sized(scores), rescale.kind, draft.settings);
  }
  return std::move(row);
}

std::size_t count_sizes(std::span<const Rung* const> rungs) {
  std::set<double> sizes;
  for (const Rung* rung : rungs) sizes.insert(rung->point.parameters);
  return sizes.size();
}

}  // namespace

namespace {

Judged judged_task(const AbilityMeasure& measure, const SizeRow& row, const Source& source) {
  std::vector<Rung> scores;
  std::copy_if(measure.models.begin(), measure.models.end(), std::back_inserter(scores), is_sized);
  sort_smallest_first(scores);
  const auto& task = source.plan.tasks[static_cast<std::size_t>(row.task)];
  Judged judged = judged_from(scores, sized(scores), row, row.shape);
  judged.name = task.name;
  judged.metric = task.metrics[static_cast<std::size_t>(row.metric)].name;
  judged.task = row.task;
  judged.num_fewshot = row.num_fewshot;
  judged.precision = row.precision;
  judged.models = row.models;
  judged.all_levers = row.all_levers;
  judged.unit = measure.unit;
  if (row.trend == Trend::at_chance || row.trend == Trend::at_ceiling) {
    judged.remarks.push_back(fmt::format("{} for every model", name_of(row.trend)));
  } else if (row.trend == Trend::constant) {
    judged.remarks.emplace_back("every model scores the same");
  }
  return judged;
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
    case Trend::at_ceiling:
      return "at ceiling";
    case Trend::constant:
      return "constant";
    case Trend::unknown:
      return "unknown";
  }
  return "unknown";
}

void SizeTable::add(const Ladder& ladder, std::int32_t metric, std::vector<Rung> rungs) {
  Ladder shared = ladder;
  shared.levers.clear();
  const auto differs_in_more = [&](const Group& group) {
    Ladder other = group.shared;
    other.random_weights = shared.random_weights;
    return other != shared;
  };
  if (std::any_of(groups_.begin(), groups_.end(), differs_in_more)) finish();
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) {
    return g.metric == metric && g.shared == shared;
  });
  if (group == groups_.end()) group = groups_.insert(group, {shared, metric, {}});
  group->of_setting[ladder.levers] = std::move(rungs);
}

void SizeTable::finish() {
  for (const Group& group : groups_) {
    const auto& task = source_.plan.tasks[static_cast<std::size_t>(group.shared.task)];
    const auto& metric = task.metrics[static_cast<std::size_t>(group.metric)];
    std::vector<const Rung*> all;
    std::size_t broadest = 0;  // row
    for (const auto& [levers, rungs] : group.of_setting) {
      Ladder ladder = group.shared;
      ladder.levers = levers;
      const std::size_t next = part_.size_rows.size();
      add_rows(ladder, group.metric, rungs);
      broadest = next;  // of a setting the row of all families comes first
      for (const Rung& rung : rungs) all.push_back(&rung);
    }
    if (group.of_setting.size() > 1) {
      broadest = part_.size_rows.size();
      add_row_of_all_levers(group, all);
    }
    if (!task.is_headline(metric)) continue;
    AbilityMeasure measure = ability_measure(group.shared, task, metric, all);
    if (!group.shared.random_weights)
      part_.judged.push_back(judged_task(measure, part_.size_rows[broadest], source_));
    part_.measures.push_back(std::move(measure));
  }
  groups_.clear();
}

void SizeTable::add_rows(const Ladder& ladder, std::int32_t metric, std::span<const Rung> rungs) {
  std::vector<const Rung*> all;
  std::map<std::string, std::vector<const Rung*>> families;
  for (const Rung& rung : rungs) {
    all.push_back(&rung);
    families[rung.family].push_back(&rung);
  }
  if (families.size() != 1) add_row(ladder, metric, all);
  for (const auto& [name, members] : families) {
    if (families.size() > 1 && count_sizes(members) < 2) continue;
    add_row(ladder, metric, members).within_family = families.size() > 1;
  }
}

void SizeTable::add_row_of_all_levers(const Group& group, std::vector<const Rung*> rungs) {
  std::stable_sort(rungs.begin(), rungs.end(), [](const Rung* a, const Rung* b) {
    return a->point.parameters < b->point.parameters;
  });
  Ladder ladder = group.shared;
  ladder.levers = name_of_settings(group.of_setting.size());
  add_row(ladder, group.metric, rungs).all_levers = true;
}

SizeRow& SizeTable::add_row(const Ladder& ladder, std::int32_t metric,
                            std::span<const Rung* const> rungs) {
  const auto& task = source_.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  return part_.size_rows.emplace_back(
      make_row({ladder, task, planned, settings_, source_, {}, {}, {}}, rungs, metric));
}

void sort_weakest_first(std::vector<SizeRow>& rows) {
  const auto strength = [](const SizeRow& row, const Correlation& correlation) {
    const bool nothing_to_follow = row.trend == Trend::constant || row.trend == Trend::at_chance ||
                                   row.trend == Trend::at_ceiling;
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
