#pragma once
/// How hard each question is, how well it tells models apart, and how able each model is: the
/// two-parameter logistic model of item response theory (Birnbaum 1968),
///
///     P(right) = 1 / (1 + exp(-discrimination (ability - difficulty))).
///
/// Models are few and questions many, the reverse of a school class, so that the questions are held
/// by priors: log discrimination ~ N(0, 0.5^2), difficulty ~ N(0, 2^2) (Mislevy 1986, Bayes modal
/// estimates), while ability ~ N(0, 1) is integrated out (Bock and Aitkin 1981).

#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

struct Ability {
  double value = std::numeric_limits<double>::quiet_NaN();           ///< mean of the posterior
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< its standard deviation
};

struct ItemResponse {
  Eigen::ArrayXd discrimination;   ///< [questions], NaN where no model was asked
  Eigen::ArrayXd difficulty;       ///< [questions]
  std::vector<bool> constant;      ///< [questions], all right or all wrong: the priors hold them
  std::vector<Ability> abilities;  ///< [models], NaN where no question was asked
  /// Log of the marginal likelihood times the priors' densities.
  double log_posterior = std::numeric_limits<double>::quiet_NaN();
  int iterations = 0;
  bool converged = false;
  /// too_few: fewer than two models or questions with answers. constant: all right or all wrong.
  Undefined undefined = Undefined::too_few;
};

/// right: [questions x models], 1 right, 0 wrong, NaN not asked.
///
/// Abilities are integrated by equal steps no wider than the narrowest posterior. For a density of
/// standard deviation s the error of steps of h is exp(-2 pi^2 s^2 / h^2), 3e-9 at h = s, whereas
/// the nodes of Gauss and Hermite lie too far apart once hundreds of questions have made the
/// posteriors narrow. The maximum is found by expectation and maximisation, accelerated by squared
/// extrapolation (Varadhan and Roland 2008), until no parameter moves by more than 1e-9.
ItemResponse fit_item_response(const Eigen::Ref<const Eigen::MatrixXd>& right);

/// Of a model that was not in the fit, given the questions' parameters. right: [questions], NaN not
/// asked; questions whose parameters are NaN do not count. NaN without answers.
Ability ability_of(const Eigen::Ref<const Eigen::ArrayXd>& discrimination,
                   const Eigen::Ref<const Eigen::ArrayXd>& difficulty,
                   const Eigen::Ref<const Eigen::ArrayXd>& right);

}  // namespace allometer::stats
