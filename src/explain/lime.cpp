#include "explain/lime.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Cholesky>
#include <Eigen/QR>

#include "core/contract.hpp"

namespace allometer::explain {
namespace {

constexpr double kKernelWidth = 25;
constexpr double kRidgePenalty = 1;
constexpr double kSelectionPenalty = 0.01;
constexpr int kMostForForwardSelection = 6;

/// Weighted sums of squares and products around the weighted means: all that a regression needs.
struct Moments {
  Eigen::VectorXd mean;  // [features]
  double mean_response = 0;
  Eigen::MatrixXd gram;   // [features x features]
  Eigen::VectorXd cross;  // [features]
  double total = 0;       // of the responses
};

Moments moments_of(const Eigen::Ref<const Eigen::MatrixXd>& masks,
                   const Eigen::Ref<const Eigen::VectorXd>& responses,
                   const Eigen::Ref<const Eigen::VectorXd>& weights) {
  const double sum = weights.sum();
  Moments moments;
  moments.mean = masks.transpose() * weights / sum;
  // The mean of equal numbers is that number, which sums with rounding do not say.
  const bool is_constant = responses.minCoeff() == responses.maxCoeff();
  moments.mean_response = is_constant ? responses[0] : responses.dot(weights) / sum;
  const Eigen::MatrixXd centred = masks.rowwise() - moments.mean.transpose();
  const Eigen::VectorXd response = responses.array() - moments.mean_response;
  const Eigen::MatrixXd weighted = weights.asDiagonal() * centred;
  moments.gram = centred.transpose() * weighted;
  moments.cross = weighted.transpose() * response;
  moments.total = response.cwiseAbs2().dot(weights);
  return moments;
}

Eigen::VectorXd ridge(const Moments& moments, const std::vector<int>& features, double penalty) {
  Eigen::MatrixXd gram = moments.gram(features, features);
  gram.diagonal().array() += penalty;
  return gram.ldlt().solve(moments.cross(features));
}

/// R2 of least squares on these features; they need not be independent.
double r2_of(const Moments& moments, const std::vector<int>& features) {
  if (moments.total == 0) return 1;
  const Eigen::VectorXd cross = moments.cross(features);
  const Eigen::MatrixXd gram = moments.gram(features, features);
  return cross.dot(gram.completeOrthogonalDecomposition().solve(cross)) / moments.total;
}

std::vector<int> all_features(const Moments& moments) {
  std::vector<int> all(static_cast<std::size_t>(moments.mean.size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<int> highest_weights(const Moments& moments, int count) {
  std::vector<int> features = all_features(moments);
  const Eigen::VectorXd weights = ridge(moments, features, kSelectionPenalty);
  std::stable_sort(features.begin(), features.end(),
                   [&](int a, int b) { return std::abs(weights[a]) > std::abs(weights[b]); });
  features.resize(std::min(features.size(), static_cast<std::size_t>(count)));
  return features;
}

std::vector<int> forward_selection(const Moments& moments, int count) {
  std::vector<int> rest = all_features(moments);
  std::vector<int> chosen;
  while (!rest.empty() && static_cast<int>(chosen.size()) < count) {
    auto best = rest.end();
    double best_r2 = -1;
    chosen.push_back(0);
    for (auto candidate = rest.begin(); candidate != rest.end(); ++candidate) {
      chosen.back() = *candidate;
      const double r2 = r2_of(moments, chosen);
      if (r2 > best_r2) {
        best = candidate;
        best_r2 = r2;
      }
    }
    chosen.back() = *best;
    rest.erase(best);
  }
  return chosen;
}

std::vector<int> select(const Moments& moments, Selection selection, int count) {
  switch (selection) {
    case Selection::none:
      return all_features(moments);
    case Selection::highest_weights:
      return highest_weights(moments, count);
    case Selection::forward_selection:
      return forward_selection(moments, count);
    case Selection::automatic:
      return count <= kMostForForwardSelection ? forward_selection(moments, count)
                                               : highest_weights(moments, count);
  }
  return {};
}

}  // namespace

std::vector<Mask> lime_masks(int num_features, int num_samples, SplitMix64 random) {
  ALLOMETER_EXPECT(num_features >= 1 && num_samples >= 1);
  std::vector<Mask> masks(static_cast<std::size_t>(num_samples), full_mask(num_features));
  std::vector<std::size_t> order(static_cast<std::size_t>(num_features));
  for (std::size_t row = 1; row < masks.size(); ++row) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t removed = 1 + random.below(order.size());
    for (std::size_t i = 0; i < removed; ++i) {
      std::swap(order[i], order[i + random.below(order.size() - i)]);
      masks[row][order[i]] = 0;
    }
  }
  return masks;
}

double lime_distance(int kept, int num_features) {
  return 100 * (1 - std::sqrt(static_cast<double>(kept) / num_features));
}

double lime_kernel(double distance) {
  return std::sqrt(std::exp(-distance * distance / (kKernelWidth * kKernelWidth)));
}

Surrogate fit_surrogate(const Eigen::Ref<const Eigen::MatrixXd>& masks,
                        const Eigen::Ref<const Eigen::VectorXd>& responses,
                        const Eigen::Ref<const Eigen::VectorXd>& sample_weights,
                        Selection selection, int num_features) {
  ALLOMETER_EXPECT(masks.rows() == responses.size() && masks.rows() == sample_weights.size() &&
                   masks.rows() >= 1 && masks.cols() >= 1 && num_features >= 1);
  const Moments moments = moments_of(masks, responses, sample_weights);
  Surrogate result;
  result.features = select(moments, selection, num_features);
  const Eigen::VectorXd beta = ridge(moments, result.features, kRidgePenalty);
  const Eigen::MatrixXd gram = moments.gram(result.features, result.features);
  const Eigen::VectorXd cross = moments.cross(result.features);

  result.weights = Eigen::VectorXd::Zero(masks.cols());
  result.weights(result.features) = beta;
  result.intercept = moments.mean_response - moments.mean(result.features).dot(beta);
  result.local_prediction = result.intercept + masks.row(0).dot(result.weights);
  const Eigen::VectorXd residuals = (responses - masks * result.weights).array() - result.intercept;
  const double residual = residuals.cwiseAbs2().dot(sample_weights);
  result.r2 = moments.total == 0 ? 1 : 1 - residual / moments.total;

  result.standard_errors = Eigen::VectorXd::Zero(masks.cols());
  const Eigen::Index freedom = masks.rows() - static_cast<Eigen::Index>(result.features.size()) - 1;
  if (freedom > 0) {
    Eigen::MatrixXd penalised = gram;
    penalised.diagonal().array() += kRidgePenalty;
    const auto solver = penalised.ldlt();
    const Eigen::MatrixXd half = solver.solve(gram);
    const Eigen::MatrixXd covariance = solver.solve(half.transpose());
    result.standard_errors(result.features) =
        (covariance.diagonal().cwiseMax(0) * (residual / static_cast<double>(freedom))).cwiseSqrt();
  }
  std::stable_sort(result.features.begin(), result.features.end(), [&](int a, int b) {
    return std::abs(result.weights[a]) > std::abs(result.weights[b]);
  });
  return result;
}

}  // namespace allometer::explain
