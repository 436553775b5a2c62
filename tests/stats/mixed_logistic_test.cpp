#include "stats/mixed_logistic.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::matrix_of;
using testing::reference;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSlope = 0.8;

struct Simulated {
  Eigen::MatrixXd right;
  Eigen::MatrixXd columns;
  std::vector<int> family;
};

/// Families of four models; slope kSlope, deviations 1.3 between questions and 0.5 between
/// families.
Simulated simulate(Eigen::Index questions, Eigen::Index models) {
  SplitMix64 random(17);
  Simulated data{{questions, models}, {models, 1}, {}};
  std::vector<double> level;
  for (Eigen::Index i = 0; i < models; ++i) {
    if (i % 4 == 0) level.push_back(0.5 * random.normal());
    data.family.push_back(static_cast<int>(i / 4));
    data.columns(i, 0) = 7 + 3 * random.uniform();
  }
  for (Eigen::Index q = 0; q < questions; ++q) {
    const double ease = 1.3 * random.normal();
    for (Eigen::Index i = 0; i < models; ++i) {
      const double logit =
          kSlope * (data.columns(i, 0) - 8.5) + level[static_cast<std::size_t>(i / 4)] + ease;
      data.right(q, i) = random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0;
    }
  }
  return data;
}

void expect_same(const MixedLogistic& a, const MixedLogistic& b, const std::string& what) {
  ASSERT_EQ(a.fixed.size(), b.fixed.size()) << what;
  EXPECT_NEAR(a.log_likelihood, b.log_likelihood, 1e-8) << what;
  for (std::size_t i = 0; i < a.fixed.size(); ++i) {
    EXPECT_NEAR(a.fixed[i].estimate, b.fixed[i].estimate, 1e-5) << what;
    EXPECT_NEAR(a.fixed[i].standard_error, b.fixed[i].standard_error, 1e-5) << what;
  }
}

// Relative agreement: 1e-5, which is what glmer's optimiser leaves (4e-6 in these sets: our
// log-likelihood is the higher one in all of them).
TEST(MixedLogistic, AgreesWithGlmer) {
  for (const auto& [name, set] : reference("mixed_logistic_reference.json").items()) {
    const std::vector<int> family = set["family"];
    const MixedLogistic fit =
        mixed_logistic(matrix_of(set["right"]), matrix_of(set["columns"]), family, 0.95);
    ASSERT_EQ(fit.undefined, Undefined::no) << name;
    EXPECT_TRUE(fit.converged) << name;
    EXPECT_EQ(fit.singular, set["singular"].get<bool>()) << name;
    EXPECT_NEAR(fit.log_likelihood, set["log_likelihood"], 1e-5) << name;
    // What the definition gives at glmer's estimates: no less than that, and hardly more.
    EXPECT_GE(fit.log_likelihood, set["definition"].get<double>() - 1e-9) << name;
    EXPECT_NEAR(fit.log_likelihood, set["definition"], 1e-8) << name;
    ASSERT_EQ(fit.fixed.size(), set["estimates"].size()) << name;
    for (std::size_t i = 0; i < fit.fixed.size(); ++i) {
      const FixedEffect& effect = fit.fixed[i];
      const double error = set["standard_errors"][i];
      EXPECT_NEAR(effect.estimate / set["estimates"][i].get<double>(), 1, 1e-5) << name;
      EXPECT_NEAR(effect.standard_error / error, 1, 1e-5) << name;
      EXPECT_NEAR(effect.standard_error / set["standard_errors_of_lme4"][i].get<double>(), 1, 2e-4)
          << name;
      EXPECT_NEAR(effect.high - effect.estimate, 1.959963984540054 * error, 1e-4 * error) << name;
      EXPECT_NEAR(effect.estimate - effect.low, 1.959963984540054 * error, 1e-4 * error) << name;
    }
    EXPECT_NEAR(fit.question_deviation, set["question_deviation"], 1e-5) << name;
    if (set["family_deviation"].is_null()) {
      EXPECT_TRUE(std::isnan(fit.family_deviation)) << name;
    } else {
      EXPECT_NEAR(fit.family_deviation, set["family_deviation"], 1e-5) << name;
    }
  }
}

TEST(MixedLogistic, RecoversWhatManyQuestionsWereMadeWith) {
  const Simulated data = simulate(2000, 20);
  const MixedLogistic fit = mixed_logistic(data.right, data.columns, data.family, 0.95);
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.num_answers, 40000);
  EXPECT_NEAR(fit.fixed[1].estimate, kSlope, 4 * fit.fixed[1].standard_error);
  EXPECT_LT(fit.fixed[1].standard_error, 0.03);
  EXPECT_LT(fit.fixed[1].p, 1e-10);
  EXPECT_NEAR(fit.question_deviation, 1.3, 0.08);
  EXPECT_GT(fit.family_deviation, 0.2);
}

TEST(MixedLogistic, UnitsOfAColumnDoNotMatter) {
  Simulated data = simulate(40, 8);
  const MixedLogistic fit = mixed_logistic(data.right, data.columns, data.family, 0.95);
  data.columns.array() = 1000 * data.columns.array() + 1e6;
  const MixedLogistic scaled = mixed_logistic(data.right, data.columns, data.family, 0.95);
  EXPECT_NEAR(scaled.fixed[1].estimate * 1000, fit.fixed[1].estimate, 1e-6);
  EXPECT_NEAR(scaled.fixed[1].standard_error * 1000, fit.fixed[1].standard_error, 1e-6);
  EXPECT_NEAR(scaled.log_likelihood, fit.log_likelihood, 1e-8);
}

TEST(MixedLogistic, QuestionsAndModelsWithoutAnswersDoNotCount) {
  const Simulated data = simulate(30, 8);
  const MixedLogistic fit = mixed_logistic(data.right, data.columns, data.family, 0.95);
  Simulated more = data;
  more.right.conservativeResize(31, 9);
  more.right.row(30).setConstant(kNaN);
  more.right.col(8).setConstant(kNaN);
  more.columns.conservativeResize(9, 1);
  more.columns(8, 0) = kNaN;
  more.family.push_back(99);
  const MixedLogistic same = mixed_logistic(more.right, more.columns, more.family, 0.95);
  EXPECT_EQ(same.num_answers, 240);
  expect_same(same, fit, "with empty ones");
}

TEST(MixedLogistic, OneFamilyHasNoRandomIntercept) {
  const Simulated data = simulate(30, 4);
  const MixedLogistic named = mixed_logistic(data.right, data.columns, data.family, 0.95);
  const MixedLogistic nameless = mixed_logistic(data.right, data.columns, {}, 0.95);
  EXPECT_TRUE(std::isnan(named.family_deviation));
  EXPECT_FALSE(named.singular);
  expect_same(named, nameless, "one family");
}

TEST(MixedLogistic, SaysWhyThereIsNoFit) {
  const Simulated data = simulate(30, 8);
  const auto reason = [&](const Eigen::MatrixXd& right, const Eigen::MatrixXd& columns) {
    const MixedLogistic fit = mixed_logistic(right, columns, data.family, 0.95);
    EXPECT_FALSE(fit.converged);
    EXPECT_TRUE(fit.fixed.empty());
    return fit.undefined;
  };
  const Eigen::MatrixXd ones = Eigen::MatrixXd::Ones(30, 8);
  EXPECT_EQ(reason(ones, data.columns), Undefined::constant);
  EXPECT_EQ(reason(0 * ones, data.columns), Undefined::constant);
  EXPECT_EQ(reason(kNaN * ones, data.columns), Undefined::too_few);
  EXPECT_EQ(reason(Eigen::MatrixXd(0, 8), data.columns), Undefined::too_few);
  EXPECT_EQ(reason(data.right, Eigen::MatrixXd::Constant(8, 1, 0.1)), Undefined::constant);
  EXPECT_EQ(reason(data.right, Eigen::MatrixXd::Constant(8, 1, kNaN)), Undefined::not_finite);
  Eigen::MatrixXd twice(8, 2);
  twice << data.columns, 2 * data.columns.array() - 1;
  EXPECT_EQ(reason(data.right, twice), Undefined::not_identified);
  // Large models are always right, small ones never.
  Eigen::MatrixXd separated(30, 8);
  for (Eigen::Index i = 0; i < 8; ++i) separated.col(i).setConstant(data.columns(i, 0) > 8.5);
  EXPECT_EQ(reason(separated, data.columns), Undefined::separated);
}

TEST(MixedLogistic, AnswersThatFollowFromTheQuestionAloneShowNoSlope) {
  Simulated data = simulate(30, 8);
  for (Eigen::Index i = 1; i < 8; ++i) data.right.col(i) = data.right.col(0);
  const MixedLogistic fit = mixed_logistic(data.right, data.columns, data.family, 0.95);
  EXPECT_TRUE(fit.converged);
  EXPECT_TRUE(fit.singular);  // families do not differ
  EXPECT_GT(fit.question_deviation, 20);
  EXPECT_NEAR(fit.fixed[1].estimate, 0, 1e-4);
  EXPECT_GT(fit.fixed[1].standard_error, 1);
}

}  // namespace
}  // namespace allometer::stats
