#pragma once
/// A matrix of answers without the questions that no model was asked and the models that were asked
/// none.

#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

struct Answered {
  std::vector<Eigen::Index> questions;  ///< rows that were kept
  std::vector<Eigen::Index> models;     ///< columns that were kept
  Eigen::ArrayXXd asked;                ///< [questions x models], 1 or 0
  Eigen::ArrayXXd right;                ///< [questions x models], 1 or 0; 0 where not asked

  /// too_few: no answers; constant: all right or all wrong.
  Undefined undefined() const;
  /// Of all answers, those that are right.
  double share_right() const { return right.sum() / asked.sum(); }
};

/// right: [questions x models], 1 right, 0 wrong, NaN not asked.
Answered answered(const Eigen::Ref<const Eigen::MatrixXd>& right);

}  // namespace allometer::stats
