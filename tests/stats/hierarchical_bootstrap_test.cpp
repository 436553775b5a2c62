#include "stats/hierarchical_bootstrap.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "stats/hierarchical_simulation.hpp"
#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr SlopeOf kBoth[] = {SlopeOf::all_models, SlopeOf::within_families};

std::span<const double> as_span(const Eigen::ArrayXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// Models of the file with the share of its questions that each got right, drawn or as they are.
struct Answered {
  Values x;
  std::vector<int> family;
  Eigen::MatrixXd right;  ///< [questions x models]
};

Answered answered() {
  const auto& file = reference("hierarchical_reference.json");
  Answered data{file["x"], file["family"], {}};
  const auto rows = file["right"].get<std::vector<Values>>();
  data.right.resize(static_cast<Eigen::Index>(rows.front().size()),
                    static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    data.right.col(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::VectorXd>(rows[i].data(), data.right.rows());
  }
  return data;
}

/// The definition, with the least-squares line of regression.hpp.
double naive_slope(const std::string& key, int draw, const Answered& data,
                   const Eigen::RowVectorXd& scores, SlopeOf slope_of) {
  SplitMix64 random =
      stream_of_draw(seed_from(key + "/families and models"), static_cast<std::uint64_t>(draw));
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < data.x.size(); ++i) members[data.family[i]].push_back(i);
  Values all_x;
  Values all_y;
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& family =
        std::next(members.begin(), static_cast<std::ptrdiff_t>(random.below(members.size())))
            ->second;
    Values x;
    Values y;
    for (std::size_t j = 0; j < family.size(); ++j) {
      const std::size_t model = family[random.below(family.size())];
      x.push_back(data.x[model]);
      y.push_back(scores[static_cast<Eigen::Index>(model)]);
    }
    all_x.insert(all_x.end(), x.begin(), x.end());
    all_y.insert(all_y.end(), y.begin(), y.end());
    const Line line = least_squares(x, y, 0.95);
    if (line.undefined != Undefined::no) continue;
    const Eigen::Map<const Eigen::ArrayXd> sizes(x.data(), static_cast<Eigen::Index>(x.size()));
    const double square = (sizes - sizes.mean()).square().sum();
    squares += square;
    products += square * line.slope;
  }
  if (slope_of == SlopeOf::all_models) return least_squares(all_x, all_y, 0.95).slope;
  return products / squares;  // NaN if no family has two sizes
}

TEST(HierarchicalSlopes, AreThoseOfTheDrawnFamiliesAndModels) {
  const Answered data = answered();
  const Eigen::MatrixXd scores = resampled_sums("questions", 300, data.right) / 60.0;
  for (const SlopeOf slope_of : kBoth) {
    const Eigen::ArrayXd slopes =
        hierarchical_slopes("key", 0, 300, data.x, data.family, scores, slope_of);
    for (int d = 0; d < 300; ++d) {
      const double expected = naive_slope("key", d, data, scores.row(d), slope_of);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(slopes[d])) << d;
      } else {
        expect_close(slopes[d], expected, "draw " + std::to_string(d));
      }
    }
  }
}

TEST(HierarchicalSlopes, DependOnKeyAndDrawAlone) {
  const Answered data = answered();
  const Eigen::MatrixXd scores = resampled_sums("questions", 100, data.right) / 60.0;
  const Eigen::ArrayXd whole =
      hierarchical_slopes("key", 0, 100, data.x, data.family, scores, SlopeOf::within_families);
  for (const int first : {0, 1, 63, 99}) {
    const Eigen::ArrayXd part =
        hierarchical_slopes("key", first, 100 - first, data.x, data.family,
                            scores.bottomRows(100 - first), SlopeOf::within_families);
    EXPECT_TRUE((part == whole.tail(100 - first)).all()) << first;
  }
  EXPECT_FALSE((hierarchical_slopes("another key", 0, 100, data.x, data.family, scores,
                                    SlopeOf::within_families) == whole)
                   .any());
  // Without questions: one row stands for all draws.
  const Eigen::MatrixXd measured = data.right.colwise().mean();
  const Eigen::ArrayXd given =
      hierarchical_slopes("key", 0, 100, data.x, data.family, measured, SlopeOf::all_models);
  const Eigen::ArrayXd repeated = hierarchical_slopes(
      "key", 0, 100, data.x, data.family, measured.replicate(100, 1), SlopeOf::all_models);
  EXPECT_TRUE((given == repeated).all());
}

TEST(HierarchicalInterval, AgreesWithNumPy) {
  const Answered data = answered();
  constexpr int kDraws = 20000;
  const Eigen::MatrixXd scores = resampled_sums("numpy", kDraws, data.right) / 60.0;
  for (const SlopeOf slope_of : kBoth) {
    const auto& expected = reference(
        "hierarchical_reference.json")[slope_of == SlopeOf::all_models ? "all_models"
                                                                       : "within_families"];
    const Eigen::ArrayXd slopes =
        hierarchical_slopes("numpy", 0, kDraws, data.x, data.family, scores, slope_of);
    const HierarchicalInterval result = hierarchical_interval(as_span(slopes), 0.95);
    EXPECT_EQ(result.undefined, Undefined::no);
    EXPECT_EQ(result.num_draws, kDraws);
    // A 2.5% quantile of n normal draws errs by 2.67 standard deviations / sqrt(n): five of those,
    // of ours and of NumPy's 100,000.
    const double error = expected["standard_error"];
    const double tolerance = 5 * 2.67 * error * std::sqrt(1.0 / kDraws + 1.0 / 100000);
    EXPECT_NEAR(result.interval.low, expected["low"], tolerance);
    EXPECT_NEAR(result.interval.high, expected["high"], tolerance);
    EXPECT_NEAR(result.standard_error / error, 1, 5 * std::sqrt(0.5 / kDraws + 0.5 / 100000));
    const double share = expected["degenerate_share"];
    EXPECT_NEAR(static_cast<double>(result.degenerate_draws) / kDraws, share,
                5 * std::sqrt(share / kDraws + share / 100000));
  }
}

TEST(HierarchicalInterval, CountsResamplesWithoutTwoSizes) {
  // Two models: half of the resamples hold one of them twice.
  const Values x = {1, 2};
  const Eigen::MatrixXd scores = Eigen::RowVector2d(0.25, 0.5);
  const Eigen::ArrayXd slopes =
      hierarchical_slopes("two", 0, 4000, x, {}, scores, SlopeOf::all_models);
  const HierarchicalInterval result = hierarchical_interval(as_span(slopes), 0.95);
  EXPECT_NEAR(static_cast<double>(result.degenerate_draws), 2000, 5 * std::sqrt(1000.0));
  EXPECT_DOUBLE_EQ(result.interval.low, 0.25);
  EXPECT_DOUBLE_EQ(result.interval.high, 0.25);

  // Families of one model have no slope of their own, whatever is drawn.
  const std::vector<int> apart = {0, 1};
  const Eigen::ArrayXd none =
      hierarchical_slopes("two", 0, 50, x, apart, scores, SlopeOf::within_families);
  const HierarchicalInterval undefined = hierarchical_interval(as_span(none), 0.95);
  EXPECT_EQ(undefined.degenerate_draws, 50);
  EXPECT_EQ(undefined.undefined, Undefined::constant);
  EXPECT_TRUE(std::isnan(undefined.interval.low));
  EXPECT_TRUE(std::isnan(undefined.standard_error));
}

TEST(HierarchicalInterval, EqualSizesAndMissingValuesHaveNoSlope) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Values equal = {3, 3, 3};
  const Eigen::MatrixXd scores = Eigen::RowVector3d(0.1, 0.2, 0.4);
  const Values x = {1, 2, 3};
  const Eigen::MatrixXd missing = Eigen::RowVector3d(0.1, nan, 0.4);
  for (const SlopeOf slope_of : kBoth) {
    EXPECT_TRUE(hierarchical_slopes("k", 0, 20, equal, {}, scores, slope_of).isNaN().all());
    EXPECT_TRUE(hierarchical_slopes("k", 0, 20, x, {}, missing, slope_of).isNaN().all());
    EXPECT_TRUE(
        hierarchical_slopes("k", 0, 20, {}, {}, Eigen::MatrixXd(1, 0), slope_of).isNaN().all());
  }
  EXPECT_EQ(hierarchical_interval({}, 0.95).undefined, Undefined::too_few);
}

TEST(HierarchicalCoverage, IsThatOfASimulation) {
  for (const auto& [families, models] : {std::pair{1, 5}, {2, 4}, {8, 3}}) {
    constexpr int kDataSets = 300;
    testing::SimulatedCoverage lowest{1, 1};
    for (const testing::Scatter& scatter : testing::kScatters) {
      const auto coverage = testing::simulate_coverage(families, models, scatter, kDataSets, 500);
      lowest.all_models = std::min(lowest.all_models, coverage.all_models);
      lowest.within_families = std::min(lowest.within_families, coverage.within_families);
    }
    const auto expect_near = [&](double simulated, SlopeOf slope_of) {
      const double tabulated = hierarchical_coverage(families, models, slope_of);
      EXPECT_NEAR(simulated, tabulated,
                  4 * std::sqrt(tabulated * (1 - tabulated) / kDataSets) + 0.01)
          << families << " families of " << models;
    };
    expect_near(lowest.all_models, SlopeOf::all_models);
    expect_near(lowest.within_families, SlopeOf::within_families);
  }
}

TEST(HierarchicalCoverage, IsInterpolatedAndEndsWhereTheTableEnds) {
  for (const SlopeOf slope_of : kBoth) {
    const double at_6 = hierarchical_coverage(4, 6, slope_of);
    const double at_8 = hierarchical_coverage(4, 8, slope_of);
    EXPECT_NEAR(hierarchical_coverage(4, std::sqrt(48.0), slope_of), 0.5 * (at_6 + at_8), 1e-12);
    EXPECT_EQ(hierarchical_coverage(40, 30, slope_of), hierarchical_coverage(12, 12, slope_of));
    EXPECT_TRUE(std::isnan(hierarchical_coverage(3, 1, slope_of)));
    EXPECT_TRUE(std::isnan(hierarchical_coverage(0, 5, slope_of)));
  }
}

}  // namespace
}  // namespace allometer::stats
