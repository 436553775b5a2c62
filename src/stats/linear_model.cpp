#include "stats/linear_model.hpp"

#include <cmath>
#include <map>

#include <Eigen/SVD>

#include "core/contract.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// Singular values of the scaled design below this share of the largest count as nought.
constexpr double kRankTolerance = 1e-10;
/// The part of a contrast outside the row space of the design that passes for rounding.
constexpr double kContrastTolerance = 1e-8;
/// Eigenvalues of I - H_gg below this are nought: the cluster determines a coefficient by itself
/// (matrix_power of clubSandwich has the same bound).
constexpr double kLeverageTolerance = 1e-12;
/// What of the squared weights passes for rounding once the fit is taken off.
constexpr double kTraceTolerance = 1e-10;

std::vector<std::vector<Index>> members_of(std::span<const int> cluster, Index num_points) {
  std::vector<std::vector<Index>> members;
  if (cluster.empty()) {
    for (Index i = 0; i < num_points; ++i) members.push_back({i});
    return members;
  }
  std::map<int, std::vector<Index>> by_label;
  for (Index i = 0; i < num_points; ++i)
    by_label[cluster[static_cast<std::size_t>(i)]].push_back(i);
  for (auto& [label, points] : by_label) members.push_back(std::move(points));
  return members;
}

/// Columns of length one, so that the rank does not depend on units; the lengths are returned.
VectorXd scale_columns(MatrixXd& design) {
  VectorXd scale(design.cols());
  for (Index j = 0; j < design.cols(); ++j) {
    const double norm = design.col(j).stableNorm();
    scale[j] = norm > 0 ? 1 / norm : 1;
    design.col(j) *= scale[j];
  }
  return scale;
}

void finish(CoefficientTest& test, double confidence, double null_value) {
  const double df = test.degrees_of_freedom;
  const double half_width = test.standard_error * student_t_quantile(0.5 + 0.5 * confidence, df);
  test.low = test.estimate - half_width;
  test.high = test.estimate + half_width;
  test.t = (test.estimate - null_value) / test.standard_error;
  test.p = 2 * student_t_cdf(-std::abs(test.t), df);
  test.interval_undefined = Undefined::no;
}

}  // namespace

LinearModel::LinearModel(const Eigen::Ref<const MatrixXd>& design, std::span<const double> y,
                         std::span<const int> cluster)
    : y_(Eigen::Map<const VectorXd>(y.data(), static_cast<Index>(y.size()))),
      clusters_(members_of(cluster, y_.size())),
      is_finite_(y_.allFinite() && design.allFinite()) {
  ALLOMETER_EXPECT(design.rows() == y_.size());
  ALLOMETER_EXPECT(cluster.empty() || cluster.size() == y.size());
  residuals_ = VectorXd::Constant(y_.size(), kNan);
  if (!is_finite_ || design.size() == 0) return;
  MatrixXd scaled = design;
  scale_ = scale_columns(scaled);
  const Eigen::JacobiSVD<MatrixXd> svd(scaled, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const VectorXd& values = svd.singularValues();
  rank_ = (values.array() > kRankTolerance * values[0]).count();
  basis_ = svd.matrixU().leftCols(rank_);
  row_basis_ = svd.matrixV().leftCols(rank_);
  singular_values_ = values.head(rank_);
  residuals_ = residuals_of(y_);
}

VectorXd LinearModel::residuals_of(const Eigen::Ref<const VectorXd>& y) const {
  ALLOMETER_EXPECT(is_finite_ && y.size() == y_.size());
  VectorXd residuals = y - basis_ * (basis_.transpose() * y);
  const double rounding = 8 * static_cast<double>(y.size()) * kEpsilon;
  if (residuals.lpNorm<Eigen::Infinity>() <= rounding * y.lpNorm<Eigen::Infinity>()) {
    residuals.setZero();
  }
  return residuals;
}

/// The estimate of contrast' coefficients is weights' y.
Undefined LinearModel::weights_of(const VectorXd& contrast, VectorXd& weights) const {
  if (!is_finite_ || !contrast.allFinite()) return Undefined::not_finite;
  if (rank_ == 0) return y_.size() == 0 ? Undefined::too_few : Undefined::not_identified;
  ALLOMETER_EXPECT(contrast.size() == scale_.size());
  const VectorXd scaled = scale_.cwiseProduct(contrast);
  const VectorXd inside = row_basis_.transpose() * scaled;
  if ((scaled - row_basis_ * inside).norm() > kContrastTolerance * scaled.norm()) {
    return Undefined::not_identified;
  }
  weights = basis_ * inside.cwiseQuotient(singular_values_);
  return Undefined::no;
}

/// A_g weights_g of every cluster g, A_g = (I - H_gg)^(-1/2) or its pseudo-inverse. With the
/// singular value decomposition U S V' of the cluster's rows of the basis, I - H_gg is 1 - S^2
/// along U and 1 elsewhere.
VectorXd LinearModel::corrected(const VectorXd& weights) const {
  VectorXd result = weights;
  for (const auto& points : clusters_) {
    const MatrixXd rows = basis_(points, Eigen::all);
    const Eigen::JacobiSVD<MatrixXd> svd(rows, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const auto change = svd.singularValues().array().unaryExpr([](double s) {
      const double rest = (1 - s) * (1 + s);
      return rest > kLeverageTolerance ? 1 / std::sqrt(rest) - 1 : -1.0;
    });
    const VectorXd own = weights(points);
    const VectorXd along = svd.matrixU().transpose() * own;
    result(points) += svd.matrixU() * (change * along.array()).matrix();
  }
  return result;
}

/// w_g' residuals_g of every cluster.
VectorXd LinearModel::cluster_sums(const VectorXd& corrected_weights) const {
  VectorXd sums(static_cast<Index>(clusters_.size()));
  for (Index g = 0; g < sums.size(); ++g) {
    const auto& points = clusters_[static_cast<std::size_t>(g)];
    sums[g] = corrected_weights(points).dot(residuals_(points));
  }
  return sums;
}

/// With p_g = (I - H)_g' A_g weights_g, the variance is the sum of (p_g' y)^2, and its degrees of
/// freedom under the working model are tr(P)^2 / tr(P^2) with P_gh = p_g' p_h.
LinearModel::Scatter LinearModel::clustered_scatter(const VectorXd& weights) const {
  const VectorXd w = corrected(weights);
  const auto num_clusters = static_cast<Index>(clusters_.size());
  VectorXd own(num_clusters);
  MatrixXd explained(num_clusters, rank_);
  for (Index g = 0; g < num_clusters; ++g) {
    const auto& points = clusters_[static_cast<std::size_t>(g)];
    own[g] = w(points).squaredNorm();
    explained.row(g) = w(points).transpose() * basis_(points, Eigen::all);
  }
  MatrixXd products = -explained * explained.transpose();
  products.diagonal() += own;
  const double trace = products.trace();
  // Nothing is left of the weights: one cluster alone determines the estimate.
  if (trace <= kTraceTolerance * weights.squaredNorm()) return {kNan, kNan};
  return {cluster_sums(w).squaredNorm(), trace * trace / products.squaredNorm()};
}

LinearModel::Scatter LinearModel::scatter_of(const VectorXd& weights, Errors errors) const {
  if (residual_degrees_of_freedom() < 1) return {kNan, kNan};
  if (errors == Errors::clustered) return clustered_scatter(weights);
  const auto df = static_cast<double>(residual_degrees_of_freedom());
  return {residuals_.squaredNorm() / df * weights.squaredNorm(), df};
}

CoefficientTest LinearModel::test(const VectorXd& contrast, Errors errors, double confidence,
                                  double null_value) const {
  VectorXd weights;
  const Undefined reason = weights_of(contrast, weights);
  if (reason == Undefined::no) return test_weighted_sum(weights, errors, confidence, null_value);
  CoefficientTest test;
  test.undefined = test.interval_undefined = reason;
  return test;
}

CoefficientTest LinearModel::test_coefficient(Index column, Errors errors, double confidence,
                                              double null_value) const {
  ALLOMETER_EXPECT(!is_finite_ || rank_ == 0 || (column >= 0 && column < scale_.size()));
  const Index size = std::max(scale_.size(), column + 1);
  return test(VectorXd::Unit(size, column), errors, confidence, null_value);
}

CoefficientTest LinearModel::test_weighted_sum(const VectorXd& weights, Errors errors,
                                               double confidence, double null_value) const {
  ALLOMETER_EXPECT(weights.size() == y_.size());
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  CoefficientTest test;
  const auto fail = [&](Undefined reason) {
    test.undefined = test.interval_undefined = reason;
    return test;
  };
  if (y_.size() == 0) return test;
  if (!is_finite_ || !weights.allFinite()) return fail(Undefined::not_finite);
  const double estimate = weights.dot(y_);
  if (!std::isfinite(estimate)) return fail(Undefined::not_finite);
  // A sum that cancels down to its rounding is nought: equal values have no slope at all.
  const double rounding =
      4 * static_cast<double>(y_.size()) * kEpsilon * weights.cwiseAbs().dot(y_.cwiseAbs());
  test.estimate = std::abs(estimate) <= rounding ? 0 : estimate;
  test.undefined = Undefined::no;
  const Scatter scatter = scatter_of(weights, errors);
  if (std::isnan(scatter.degrees_of_freedom)) return test;
  if (!std::isfinite(scatter.variance)) {
    test.interval_undefined = Undefined::not_finite;
    return test;
  }
  test.standard_error = std::sqrt(scatter.variance);
  test.degrees_of_freedom = scatter.degrees_of_freedom;
  finish(test, confidence, null_value);
  return test;
}

double LinearModel::covariance(const VectorXd& first, const VectorXd& second, Errors errors) const {
  VectorXd a;
  VectorXd b;
  if (weights_of(first, a) != Undefined::no || weights_of(second, b) != Undefined::no) return kNan;
  if (residual_degrees_of_freedom() < 1) return kNan;
  if (errors == Errors::clustered)
    return cluster_sums(corrected(a)).dot(cluster_sums(corrected(b)));
  return residuals_.squaredNorm() / static_cast<double>(residual_degrees_of_freedom()) * a.dot(b);
}

}  // namespace allometer::stats
