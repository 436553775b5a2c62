#include "report/ability_table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/rescale.hpp"
#include "report/size_relation.hpp"
#include "stats/bootstrap.hpp"

namespace allometer::report {
namespace {

Trend trend_of(const AbilityRow& row) {
  const auto& points = row.points;
  const auto as_first = [&](const Point& point) {
    return point.estimate == points.front().estimate;
  };
  if (points.size() > 1 && std::all_of(points.begin(), points.end(), as_first))
    return Trend::constant;
  if (row.num_sizes < 2 || std::isnan(row.slope.ci_low)) return Trend::unknown;
  if (row.slope.ci_low <= 0 && row.slope.ci_high >= 0) return Trend::unclear;
  return row.slope.value > 0 ? Trend::improves : Trend::worsens;
}

/// Undefined correlations last, then by |rho|.
std::tuple<bool, double, std::string> strength(const AbilityRow& row) {
  const double rho = row.spearman.value;
  return {std::isnan(rho), std::isnan(rho) ? 0 : std::abs(rho), row.ability};
}

}  // namespace

AbilityMeasure ability_measure(const Ladder& shared, const results::PlannedTask& task,
                               const results::PlannedMetric& metric,
                               std::span<const Rung* const> rungs) {
  std::vector<double> estimates;
  for (const Rung* rung : rungs) estimates.push_back(rung->point.estimate);
  const Rescale rescale = rescale_of(metric, estimates);
  AbilityMeasure measure;
  measure.ability = task.ability;
  measure.precision = shared.precision;
  measure.random_weights = shared.random_weights;
  measure.task = shared.task;
  measure.num_fewshot = shared.num_fewshot;
  measure.num_questions = shared.num_questions;
  measure.unit = rescale.kind;
  if (std::isnan(rescale.unit)) return measure;
  for (const Rung* rung : rungs) measure.models.push_back(rescaled(*rung, rescale));
  return measure;
}

void AbilityTable::add(const AbilityMeasure& measure) {
  Ability& ability = abilities_[{measure.ability, measure.precision, measure.random_weights}];
  if (measure.models.empty()) {
    ++ability.num_left_out;
    return;
  }
  ability.units.insert(measure.unit);
  for (const Rung& model : measure.models) {
    ability.of_setting[model.levers].insert(
        {measure.task, measure.num_fewshot, measure.num_questions});
    if (!is_sized(model)) continue;
    Member& member = ability.members[model.point.model];
    if (member.num_measures++ == 0) {
      member.sum = model;
      continue;
    }
    member.sum.point.estimate += model.point.estimate;
    member.sum.draws += model.draws;
    if (member.sum.halves.size() == model.halves.size()) {
      member.sum.halves += model.halves;
    } else {
      member.sum.halves.resize(0);  // of some measure the answers are not known
    }
  }
}

void AbilityTable::close() {
  for (const auto& [key, ability] : abilities_) add_rows(key, ability);
  abilities_.clear();
}

std::vector<AbilityRow> AbilityTable::rows() {
  close();
  std::stable_sort(rows_.begin(), rows_.end(), [](const AbilityRow& a, const AbilityRow& b) {
    return strength(a) < strength(b);
  });
  return std::move(rows_);
}

void AbilityTable::add_rows(const Key& key, const Ability& ability) {
  std::set<std::string> settings;
  for (const auto& [levers, measures] : ability.of_setting) {
    settings.insert(levers);
    add_row(key, ability, {levers});
  }
  if (settings.size() > 1) add_row(key, ability, settings);
}

void AbilityTable::add_row(const Key& key, const Ability& ability,
                           const std::set<std::string>& settings) {
  AbilityRow row;
  row.ability = key.ability;
  row.precision = key.precision;
  row.random_weights = key.random_weights;
  row.all_levers = settings.size() > 1;
  row.unit = ability.units.size() == 1 ? *ability.units.begin() : ScoreUnit::mixed;
  row.num_left_out = ability.num_left_out;
  std::set<Measure> measures;
  std::set<std::int32_t> tasks;
  for (const std::string& setting : settings) {
    for (const Measure& measure : ability.of_setting.at(setting)) {
      measures.insert(measure);
      tasks.insert(std::get<0>(measure));
    }
  }
  row.num_rows = static_cast<std::int32_t>(measures.size());
  row.num_tasks = static_cast<std::int32_t>(tasks.size());

  const std::vector<Rung> scores = scores_of(ability, settings, measures.size());
  std::set<std::string> families;
  for (const Rung& rung : scores) {
    row.points.push_back(rung.point);
    families.insert(rung.family);
  }
  const std::string levers = row.all_levers ? name_of_settings(settings.size()) : *settings.begin();
  row.models = families.empty() ? "no model that answered every task"
                                : name_of_models(families, levers, key.random_weights);
  const SizedEstimates models = sized(scores);
  static_cast<SizeRelation&>(row) = relate(
      models, fmt::format("ability/{}/{}/{}", key.ability, key.precision, row.models), settings_);
  row.trend = trend_of(row);
  row.shape = shape_from(scores, models, row.unit, settings_);
  const bool is_widest = settings.size() == ability.of_setting.size();
  if (is_widest && !key.random_weights && !key.ability.empty()) {
    Judged judged = judged_from(scores, models, row, row.shape);
    judged.is_ability = true;
    judged.name = key.ability;
    judged.precision = key.precision;
    judged.models = row.models;
    judged.all_levers = row.all_levers;
    judged.unit = row.unit;
    if (row.trend == Trend::constant) judged.remarks.emplace_back("every model scores the same");
    judged_.push_back(std::move(judged));
  }
  rows_.push_back(std::move(row));
}

std::vector<Rung> AbilityTable::scores_of(const Ability& ability,
                                          const std::set<std::string>& settings,
                                          std::size_t num_measures) const {
  std::vector<Rung> scores;
  for (const auto& [index, member] : ability.members) {
    if (!settings.contains(member.sum.levers) || member.num_measures != num_measures) continue;
    Rung score = member.sum;
    score.point.estimate /= static_cast<double>(num_measures);
    score.draws /= static_cast<double>(num_measures);
    score.halves /= static_cast<double>(num_measures);
    const auto interval = stats::percentile_interval(as_span(score.draws), settings_.confidence);
    score.point.ci_low = interval.low;
    score.point.ci_high = interval.high;
    scores.push_back(std::move(score));
  }
  sort_smallest_first(scores);
  return scores;
}

}  // namespace allometer::report
