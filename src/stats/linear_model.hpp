#pragma once
/// Ordinary least squares of any design, and tests of what it estimates: with Student's t, or with
/// errors that hold when points of one cluster (the models of a family) miss the line together.
/// What R's lm with clubSandwich, and OLS of statsmodels, give.

#include <limits>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

enum class Errors {
  /// All points scatter alike and independently: s^2 = RSS / (n - rank), Student's t.
  classical,
  /// CR2 (Bell and McCaffrey 2002, Survey Methodology 28): the residuals of each cluster, corrected
  /// by (I - H_gg)^(-1/2) so that the variance is unbiased if points scatter alike (working model
  /// identity), with Satterthwaite degrees of freedom (Pustejovsky and Tipton 2018, J. Business &
  /// Economic Statistics 36, theorem 1 and section 3). With every point a cluster of its own this
  /// is HC2 with the degrees of freedom of Bell and McCaffrey (Imbens and Kolesar 2016).
  clustered,
};

/// One estimate against a null value. NaN where it is undefined.
struct CoefficientTest {
  double estimate = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  double degrees_of_freedom = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();   ///< of the t interval
  double high = std::numeric_limits<double>::quiet_NaN();  ///< of the t interval
  /// (estimate - null) / standard_error: infinite for a perfect fit, NaN for 0/0.
  double t = std::numeric_limits<double>::quiet_NaN();
  double p = std::numeric_limits<double>::quiet_NaN();  ///< two-sided
  Undefined undefined = Undefined::too_few;             ///< of the estimate
  Undefined interval_undefined = Undefined::too_few;    ///< of everything else
};

class LinearModel {
 public:
  /// design: [n x p], a column per coefficient (an intercept is a column of ones); y: [n];
  /// cluster: empty (every point by itself) or a label per point, any integers. NaN or infinity
  /// anywhere makes every test not_finite.
  LinearModel(const Eigen::Ref<const Eigen::MatrixXd>& design, std::span<const double> y,
              std::span<const int> cluster = {});

  /// The linear combination contrast' coefficients, contrast: [p]. In a rank-deficient design only
  /// some combinations have one value for all least-squares solutions; the others are
  /// not_identified. No interval (too_few) where no degrees of freedom are left, or where no
  /// cluster but one bears on the combination. 0 < confidence < 1.
  CoefficientTest test(const Eigen::VectorXd& contrast, Errors errors, double confidence,
                       double null_value = 0) const;
  /// The same for the coefficient of one column.
  CoefficientTest test_coefficient(Eigen::Index column, Errors errors, double confidence,
                                   double null_value = 0) const;

  /// The same for the weighted sum weights' y, weights: [n]: its error is what the residuals of
  /// this model say of the scatter of y. For an estimate of one model with the scatter of another.
  CoefficientTest test_weighted_sum(const Eigen::VectorXd& weights, Errors errors,
                                    double confidence, double null_value = 0) const;

  /// Estimated covariance of two linear combinations; NaN where either is undefined.
  double covariance(const Eigen::VectorXd& first, const Eigen::VectorXd& second,
                    Errors errors) const;

  /// Number of coefficients that the data can tell apart.
  Eigen::Index rank() const { return rank_; }
  Eigen::Index residual_degrees_of_freedom() const { return y_.size() - rank_; }
  /// [n], in [0, 1]: the share of each point in its own fitted value, 1 where it alone determines a
  /// coefficient.
  Eigen::VectorXd leverages() const { return basis_.rowwise().squaredNorm(); }
  /// [n]; all exactly 0 where they are no more than the rounding of y.
  const Eigen::VectorXd& residuals() const { return residuals_; }
  /// [n]: those of another y on the same design, which must be finite, as y.
  Eigen::VectorXd residuals_of(const Eigen::Ref<const Eigen::VectorXd>& y) const;

 private:
  struct Scatter {
    double variance;
    double degrees_of_freedom;
  };
  Undefined weights_of(const Eigen::VectorXd& contrast, Eigen::VectorXd& weights) const;
  Scatter scatter_of(const Eigen::VectorXd& weights, Errors errors) const;
  Eigen::VectorXd corrected(const Eigen::VectorXd& weights) const;
  Eigen::VectorXd cluster_sums(const Eigen::VectorXd& corrected_weights) const;
  Scatter clustered_scatter(const Eigen::VectorXd& weights) const;

  Eigen::VectorXd y_;
  std::vector<std::vector<Eigen::Index>> clusters_;  ///< points of each cluster
  bool is_finite_ = true;
  // Singular value decomposition of the design with columns scaled to length one.
  Eigen::Index rank_ = 0;
  Eigen::VectorXd scale_;            ///< [p]
  Eigen::MatrixXd basis_;            ///< [n x rank], left: H = basis basis'
  Eigen::VectorXd singular_values_;  ///< [rank]
  Eigen::MatrixXd row_basis_;        ///< [p x rank], right
  Eigen::VectorXd residuals_;
};

}  // namespace allometer::stats
