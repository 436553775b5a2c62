#pragma once
/// Estimates of several models against log10 N: coefficients, permutation p, intervals.

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
  std::vector<int> family;   ///< equal for models that differ in size alone; p permutes within
  std::vector<int> setting;  ///< of the levers; empty: all alike
  Eigen::MatrixXd draws;     ///< [draws, models]: estimates of resampled questions
};

/// Of rungs that have a size and a finite estimate. Models of one family and one setting of the
/// levers are taken to differ in size alone.
SizedEstimates sized(std::span<const Rung* const> rungs);
SizedEstimates sized(std::span<const Rung> rungs);

/// `key` names what is related, so that random permutations are its own.
SizeRelation relate(const SizedEstimates& models, std::string_view key, const Settings& settings);

}  // namespace allometer::report
