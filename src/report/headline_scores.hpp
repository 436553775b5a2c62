#pragma once
/// The headline metric of every model on every task: what comparisons between models are made of.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "report/ladder.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/sample.hpp"

namespace allometer::report {

/// Of a variant on a task with so many shots; the questions of all its seeds pooled.
struct HeadlineScore {
  std::int32_t variant = 0;
  std::int32_t task = 0;
  std::int32_t metric = 0;
  std::int32_t num_fewshot = 0;
  double estimate = kUndefined;
  double num_right = kUndefined;  ///< over all seeds; NaN where an answer is not right or wrong
};

/// `samples`: one per cell of the ladder that is done, resampled and estimated; `rungs`: of them.
/// Nothing for a metric that is not the task's headline, and for models with random weights.
std::vector<HeadlineScore> headline_scores(const Ladder& ladder, std::int32_t metric,
                                           std::span<const Sample* const> samples,
                                           std::span<const Rung> rungs, const Source& source);

/// Is every answer of the sample, and there is one, 0 or 1, and does every question count alike?
bool is_right_or_wrong(const Sample& sample);
/// By question: 1 right, 0 wrong, NaN unanswered; nothing if the answers are not right or wrong.
std::vector<double> right_or_wrong(const Sample& sample);

/// A task asked with a number of shots.
struct Measure {
  std::int32_t task = 0;
  std::int32_t num_fewshot = 0;
  auto operator<=>(const Measure&) const = default;
};

/// Rescaled scores (rescale.hpp) of one measure by variant; those that are not finite are left out.
using ScoreOfVariant = std::map<std::int32_t, double>;

/// By measure; the scale of a loss is that of all models and shots of its task.
std::map<Measure, ScoreOfVariant> rescaled(std::span<const HeadlineScore> scores,
                                           const Source& source);

}  // namespace allometer::report
