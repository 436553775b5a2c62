#pragma once
/// Sums over questions that no order of adding can change: values as whole numbers that a double
/// holds, and so do their sums.

#include <Eigen/Core>

namespace allometer::stats {

struct WholeColumns {
  Eigen::MatrixXd values;    ///< [questions x columns], whole numbers
  Eigen::RowVectorXd scale;  ///< [columns], powers of two: value = column * scale, rounded
};

/// columns: [questions x columns], finite, at least one row. Each is rounded to multiples of
/// 2^-52 * questions * (its largest value): a sum of as many values as there are questions, each
/// taken any number of times, is exact.
WholeColumns whole_columns(const Eigen::Ref<const Eigen::MatrixXd>& columns);

}  // namespace allometer::stats
