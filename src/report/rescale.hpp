#pragma once
/// The scale on which measures of unlike metrics stand side by side, and on which verdicts are
/// given: more is better, and a difference of 0.05 is small or large for all of them alike.

#include <span>
#include <string_view>

#include "report/report.hpp"
#include "report/rung.hpp"

namespace allometer::report {

/// (value - zero) / unit.
struct Rescale {
  double zero = 0;
  double unit = kUndefined;  ///< negative where less is better; NaN: there is no such scale
  ScoreUnit kind = ScoreUnit::range;

  double operator()(double value) const { return (value - zero) / unit; }
};

/// With a value of guessing and of perfection: 0 is guessing, 1 perfect; where a perfect model has
/// a value above nought and guessing none, 0 is nought. Without (a loss): the value over the mean
/// of the absolute finite estimates, negative where less is better, so that slopes are changes
/// relative to the models at hand.
Rescale rescale_of(const results::PlannedMetric& metric, std::span<const double> estimates);

/// A rung's model, and its estimate, draws and halves rescaled; nothing else of it.
Rung rescaled(const Rung& rung, const Rescale& rescale);

}  // namespace allometer::report
