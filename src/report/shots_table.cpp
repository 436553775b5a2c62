#include "report/shots_table.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/random.hpp"
#include "report/rung.hpp"
#include "report/size_relation.hpp"
#include "stats/bootstrap.hpp"
#include "stats/regression.hpp"

namespace allometer::report {
namespace {

using Estimates = std::map<std::pair<std::int32_t, std::string>, double>;

/// Estimates of one model by draw, then by shots.
using Answers = std::map<std::uint64_t, std::map<std::int32_t, double>>;

/// A model's line, and that of each of its draws.
struct Fit {
  ShotsPoint point;
  std::string family;
  std::map<std::uint64_t, std::pair<double, double>> of_draw;  ///< level and gain by seed
};

/// Draws that have every number of shots that any has, each as values in the order of the shots.
std::map<std::uint64_t, std::vector<double>> complete_draws(const Answers& answers,
                                                            const std::set<std::int32_t>& shots) {
  std::map<std::uint64_t, std::vector<double>> complete;
  for (const auto& [seed, values] : answers) {
    if (values.size() != shots.size()) continue;
    for (const auto& [num_fewshot, value] : values) complete[seed].push_back(value);
  }
  return complete;
}

/// Square root of the mean over shots of the variance over draws.
double pooled_spread(const std::map<std::uint64_t, std::vector<double>>& draws,
                     std::size_t num_shots) {
  double variance = 0;
  for (std::size_t k = 0; k < num_shots; ++k) {
    std::vector<double> values;
    for (const auto& [seed, of_shots] : draws) values.push_back(of_shots[k]);
    variance += std::pow(stats::standard_deviation(values), 2);
  }
  return std::sqrt(variance / static_cast<double>(num_shots));
}

/// Nothing where the model was not asked with two numbers of shots in any draw.
std::optional<Fit> fit_model(const Answers& answers, double confidence) {
  std::set<std::int32_t> shots;
  for (const auto& [seed, values] : answers) {
    for (const auto& [num_fewshot, value] : values) shots.insert(num_fewshot);
  }
  const auto draws = complete_draws(answers, shots);
  if (shots.size() < 2 || draws.empty()) return std::nullopt;
  std::vector<double> x;
  for (const std::int32_t num_fewshot : shots) x.push_back(std::log1p(num_fewshot));
  Fit fit;
  std::vector<double> mean(shots.size(), 0);
  std::vector<double> gains;
  for (const auto& [seed, values] : draws) {
    const stats::Line line = stats::least_squares(x, values, confidence);
    fit.of_draw[seed] = {line.intercept, line.slope};
    gains.push_back(line.slope);
    for (std::size_t k = 0; k < values.size(); ++k)
      mean[k] += values[k] / static_cast<double>(draws.size());
  }
  const stats::Line line = stats::least_squares(x, mean, confidence);
  fit.point.level = line.intercept;
  fit.point.gain = line.slope;
  fit.point.gain_t_low = line.slope_low;
  fit.point.gain_t_high = line.slope_high;
  fit.point.shots.assign(shots.begin(), shots.end());
  fit.point.values = std::move(mean);
  fit.point.num_draws = static_cast<std::int32_t>(draws.size());
  fit.point.gain_spread = stats::standard_deviation(gains);
  fit.point.spread = pooled_spread(draws, shots.size());
  return fit;
}

/// Level or gain of every model in each resample of the draws, [resamples x models]: the line of
/// means is the mean of the lines. The same draws for every model.
Eigen::MatrixXd resampled(const std::vector<Fit>& fits, const std::vector<std::uint64_t>& seeds,
                          bool is_gain, int num_resamples, const std::string& key) {
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(num_resamples, std::ssize(fits));
  for (int b = 0; b < num_resamples; ++b) {
    SplitMix64 random(seed_from(fmt::format("{}/{}", key, b)));
    for (std::size_t draw = 0; draw < seeds.size(); ++draw) {
      const std::uint64_t seed = seeds[random.below(seeds.size())];
      for (std::size_t m = 0; m < fits.size(); ++m) {
        const auto& [level, gain] = fits[m].of_draw.at(seed);
        values(b, static_cast<Eigen::Index>(m)) += is_gain ? gain : level;
      }
    }
  }
  return values / static_cast<double>(seeds.size());
}

/// Draws that all models have.
std::vector<std::uint64_t> common_seeds(const std::vector<Fit>& fits) {
  std::vector<std::uint64_t> seeds;
  for (const auto& [seed, line] : fits.front().of_draw) {
    const bool everywhere = std::all_of(fits.begin(), fits.end(),
                                        [&](const Fit& fit) { return fit.of_draw.contains(seed); });
    if (everywhere) seeds.push_back(seed);
  }
  return seeds;
}

/// Of level or gain with log10 N. Without two draws there is nothing to resample.
SizeRelation relate_fits(const std::vector<Fit>& fits, bool is_gain, const Settings& settings,
                         const std::string& key) {
  SizedEstimates models;
  Labels labels;
  for (const Fit& fit : fits) {
    models.log_size.push_back(std::log10(fit.point.parameters));
    models.estimate.push_back(is_gain ? fit.point.gain : fit.point.level);
    models.family.push_back(labels.of(fit.family));
  }
  const std::vector<std::uint64_t> seeds = common_seeds(fits);
  models.draws = Eigen::MatrixXd::Constant(settings.bootstrap_draws, std::ssize(fits), kUndefined);
  if (seeds.size() > 1)
    models.draws = resampled(fits, seeds, is_gain, settings.bootstrap_draws, "draws/" + key);
  return relate_over_all(models, key, settings);
}

class RowMaker {
 public:
  RowMaker(const Source& source, const Settings& settings) : source_(source), settings_(settings) {}

  /// Nothing where no model was asked with several numbers of shots.
  std::optional<ShotsRow> make(const Ladder& ladder, std::int32_t metric,
                               const std::vector<std::int32_t>& cells, const Estimates& estimates) {
    const auto& task = source_.plan.tasks[static_cast<std::size_t>(ladder.task)];
    const std::string& metric_name = task.metrics[static_cast<std::size_t>(metric)].name;
    std::vector<Fit> fits = fit_models(cells, metric_name, estimates);
    if (fits.empty()) return std::nullopt;
    ShotsRow row;
    row.task = ladder.task;
    row.metric = metric;
    row.precision = ladder.precision;
    std::set<std::string> families;
    for (const Fit& fit : fits) {
      families.insert(fit.family);
      row.points.push_back(fit.point);
    }
    row.models = name_of_models(families, ladder.levers, ladder.random_weights);
    const std::string key = fmt::format("shots/{}/{}/{}/{}/{}", settings_.seed, task.name,
                                        metric_name, row.precision, row.models);
    row.level = relate_fits(fits, false, settings_, key + "/level");
    row.gain = relate_fits(fits, true, settings_, key + "/gain");
    return row;
  }

 private:
  /// Smallest model first; those without a size or a finite value are left out.
  std::vector<Fit> fit_models(const std::vector<std::int32_t>& cells, const std::string& metric,
                              const Estimates& estimates) {
    std::map<std::int32_t, Answers> by_model;
    for (const std::int32_t index : cells) {
      const auto& cell = source_.cells[static_cast<std::size_t>(index)].cell;
      const auto found = estimates.find({index, metric});
      if (found == estimates.end() || !std::isfinite(found->second)) continue;
      const auto& variant = source_.plan.variants[static_cast<std::size_t>(cell.variant)];
      by_model[variant.model][cell.seed][cell.num_fewshot] = found->second;
    }
    std::vector<Fit> fits;
    for (const auto& [index, answers] : by_model) {
      const auto& model = source_.plan.models[static_cast<std::size_t>(index)];
      auto fit = fit_model(answers, settings_.confidence);
      if (!fit) continue;
      fit->family = model.family;
      fit->point.model = index;
      fit->point.parameters = parameters_of(model, settings_);
      if (fit->point.parameters > 0) fits.push_back(*std::move(fit));
    }
    std::stable_sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) {
      return a.point.parameters < b.point.parameters;
    });
    return fits;
  }

  const Source& source_;
  const Settings& settings_;
};

}  // namespace

std::vector<ShotsRow> shots_rows(const std::map<Ladder, std::vector<std::int32_t>>& cells,
                                 std::span<const results::ResultsFile::Estimate> estimates,
                                 const Source& source, const Settings& settings) {
  Estimates by_cell;
  for (const auto& estimate : estimates)
    by_cell[{estimate.cell, estimate.metric}] = estimate.estimate;
  std::map<Ladder, std::vector<std::int32_t>> of_all_shots;
  for (const auto& [ladder, indices] : cells) {
    if (!ladder.in_job) continue;
    Ladder shared = ladder;
    shared.num_fewshot = 0;
    for (const std::int32_t index : indices) {
      if (source.cells[static_cast<std::size_t>(index)].status == results::CellStatus::done)
        of_all_shots[shared].push_back(index);
    }
  }
  std::vector<ShotsRow> rows;
  RowMaker maker(source, settings);
  for (const auto& [ladder, indices] : of_all_shots) {
    const auto& metrics = source.plan.tasks[static_cast<std::size_t>(ladder.task)].metrics;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      if (auto row = maker.make(ladder, static_cast<std::int32_t>(m), indices, by_cell))
        rows.push_back(*std::move(row));
    }
  }
  return rows;
}

}  // namespace allometer::report
