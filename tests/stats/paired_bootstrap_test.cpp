#include "stats/paired_bootstrap.hpp"

#include <cmath>
#include <string>

#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int32_t kDraws = 10000;

/// [questions x models], 1 or 0.
Eigen::MatrixXd reference_answers() {
  const auto& rows = reference("paired_reference.json")["answers"];
  Eigen::MatrixXd answers(static_cast<Eigen::Index>(rows.size()),
                          static_cast<Eigen::Index>(rows[0].size()));
  for (Eigen::Index q = 0; q < answers.rows(); ++q) {
    for (Eigen::Index m = 0; m < answers.cols(); ++m) answers(q, m) = rows[q][m];
  }
  return answers;
}

Values as_values(const Eigen::ArrayXd& array) {
  return {array.data(), array.data() + array.size()};
}

void expect_agreement(const PairedDifference& actual, const nlohmann::json& expected) {
  expect_close(actual.difference, expected["difference"], "difference");
  // A 2.5% quantile of 10,000 normal draws errs by 2.67 standard deviations / 100; five of those.
  const double tolerance = 5 * 0.0267 * expected["standard_error"].get<double>();
  EXPECT_NEAR(actual.interval.low, expected["low"], tolerance);
  EXPECT_NEAR(actual.interval.high, expected["high"], tolerance);
  const double share = expected["share"];
  EXPECT_NEAR(actual.p, 2 * share, 5 * 2 * std::sqrt(share / kDraws) + 2.0 / kDraws);
  EXPECT_EQ(actual.draws, kDraws);
  EXPECT_EQ(actual.left_out, 0);
}

TEST(PairedBootstrap, OfTwoModelsAgreesWithNumPy) {
  const Eigen::MatrixXd answers = reference_answers();
  const auto questions = static_cast<double>(answers.rows());
  const Eigen::MatrixXd draws = resampled_sums("models", kDraws, answers) / questions;
  expect_agreement(paired_difference(answers.col(4).mean(), as_values(draws.col(4)),
                                     answers.col(2).mean(), as_values(draws.col(2)), 0.95),
                   reference("paired_reference.json")["models"]);
}

TEST(PairedBootstrap, OfTwoSlopesAgreesWithNumPy) {
  const Eigen::MatrixXd answers = reference_answers();
  const Values x = reference("paired_reference.json")["x"];
  const auto questions = static_cast<double>(answers.rows());
  const Eigen::MatrixXd draws = resampled_sums("slopes", kDraws, answers) / questions;
  const Eigen::MatrixXd means = answers.colwise().mean();
  const auto slopes = [&](const Eigen::MatrixXd& estimates, Eigen::Index first) {
    return as_values(drawn_coefficients(x, estimates.middleCols(first, 5)).slope);
  };
  expect_agreement(paired_difference(slopes(means, 0)[0], slopes(draws, 0), slopes(means, 5)[0],
                                     slopes(draws, 5), 0.95),
                   reference("paired_reference.json")["slopes"]);
}

// What both models find hard moves both: the difference has less error than either.
TEST(PairedBootstrap, QuestionsThatAreHardForBothDoNotCount) {
  Eigen::MatrixXd values(100, 2);
  for (Eigen::Index q = 0; q < 100; ++q) {
    values.row(q).setConstant(static_cast<double>(q % 2));
    values(q, 1) -= 0.25;
  }
  const Eigen::MatrixXd draws = resampled_sums("shared", 999, values) / 100;
  const PairedDifference result =
      paired_difference(0.5, as_values(draws.col(0)), 0.25, as_values(draws.col(1)), 0.95);
  EXPECT_NEAR(result.interval.low, 0.25, 1e-12);
  EXPECT_NEAR(result.interval.high, 0.25, 1e-12);
  EXPECT_DOUBLE_EQ(result.p, 2.0 / 1000);
}

TEST(PairedBootstrap, PIsNeverNoughtNorAboveOne) {
  EXPECT_DOUBLE_EQ(paired_difference(2, Values{1, 2, 3}, 0, Values{0, 0, 0}, 0.5).p, 0.5);
  EXPECT_EQ(paired_difference(1, Values{1, 1}, 1, Values{1, 1}, 0.5).p, 1);
  EXPECT_DOUBLE_EQ(paired_difference(1, Values(99, 1.0), 0, Values(99, 0.0), 0.9).p, 0.02);
  EXPECT_DOUBLE_EQ(paired_difference(0, Values(99, 0.0), 1, Values(99, 1.0), 0.9).p, 0.02);
}

TEST(PairedBootstrap, UndefinedDrawsAreLeftOutAndCounted) {
  const double infinity = std::numeric_limits<double>::infinity();
  const PairedDifference result = paired_difference(2, Values{kNan, 2, 4, infinity, 1}, 1,
                                                    Values{1, 1, 1, infinity, kNan}, 0.5);
  EXPECT_EQ(result.draws, 2);
  EXPECT_EQ(result.left_out, 3);
  EXPECT_DOUBLE_EQ(result.interval.low, 1.5);
  EXPECT_EQ(result.difference, 1);
  for (const PairedDifference& none : {paired_difference(kNan, Values{1}, 1, Values{2}, 0.5),
                                       paired_difference(1, Values{kNan}, 1, Values{2}, 0.5),
                                       paired_difference(1, Values{}, 1, Values{}, 0.5)}) {
    EXPECT_TRUE(std::isnan(none.difference));
    EXPECT_TRUE(std::isnan(none.p));
    EXPECT_TRUE(std::isnan(none.interval.low));
  }
}

}  // namespace
}  // namespace allometer::stats
