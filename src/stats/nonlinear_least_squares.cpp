#include "stats/nonlinear_least_squares.hpp"

#include <cmath>
#include <optional>
#include <unsupported/Eigen/LevenbergMarquardt>

#include <Eigen/SVD>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// Tighter than Eigen's default, so that the optimum is one to more digits than anyone prints.
constexpr double kTolerance = 1e-15;
/// Those that lead to an optimum take some dozens; the others run towards infinity.
constexpr int kMaxEvaluations = 300;
/// The largest cosine between the residuals and a derivative at which an optimum counts as one.
/// Sums of squares, which the search compares, tell it down to 1e-8.
constexpr double kGradientTolerance = 1e-6;
/// Derivatives, scaled to length one, with a smaller condition than this are dependent.
constexpr double kConditionTolerance = 1e-8;

/// Residuals as Eigen wants them.
class Residuals : public Eigen::DenseFunctor<double> {
 public:
  Residuals(const Predict& predict, const VectorXd& y, Index num_parameters)
      : DenseFunctor(static_cast<int>(num_parameters), static_cast<int>(y.size())),
        predict_(predict),
        y_(y),
        unused_(y.size(), num_parameters) {}

  int operator()(const VectorXd& parameters, VectorXd& residuals) const {
    predict_(parameters, residuals, unused_);
    residuals -= y_;
    return residuals.allFinite() ? 0 : -1;
  }
  int df(const VectorXd& parameters, MatrixXd& derivatives) const {
    VectorXd predictions(y_.size());
    predict_(parameters, predictions, derivatives);
    return derivatives.allFinite() ? 0 : -1;
  }

 private:
  const Predict& predict_;
  const VectorXd& y_;
  mutable MatrixXd unused_;
};

struct Optimum {
  VectorXd parameters;
  MatrixXd derivatives;
  double residual_sum_of_squares;
};

/// Residuals no longer than this are the rounding of y.
double rounding_of(const VectorXd& y) {
  return 16 * static_cast<double>(y.size()) * kEpsilon * y.norm();
}

/// Is the gradient of the sum of squares nought?
bool is_stationary(const VectorXd& residuals, const MatrixXd& derivatives, double rounding) {
  const double size = residuals.norm();
  for (Index j = 0; j < derivatives.cols(); ++j) {
    const double bound = derivatives.col(j).norm() * (kGradientTolerance * size + rounding);
    if (std::abs(derivatives.col(j).dot(residuals)) > bound) return false;
  }
  return true;
}

std::optional<Optimum> optimise(const Predict& predict, const VectorXd& y, const VectorXd& start) {
  Residuals residuals(predict, y, start.size());
  Optimum optimum{start, MatrixXd(y.size(), start.size()), 0};
  Eigen::LevenbergMarquardt<Residuals> search(residuals);
  search.setFtol(kTolerance);
  search.setXtol(kTolerance);
  search.setMaxfev(kMaxEvaluations);
  search.minimize(optimum.parameters);
  if (!optimum.parameters.allFinite()) return std::nullopt;
  VectorXd at(y.size());
  predict(optimum.parameters, at, optimum.derivatives);
  if (!at.allFinite() || !optimum.derivatives.allFinite()) return std::nullopt;
  // What ended the search does not matter: an optimum is known by its gradient.
  const VectorXd rest = at - y;
  const double rounding = rounding_of(y);
  if (!is_stationary(rest, optimum.derivatives, rounding)) return std::nullopt;
  optimum.residual_sum_of_squares = rest.norm() <= rounding ? 0 : rest.squaredNorm();
  return optimum;
}

/// (J'J)^-1, or nothing where the columns of J are dependent.
std::optional<MatrixXd> inverse_products(const MatrixXd& derivatives) {
  const VectorXd length = derivatives.colwise().norm();
  if ((length.array() == 0).any()) return std::nullopt;
  const Eigen::JacobiSVD<MatrixXd> svd(derivatives * length.cwiseInverse().asDiagonal(),
                                       Eigen::ComputeThinU | Eigen::ComputeThinV);
  const VectorXd& values = svd.singularValues();
  if (values.tail(1)[0] < kConditionTolerance * values[0]) return std::nullopt;
  const MatrixXd half =
      length.cwiseInverse().asDiagonal() * svd.matrixV() * values.cwiseInverse().asDiagonal();
  return half * half.transpose();
}

}  // namespace

NonlinearFit fit_nonlinear(const Predict& predict, std::span<const double> y,
                           const std::vector<VectorXd>& starts) {
  ALLOMETER_EXPECT(!starts.empty());
  const VectorXd values = Eigen::Map<const VectorXd>(y.data(), static_cast<Index>(y.size()));
  NonlinearFit fit;
  fit.degrees_of_freedom = static_cast<int>(values.size() - starts.front().size());
  if (fit.degrees_of_freedom < 1) return fit;
  const auto fail = [&](Undefined reason) {
    fit.undefined = fit.interval_undefined = reason;
    return fit;
  };
  if (!values.allFinite()) return fail(Undefined::not_finite);
  std::optional<Optimum> best;
  for (const VectorXd& start : starts) {
    std::optional<Optimum> optimum = optimise(predict, values, start);
    if (!optimum) continue;
    if (!best || optimum->residual_sum_of_squares < best->residual_sum_of_squares) best = optimum;
  }
  if (!best) return fail(Undefined::not_converged);
  fit.undefined = Undefined::no;
  fit.parameters = best->parameters;
  fit.residual_sum_of_squares = best->residual_sum_of_squares;
  const std::optional<MatrixXd> inverse = inverse_products(best->derivatives);
  fit.interval_undefined = inverse ? Undefined::no : Undefined::not_identified;
  if (inverse) fit.covariance = fit.residual_sum_of_squares / fit.degrees_of_freedom * *inverse;
  return fit;
}

}  // namespace allometer::stats
