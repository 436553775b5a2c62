#include "stats/k_means.hpp"

#include "core/contract.hpp"
#include "core/random.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;

ArrayXd squared_distances(const Eigen::Ref<const MatrixXd>& points,
                          const Eigen::RowVectorXd& centre) {
  return (points.rowwise() - centre).rowwise().squaredNorm().array();
}

/// Sets the labels, and each point's squared distance to its centre; says whether a label changed.
bool assign(const Eigen::Ref<const MatrixXd>& points, Clusters& clusters, ArrayXd& distance) {
  std::vector<Index> label(static_cast<std::size_t>(points.rows()), 0);
  distance = squared_distances(points, clusters.centres.row(0));
  for (Index c = 1; c < clusters.centres.rows(); ++c) {
    const ArrayXd there = squared_distances(points, clusters.centres.row(c));
    for (Index i = 0; i < points.rows(); ++i) {
      if (there[i] >= distance[i]) continue;
      distance[i] = there[i];
      label[static_cast<std::size_t>(i)] = c;
    }
  }
  clusters.inertia = distance.sum();
  const bool changed = label != clusters.label;
  clusters.label = std::move(label);
  return changed;
}

/// Gives each centre without points the one that is farthest from its own.
void fill_empty_clusters(Clusters& clusters, ArrayXd distance) {
  std::vector<Index> size(static_cast<std::size_t>(clusters.centres.rows()), 0);
  for (const Index label : clusters.label) ++size[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < size.size(); ++c) {
    Index farthest = 0;
    if (size[c] > 0 || distance.maxCoeff(&farthest) == 0) continue;
    clusters.label[static_cast<std::size_t>(farthest)] = static_cast<Index>(c);
    distance[farthest] = 0;
  }
}

/// Each centre to the mean of its points; one without points (all lie on centres) stays.
void move_centres(const Eigen::Ref<const MatrixXd>& points, Clusters& clusters) {
  MatrixXd sums = MatrixXd::Zero(clusters.centres.rows(), clusters.centres.cols());
  ArrayXd sizes = ArrayXd::Zero(clusters.centres.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    const Index c = clusters.label[static_cast<std::size_t>(i)];
    sums.row(c) += points.row(i);
    sizes[c] += 1;
  }
  for (Index c = 0; c < sums.rows(); ++c) {
    if (sizes[c] > 0) clusters.centres.row(c) = sums.row(c) / sizes[c];
  }
}

}  // namespace

Clusters k_means(const Eigen::Ref<const MatrixXd>& points, MatrixXd centres) {
  ALLOMETER_EXPECT(points.rows() > 0 && centres.rows() > 0 && centres.cols() == points.cols());
  Clusters clusters;
  clusters.centres = std::move(centres);
  ArrayXd distance;
  constexpr int kMaxIterations = 300;
  while (assign(points, clusters, distance) && clusters.iterations < kMaxIterations) {
    ++clusters.iterations;
    fill_empty_clusters(clusters, distance);
    move_centres(points, clusters);
  }
  return clusters;
}

MatrixXd distant_centres(const Eigen::Ref<const MatrixXd>& points, Index num_centres,
                         std::uint64_t seed) {
  ALLOMETER_EXPECT(points.rows() > 0 && num_centres > 0);
  SplitMix64 random(seed);
  MatrixXd centres(num_centres, points.cols());
  centres.row(0) =
      points.row(static_cast<Index>(random.below(static_cast<std::uint64_t>(points.rows()))));
  ArrayXd distance = squared_distances(points, centres.row(0));
  for (Index c = 1; c < num_centres; ++c) {
    const double sum = distance.sum();
    if (sum == 0) return centres.topRows(c);
    double rest = random.uniform() * sum;
    Index drawn = 0;
    for (Index i = 0; i < points.rows(); ++i) {
      // Rounding may leave a rest behind the last point: then it is the last that may be drawn.
      if (distance[i] == 0) continue;
      drawn = i;
      rest -= distance[i];
      if (rest < 0) break;
    }
    centres.row(c) = points.row(drawn);
    distance = distance.min(squared_distances(points, centres.row(c)));
  }
  return centres;
}

Clusters best_clusters(const Eigen::Ref<const MatrixXd>& points, Index num_centres,
                       std::uint64_t seed) {
  constexpr std::uint64_t kStarts = 10;
  Clusters best;
  for (std::uint64_t start = 0; start < kStarts; ++start) {
    SplitMix64 random = stream_of_draw(seed, start);
    Clusters clusters = k_means(points, distant_centres(points, num_centres, random()));
    if (start == 0 || clusters.inertia < best.inertia) best = std::move(clusters);
  }
  return best;
}

}  // namespace allometer::stats
