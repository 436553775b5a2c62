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
  if (row.num_sizes < 2 || std::isnan(row.slope_ci_low)) return Trend::unknown;
  if (row.slope_ci_low <= 0 && row.slope_ci_high >= 0) return Trend::unclear;
  return row.slope > 0 ? Trend::improves : Trend::worsens;
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
  for (const Rung* rung : rungs) {
    Point point = rung->point;
    point.estimate = rescale(point.estimate);
    measure.models.push_back(
        {point, rung->family, rung->levers, (rung->draws - rescale.zero) / rescale.unit});
  }
  return measure;
}

void AbilityTable::add(const AbilityMeasure& measure) {
  Ability& ability = abilities_[{measure.ability, measure.precision, measure.random_weights}];
  if (measure.models.empty()) {
    ++ability.num_left_out;
    return;
  }
  ability.units.insert(measure.unit);
  for (const auto& model : measure.models) {
    ability.of_setting[model.levers].insert(
        {measure.task, measure.num_fewshot, measure.num_questions});
    if (!std::isfinite(model.point.estimate) || !(model.point.parameters > 0)) continue;
    Member& member = ability.members[model.point.model];
    if (member.num_measures++ == 0) {
      member.sum = {model.point, model.family, model.levers, {}, model.draws};
    } else {
      member.sum.point.estimate += model.point.estimate;
      member.sum.draws += model.draws;
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
    rows_.push_back(row_of(key, ability, {levers}, levers));
  }
  if (settings.size() < 2) return;
  rows_.push_back(row_of(key, ability, settings, name_of_settings(settings.size())));
  rows_.back().all_levers = true;
}

AbilityRow AbilityTable::row_of(const Key& key, const Ability& ability,
                                const std::set<std::string>& settings,
                                const std::string& levers) const {
  AbilityRow row;
  row.ability = key.ability;
  row.precision = key.precision;
  row.random_weights = key.random_weights;
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
  row.models = families.empty() ? "no model that answered every task"
                                : name_of_models(families, levers, key.random_weights);
  static_cast<SizeRelation&>(row) =
      relate(sized(scores), fmt::format("ability/{}/{}/{}", key.ability, key.precision, row.models),
             settings_);
  row.trend = trend_of(row);
  return row;
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
    const auto interval = stats::percentile_interval(
        {score.draws.data(), static_cast<std::size_t>(score.draws.size())}, settings_.confidence);
    score.point.ci_low = interval.low;
    score.point.ci_high = interval.high;
    scores.push_back(std::move(score));
  }
  sort_smallest_first(scores);
  return scores;
}

}  // namespace allometer::report
