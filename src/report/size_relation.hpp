#pragma once
/// Estimates of several models against log10 N: coefficients, permutation p, intervals.

#include <span>
#include <string_view>

#include <Eigen/Core>

#include "report/report.hpp"

namespace allometer::report {

/// One entry per model, the same order throughout.
struct SizedEstimates {
  std::span<const double> log_size;  ///< log10 N
  std::span<const double> estimate;
  std::span<const int> family;   ///< a label; p permutes within families
  const Eigen::MatrixXd& draws;  ///< [draws, models]: estimates of resampled questions
};

/// `key` names what is related, so that random permutations are its own.
SizeRelation relate(const SizedEstimates& models, std::string_view key, const Settings& settings);

}  // namespace allometer::report
