#include "stats/item_response.hpp"

#include <cmath>
#include <vector>

#include "core/random.hpp"
#include "stats/correlation.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::matrix_of;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ItemResponse, AgreesWithSciPy) {
  for (const auto& [name, set] : reference("item_response_reference.json").items()) {
    const ItemResponse fit = fit_item_response(matrix_of(set["right"]));
    ASSERT_EQ(fit.undefined, Undefined::no) << name;
    EXPECT_TRUE(fit.converged) << name;
    const Values discrimination = set["discrimination"];
    const Values difficulty = set["difficulty"];
    for (std::size_t q = 0; q < difficulty.size(); ++q) {
      EXPECT_NEAR(fit.discrimination[static_cast<Eigen::Index>(q)], discrimination[q], 1e-6)
          << name;
      EXPECT_NEAR(fit.difficulty[static_cast<Eigen::Index>(q)], difficulty[q], 1e-6) << name;
    }
    const Values ability = set["ability"];
    for (std::size_t i = 0; i < ability.size(); ++i) {
      EXPECT_NEAR(fit.abilities[i].value, ability[i], 1e-6) << name;
      EXPECT_NEAR(fit.abilities[i].standard_error, set["standard_error"][i], 1e-6) << name;
    }
    EXPECT_NEAR(fit.log_posterior, set["log_posterior"], 1e-6) << name;
  }
}

struct Simulated {
  Eigen::MatrixXd right;
  Values discrimination;
  Values difficulty;
  Values ability;
};

Simulated simulate(Eigen::Index questions, Eigen::Index models) {
  SplitMix64 random(29);
  Simulated data;
  data.right.resize(questions, models);
  for (Eigen::Index i = 0; i < models; ++i) data.ability.push_back(random.normal());
  for (Eigen::Index q = 0; q < questions; ++q) {
    data.discrimination.push_back(std::exp(0.4 * random.normal()));
    data.difficulty.push_back(1.2 * random.normal());
    for (Eigen::Index i = 0; i < models; ++i) {
      const double logit = data.discrimination.back() *
                           (data.ability[static_cast<std::size_t>(i)] - data.difficulty.back());
      data.right(q, i) = random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0;
    }
  }
  return data;
}

Values values(const Eigen::ArrayXd& array) {
  return {array.data(), array.data() + array.size()};
}

TEST(ItemResponse, RecoversWhatAnswersWereMadeWith) {
  const Simulated data = simulate(150, 60);
  const ItemResponse fit = fit_item_response(data.right);
  EXPECT_TRUE(fit.converged);
  Values ability;
  double squares = 0;
  for (std::size_t i = 0; i < fit.abilities.size(); ++i) {
    ability.push_back(fit.abilities[i].value);
    squares +=
        std::pow((fit.abilities[i].value - data.ability[i]) / fit.abilities[i].standard_error, 2);
  }
  EXPECT_GT(pearson(ability, data.ability).value, 0.97);
  EXPECT_GT(pearson(values(fit.difficulty), data.difficulty).value, 0.9);
  EXPECT_GT(
      pearson(
          values(fit.discrimination.log()),
          Values(values(Eigen::Map<const Eigen::ArrayXd>(data.discrimination.data(), 150).log())))
          .value,
      0.6);
  // Errors of abilities are what their standard errors say: 60 squares of about one each, besides
  // the location and scale that the questions share.
  EXPECT_LT(squares / 60, 2.5);
}

TEST(ItemResponse, ConstantQuestionsAndModelsStayFinite) {
  Simulated data = simulate(12, 5);
  data.right.row(0).setOnes();
  data.right.row(1).setZero();
  data.right.col(3).setOnes();
  data.right.row(2).setConstant(kNaN);
  data.right.col(4).setConstant(kNaN);
  const ItemResponse fit = fit_item_response(data.right);
  EXPECT_EQ(fit.undefined, Undefined::no);
  EXPECT_TRUE(fit.converged);
  EXPECT_TRUE(fit.constant[0]);
  EXPECT_FALSE(fit.constant[2]);
  EXPECT_LT(fit.difficulty[0], 0);
  EXPECT_TRUE(std::isnan(fit.difficulty[2]));
  EXPECT_TRUE(std::isnan(fit.discrimination[2]));
  EXPECT_TRUE(std::isnan(fit.abilities[4].value));
  EXPECT_GT(fit.abilities[3].value, fit.abilities[0].value);
  EXPECT_LT(fit.abilities[3].value, 4);
}

TEST(ItemResponse, SaysWhyThereIsNoFit) {
  EXPECT_EQ(fit_item_response(Eigen::MatrixXd::Ones(5, 4)).undefined, Undefined::constant);
  EXPECT_EQ(fit_item_response(Eigen::MatrixXd::Zero(5, 4)).undefined, Undefined::constant);
  EXPECT_EQ(fit_item_response(Eigen::MatrixXd::Ones(5, 1)).undefined, Undefined::too_few);
  EXPECT_EQ(fit_item_response(Eigen::MatrixXd(0, 4)).undefined, Undefined::too_few);
  EXPECT_EQ(fit_item_response(Eigen::MatrixXd::Constant(5, 4, kNaN)).undefined, Undefined::too_few);
}

TEST(AbilityOf, IsThePosteriorGivenTheQuestions) {
  const Simulated data = simulate(80, 10);
  const ItemResponse fit = fit_item_response(data.right);
  for (std::size_t i = 0; i < 10; ++i) {
    const Ability ability = ability_of(fit.discrimination, fit.difficulty,
                                       data.right.col(static_cast<Eigen::Index>(i)).array());
    EXPECT_NEAR(ability.value, fit.abilities[i].value, 1e-8);
    EXPECT_NEAR(ability.standard_error, fit.abilities[i].standard_error, 1e-8);
  }
  // One question: the normal density times one logistic curve, integrated by the midpoint rule.
  const Eigen::ArrayXd slope = Eigen::ArrayXd::Constant(1, 1.7);
  const Eigen::ArrayXd shift = Eigen::ArrayXd::Constant(1, 0.4);
  double mass = 0;
  double mean = 0;
  for (double x = -10; x < 10; x += 1e-4) {
    const double density = std::exp(-0.5 * x * x) / (1 + std::exp(-1.7 * (x - 0.4)));
    mass += density;
    mean += density * x;
  }
  EXPECT_NEAR(ability_of(slope, shift, Eigen::ArrayXd::Ones(1)).value, mean / mass, 1e-8);
  EXPECT_TRUE(std::isnan(ability_of(slope, shift, Eigen::ArrayXd::Constant(1, kNaN)).value));
}

}  // namespace
}  // namespace allometer::stats
