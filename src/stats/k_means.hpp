#pragma once
/// Points gathered around a few centres, so that the sum of squared distances to the nearest centre
/// is small (Lloyd 1982), from starts that are far apart (k-means++, Arthur and Vassilvitskii
/// 2007).

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace allometer::stats {

struct Clusters {
  std::vector<Eigen::Index>
      label;                ///< [points], the nearest centre, the first of equally near ones
  Eigen::MatrixXd centres;  ///< [clusters x dimensions]
  double inertia = 0;       ///< sum of the squared distances of points to their centres
  int iterations = 0;
};

/// Moves the given centres until no point changes its cluster (300 times at most). A centre without
/// points moves to the point that is farthest from its own. points: [points x dimensions], finite,
/// at least one.
Clusters k_means(const Eigen::Ref<const Eigen::MatrixXd>& points, Eigen::MatrixXd centres);

/// Points to start from, each drawn with a probability in proportion to its squared distance from
/// the nearest before it. Fewer than `num_centres` if there are fewer distinct points.
Eigen::MatrixXd distant_centres(const Eigen::Ref<const Eigen::MatrixXd>& points,
                                Eigen::Index num_centres, std::uint64_t seed);

/// The smallest inertia of ten starts that depend on the seed alone.
Clusters best_clusters(const Eigen::Ref<const Eigen::MatrixXd>& points, Eigen::Index num_centres,
                       std::uint64_t seed);

}  // namespace allometer::stats
