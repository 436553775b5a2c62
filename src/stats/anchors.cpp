#include "stats/anchors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "core/contract.hpp"
#include "stats/answered.hpp"
#include "stats/k_means.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A row for each question with answers. The logit of a right answer is a theta - a b: its two
/// coefficients are the item's place.
MatrixXd places_of(const Answered& answers, const ItemResponse& items, AnchorsBy by) {
  if (by == AnchorsBy::item_parameters) {
    MatrixXd places(static_cast<Index>(answers.questions.size()), 2);
    places.col(0) = items.discrimination(answers.questions);
    places.col(1) = (items.discrimination * items.difficulty)(answers.questions);
    return places;
  }
  const ArrayXd mean = answers.right.rowwise().sum() / answers.asked.rowwise().sum();
  return (answers.right + (1 - answers.asked).colwise() * mean).matrix();
}

double share_expected(const ItemResponse& items, Index question, double ability) {
  return 1 /
         (1 + std::exp(-items.discrimination[question] * (ability - items.difficulty[question])));
}

AnchorError error_of(const std::vector<AnchorEstimates>& estimates, const ArrayXd& full,
                     double AnchorEstimates::*value) {
  AnchorError error{0, 0};
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    const double off = std::abs(estimates[i].*value - full[static_cast<Index>(i)]);
    if (std::isnan(off)) return {};
    error.mean_absolute += off / static_cast<double>(estimates.size());
    error.largest = std::max(error.largest, off);
  }
  return error;
}

/// Models to leave out together.
std::vector<std::vector<Index>> folds_of(Index models, std::span<const int> group) {
  constexpr std::size_t kMaxFolds = 10;
  std::map<int, std::vector<Index>> groups;
  for (Index i = 0; i < models; ++i) {
    groups[group.empty() ? static_cast<int>(i) : group[static_cast<std::size_t>(i)]].push_back(i);
  }
  std::vector<std::vector<Index>> folds(std::min(kMaxFolds, groups.size()));
  std::size_t next = 0;
  for (const auto& [label, members] : groups) {
    auto& fold = folds[next++ % folds.size()];
    fold.insert(fold.end(), members.begin(), members.end());
  }
  return folds;
}

std::vector<Index> all_but(Index models, const std::vector<Index>& left_out) {
  std::vector<Index> others;
  for (Index i = 0; i < models; ++i) {
    if (std::find(left_out.begin(), left_out.end(), i) == left_out.end()) others.push_back(i);
  }
  return others;
}

AnchorEstimates estimate(const Anchors& anchors, const ItemResponse& items, const MatrixXd& right,
                         Index model, const AnchorWeighing& weighing) {
  return estimate_from_anchors(anchors, items, right(anchors.questions, model).array(), weighing);
}

/// Fits of every other model, and of the rest; none below four models.
std::vector<ItemResponse> fits_of_halves(const MatrixXd& right) {
  std::vector<ItemResponse> fits;
  if (right.cols() < 4) return fits;
  for (const Index half : {0, 1}) {
    std::vector<Index> seen;
    for (Index i = half; i < right.cols(); i += 2) seen.push_back(i);
    fits.push_back(fit_item_response(right(Eigen::all, seen)));
  }
  return fits;
}

/// Of models with all answers, p-IRT's error with items that have not seen them.
AnchorWeighing weighing_from_halves(const MatrixXd& right, const std::vector<ItemResponse>& halves,
                                    const Anchors& anchors) {
  AnchorWeighing weighing;
  const Index models = right.cols();
  const ArrayXd full = right.colwise().mean().transpose();
  weighing.variance = (full * (1 - full)).mean();
  if (halves.empty()) return weighing;
  double sum = 0;
  for (const Index half : {0, 1}) {
    const ItemResponse& items = halves[static_cast<std::size_t>(half)];
    for (Index i = 1 - half; i < models; i += 2) {
      sum += std::abs(estimate(anchors, items, right, i, {}).p_irt - full[i]);
    }
  }
  weighing.error_of_p_irt = sum / static_cast<double>(models);
  return weighing;
}

/// From the estimates to their errors.
void summarise(double questions, Index num_anchors, AnchorCheck& check) {
  check.undefined = Undefined::no;
  check.weighted_mean = error_of(check.estimates, check.full, &AnchorEstimates::weighted_mean);
  check.p_irt = error_of(check.estimates, check.full, &AnchorEstimates::p_irt);
  check.gp_irt = error_of(check.estimates, check.full, &AnchorEstimates::gp_irt);
  const double asked = std::min(static_cast<double>(num_anchors), questions);
  const double shrink = std::sqrt((questions - asked) / (questions - 1) / asked);
  // The mean of |normal| is sqrt(2 / pi) of its standard deviation.
  check.error_of_random = std::sqrt(2 * std::numbers::inv_pi) * shrink *
                          (check.full * (1 - check.full)).max(0.0).sqrt().mean();
}

}  // namespace

Anchors choose_anchors(const Eigen::Ref<const MatrixXd>& right, const ItemResponse& items,
                       AnchorsBy by, Index num_anchors, std::uint64_t seed) {
  ALLOMETER_EXPECT(num_anchors > 0);
  const Answered answers = answered(right);
  if (answers.questions.empty()) return {};
  if (by == AnchorsBy::item_parameters && items.undefined != Undefined::no) return {};
  const MatrixXd places = places_of(answers, items, by);
  const Clusters clusters = best_clusters(places, num_anchors, seed);
  Anchors anchors;
  std::vector<double> weights;
  const auto questions = static_cast<double>(answers.questions.size());
  for (Index c = 0; c < clusters.centres.rows(); ++c) {
    Index nearest = -1;
    double least = std::numeric_limits<double>::infinity();
    int members = 0;
    for (Index q = 0; q < places.rows(); ++q) {
      if (clusters.label[static_cast<std::size_t>(q)] != c) continue;
      ++members;
      const double distance = (places.row(q) - clusters.centres.row(c)).squaredNorm();
      if (distance < least) {
        least = distance;
        nearest = q;
      }
    }
    if (members == 0) continue;
    anchors.questions.push_back(answers.questions[static_cast<std::size_t>(nearest)]);
    weights.push_back(members / questions);
  }
  anchors.weights = Eigen::Map<const ArrayXd>(weights.data(), static_cast<Index>(weights.size()));
  return anchors;
}

AnchorEstimates estimate_from_anchors(const Anchors& anchors, const ItemResponse& items,
                                      const Eigen::Ref<const ArrayXd>& right,
                                      const AnchorWeighing& weighing) {
  ALLOMETER_EXPECT(static_cast<std::size_t>(right.size()) == anchors.questions.size());
  AnchorEstimates estimates;
  if (anchors.questions.empty()) return estimates;
  estimates.weighted_mean = (anchors.weights * right).sum();
  if (items.undefined != Undefined::no) return estimates;

  ArrayXd answers = ArrayXd::Constant(items.discrimination.size(), kNaN);
  answers(anchors.questions) = right;
  const double ability = ability_of(items.discrimination, items.difficulty, answers).value;
  double sum = 0;
  Index questions = 0;
  for (Index q = 0; q < answers.size(); ++q) {
    if (std::isnan(items.discrimination[q])) continue;
    sum += std::isnan(answers[q]) ? share_expected(items, q, ability) : answers[q];
    ++questions;
  }
  estimates.p_irt = sum / static_cast<double>(questions);
  const double bias = weighing.error_of_p_irt * weighing.error_of_p_irt;
  const double variance = weighing.variance / static_cast<double>(right.size());
  // Neither error nor variance: both estimates are the score itself.
  const double lambda = bias + variance == 0 ? 0 : bias / (variance + bias);
  estimates.gp_irt = lambda * estimates.weighted_mean + (1 - lambda) * estimates.p_irt;
  return estimates;
}

AnchorCheck check_anchors(const Eigen::Ref<const MatrixXd>& right, std::span<const int> group,
                          AnchorsBy by, Index num_anchors, std::uint64_t seed) {
  return check_anchors(right, group, by, std::span(&num_anchors, 1), seed).front();
}

std::vector<AnchorCheck> check_anchors(const Eigen::Ref<const MatrixXd>& right,
                                       std::span<const int> group, AnchorsBy by,
                                       std::span<const Index> num_anchors, std::uint64_t seed) {
  ALLOMETER_EXPECT(right.allFinite());
  ALLOMETER_EXPECT(group.empty() || static_cast<Index>(group.size()) == right.cols());
  std::vector<AnchorCheck> checks(num_anchors.size());
  const Index models = right.cols();
  if (right.rows() < 2 || models == 0) return checks;
  const std::vector<std::vector<Index>> folds = folds_of(models, group);
  for (AnchorCheck& check : checks) {
    check.full = right.colwise().mean().transpose();
    check.num_folds = static_cast<int>(folds.size());
    check.estimates.resize(static_cast<std::size_t>(models));
  }
  for (const std::vector<Index>& left_out : folds) {
    const std::vector<Index> others = all_but(models, left_out);
    if (others.size() < 2) return std::vector<AnchorCheck>(num_anchors.size());
    const MatrixXd seen = right(Eigen::all, others);
    const ItemResponse items = fit_item_response(seen);
    const std::vector<ItemResponse> halves = fits_of_halves(seen);
    for (std::size_t i = 0; i < checks.size(); ++i) {
      const Anchors anchors = choose_anchors(seen, items, by, num_anchors[i], seed);
      const AnchorWeighing weighing = weighing_from_halves(seen, halves, anchors);
      for (const Index model : left_out) {
        checks[i].estimates[static_cast<std::size_t>(model)] =
            estimate(anchors, items, right, model, weighing);
      }
    }
  }
  for (std::size_t i = 0; i < checks.size(); ++i)
    summarise(static_cast<double>(right.rows()), num_anchors[i], checks[i]);
  return checks;
}

}  // namespace allometer::stats
