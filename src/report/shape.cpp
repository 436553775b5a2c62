#include "report/shape.hpp"

#include <cmath>
#include <optional>
#include <set>

#include "stats/curve_fit.hpp"
#include "stats/u_shape.hpp"

namespace allometer::report {
namespace {

void fit_curves(std::span<const double> log_size, std::span<const double> scores, ScoreUnit unit,
                double confidence, Shape& shape) {
  shape.line_aicc = stats::fit_line(log_size, scores, confidence).aicc;
  const std::optional<double> guessing =
      unit == ScoreUnit::range ? std::optional(0.0) : std::nullopt;
  const std::vector<stats::CurveFit> fits = {
      stats::fit_power_law(log_size, scores, confidence),
      stats::fit_saturating_power_law(log_size, scores, confidence),
      stats::fit_sigmoid(log_size, scores, guessing, std::nullopt, confidence)};
  const auto best = stats::smallest_aicc(fits);
  if (!best) return;
  const stats::CurveFit& fit = fits[*best];
  shape.curve = name_of(fit.curve);
  shape.aicc = fit.aicc;
  shape.r_squared = fit.r_squared;
  for (const stats::CurveParameter& parameter : fit.parameters) {
    shape.parameters.push_back(
        {std::string(parameter.name), parameter.estimate, parameter.low, parameter.high});
  }
}

}  // namespace

Shape shape_of(std::span<const double> log_size, std::span<const double> scores,
               std::span<const double> errors, std::span<const int> family, ScoreUnit unit,
               double confidence) {
  Shape shape;
  if (std::set<double>(log_size.begin(), log_size.end()).size() < 2) return shape;
  fit_curves(log_size, scores, unit, confidence, shape);
  shape.quadratic_p = stats::quadratic_test(log_size, scores, family, confidence).p;
  const auto lines = stats::two_lines_test(log_size, scores, family, confidence);
  if (lines.num_sizes >= kSizesForTurn) {
    shape.turn_p = lines.p;
    shape.turn_at = std::pow(10, lines.break_point);
    shape.falls_first = lines.bend == stats::Bend::u;
  }
  shape.is_inverse = stats::declines_throughout(log_size, scores, errors, family, confidence);
  return shape;
}

}  // namespace allometer::report
