#pragma once
/// The parameters of any smooth model with the least sum of squared residuals, and how well the
/// data tell them: Levenberg-Marquardt (Levenberg 1944; Marquardt 1963; More 1978) from Eigen.

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "stats/undefined.hpp"

namespace allometer::stats {

/// Sets predictions [n] and their derivatives [n x p] at parameters [p].
using Predict = std::function<void(const Eigen::VectorXd& parameters, Eigen::VectorXd& predictions,
                                   Eigen::MatrixXd& derivatives)>;

struct NonlinearFit {
  Eigen::VectorXd parameters;  ///< [p]; empty where undefined
  /// [p x p] = RSS / (n - p) (J'J)^-1, J the derivatives at the optimum (Seber and Wild 1989, 5.1);
  /// empty where not identified.
  Eigen::MatrixXd covariance;
  /// 0 where residuals are no more than the rounding of y.
  double residual_sum_of_squares = std::numeric_limits<double>::quiet_NaN();
  int degrees_of_freedom = 0;                         ///< n - p
  Undefined undefined = Undefined::too_few;           ///< of the parameters
  Undefined interval_undefined = Undefined::too_few;  ///< of their covariance
};

/// The best of the optima reached from `starts`, each [p], at least one. n <= p is too_few; NaN or
/// infinity in y not_finite; no start that leads to an optimum (gradient nought but for rounding)
/// not_converged; an optimum along which parameters can be traded for each other, derivatives
/// dependent, not_identified (interval_undefined).
NonlinearFit fit_nonlinear(const Predict& predict, std::span<const double> y,
                           const std::vector<Eigen::VectorXd>& starts);

}  // namespace allometer::stats
