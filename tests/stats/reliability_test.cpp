#include "stats/reliability.hpp"

#include <cmath>

#include "core/random.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Eigen::MatrixXd random_columns(Eigen::Index questions, Eigen::Index columns) {
  SplitMix64 random(11);
  return Eigen::MatrixXd::NullaryExpr(questions, columns, [&] { return random.normal(); });
}

TEST(SplitHalf, HalvesAreThoseOfAllQuestionsAndTheSameForEveryModel) {
  // One column counts questions, one has a bit of its own for each of them.
  Eigen::MatrixXd columns(21, 3);
  for (Eigen::Index q = 0; q < 21; ++q)
    columns.row(q) << 1, std::ldexp(1.0, static_cast<int>(q)), 0.1;
  const HalfSums halves = split_half_sums("task", 50, columns);
  ASSERT_EQ(halves.first.rows(), 50);
  EXPECT_TRUE((halves.first.col(0).array() == 10).all());
  EXPECT_TRUE((halves.second.col(0).array() == 11).all());
  EXPECT_TRUE(((halves.first + halves.second).col(1).array() == (1 << 21) - 1).all());
  // No two of fifty splits are alike, and a column's sums do not depend on its neighbours.
  for (Eigen::Index a = 0; a < 50; ++a) {
    for (Eigen::Index b = 0; b < a; ++b) EXPECT_NE(halves.first(a, 1), halves.first(b, 1));
  }
  EXPECT_EQ(split_half_sums("task", 50, columns.col(2)).first, halves.first.col(2));
  EXPECT_EQ(split_half_sums("task", 7, columns).second, halves.second.topRows(7));
  EXPECT_NE(split_half_sums("another", 50, columns).first, halves.first);
  EXPECT_EQ(split_half_sums("task", 2, Eigen::MatrixXd(0, 3)).first, Eigen::MatrixXd::Zero(2, 3));
}

TEST(SplitHalf, EveryQuestionIsInTheFirstHalfHalfTheTime) {
  const HalfSums halves = split_half_sums("k", 4000, Eigen::MatrixXd::Identity(10, 10));
  // Half of 4000 splits: a standard deviation of 31.6.
  for (Eigen::Index q = 0; q < 10; ++q) EXPECT_NEAR(halves.first.col(q).sum(), 2000, 5 * 31.6);
}

TEST(SplitHalf, ReliabilityAgreesWithThatOfAllSplits) {
  const auto& expected = reference("paired_reference.json")["halves"];
  Eigen::MatrixXd scores(9, 6);
  for (Eigen::Index q = 0; q < 9; ++q) {
    for (Eigen::Index m = 0; m < 6; ++m) scores(q, m) = expected["scores"][q][m];
  }
  const HalfSums halves = split_half_sums("all", 4000, scores);
  const Reliability reliability = split_half_reliability(halves.first / 4, halves.second / 5);
  EXPECT_EQ(reliability.splits, 4000);
  EXPECT_EQ(reliability.undefined, Undefined::no);
  const double error = expected["deviation"].get<double>() / std::sqrt(4000.0);
  EXPECT_NEAR(reliability.mean_correlation, expected["mean_correlation"], 5 * error);
  EXPECT_DOUBLE_EQ(reliability.value, spearman_brown(reliability.mean_correlation, 2));
  // The derivative of 2r / (1 + r) is at most 2 / (1 + r)^2 = 0.76 here.
  EXPECT_NEAR(reliability.value, expected["value"], 5 * 0.76 * error);
}

// Answers whose part of true variance over models is known: 200 questions, noise of variance 40 per
// question and 0.2 per mean, against ability of variance 1: a reliability of 1 / 1.2.
TEST(SplitHalf, ReliabilityIsTheShareOfTrueVariance) {
  constexpr Eigen::Index kModels = 400;
  const Eigen::MatrixXd ability = random_columns(1, kModels);
  const Eigen::MatrixXd noise = random_columns(200, kModels) * std::sqrt(40.0);
  const HalfSums halves = split_half_sums("known", 100, noise + ability.replicate(200, 1));
  const Reliability reliability = split_half_reliability(halves.first, halves.second);
  // The error of a correlation of 0.83 over 400 models is (1 - 0.69) / 20 = 0.015.
  EXPECT_NEAR(reliability.value, 1 / 1.2, 4 * 0.015);
}

TEST(SplitHalf, DegenerateScoresHaveNoReliability) {
  const Eigen::MatrixXd good = random_columns(2, 4);
  EXPECT_EQ(split_half_reliability(good.leftCols(2), good.leftCols(2)).undefined,
            Undefined::too_few);
  EXPECT_EQ(split_half_reliability(Eigen::MatrixXd::Ones(2, 4), good).undefined,
            Undefined::constant);
  Eigen::MatrixXd partly = good;
  partly(0, 1) = kNan;
  const Reliability half = split_half_reliability(partly, good);
  EXPECT_EQ(half.splits, 1);
  EXPECT_NEAR(half.value, 1, 1e-12);
  EXPECT_EQ(half.undefined, Undefined::no);
  partly(1, 0) = kNan;
  EXPECT_EQ(split_half_reliability(partly, good).undefined, Undefined::not_finite);
  EXPECT_TRUE(std::isnan(split_half_reliability(good, -good).value));
}

TEST(SpearmanBrown, HasItsKnownValues) {
  EXPECT_DOUBLE_EQ(spearman_brown(0.6, 2), 0.75);
  EXPECT_DOUBLE_EQ(spearman_brown(0.5, 2), 2.0 / 3);
  EXPECT_DOUBLE_EQ(spearman_brown(0.75, 0.5), 0.6);
  EXPECT_DOUBLE_EQ(spearman_brown(0.2, 1), 0.2);
  EXPECT_DOUBLE_EQ(spearman_brown(-0.2, 2), -0.5);
  EXPECT_TRUE(std::isnan(spearman_brown(-1, 2)));
}

TEST(Attenuation, AgreesWithPsych) {
  for (const auto& expected : reference("correlation_reference.json")["attenuation"]) {
    const auto& in = expected["input"];
    const CorrectedCorrelation corrected = correct_for_attenuation(in[0], {}, in[1], in[2]);
    const double r = expected["r"];
    expect_close(corrected.value, std::clamp(r, -1.0, 1.0), in.dump());
    EXPECT_EQ(corrected.outcome, std::abs(r) > 1 ? Attenuation::above_one : Attenuation::corrected);
    EXPECT_TRUE(std::isnan(corrected.interval.low));
  }
}

TEST(Attenuation, CarriesTheIntervalAndCutsIt) {
  const CorrectedCorrelation corrected = correct_for_attenuation(0.4, {-0.1, 0.75}, 0.49, 1);
  expect_close(corrected.value, 0.4 / 0.7, "r");
  expect_close(corrected.interval.low, -0.1 / 0.7, "low");
  EXPECT_EQ(corrected.interval.high, 1);
  EXPECT_EQ(name_of(corrected.outcome), "");
}

TEST(Attenuation, NeedsReliability) {
  for (const double reliability : {0.0, -0.3, kNan}) {
    const CorrectedCorrelation corrected =
        correct_for_attenuation(0.4, {0.1, 0.6}, reliability, 0.9);
    EXPECT_EQ(corrected.outcome, Attenuation::unreliable);
    EXPECT_TRUE(std::isnan(corrected.value));
    EXPECT_TRUE(std::isnan(corrected.interval.high));
    EXPECT_TRUE(std::isnan(correct_for_attenuation(0.4, {0.1, 0.6}, 0.9, reliability).value));
  }
  EXPECT_EQ(correct_for_attenuation(kNan, {}, 0.9, 0.9).outcome, Attenuation::unreliable);
  EXPECT_EQ(name_of(Attenuation::above_one), "above one");
  EXPECT_EQ(name_of(Attenuation::unreliable), "unreliable");
}

}  // namespace
}  // namespace allometer::stats
