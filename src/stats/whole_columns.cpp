#include "stats/whole_columns.hpp"

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

/// A power of two 2^k with |value| * 2^k * questions <= 2^53 for every value, so that weighted sums
/// stay whole numbers that a double holds.
double exact_scale(const Eigen::Ref<const Eigen::VectorXd>& column) {
  const double largest = column.cwiseAbs().maxCoeff();
  if (largest == 0) return 1;
  const int bits_of_questions = std::ilogb(static_cast<double>(column.size())) + 1;
  return std::ldexp(1.0, std::clamp(52 - bits_of_questions - std::ilogb(largest), -1000, 1000));
}

}  // namespace

WholeColumns whole_columns(const Eigen::Ref<const Eigen::MatrixXd>& columns) {
  ALLOMETER_EXPECT(columns.rows() > 0 && columns.allFinite());
  WholeColumns whole;
  whole.values.resize(columns.rows(), columns.cols());
  whole.scale.resize(columns.cols());
  for (Eigen::Index c = 0; c < columns.cols(); ++c) {
    whole.scale[c] = exact_scale(columns.col(c));
    whole.values.col(c) = (columns.col(c) * whole.scale[c]).array().rint();
  }
  return whole;
}

}  // namespace allometer::stats
