#include "report/ability_table.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "report/size_relation.hpp"
#include "stats/bootstrap.hpp"

namespace allometer::report {
namespace {

bool is_usable(const Point& point) {
  return std::isfinite(point.estimate) && point.parameters > 0;
}

Trend trend_of(const AbilityRow& row) {
  if (row.num_rows == 0) return Trend::constant;
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

std::optional<AbilityMeasure> ability_measure(const Ladder& ladder, std::int32_t metric,
                                              std::span<const Rung> rungs, const Source& source) {
  const auto& task = source.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  const std::string& headline = task.headline.empty() ? task.metrics.front().name : task.headline;
  if (planned.name != headline) return std::nullopt;
  AbilityMeasure measure{task.ability,
                         ladder.precision,
                         ladder.levers,
                         ladder.random_weights,
                         ladder.task,
                         planned.higher_is_better,
                         {}};
  for (const Rung& rung : rungs) measure.models.push_back({rung.point, rung.family, rung.draws});
  return measure;
}

void AbilityTable::add(AbilityMeasure measure) {
  measures_[{measure.ability, measure.precision, measure.levers, measure.random_weights}].push_back(
      std::move(measure));
}

void AbilityTable::close() {
  for (const auto& [key, measures] : measures_) rows_.push_back(row_of(key, measures));
  measures_.clear();
}

std::vector<AbilityRow> AbilityTable::rows() {
  close();
  std::stable_sort(rows_.begin(), rows_.end(), [](const AbilityRow& a, const AbilityRow& b) {
    return strength(a) < strength(b);
  });
  return std::move(rows_);
}

AbilityRow AbilityTable::row_of(const Key& key, const std::vector<AbilityMeasure>& measures) const {
  // Models that have every task, in the order of the first measure: smallest first.
  std::map<std::int32_t, std::size_t> times;
  for (const AbilityMeasure& measure : measures) {
    for (const auto& model : measure.models) times[model.point.model] += is_usable(model.point);
  }
  std::vector<const AbilityMeasure::Model*> models;
  for (const auto& model : measures.front().models) {
    if (times[model.point.model] == measures.size()) models.push_back(&model);
  }
  const auto num_models = static_cast<Eigen::Index>(models.size());

  AbilityRow row;
  row.ability = key.ability;
  row.precision = key.precision;
  row.random_weights = key.random_weights;
  Eigen::ArrayXd scores = Eigen::ArrayXd::Zero(num_models);
  Eigen::MatrixXd draws = Eigen::MatrixXd::Zero(settings_.bootstrap_draws, num_models);
  std::set<std::int32_t> tasks;
  for (const AbilityMeasure& measure : measures) {
    std::vector<const AbilityMeasure::Model*> rungs;
    for (const auto& model : measure.models) {
      if (times[model.point.model] == measures.size()) rungs.push_back(&model);
    }
    Eigen::ArrayXd estimates(num_models);
    for (Eigen::Index i = 0; i < num_models; ++i)
      estimates[i] = rungs[static_cast<std::size_t>(i)]->point.estimate;
    const double deviation =
        stats::standard_deviation({estimates.data(), static_cast<std::size_t>(estimates.size())});
    if (!(deviation > 0)) {
      ++row.num_left_out;
      continue;
    }
    ++row.num_rows;
    tasks.insert(measure.task);
    const double scale = (measure.higher_is_better ? 1 : -1) / deviation;
    const double mean = estimates.mean();
    scores += (estimates - mean) * scale;
    for (Eigen::Index i = 0; i < num_models; ++i)
      draws.col(i).array() += (rungs[static_cast<std::size_t>(i)]->draws - mean) * scale;
  }
  row.num_tasks = static_cast<std::int32_t>(tasks.size());
  if (row.num_rows > 0) {
    scores /= row.num_rows;
    draws /= row.num_rows;
  }

  std::vector<double> log_size, estimate;
  std::vector<int> family;
  std::map<std::string, int> labels;
  std::set<std::string> families;
  for (Eigen::Index i = 0; i < num_models; ++i) {
    const AbilityMeasure::Model& rung = *models[static_cast<std::size_t>(i)];
    Point point = rung.point;
    point.estimate = scores[i];
    const auto interval = stats::percentile_interval(
        {draws.col(i).data(), static_cast<std::size_t>(draws.rows())}, settings_.confidence);
    point.ci_low = interval.low;
    point.ci_high = interval.high;
    row.points.push_back(point);
    log_size.push_back(std::log10(point.parameters));
    estimate.push_back(scores[i]);
    families.insert(rung.family);
    const int next = static_cast<int>(labels.size());
    family.push_back(labels.try_emplace(rung.family, next).first->second);
  }
  Ladder shared;
  shared.levers = key.levers;
  shared.random_weights = key.random_weights;
  row.models =
      families.empty() ? "no model that answered every task" : name_of_models(families, shared);
  static_cast<SizeRelation&>(row) =
      relate({log_size, estimate, family, draws},
             fmt::format("ability/{}/{}/{}", key.ability, key.precision, row.models), settings_);
  row.trend = trend_of(row);
  return row;
}

}  // namespace allometer::report
