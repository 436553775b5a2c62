#include "stats/partial_correlation.hpp"

#include <cmath>
#include <vector>

#include "core/contract.hpp"
#include "stats/correlation.hpp"
#include "stats/linear_model.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

std::span<const double> span_of(const VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

bool all_finite(std::span<const double> v) {
  return Eigen::Map<const VectorXd>(v.data(), static_cast<Index>(v.size())).allFinite();
}

}  // namespace

double correlation_p(double r, int degrees_of_freedom) {
  if (degrees_of_freedom < 1 || std::isnan(r)) return std::numeric_limits<double>::quiet_NaN();
  const double df = degrees_of_freedom;
  return 2 * student_t_cdf(-std::abs(r) * std::sqrt(df / ((1 - r) * (1 + r))), df);
}

PartialCorrelation partial_pearson(std::span<const double> x, std::span<const double> y,
                                   const Eigen::Ref<const MatrixXd>& given) {
  ALLOMETER_EXPECT(x.size() == y.size());
  const auto n = static_cast<Index>(x.size());
  ALLOMETER_EXPECT(given.rows() == n);
  PartialCorrelation result;
  if (n < 2) return result;
  if (!all_finite(x) || !all_finite(y) || !given.allFinite()) {
    result.undefined = Undefined::not_finite;
    return result;
  }
  MatrixXd design = MatrixXd::Ones(n, given.cols() + 1);
  design.rightCols(given.cols()) = given;
  const LinearModel model(design, x);
  result.degrees_of_freedom = static_cast<int>(model.residual_degrees_of_freedom()) - 1;
  if (result.degrees_of_freedom < 0) return result;
  const VectorXd of_y = model.residuals_of(Eigen::Map<const VectorXd>(y.data(), n));
  const Coefficient r = pearson(span_of(model.residuals()), span_of(of_y));
  result.value = r.value;
  result.undefined = r.undefined;
  result.p = correlation_p(r.value, result.degrees_of_freedom);
  return result;
}

PartialCorrelation partial_spearman(std::span<const double> x, std::span<const double> y,
                                    const Eigen::Ref<const MatrixXd>& given) {
  // Values that cannot be ranked are told of there.
  if (!all_finite(x) || !all_finite(y) || !given.allFinite()) return partial_pearson(x, y, given);
  MatrixXd ranks(given.rows(), given.cols());
  for (Index j = 0; j < given.cols(); ++j) {
    const std::vector<double> column = average_ranks(span_of(given.col(j)));
    ranks.col(j) = Eigen::Map<const VectorXd>(column.data(), ranks.rows());
  }
  return partial_pearson(average_ranks(x), average_ranks(y), ranks);
}

}  // namespace allometer::stats
