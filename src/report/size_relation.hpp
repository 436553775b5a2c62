#pragma once
/// Estimates of several models against log10 N: coefficients, permutation p, intervals.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "report/report.hpp"
#include "report/rung.hpp"

namespace allometer::report {

/// One entry per model, the same order throughout.
struct SizedEstimates {
  std::vector<double> log_size;  ///< log10 N
  std::vector<double> estimate;
  std::vector<int> family;   ///< equal for models that differ in size alone
  std::vector<int> setting;  ///< of the levers; empty: all alike
  Eigen::MatrixXd draws;     ///< [draws, models]: estimates of resampled questions
};

/// Of rungs that have a size and a finite estimate. Models of one family and one setting of the
/// levers are taken to differ in size alone.
SizedEstimates sized(std::span<const Rung* const> rungs);
SizedEstimates sized(std::span<const Rung> rungs);

/// Over all models: coefficients with p and intervals, partial correlation and pooled slope. `key`
/// names what is related, so that random permutations are its own.
SizeRelation relate_over_all(const SizedEstimates& models, std::string_view key,
                             const Settings& settings);
/// The same, within families too and, on request, by the hierarchical bootstrap.
SizeRelation relate(const SizedEstimates& models, std::string_view key, const Settings& settings);

/// Models of families with a second size; of all families where none has one, or there is but one.
struct Comparable {
  std::vector<std::size_t> models;  ///< indices
  bool within_families = false;     ///< a family's mean is taken off each value
  int num_families = 1;             ///< means that are taken off

  /// The values of those models less the mean of their family, or of all models.
  Eigen::VectorXd centred(std::span<const double> values, std::span<const int> family) const;
};
Comparable comparable_models(std::span<const double> log_size, std::span<const int> family);

/// The slope that verdicts rest on: within families where there are several, else of one line. With
/// interval over models only.
SlopeEstimate slope_of(std::span<const double> log_size, std::span<const double> values,
                       std::span<const int> family, double confidence);

/// Slopes of the draws [draws x models], as slope_of has them; [draws].
Eigen::ArrayXd slopes_of_draws(std::span<const double> log_size, std::span<const int> family,
                               const Eigen::MatrixXd& draws);

/// The interval over questions from the slopes of draws.
void add_questions(SlopeEstimate& slope, const Eigen::ArrayXd& slopes, double confidence);

}  // namespace allometer::report
