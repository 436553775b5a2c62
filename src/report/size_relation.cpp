#include "report/size_relation.hpp"

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/random.hpp"
#include "report/ladder.hpp"
#include "stats/bootstrap.hpp"
#include "stats/correlation.hpp"
#include "stats/hierarchical_bootstrap.hpp"
#include "stats/partial_correlation.hpp"
#include "stats/permutation.hpp"
#include "stats/simulated_coverage.hpp"
#include "stats/slope.hpp"

namespace allometer::report {
namespace {

void interval_into(Correlation& correlation, const Eigen::ArrayXd& draws, double confidence) {
  const auto interval = stats::percentile_interval(as_span(draws), confidence);
  correlation.ci_low = interval.low;
  correlation.ci_high = interval.high;
}

void p_into(Correlation& correlation, const stats::PermutationP& test) {
  correlation.p = test.p;
  correlation.smallest_p = test.smallest_p;
}

std::size_t count_distinct(std::span<const int> labels) {
  return std::set<int>(labels.begin(), labels.end()).size();
}

/// Labels for permutations within families; none where each family has one model, so that nothing
/// could be permuted.
std::vector<int> strata_of(std::span<const int> family) {
  const std::size_t families = count_distinct(family);
  if (families < 2 || families == family.size()) return {};
  return {family.begin(), family.end()};
}

SlopeEstimate from(const stats::Slope& slope) {
  SlopeEstimate estimate;
  estimate.value = slope.test.estimate;
  estimate.standard_error = slope.test.standard_error;
  estimate.degrees_of_freedom = slope.test.degrees_of_freedom;
  estimate.t_low = slope.test.low;
  estimate.t_high = slope.test.high;
  estimate.p = slope.test.p;
  estimate.errors = name_of(slope.errors);
  estimate.num_models = slope.num_models;
  estimate.num_families = slope.num_families;
  if (!std::isnan(slope.test.low)) {
    const auto families = static_cast<double>(slope.num_families);
    estimate.coverage =
        stats::simulated_coverage(families, slope.num_models / families).of_all_families;
  }
  return estimate;
}

/// A column for each setting of the levers but the first.
Eigen::MatrixXd dummies_of(std::span<const int> setting) {
  const std::set<int> settings(setting.begin(), setting.end());
  Eigen::MatrixXd dummies = Eigen::MatrixXd::Zero(
      std::ssize(setting), std::max<Eigen::Index>(0, std::ssize(settings) - 1));
  for (Eigen::Index i = 0; i < dummies.rows(); ++i) {
    const auto column =
        std::distance(settings.begin(), settings.find(setting[static_cast<std::size_t>(i)])) - 1;
    if (column >= 0) dummies(i, column) = 1;
  }
  return dummies;
}

void relate_within_families(const SizedEstimates& models, std::string_view key,
                            const Settings& settings, SizeRelation& row) {
  const Comparable comparable = comparable_models(models.log_size, models.family);
  if (!comparable.within_families) return;
  row.within_slope = slope_of(models.log_size, models.estimate, models.family, settings.confidence);
  add_questions(row.within_slope, slopes_of_draws(models.log_size, models.family, models.draws),
                settings.confidence);
  const auto r = stats::within_correlation(models.log_size, models.estimate, models.family);
  row.within_pearson = {r.value, static_cast<double>(r.degrees_of_freedom), r.p};
  const Eigen::VectorXd x = comparable.centred(models.log_size, models.family);
  const Eigen::VectorXd y = comparable.centred(models.estimate, models.family);
  std::vector<int> family;
  for (const std::size_t i : comparable.models) family.push_back(models.family[i]);
  const std::span<const double> xs(x.data(), family.size());
  const std::span<const double> ys(y.data(), family.size());
  row.within_spearman.value = stats::spearman(xs, ys).value;
  const std::uint64_t seed = seed_from(fmt::format("permutation/{}/{}/within", settings.seed, key));
  p_into(row.within_spearman, stats::permutation_test(xs, ys, family, seed).spearman);
}

void relate_hierarchically(const SizedEstimates& models, std::string_view key,
                           const Settings& settings, SizeRelation& row) {
  const auto line = std::isnan(row.within_slope.value) ? stats::SlopeOf::all_models
                                                       : stats::SlopeOf::within_families;
  const std::string name = fmt::format("hierarchical/{}/{}", settings.seed, key);
  // Where nothing is known of the questions, they are taken as given.
  const bool has_draws = models.draws.allFinite();
  const Eigen::RowVectorXd estimates =
      Eigen::Map<const Eigen::RowVectorXd>(models.estimate.data(), std::ssize(models.estimate));
  const Eigen::MatrixXd& draws = models.draws;
  const Eigen::ArrayXd slopes =
      has_draws ? stats::hierarchical_slopes(name, 0, settings.bootstrap_draws, models.log_size,
                                             models.family, draws, line)
                : stats::hierarchical_slopes(name, 0, settings.bootstrap_draws, models.log_size,
                                             models.family, estimates, line);
  const auto interval = stats::hierarchical_interval(as_span(slopes), settings.confidence);
  const double families = static_cast<double>(count_distinct(models.family));
  row.hierarchical = {interval.interval.low, interval.interval.high,
                      stats::hierarchical_coverage(
                          families, static_cast<double>(models.estimate.size()) / families, line),
                      interval.num_draws, interval.degenerate_draws};
}

}  // namespace

SizedEstimates sized(std::span<const Rung* const> rungs) {
  SizedEstimates models;
  if (rungs.empty()) return models;
  models.draws.resize(rungs.front()->draws.size(), std::ssize(rungs));
  Labels families;
  Labels settings;
  for (const Rung* rung : rungs) {
    models.draws.col(std::ssize(models.estimate)) = rung->draws;
    models.log_size.push_back(std::log10(rung->point.parameters));
    models.estimate.push_back(rung->point.estimate);
    models.family.push_back(families.of(rung->family + "/" + rung->levers));
    models.setting.push_back(settings.of(rung->levers));
  }
  return models;
}

SizedEstimates sized(std::span<const Rung> rungs) {
  std::vector<const Rung*> all;
  for (const Rung& rung : rungs) all.push_back(&rung);
  return sized(all);
}

Comparable comparable_models(std::span<const double> log_size, std::span<const int> family) {
  std::map<int, std::set<double>> sizes;
  for (std::size_t i = 0; i < family.size(); ++i) sizes[family[i]].insert(log_size[i]);
  Comparable comparable;
  if (sizes.size() > 1) {
    for (std::size_t i = 0; i < family.size(); ++i) {
      if (sizes[family[i]].size() > 1) comparable.models.push_back(i);
    }
  }
  comparable.within_families = !comparable.models.empty();
  if (comparable.within_families) {
    comparable.num_families = 0;
    for (const auto& [label, of_family] : sizes) comparable.num_families += of_family.size() > 1;
  } else {
    for (std::size_t i = 0; i < log_size.size(); ++i) comparable.models.push_back(i);
  }
  return comparable;
}

Eigen::VectorXd Comparable::centred(std::span<const double> values,
                                    std::span<const int> family) const {
  std::map<int, std::pair<double, int>> sums;
  const auto label = [&](std::size_t i) { return within_families ? family[i] : 0; };
  for (const std::size_t i : models) {
    auto& [sum, count] = sums[label(i)];
    sum += values[i];
    ++count;
  }
  Eigen::VectorXd centred(std::ssize(models));
  Eigen::Index next = 0;
  for (const std::size_t i : models) {
    const auto& [sum, count] = sums[label(i)];
    centred[next++] = values[i] - sum / count;
  }
  return centred;
}

SlopeEstimate slope_of(std::span<const double> log_size, std::span<const double> values,
                       std::span<const int> family, double confidence) {
  return from(comparable_models(log_size, family).within_families
                  ? stats::within_slope(log_size, values, family, confidence)
                  : stats::pooled_slope(log_size, values, family, confidence));
}

Eigen::ArrayXd slopes_of_draws(std::span<const double> log_size, std::span<const int> family,
                               const Eigen::MatrixXd& draws) {
  // A slope is the sum of weights x values.
  const Comparable comparable = comparable_models(log_size, family);
  const Eigen::VectorXd x = comparable.centred(log_size, family);
  const Eigen::VectorXd weights = x / x.squaredNorm();
  Eigen::ArrayXd slopes = Eigen::ArrayXd::Zero(draws.rows());
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    const auto model = static_cast<Eigen::Index>(comparable.models[static_cast<std::size_t>(i)]);
    slopes += weights[i] * draws.col(model).array();
  }
  return slopes;
}

void add_questions(SlopeEstimate& slope, const Eigen::ArrayXd& slopes, double confidence) {
  const auto interval = stats::percentile_interval(as_span(slopes), confidence);
  slope.ci_low = interval.low;
  slope.ci_high = interval.high;
  slope.question_error = stats::standard_deviation(as_span(slopes));
}

SizeRelation relate_over_all(const SizedEstimates& models, std::string_view key,
                             const Settings& settings) {
  SizeRelation row;
  const std::set<double> sizes(models.log_size.begin(), models.log_size.end());
  row.num_sizes = static_cast<std::int32_t>(sizes.size());
  row.pearson.value = stats::pearson(models.log_size, models.estimate).value;
  row.spearman.value = stats::spearman(models.log_size, models.estimate).value;
  row.kendall.value = stats::kendall_tau_b(models.log_size, models.estimate).value;

  const std::uint64_t seed = seed_from(fmt::format("permutation/{}/{}", settings.seed, key));
  const auto test =
      stats::permutation_test(models.log_size, models.estimate, strata_of(models.family), seed);
  row.exact = test.exact;
  p_into(row.pearson, test.pearson);
  p_into(row.spearman, test.spearman);
  p_into(row.kendall, test.kendall);

  row.slope = from(
      stats::pooled_slope(models.log_size, models.estimate, models.family, settings.confidence));
  if (row.num_sizes < 2) return row;
  if (count_distinct(models.setting) > 1) {
    const auto partial =
        stats::partial_pearson(models.log_size, models.estimate, dummies_of(models.setting));
    row.partial = {partial.value, static_cast<double>(partial.degrees_of_freedom), partial.p};
  }
  const auto drawn = stats::drawn_coefficients(models.log_size, models.draws);
  interval_into(row.pearson, drawn.pearson, settings.confidence);
  interval_into(row.spearman, drawn.spearman, settings.confidence);
  interval_into(row.kendall, drawn.kendall, settings.confidence);
  add_questions(row.slope, drawn.slope, settings.confidence);
  return row;
}

SizeRelation relate(const SizedEstimates& models, std::string_view key, const Settings& settings) {
  SizeRelation row = relate_over_all(models, key, settings);
  if (row.num_sizes < 2) return row;
  relate_within_families(models, key, settings, row);
  if (settings.hierarchical) relate_hierarchically(models, key, settings, row);
  return row;
}

}  // namespace allometer::report
