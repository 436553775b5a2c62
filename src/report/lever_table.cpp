#include "report/lever_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>

#include <Eigen/Core>

#include "report/rung.hpp"
#include "stats/linear_model.hpp"
#include "stats/multiple_testing.hpp"
#include "stats/ratio.hpp"
#include "stats/slope.hpp"

namespace allometer::report {
namespace {

/// For an interval of what size does.
constexpr std::int32_t kLeastSizes = 3;

/// A model asked with some number of shots, as a point of the linear model.
struct Observation {
  LeverSetting setting;
  Body body;
  double log_size = 0;
  double score = 0;
};

/// By variant and shots.
using Scores = std::map<std::pair<std::int32_t, std::int32_t>, double>;

Effect effect_of(const stats::CoefficientTest& test) {
  return {test.estimate, test.low, test.high, test.p};
}

// --- what is explained

/// Means over the measures, of variants (and shots, unless merged) that have all of them.
Scores mean_scores(const std::vector<std::pair<Measure, const ScoreOfVariant*>>& measures,
                   bool merge_shots) {
  Scores sums;
  std::map<std::pair<std::int32_t, std::int32_t>, std::size_t> counts;
  std::map<std::int32_t, std::size_t> needed;
  for (const auto& [measure, of_variant] : measures) {
    const std::int32_t shots = merge_shots ? 0 : measure.num_fewshot;
    ++needed[shots];
    for (const auto& [variant, score] : *of_variant) {
      sums[{variant, shots}] += score;
      ++counts[{variant, shots}];
    }
  }
  std::erase_if(
      sums, [&](const auto& entry) { return counts[entry.first] < needed[entry.first.second]; });
  for (auto& [key, sum] : sums) sum /= static_cast<double>(counts[key]);
  return sums;
}

/// The scores of an ability from the measures of its tasks.
Scores ability_scores(std::vector<std::pair<Measure, const ScoreOfVariant*>> measures) {
  std::set<std::int32_t> shots;
  std::map<std::int32_t, std::size_t> times;  // by task
  for (const auto& [measure, scores] : measures) {
    shots.insert(measure.num_fewshot);
    ++times[measure.task];
  }
  const auto with_all_shots = [&](const auto& task) { return task.second == shots.size(); };
  if (std::ranges::none_of(times, with_all_shots)) return mean_scores(measures, true);
  std::erase_if(measures,
                [&](const auto& entry) { return times[entry.first.task] < shots.size(); });
  return mean_scores(measures, false);
}

// --- the linear model

/// Columns: an intercept per family, log10 N about its mean, an indicator per level that is not the
/// first of its lever among the points.
struct Design {
  Eigen::MatrixXd columns;
  std::vector<double> y;
  std::vector<int> cluster;
  Eigen::Index size = 0;  ///< column of log10 N
  std::int32_t num_families = 0;
  std::int32_t num_sizes = 0;
};

/// A level that is compared with a reference.
struct Contrast {
  std::string lever;
  std::string level;
  std::string reference;
  Eigen::Index column = 0;
};

/// The levels of a lever among the points, in its order.
std::vector<std::string> levels_among(const std::vector<Observation>& points,
                                      const std::string& lever,
                                      const std::vector<std::string>& levels) {
  std::vector<std::string> present;
  for (const std::string& level : levels) {
    const bool taken = std::ranges::any_of(
        points, [&](const Observation& point) { return point.setting.at(lever) == level; });
    if (taken) present.push_back(level);
  }
  return present;
}

std::vector<Contrast> contrasts_of(const std::vector<Observation>& points, const Levers& levers,
                                   Eigen::Index first_column) {
  std::vector<Contrast> contrasts;
  for (const auto& [lever, all_levels] : levers.all()) {
    const auto levels = levels_among(points, lever, all_levels);
    for (std::size_t i = 1; i < levels.size(); ++i)
      contrasts.push_back({lever, levels[i], levels[0], first_column++});
  }
  return contrasts;
}

template <class Key>
std::vector<int> labels_of(const std::vector<Observation>& points, Key key) {
  std::map<std::decay_t<decltype(key(points.front()))>, int> labels;
  std::vector<int> of_point;
  for (const Observation& point : points)
    of_point.push_back(
        labels.try_emplace(key(point), static_cast<int>(labels.size())).first->second);
  return of_point;
}

std::int32_t count_of(const std::vector<int>& labels) {
  return 1 + *std::ranges::max_element(labels);
}

Design design_of(const std::vector<Observation>& points, const Levers& levers,
                 std::vector<Contrast>& contrasts) {
  const auto family = labels_of(points, [](const Observation& point) { return point.body.family; });
  Design design;
  design.num_families = count_of(family);
  design.num_sizes =
      count_of(labels_of(points, [](const Observation& point) { return point.log_size; }));
  design.size = design.num_families;
  contrasts = contrasts_of(points, levers, design.size + 1);
  design.cluster = design.num_families >= stats::kFamiliesForClusters
                       ? family
                       : labels_of(points, [](const Observation& point) { return point.body; });
  const auto num_points = std::ssize(points);
  design.columns = Eigen::MatrixXd::Zero(num_points, design.size + 1 + std::ssize(contrasts));
  for (Eigen::Index i = 0; i < num_points; ++i) {
    const Observation& point = points[static_cast<std::size_t>(i)];
    design.columns(i, family[static_cast<std::size_t>(i)]) = 1;
    design.columns(i, design.size) = point.log_size;
    for (const Contrast& contrast : contrasts)
      design.columns(i, contrast.column) = point.setting.at(contrast.lever) == contrast.level;
    design.y.push_back(point.score);
  }
  design.columns.col(design.size).array() -= design.columns.col(design.size).mean();
  return design;
}

/// Does the effect of the level change with size? The product of both is one column more.
Effect interaction_of(const Design& design, const Contrast& contrast, double confidence) {
  Eigen::MatrixXd columns(design.columns.rows(), design.columns.cols() + 1);
  columns << design.columns,
      design.columns.col(contrast.column).cwiseProduct(design.columns.col(design.size));
  const stats::LinearModel model(columns, design.y, design.cluster);
  return effect_of(
      model.test_coefficient(columns.cols() - 1, stats::Errors::clustered, confidence));
}

ExchangeInterval interval_of(stats::RatioSet set) {
  switch (set) {
    case stats::RatioSet::bounded:
      return ExchangeInterval::bounded;
    case stats::RatioSet::complement:
      return ExchangeInterval::outside;
    case stats::RatioSet::everything:
      return ExchangeInterval::everything;
  }
  return ExchangeInterval::none;
}

/// c / b in decades of N.
void put_exchange(const stats::LinearModel& model, const Design& design, const Contrast& contrast,
                  double confidence, LeverRow& row) {
  const auto unit = [&](Eigen::Index column) -> Eigen::VectorXd {
    return Eigen::VectorXd::Unit(design.columns.cols(), column);
  };
  const stats::Ratio ratio = stats::ratio_of(model, unit(contrast.column), unit(design.size),
                                             stats::Errors::clustered, confidence);
  row.exchange = ratio.value;
  if (design.num_sizes < kLeastSizes || ratio.interval_undefined != stats::Undefined::no) return;
  row.exchange_interval = interval_of(ratio.set);
  row.exchange_low = ratio.low;
  row.exchange_high = ratio.high;
}

// --- the cross-check

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Mean over bodies of the differences between the level and its reference, other levers alike.
void put_matched(const std::vector<Observation>& points, const Contrast& contrast,
                 double confidence, LeverRow& row) {
  struct Sides {
    std::vector<double> level;
    std::vector<double> reference;
  };
  std::map<std::pair<Body, LeverSetting>, Sides> alike;
  for (const Observation& point : points) {
    LeverSetting others = point.setting;
    const std::string level = others.extract(contrast.lever).mapped();
    Sides& sides = alike[{point.body, std::move(others)}];
    if (level == contrast.level) sides.level.push_back(point.score);
    if (level == contrast.reference) sides.reference.push_back(point.score);
  }
  std::map<Body, std::vector<double>> differences;
  for (const auto& [shared, sides] : alike) {
    if (!sides.level.empty() && !sides.reference.empty())
      differences[shared.first].push_back(mean_of(sides.level) - mean_of(sides.reference));
  }
  std::vector<double> of_body;
  for (const auto& [body, values] : differences) of_body.push_back(mean_of(values));
  row.num_matched = static_cast<std::int32_t>(of_body.size());
  if (of_body.empty()) return;
  const stats::LinearModel mean(Eigen::MatrixXd::Ones(std::ssize(of_body), 1), of_body);
  row.matched = effect_of(mean.test_coefficient(0, stats::Errors::classical, confidence));
}

// --- rows

class RowMaker {
 public:
  RowMaker(const Source& source, const Levers& levers, const Settings& settings)
      : source_(source), levers_(levers), settings_(settings) {}

  /// `empty` names the ability or task.
  void add(const Scores& scores, const LeverRow& empty) {
    const std::vector<Observation> points = points_of(scores);
    if (points.size() < 2) return;
    std::vector<Contrast> contrasts;
    const Design design = design_of(points, levers_, contrasts);
    if (contrasts.empty()) return;
    const stats::LinearModel model(design.columns, design.y, design.cluster);
    const auto test = [&](Eigen::Index column) {
      return effect_of(
          model.test_coefficient(column, stats::Errors::clustered, settings_.confidence));
    };
    for (const Contrast& contrast : contrasts) {
      LeverRow row = empty;
      row.lever = contrast.lever;
      row.level = contrast.level;
      row.reference = contrast.reference;
      row.num_points = static_cast<std::int32_t>(points.size());
      row.num_sizes = design.num_sizes;
      row.num_families = design.num_families;
      row.effect = test(contrast.column);
      row.decade = test(design.size);
      if (design.num_sizes < kLeastSizes) row.decade = {.value = row.decade.value};
      row.interaction = interaction_of(design, contrast, settings_.confidence);
      put_exchange(model, design, contrast, settings_.confidence, row);
      put_matched(points, contrast, settings_.confidence, row);
      rows_.push_back(std::move(row));
    }
  }

  std::vector<LeverRow> take_rows() { return std::move(rows_); }

 private:
  /// Models without a size are left out.
  std::vector<Observation> points_of(const Scores& scores) const {
    std::vector<Observation> points;
    for (const auto& [key, score] : scores) {
      const auto [variant, shots] = key;
      const auto model = source_.plan.variants[static_cast<std::size_t>(variant)].model;
      const double size =
          parameters_of(source_.plan.models[static_cast<std::size_t>(model)], settings_);
      if (!(size > 0 && std::isfinite(size))) continue;
      points.push_back(
          {levers_.setting_of(variant, shots), levers_.body_of(variant), std::log10(size), score});
    }
    return points;
  }

  const Source& source_;
  const Levers& levers_;
  const Settings& settings_;
  std::vector<LeverRow> rows_;
};

/// Benjamini and Hochberg over the abilities, and over the tasks.
void adjust_p(std::span<LeverRow> rows) {
  std::vector<double> p;
  for (const LeverRow& row : rows) p.push_back(row.effect.p);
  const std::vector<double> adjusted = stats::benjamini_hochberg(p);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].p_adjusted = adjusted[i];
}

}  // namespace

std::string_view name_of(ExchangeInterval interval) {
  switch (interval) {
    case ExchangeInterval::bounded:
      return "bounded";
    case ExchangeInterval::outside:
      return "all but low to high";
    case ExchangeInterval::everything:
      return "unbounded";
    case ExchangeInterval::none:
      return "none";
  }
  return "";
}

std::vector<LeverRow> lever_rows(const std::map<Measure, ScoreOfVariant>& scores,
                                 const Source& source, const Levers& levers,
                                 const Settings& settings) {
  using Measures = std::vector<std::pair<Measure, const ScoreOfVariant*>>;
  std::map<std::string, Measures> of_ability;
  std::map<std::int32_t, Measures> of_task;
  std::map<std::string, std::set<std::int32_t>> tasks;
  for (const auto& [measure, of_variant] : scores) {
    const auto& task = source.plan.tasks[static_cast<std::size_t>(measure.task)];
    of_ability[task.ability].emplace_back(measure, &of_variant);
    of_task[measure.task].emplace_back(measure, &of_variant);
    tasks[task.ability].insert(measure.task);
  }
  RowMaker abilities(source, levers, settings);
  for (const auto& [ability, measures] : of_ability) {
    if (ability.empty() || tasks[ability].size() < 2) continue;
    LeverRow row;
    row.ability = ability;
    abilities.add(ability_scores(measures), row);
  }
  RowMaker single(source, levers, settings);
  for (const auto& [task, measures] : of_task) {
    LeverRow row;
    row.task = task;
    single.add(mean_scores(measures, false), row);
  }
  std::vector<LeverRow> rows = abilities.take_rows();
  std::vector<LeverRow> of_tasks = single.take_rows();
  adjust_p(rows);
  adjust_p(of_tasks);
  std::move(of_tasks.begin(), of_tasks.end(), std::back_inserter(rows));
  return rows;
}

}  // namespace allometer::report
