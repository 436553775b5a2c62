#include "report/contrast.hpp"

#include <map>
#include <utility>
#include <vector>

#include "report/size_relation.hpp"
#include "stats/correlation.hpp"
#include "stats/dependent_correlations.hpp"
#include "stats/paired_bootstrap.hpp"
#include "stats/reliability.hpp"

namespace allometer::report {
namespace {

/// The models that both have.
struct Common {
  std::vector<double> log_size;
  std::vector<double> measure;
  std::vector<double> contrast;
  std::vector<int> family;
};

Common common_models(const Judged& measure, const Judged& contrast) {
  std::map<std::int32_t, double> others;
  for (std::size_t i = 0; i < contrast.model.size(); ++i)
    others[contrast.model[i]] = contrast.score[i];
  Common common;
  for (std::size_t i = 0; i < measure.model.size(); ++i) {
    const auto found = others.find(measure.model[i]);
    if (found == others.end()) continue;
    common.log_size.push_back(measure.log_size[i]);
    common.measure.push_back(measure.score[i]);
    common.contrast.push_back(found->second);
    common.family.push_back(measure.family[i]);
  }
  return common;
}

/// Can points have these correlations? Those that are corrected for attenuation may not.
bool is_possible(const Correlations& of) {
  return 1 - of.measure * of.measure - of.contrast * of.contrast - of.between * of.between +
             2 * of.measure * of.contrast * of.between >=
         0;
}

void test_difference(Correlations& of, std::int64_t num_points, double confidence) {
  of.difference = of.measure - of.contrast;
  if (!is_possible(of)) return;
  const auto williams = stats::williams_t(of.measure, of.contrast, of.between, num_points);
  of.williams_t = williams.t;
  of.williams_df = williams.degrees_of_freedom;
  of.williams_p = williams.p;
  const auto zou = stats::zou_interval(of.measure, of.contrast, of.between, num_points, confidence);
  of.difference_low = zou.low;
  of.difference_high = zou.high;
}

/// Pearson's r of centred values.
double correlation(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
  const auto size = static_cast<std::size_t>(a.size());
  return stats::pearson({a.data(), size}, {b.data(), size}).value;
}

double corrected(double r, double reliability_x, double reliability_y) {
  return stats::correct_for_attenuation(r, {}, reliability_x, reliability_y).value;
}

void compare_correlations(const Common& common, double confidence, Comparison& comparison) {
  const Comparable comparable = comparable_models(common.log_size, common.family);
  const Eigen::VectorXd x = comparable.centred(common.log_size, common.family);
  const Eigen::VectorXd measure = comparable.centred(common.measure, common.family);
  const Eigen::VectorXd contrast = comparable.centred(common.contrast, common.family);
  // Each mean beyond the first costs a point (partial correlation given families).
  const std::int64_t num_points = x.size() - (comparable.num_families - 1);
  Correlations& observed = comparison.observed;
  observed.measure = correlation(x, measure);
  observed.contrast = correlation(x, contrast);
  observed.between = correlation(measure, contrast);
  test_difference(observed, num_points, confidence);
  Correlations& true_scores = comparison.corrected;
  const double reliability = comparison.reliability;
  const double contrast_reliability = comparison.contrast_reliability;
  true_scores.measure = corrected(observed.measure, 1, reliability);
  true_scores.contrast = corrected(observed.contrast, 1, contrast_reliability);
  true_scores.between = corrected(observed.between, reliability, contrast_reliability);
  test_difference(true_scores, num_points, confidence);
}

void compare_slopes(const Judged& measure, const Judged& contrast, const Common& common,
                    double confidence, SlopeEstimate& slope) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < common.measure.size(); ++i)
    differences.push_back(common.measure[i] - common.contrast[i]);
  slope = slope_of(common.log_size, differences, common.family, confidence);
  // Slopes of draws are of all models of either: of the same ones only if these are alike.
  if (measure.model != contrast.model) return;
  const auto paired = stats::paired_difference(slope.value, as_span(measure.slopes), 0,
                                               as_span(contrast.slopes), confidence);
  slope.ci_low = paired.interval.low;
  slope.ci_high = paired.interval.high;
}

}  // namespace

Comparison compare(const Judged& measure, const Judged& contrast, double confidence) {
  const Common common = common_models(measure, contrast);
  Comparison comparison;
  comparison.num_models = static_cast<std::int32_t>(common.measure.size());
  if (comparison.num_models < 2) {
    comparison.undefined = "fewer than two models have both";
    return comparison;
  }
  comparison.reliability = measure.reliability;
  comparison.contrast_reliability = contrast.reliability;
  compare_correlations(common, confidence, comparison);
  compare_slopes(measure, contrast, common, confidence, comparison.slope);
  return comparison;
}

}  // namespace allometer::report
