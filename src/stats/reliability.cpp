#include "stats/reliability.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "stats/correlation.hpp"
#include "stats/whole_columns.hpp"

namespace allometer::stats {
namespace {

/// Column s: 1 for the questions of the first half of split s, else 0. [questions x num_splits]
Eigen::MatrixXd first_halves(std::string_view key, std::int32_t num_splits,
                             Eigen::Index num_questions) {
  // Not the seed of the bootstrap's draws of the same key.
  const std::uint64_t seed = seed_from("split_half/" + std::string(key));
  Eigen::MatrixXd members = Eigen::MatrixXd::Zero(num_questions, num_splits);
  std::vector<Eigen::Index> questions(static_cast<std::size_t>(num_questions));
  for (std::int32_t split = 0; split < num_splits; ++split) {
    std::iota(questions.begin(), questions.end(), Eigen::Index{0});
    SplitMix64 random = stream_of_draw(seed, static_cast<std::uint64_t>(split));
    random.shuffle(std::span(questions));
    for (std::size_t i = 0; i < questions.size() / 2; ++i) members(questions[i], split) = 1;
  }
  return members;
}

std::vector<double> row_of(const Eigen::Ref<const Eigen::MatrixXd>& matrix, Eigen::Index row) {
  std::vector<double> values(static_cast<std::size_t>(matrix.cols()));
  Eigen::Map<Eigen::RowVectorXd>(values.data(), matrix.cols()) = matrix.row(row);
  return values;
}

}  // namespace

HalfSums split_half_sums(std::string_view key, std::int32_t num_splits,
                         const Eigen::Ref<const Eigen::MatrixXd>& columns) {
  ALLOMETER_EXPECT(num_splits > 0);
  if (columns.rows() == 0) {
    const Eigen::MatrixXd none = Eigen::MatrixXd::Zero(num_splits, columns.cols());
    return {none, none};
  }
  const WholeColumns whole = whole_columns(columns);
  HalfSums sums;
  sums.first = first_halves(key, num_splits, columns.rows()).transpose() * whole.values;
  sums.second = (-sums.first).rowwise() + whole.values.colwise().sum();
  sums.first.array().rowwise() /= whole.scale.array();
  sums.second.array().rowwise() /= whole.scale.array();
  return sums;
}

double spearman_brown(double reliability, double factor) {
  ALLOMETER_EXPECT(factor > 0);
  const double divisor = 1 + (factor - 1) * reliability;
  return divisor > 0 ? factor * reliability / divisor : std::numeric_limits<double>::quiet_NaN();
}

Reliability split_half_reliability(const Eigen::Ref<const Eigen::MatrixXd>& first,
                                   const Eigen::Ref<const Eigen::MatrixXd>& second) {
  ALLOMETER_EXPECT(first.rows() == second.rows() && first.cols() == second.cols());
  Reliability result;
  if (first.cols() < 3) return result;
  double sum = 0;
  for (Eigen::Index split = 0; split < first.rows(); ++split) {
    const Coefficient r = pearson(row_of(first, split), row_of(second, split));
    result.undefined = r.undefined;
    if (r.undefined != Undefined::no) continue;
    sum += r.value;
    ++result.splits;
  }
  if (result.splits == 0) return result;
  result.mean_correlation = sum / result.splits;
  result.value = spearman_brown(result.mean_correlation, 2);
  result.undefined = std::isnan(result.value) ? Undefined::not_finite : Undefined::no;
  return result;
}

std::string_view name_of(Attenuation outcome) {
  switch (outcome) {
    case Attenuation::corrected:
      return "";
    case Attenuation::above_one:
      return "above one";
    case Attenuation::unreliable:
      return "unreliable";
  }
  return "";
}

CorrectedCorrelation correct_for_attenuation(double r, const Interval& interval,
                                             double reliability_x, double reliability_y) {
  // Written so that NaN is caught too.
  if (!(reliability_x > 0 && reliability_y > 0) || std::isnan(r)) return {};
  const double shrinkage = std::sqrt(reliability_x * reliability_y);
  const auto cut = [&](double value) {
    return std::isnan(value) ? value : std::clamp(value / shrinkage, -1.0, 1.0);
  };
  const bool above_one = std::abs(r) > shrinkage;
  return {cut(r),
          {cut(interval.low), cut(interval.high)},
          above_one ? Attenuation::above_one : Attenuation::corrected};
}

}  // namespace allometer::stats
