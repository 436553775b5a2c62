#include "stats/anchors.hpp"

#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace allometer::stats {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr AnchorsBy kBoth[] = {AnchorsBy::correctness, AnchorsBy::item_parameters};

/// Answers of a two-parameter logistic model, most of which follow from ability (-1.5 to 1.5) and
/// difficulty.
Eigen::MatrixXd simulate(Eigen::Index questions, Eigen::Index models) {
  SplitMix64 random(41);
  Eigen::MatrixXd right(questions, models);
  for (Eigen::Index q = 0; q < questions; ++q) {
    const double discrimination = 2 * std::exp(0.4 * random.normal());
    const double difficulty = 1.5 * random.normal();
    for (Eigen::Index i = 0; i < models; ++i) {
      const double ability = -1.5 + 3.0 * static_cast<double>(i) / static_cast<double>(models - 1);
      const double logit = discrimination * (ability - difficulty);
      right(q, i) = random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0;
    }
  }
  return right;
}

TEST(Anchors, StandForTheQuestionsThatAreAnsweredLikeThem) {
  // Three kinds of questions, 5, 3 and 2 of them, and one that nobody was asked.
  Eigen::MatrixXd right(11, 4);
  for (Eigen::Index q = 0; q < 11; ++q) {
    if (q < 5)
      right.row(q) << 1, 1, 0, 0;
    else if (q < 8)
      right.row(q) << 0, 1, 1, 1;
    else
      right.row(q) << 0, 0, 0, 1;
  }
  right.row(10).setConstant(kNaN);
  right(4, 1) = kNaN;  // counts as the mean of its others, 1 / 3
  const Anchors anchors = choose_anchors(right, {}, AnchorsBy::correctness, 3, 7);
  EXPECT_EQ(std::set<Eigen::Index>(anchors.questions.begin(), anchors.questions.end()),
            (std::set<Eigen::Index>{0, 5, 8}));
  for (std::size_t i = 0; i < 3; ++i) {
    const double expected = anchors.questions[i] == 0 ? 0.5 : anchors.questions[i] == 5 ? 0.3 : 0.2;
    EXPECT_DOUBLE_EQ(anchors.weights[static_cast<Eigen::Index>(i)], expected);
  }
  // No more anchors than distinct questions.
  EXPECT_EQ(choose_anchors(right, {}, AnchorsBy::correctness, 8, 7).questions.size(), 4U);
  EXPECT_TRUE(choose_anchors(right, {}, AnchorsBy::item_parameters, 3, 7).questions.empty());
}

TEST(Anchors, EstimatesAreThoseOfTheirFormulas) {
  const Eigen::MatrixXd right = simulate(40, 8);
  const ItemResponse items = fit_item_response(right);
  const Anchors anchors = choose_anchors(right, items, AnchorsBy::item_parameters, 6, 2);
  ASSERT_EQ(anchors.questions.size(), 6U);
  EXPECT_NEAR(anchors.weights.sum(), 1, 1e-12);
  const Eigen::ArrayXd answers = right(anchors.questions, 3).array();
  const AnchorWeighing weighing{0.05, 0.2};
  const AnchorEstimates estimates = estimate_from_anchors(anchors, items, answers, weighing);

  Eigen::ArrayXd all = Eigen::ArrayXd::Constant(40, kNaN);
  double weighted = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    all[anchors.questions[i]] = answers[static_cast<Eigen::Index>(i)];
    weighted +=
        anchors.weights[static_cast<Eigen::Index>(i)] * answers[static_cast<Eigen::Index>(i)];
  }
  const double ability = ability_of(items.discrimination, items.difficulty, all).value;
  double sum = 0;
  for (Eigen::Index q = 0; q < 40; ++q) {
    sum += !std::isnan(all[q])
               ? all[q]
               : 1 / (1 + std::exp(-items.discrimination[q] * (ability - items.difficulty[q])));
  }
  EXPECT_NEAR(estimates.weighted_mean, weighted, 1e-12);
  EXPECT_NEAR(estimates.p_irt, sum / 40, 1e-12);
  const double lambda = 0.0025 / (0.2 / 6 + 0.0025);
  EXPECT_NEAR(estimates.gp_irt, lambda * weighted + (1 - lambda) * sum / 40, 1e-12);
  EXPECT_TRUE(std::isnan(estimate_from_anchors(anchors, items, answers, {}).gp_irt));
  EXPECT_TRUE(std::isnan(estimate_from_anchors(anchors, {}, answers, weighing).p_irt));
}

TEST(AnchorCheck, AnchorsAreBetterThanQuestionsAtRandom) {
  const Eigen::MatrixXd right = simulate(300, 24);
  std::vector<int> family;
  for (int i = 0; i < 24; ++i) family.push_back(i % 6);
  for (const AnchorsBy by : kBoth) {
    const AnchorCheck check = check_anchors(right, family, by, 30, 5);
    ASSERT_EQ(check.undefined, Undefined::no);
    EXPECT_EQ(check.num_folds, 6);
    // Twenty models say less of which questions are alike than two parameters do.
    const double at_most = by == AnchorsBy::item_parameters ? 0.7 : 0.9;
    EXPECT_LT(check.gp_irt.mean_absolute, at_most * check.error_of_random);
    EXPECT_LT(check.p_irt.mean_absolute, at_most * check.error_of_random);
    EXPECT_LT(check.weighted_mean.mean_absolute, check.error_of_random);
    EXPECT_GE(check.gp_irt.largest, check.gp_irt.mean_absolute);
    for (Eigen::Index i = 0; i < 24; ++i) {
      EXPECT_NEAR(check.estimates[static_cast<std::size_t>(i)].gp_irt, check.full[i], 0.15);
    }
  }
}

TEST(AnchorCheck, ErrorOfQuestionsAtRandomIsThatOfDrawingThem) {
  const Eigen::MatrixXd right = simulate(100, 6);
  const AnchorCheck check = check_anchors(right, {}, AnchorsBy::correctness, 25, 5);
  SplitMix64 random(12);
  std::vector<Eigen::Index> order(100);
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  double sum = 0;
  constexpr int kDraws = 4000;
  for (int draw = 0; draw < kDraws; ++draw) {
    random.shuffle(std::span(order));
    const std::vector<Eigen::Index> drawn(order.begin(), order.begin() + 25);
    const Eigen::ArrayXd share = right(drawn, Eigen::all).colwise().mean().transpose();
    sum += (share - check.full).abs().mean();
  }
  // Scores move in steps of 1 / 25, the normal approximation does not.
  EXPECT_NEAR(check.error_of_random / (sum / kDraws), 1, 0.04);
}

TEST(AnchorCheck, AModelsOwnAnswersDoNotChooseItsAnchors) {
  const Eigen::MatrixXd right = simulate(60, 6);
  const std::vector<int> family = {0, 0, 1, 1, 2, 2};
  const AnchorCheck check = check_anchors(right, family, AnchorsBy::correctness, 8, 5);
  EXPECT_EQ(check.num_folds, 3);
  // By hand for the last family, without IRT.
  const Anchors anchors = choose_anchors(right.leftCols(4), {}, AnchorsBy::correctness, 8, 5);
  for (const Eigen::Index model : {4, 5}) {
    const Eigen::ArrayXd answers = right(anchors.questions, model).array();
    EXPECT_NEAR(check.estimates[static_cast<std::size_t>(model)].weighted_mean,
                (anchors.weights * answers).sum(), 1e-12);
  }
}

TEST(AnchorCheck, AllQuestionsAreNoEstimate) {
  const Eigen::MatrixXd right = simulate(12, 5);
  const AnchorCheck check = check_anchors(right, {}, AnchorsBy::item_parameters, 12, 5);
  EXPECT_NEAR(check.error_of_random, 0, 1e-12);
  // Questions that the others answer alike share an anchor; each model's own answers may differ.
  EXPECT_LT(check.p_irt.mean_absolute, 0.1);
}

TEST(AnchorCheck, SaysWhyThereIsNone) {
  EXPECT_EQ(check_anchors(simulate(12, 2), {}, AnchorsBy::correctness, 3, 1).undefined,
            Undefined::too_few);
  EXPECT_EQ(check_anchors(Eigen::MatrixXd(0, 4), {}, AnchorsBy::correctness, 3, 1).undefined,
            Undefined::too_few);
  EXPECT_EQ(
      check_anchors(simulate(12, 4), std::vector<int>{1, 1, 1, 1}, AnchorsBy::correctness, 3, 1)
          .undefined,
      Undefined::too_few);
  // Three others are too few for gp-IRT's weight; all right is no fit at all.
  const AnchorCheck three = check_anchors(simulate(12, 4), {}, AnchorsBy::correctness, 3, 1);
  EXPECT_FALSE(std::isnan(three.p_irt.mean_absolute));
  EXPECT_TRUE(std::isnan(three.gp_irt.mean_absolute));
  const AnchorCheck ones =
      check_anchors(Eigen::MatrixXd::Ones(12, 6), {}, AnchorsBy::correctness, 3, 1);
  EXPECT_EQ(ones.weighted_mean.mean_absolute, 0);
  EXPECT_TRUE(std::isnan(ones.p_irt.mean_absolute));
}

}  // namespace
}  // namespace allometer::stats
