#pragma once
/// Scores between chance and 1 on a scale without walls, where a step from 0.90 to 0.95 counts like
/// one from 0.10 to 0.05.

#include <span>
#include <vector>

namespace allometer::stats {

/// ln(p / (1 - p)): infinite at 0 and 1, NaN outside.
double logit(double p);
/// 1 / (1 + exp(-z)).
double logistic(double z);

/// The empirical logit of an accuracy of `num_questions` > 0 questions above chance,
///     ln((s n + 1/2) / (n - s n + 1/2)),    s = (accuracy - chance) / (1 - chance) within [0, 1],
/// finite for every accuracy (Haldane 1956, Annals of Human Genetics 20; Anscombe 1956, Biometrika
/// 43). s is the share of questions that are known, the others being guessed; an accuracy at or
/// below chance counts as nothing known, the lowest value that n questions allow, -ln(2 n + 1).
/// Near chance that value is noise magnified: a row at chance has no slope on this scale that is
/// worth reading. 0 <= chance < 1; NaN for an accuracy that is NaN or outside [0, 1].
double empirical_logit(double accuracy, double num_questions, double chance = 0);

/// Accuracies on that scale, for the slopes of slope.hpp.
struct LogitScores {
  std::vector<double> values;
  int num_at_chance = 0;   ///< at or below chance: they sit on the scale's floor
  int num_at_ceiling = 0;  ///< accuracy 1
};

/// accuracies and num_questions: one per model.
LogitScores logit_scores(std::span<const double> accuracies, std::span<const double> num_questions,
                         double chance = 0);

}  // namespace allometer::stats
