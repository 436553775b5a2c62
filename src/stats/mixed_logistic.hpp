#pragma once
/// The slope of ability on size when questions and families are draws from larger populations: a
/// logistic regression of right and wrong with crossed random intercepts,
///
///     logit P(right) = intercept + columns of the model + u(question) + v(family),
///     u ~ N(0, question_deviation^2), v ~ N(0, family_deviation^2).
///
/// Maximum likelihood with the integrals over u and v by Laplace's approximation, what glmer of
/// lme4 computes (Bates, Maechler, Bolker and Walker 2015, arXiv 1406.5823, with nAGQ = 1). Models
/// of one family beyond its intercept count as independent, so that with few models the standard
/// errors are those of questions asked, not of models trained: a second opinion beside an interval
/// over models.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

struct FixedEffect {
  double estimate = std::numeric_limits<double>::quiet_NaN();  ///< log odds per unit of the column
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();  ///< Wald interval
  double high = std::numeric_limits<double>::quiet_NaN();
  double p = std::numeric_limits<double>::quiet_NaN();  ///< two-sided Wald test of nought
};

struct MixedLogistic {
  std::vector<FixedEffect> fixed;  ///< the intercept, then one for each column; empty if undefined
  double question_deviation = std::numeric_limits<double>::quiet_NaN();  ///< log odds
  double family_deviation = std::numeric_limits<double>::quiet_NaN();  ///< NaN for a single family
  double log_likelihood = std::numeric_limits<double>::quiet_NaN();
  std::int64_t num_answers = 0;  ///< cells that are not missing
  int iterations = 0;
  /// Whether the iterations ended in a maximum. If not, the estimates are where they stopped and
  /// have no standard errors.
  bool converged = false;
  /// A deviation was estimated as nought (lme4 calls such a fit singular): the data show no more
  /// variation between questions, or families, than chance gives.
  bool singular = false;
  /// too_few: no answers. constant: all right or all wrong. not_identified: columns that are
  /// constant or depend on each other over the models with answers. not_finite: among the columns.
  /// separated: an effect grows without bound, since a column tells right from wrong without error.
  Undefined undefined = Undefined::too_few;
};

/// right: [questions x models], 1 right, 0 wrong, NaN not asked. columns: [models x columns], such
/// as log10 of the size, without the intercept. family: [models], equal labels for models trained
/// alike (empty: one family). One family has no random intercept of its own.
MixedLogistic mixed_logistic(const Eigen::Ref<const Eigen::MatrixXd>& right,
                             const Eigen::Ref<const Eigen::MatrixXd>& columns,
                             std::span<const int> family, double confidence);

}  // namespace allometer::stats
