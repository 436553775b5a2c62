#include "report/size_relation.hpp"

#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/random.hpp"
#include "report/ladder.hpp"
#include "stats/bootstrap.hpp"
#include "stats/correlation.hpp"
#include "stats/permutation.hpp"
#include "stats/regression.hpp"

namespace allometer::report {
namespace {

stats::Interval interval_of(const Eigen::ArrayXd& draws, double confidence) {
  return stats::percentile_interval({draws.data(), static_cast<std::size_t>(draws.size())},
                                    confidence);
}

void interval_into(Correlation& correlation, const Eigen::ArrayXd& draws, double confidence) {
  const auto interval = interval_of(draws, confidence);
  correlation.ci_low = interval.low;
  correlation.ci_high = interval.high;
}

/// Labels for permutations within families; none where each family has one model, so that nothing
/// could be permuted.
std::vector<int> strata_of(std::span<const int> family) {
  const std::set<int> families(family.begin(), family.end());
  if (families.size() < 2 || families.size() == family.size()) return {};
  return {family.begin(), family.end()};
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

SizeRelation relate(const SizedEstimates& models, std::string_view key, const Settings& settings) {
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
  row.pearson.p = test.pearson.p;
  row.pearson.smallest_p = test.pearson.smallest_p;
  row.spearman.p = test.spearman.p;
  row.spearman.smallest_p = test.spearman.smallest_p;
  row.kendall.p = test.kendall.p;
  row.kendall.smallest_p = test.kendall.smallest_p;

  const auto line = stats::least_squares(models.log_size, models.estimate, settings.confidence);
  row.slope = line.slope;
  row.slope_t_low = line.slope_low;
  row.slope_t_high = line.slope_high;
  if (row.num_sizes < 2) return row;
  const auto drawn = stats::drawn_coefficients(models.log_size, models.draws);
  interval_into(row.pearson, drawn.pearson, settings.confidence);
  interval_into(row.spearman, drawn.spearman, settings.confidence);
  interval_into(row.kendall, drawn.kendall, settings.confidence);
  const auto slope = interval_of(drawn.slope, settings.confidence);
  row.slope_ci_low = slope.low;
  row.slope_ci_high = slope.high;
  return row;
}

}  // namespace allometer::report
