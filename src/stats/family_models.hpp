#pragma once
/// Models of several families as regressions take them: which of them bear on an estimate, and the
/// columns of intercepts.

#include <span>
#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// From this number of families on, families are a sample of families, and errors are clustered by
/// them; with fewer, cluster-robust errors have too few degrees of freedom to be relied on.
inline constexpr int kFamiliesForClusters = 8;

enum class Keep {
  all,
  /// Those whose family has a second size: what one size alone says is its family's intercept.
  with_second_size,
};

struct FamilyModels {
  Eigen::VectorXd x;        ///< [n]
  std::vector<double> y;    ///< [n]
  std::vector<int> family;  ///< [n], numbered from 0
  int num_families = 0;
  int num_sizes = 0;  ///< distinct x
  /// Of any slope: not_finite x or y, fewer than two models (too_few), one distinct x (constant).
  /// Unless no, the rest may be empty.
  Undefined undefined = Undefined::too_few;

  bool families_are_clusters() const { return num_families >= kFamiliesForClusters; }
  /// An indicator of each family: [n x num_families].
  Eigen::MatrixXd intercepts() const;
};

/// x, y: one per model; family: empty (all of one) or a label per model, any integers.
FamilyModels family_models(std::span<const double> x, std::span<const double> y,
                           std::span<const int> family, Keep keep);

}  // namespace allometer::stats
