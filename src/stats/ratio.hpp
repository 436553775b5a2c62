#pragma once
/// The ratio of two estimates with its interval: what a lever adds, in decades of model size.

#include <limits>
#include <string_view>

#include <Eigen/Core>

#include "stats/linear_model.hpp"

namespace allometer::stats {

/// The values of b/c that the data do not reject. Unless the denominator is clearly not nought they
/// do not form an interval around the ratio.
enum class RatioSet {
  bounded,     ///< from low to high: the denominator differs from nought
  complement,  ///< up to low, and from high on: it may be nought, but not the ratio anything
  everything,  ///< neither is known well enough
};

/// "bounded", "complement", "everything".
std::string_view name_of(RatioSet set);

struct Ratio {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< b / c
  RatioSet set = RatioSet::everything;
  /// Of bounded and complement; infinite where there is no such end. NaN without interval.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  Undefined undefined = Undefined::too_few;           ///< of the value; constant where c = 0
  Undefined interval_undefined = Undefined::too_few;  ///< of set, low and high
};

/// All r with |b - r c| <= t sqrt(var_b - 2 r cov + r^2 var_c), t the quantile of Student's t with
/// `degrees_of_freedom` (infinite: normal) at (1 + confidence) / 2 (Fieller 1954, J. Royal
/// Statistical Society B 16). Variances >= 0. NaN or infinite input is not_finite. c = 0 has a set,
/// though no value. 0 < confidence < 1.
Ratio fieller(double b, double c, double var_b, double var_c, double covariance,
              double degrees_of_freedom, double confidence);

/// The ratio of two linear combinations of the coefficients of a model. Degrees of freedom are
/// those of the difference numerator - value * denominator, which is what the set is made of.
Ratio ratio_of(const LinearModel& model, const Eigen::VectorXd& numerator,
               const Eigen::VectorXd& denominator, Errors errors, double confidence);

}  // namespace allometer::stats
