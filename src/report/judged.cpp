#include "report/judged.hpp"

#include <array>
#include <cmath>

#include "report/shape.hpp"
#include "stats/bootstrap.hpp"
#include "stats/reliability.hpp"

namespace allometer::report {
namespace {

/// Standard errors over questions; empty where any is unknown.
std::vector<double> errors_of(std::span<const Rung> rungs) {
  std::vector<double> errors;
  for (const Rung& rung : rungs) {
    const double error = stats::standard_deviation(as_span(rung.draws));
    if (std::isnan(error)) return {};
    errors.push_back(error);
  }
  return errors;
}

/// Split-half reliability over models, within families where there are several. NaN where answers
/// are not known.
double reliability_of(std::span<const Rung> rungs, const SizedEstimates& models) {
  if (rungs.empty()) return kUndefined;
  const Eigen::Index num_splits = rungs.front().halves.size() / 2;
  for (const Rung& rung : rungs) {
    if (rung.halves.size() != 2 * num_splits || num_splits == 0) return kUndefined;
  }
  const Comparable comparable = comparable_models(models.log_size, models.family);
  std::array<Eigen::MatrixXd, 2> halves;
  for (const int half : {0, 1}) {
    Eigen::MatrixXd& centred = halves[static_cast<std::size_t>(half)];
    centred.resize(num_splits, std::ssize(comparable.models));
    for (Eigen::Index split = 0; split < num_splits; ++split) {
      std::vector<double> scores;
      for (const Rung& rung : rungs) scores.push_back(rung.halves[half * num_splits + split]);
      centred.row(split) = comparable.centred(scores, models.family).transpose();
    }
  }
  return stats::split_half_reliability(halves[0], halves[1]).value;
}

}  // namespace

Shape shape_from(std::span<const Rung> rungs, const SizedEstimates& models, ScoreUnit unit,
                 const Settings& settings) {
  return shape_of(models.log_size, models.estimate, errors_of(rungs), models.family, unit,
                  settings.confidence);
}

Judged judged_from(std::span<const Rung> rungs, const SizedEstimates& models,
                   const SizeRelation& relation, const Shape& shape) {
  Judged judged;
  judged.shape = shape;
  for (const Rung& rung : rungs) judged.model.push_back(rung.point.model);
  judged.slopes = slopes_of_draws(models.log_size, models.family, models.draws);
  judged.reliability = reliability_of(rungs, models);
  const bool within = !std::isnan(relation.within_slope.value);
  const Correlation& rank = within ? relation.within_spearman : relation.spearman;
  judged.permutation_p = rank.p;
  judged.smallest_permutation_p = rank.smallest_p;
  judged.log_size = models.log_size;
  judged.score = models.estimate;
  judged.family = models.family;
  return judged;
}

}  // namespace allometer::report
