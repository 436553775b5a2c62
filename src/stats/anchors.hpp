#pragma once
/// A hundred questions instead of thousands: anchor questions that stand for clusters of questions
/// which models answer alike, and what they say of a model's score on all of them (Maia Polo et al.
/// 2024, tinyBenchmarks, arXiv 2402.14992).

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "stats/item_response.hpp"
#include "stats/undefined.hpp"

namespace allometer::stats {

enum class AnchorsBy {
  correctness,      ///< questions are alike if the same models answer them (their section 3.2)
  item_parameters,  ///< if they discriminate alike and are as hard (their section 3.3)
};

struct Anchors {
  std::vector<Eigen::Index> questions;  ///< the ones nearest to the centres of their clusters
  Eigen::ArrayXd weights;               ///< share of the questions in each cluster; they sum to one
};

/// `num_anchors` questions, or fewer where fewer are distinct; the same for the same seed. right:
/// [questions x models], 1, 0 or NaN not asked (which counts as the mean of the question's
/// answers); questions that no model was asked stand for nothing and are no anchors. items: the fit
/// of the same answers, used by item_parameters.
Anchors choose_anchors(const Eigen::Ref<const Eigen::MatrixXd>& right, const ItemResponse& items,
                       AnchorsBy by, Eigen::Index num_anchors, std::uint64_t seed);

/// Estimates of the share right of all questions, from answers to the anchors.
struct AnchorEstimates {
  double weighted_mean = std::numeric_limits<double>::quiet_NaN();
  /// p-IRT: the questions that were asked as they were answered, the others as likely as the items'
  /// parameters and the model's ability say.
  double p_irt = std::numeric_limits<double>::quiet_NaN();
  /// gp-IRT = lambda weighted_mean + (1 - lambda) p_irt, lambda = b^2 / (v / anchors + b^2).
  double gp_irt = std::numeric_limits<double>::quiet_NaN();
};

/// What gp-IRT weighs, from models with all answers.
struct AnchorWeighing {
  double error_of_p_irt = std::numeric_limits<double>::quiet_NaN();  ///< b: mean absolute
  double variance = std::numeric_limits<double>::quiet_NaN();  ///< v: mean of p (1 - p) over models
};

/// right: [anchors], 1 or 0. p_irt and gp_irt are NaN where the items have no fit, gp_irt also
/// where `weighing` is unknown.
AnchorEstimates estimate_from_anchors(const Anchors& anchors, const ItemResponse& items,
                                      const Eigen::Ref<const Eigen::ArrayXd>& right,
                                      const AnchorWeighing& weighing);

/// One way of estimating, over the models that were left out.
struct AnchorError {
  double mean_absolute = std::numeric_limits<double>::quiet_NaN();
  double largest = std::numeric_limits<double>::quiet_NaN();
};

struct AnchorCheck {
  std::vector<AnchorEstimates> estimates;  ///< [models], each from the anchors of the others
  Eigen::ArrayXd full;                     ///< [models], share right of all questions
  AnchorError weighted_mean;
  AnchorError p_irt;
  AnchorError gp_irt;
  /// The mean absolute error of as many questions drawn at random, by the normal approximation of
  /// the hypergeometric distribution: what anchors have to be better than.
  double error_of_random = std::numeric_limits<double>::quiet_NaN();
  int num_folds = 0;
  Undefined undefined = Undefined::too_few;
};

/// How far estimates from anchors are off, for models that neither the anchors nor the items have
/// seen: models of one group (family; empty: each model by itself) are left out together. More than
/// ten groups are left out in ten folds. Within a fold gp-IRT's b is from two halves of the other
/// models, each estimated with the items of the other half; below four other models there is none.
/// Three item-response fits a fold: half a minute for 2000 questions and 50 models.
///
/// right: [questions x models], every cell 1 or 0: a model with gaps has no full score to compare
/// with. too_few: fewer than two questions, or fewer than two models outside a fold.
AnchorCheck check_anchors(const Eigen::Ref<const Eigen::MatrixXd>& right,
                          std::span<const int> group, AnchorsBy by, Eigen::Index num_anchors,
                          std::uint64_t seed);
/// The same for several numbers of anchors, with the fits of one.
std::vector<AnchorCheck> check_anchors(const Eigen::Ref<const Eigen::MatrixXd>& right,
                                       std::span<const int> group, AnchorsBy by,
                                       std::span<const Eigen::Index> num_anchors,
                                       std::uint64_t seed);

}  // namespace allometer::stats
