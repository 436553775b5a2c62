#include "stats/k_means.hpp"

#include <string>
#include <vector>

#include "core/random.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::matrix_of;
using testing::reference;

TEST(KMeans, AgreesWithScikitLearn) {
  for (const auto& [name, set] : reference("k_means_reference.json").items()) {
    const Clusters clusters = k_means(matrix_of(set["points"]), matrix_of(set["start"]));
    EXPECT_EQ(clusters.label, set["labels"].get<std::vector<Eigen::Index>>()) << name;
    expect_close(clusters.inertia, set["inertia"], name);
    const Eigen::MatrixXd expected = matrix_of(set["centres"]);
    ASSERT_EQ(clusters.centres.rows(), expected.rows()) << name;
    EXPECT_LT((clusters.centres - expected).cwiseAbs().maxCoeff(), 1e-10) << name;
  }
}

Eigen::MatrixXd random_points(Eigen::Index points) {
  SplitMix64 random(8);
  Eigen::MatrixXd all(points, 2);
  for (double& value : all.reshaped()) value = random.normal();
  return all;
}

TEST(KMeans, StartsAreDistinctPointsAndDependOnTheSeedAlone) {
  const Eigen::MatrixXd points = random_points(50);
  const Eigen::MatrixXd centres = distant_centres(points, 50, 3);
  EXPECT_EQ(centres.rows(), 50);  // all of them, in some order: none twice
  EXPECT_EQ(k_means(points, centres).inertia, 0);
  EXPECT_EQ(distant_centres(points, 5, 3), centres.topRows(5));
  EXPECT_NE(distant_centres(points, 5, 4), centres.topRows(5));
  EXPECT_EQ(best_clusters(points, 6, 1).label, best_clusters(points, 6, 1).label);
  EXPECT_LE(best_clusters(points, 6, 1).inertia, k_means(points, points.topRows(6)).inertia);
}

TEST(KMeans, FewerDistinctPointsThanCentres) {
  Eigen::MatrixXd points = Eigen::MatrixXd::Zero(9, 3);
  points.bottomRows(4).setOnes();
  const Clusters clusters = best_clusters(points, 5, 1);
  EXPECT_EQ(clusters.centres.rows(), 2);
  EXPECT_EQ(clusters.inertia, 0);
  // From given ones the third has no point that lies off a centre.
  Eigen::MatrixXd three(3, 3);
  three << points.row(0), points.row(8), 5 * points.row(8);
  EXPECT_EQ(k_means(points, three).inertia, 0);
}

}  // namespace
}  // namespace allometer::stats
