#include "stats/logit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/contract.hpp"

namespace allometer::stats {

double logit(double p) {
  if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
  return std::log(p) - std::log1p(-p);
}

double logistic(double z) {
  // exp of a positive number could overflow.
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const double e = std::exp(z);
  return e / (1 + e);
}

double empirical_logit(double accuracy, double num_questions, double chance) {
  ALLOMETER_EXPECT(num_questions > 0);
  ALLOMETER_EXPECT(chance >= 0 && chance < 1);
  if (!(accuracy >= 0 && accuracy <= 1)) return std::numeric_limits<double>::quiet_NaN();
  const double known = std::max(0.0, (accuracy - chance) / (1 - chance)) * num_questions;
  return std::log((known + 0.5) / (num_questions - known + 0.5));
}

LogitScores logit_scores(std::span<const double> accuracies, std::span<const double> num_questions,
                         double chance) {
  ALLOMETER_EXPECT(accuracies.size() == num_questions.size());
  LogitScores scores;
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    scores.values.push_back(empirical_logit(accuracies[i], num_questions[i], chance));
    scores.num_at_chance += accuracies[i] <= chance;
    scores.num_at_ceiling += accuracies[i] == 1;
  }
  return scores;
}

}  // namespace allometer::stats
