#include "report/rescale.hpp"

#include <cmath>

namespace allometer::report {

std::string_view name_of(ScoreUnit unit) {
  switch (unit) {
    case ScoreUnit::range:
      return "of the range from chance to perfect";
    case ScoreUnit::mean:
      return "of the mean of the models";
    case ScoreUnit::mixed:
      return "of the rescaled score";
  }
  return "";
}

Rescale rescale_of(const results::PlannedMetric& metric, std::span<const double> estimates) {
  const bool has_nought = metric.higher_is_better && metric.best > 0;
  const double zero = std::isnan(metric.chance) && has_nought ? 0 : metric.chance;
  const double range = metric.best - zero;
  if (range != 0 && std::isfinite(range)) return {zero, range, ScoreUnit::range};
  double sum = 0;
  int count = 0;
  for (const double estimate : estimates) {
    if (!std::isfinite(estimate)) continue;
    sum += std::abs(estimate);
    ++count;
  }
  const double mean = sum / count;
  return {0, mean > 0 ? (metric.higher_is_better ? mean : -mean) : kUndefined, ScoreUnit::mean};
}

Rung rescaled(const Rung& rung, const Rescale& rescale) {
  Rung score;
  score.point.model = rung.point.model;
  score.point.parameters = rung.point.parameters;
  score.point.estimate = rescale(rung.point.estimate);
  score.family = rung.family;
  score.levers = rung.levers;
  score.draws = (rung.draws - rescale.zero) / rescale.unit;
  score.halves = (rung.halves - rescale.zero) / rescale.unit;
  return score;
}

}  // namespace allometer::report
