#include "stats/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "stats/whole_columns.hpp"

namespace allometer::stats {
namespace {

/// How often each question is in each of `count` draws: [questions x count].
void count_questions(std::uint64_t seed, Eigen::Index first_draw, Eigen::Index count,
                     Eigen::Index num_questions, Eigen::MatrixXd& counts) {
  counts.setZero(num_questions, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    SplitMix64 random = stream_of_draw(seed, static_cast<std::uint64_t>(first_draw + i));
    double* const column = counts.col(i).data();
    for (Eigen::Index q = 0; q < num_questions; ++q) {
      column[random.below(static_cast<std::uint64_t>(num_questions))] += 1;
    }
  }
}

std::vector<double> without_nan(std::span<const double> values) {
  std::vector<double> kept;
  kept.reserve(values.size());
  for (const double v : values) {
    if (!std::isnan(v)) kept.push_back(v);
  }
  return kept;
}

/// numpy's default ("linear", type 7 of Hyndman and Fan 1996). No value before `end` is greater
/// than one behind; reorders those before.
double quantile(std::vector<double>& values, double probability, std::size_t end) {
  const double position = probability * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  const auto stop = values.begin() + static_cast<std::ptrdiff_t>(end);
  if (nth < stop) std::nth_element(values.begin(), nth, stop);
  const double low = *nth;
  if (below + 1 == values.size()) return low;
  const double high = *std::min_element(nth + 1, nth + 1 < stop ? stop : values.end());
  return low + (position - static_cast<double>(below)) * (high - low);
}

DrawnCoefficients coefficients_of_block(std::span<const double> x,
                                        const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  const Eigen::Index models = estimates.cols();
  const Eigen::Map<const Eigen::VectorXd> sizes(x.data(), models);
  const Eigen::VectorXd dx = sizes.array() - sizes.mean();
  const Eigen::MatrixXd dy = estimates.colwise() - estimates.rowwise().mean();

  // The sign of each pair gives both rank coefficients: a model's doubled, centred average rank is
  // the sum of the signs of its differences from all others.
  Eigen::VectorXd rank_x = Eigen::VectorXd::Zero(models);
  Eigen::MatrixXd rank_y = Eigen::MatrixXd::Zero(estimates.rows(), models);
  Eigen::ArrayXd score = Eigen::ArrayXd::Zero(estimates.rows());
  Eigen::ArrayXd untied_y = Eigen::ArrayXd::Zero(estimates.rows());
  double untied_x = 0;
  for (Eigen::Index i = 0; i < models; ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      const double sign_x = (sizes[i] > sizes[j]) - (sizes[i] < sizes[j]);
      const Eigen::ArrayXd sign_y = (estimates.col(i) - estimates.col(j)).array().sign();
      rank_x[i] += sign_x;
      rank_x[j] -= sign_x;
      rank_y.col(i).array() += sign_y;
      rank_y.col(j).array() -= sign_y;
      score += sign_x * sign_y;
      untied_x += std::abs(sign_x);
      untied_y += sign_y.abs();
    }
  }
  const auto usable = (untied_y > 0 && dy.rowwise().sum().array().isFinite()).eval();
  const auto where_usable = [&](const Eigen::ArrayXd& values) -> Eigen::ArrayXd {
    return usable.select(values, std::numeric_limits<double>::quiet_NaN());
  };
  const Eigen::ArrayXd products = (dy * dx).array();
  const Eigen::ArrayXd norms = dy.rowwise().norm().array() * dx.norm();
  const Eigen::ArrayXd rank_products = (rank_y * rank_x).array();
  const Eigen::ArrayXd rank_norms = rank_y.rowwise().norm().array() * rank_x.norm();
  DrawnCoefficients drawn;
  drawn.slope = products / dx.squaredNorm();
  drawn.pearson = where_usable((products / norms).cwiseMax(-1.0).cwiseMin(1.0));
  drawn.spearman = where_usable((rank_products / rank_norms).cwiseMax(-1.0).cwiseMin(1.0));
  drawn.kendall = where_usable(score / (untied_y * untied_x).sqrt());
  return drawn;
}

}  // namespace

Eigen::MatrixXd resampled_sums(std::string_view key, std::int32_t num_draws,
                               const Eigen::Ref<const Eigen::MatrixXd>& columns,
                               std::int32_t draws_per_block) {
  ALLOMETER_EXPECT(num_draws > 0 && draws_per_block >= 0);
  ALLOMETER_EXPECT(columns.allFinite());
  const Eigen::Index num_questions = columns.rows();
  if (num_questions == 0) return Eigen::MatrixXd::Zero(num_draws, columns.cols());
  const WholeColumns whole = whole_columns(columns);
  constexpr Eigen::Index kBlockNumbers = 1 << 18;
  const Eigen::Index block =
      draws_per_block > 0 ? draws_per_block
                          : std::clamp<Eigen::Index>(kBlockNumbers / num_questions, 16, 1024);
  Eigen::MatrixXd sums(num_draws, columns.cols());
  Eigen::MatrixXd counts;
  const std::uint64_t seed = seed_from(key);
  for (Eigen::Index first = 0; first < num_draws; first += block) {
    const Eigen::Index size = std::min<Eigen::Index>(block, num_draws - first);
    count_questions(seed, first, size, num_questions, counts);
    sums.middleRows(first, size).noalias() = counts.transpose() * whole.values;
  }
  sums.array().rowwise() /= whole.scale.array();
  return sums;
}

Interval percentile_interval(std::span<const double> draws, double confidence) {
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  std::vector<double> kept = without_nan(draws);
  if (kept.empty()) return {};
  const double tail = 0.5 * (1 - confidence);
  const auto last = static_cast<double>(kept.size() - 1);
  // The upper quantile first: what lies above it is few, and the lower one need not look there.
  const double high = quantile(kept, 1 - tail, kept.size());
  return {quantile(kept, tail, static_cast<std::size_t>((1 - tail) * last)), high};
}

double standard_deviation(std::span<const double> values) {
  const std::vector<double> kept = without_nan(values);
  if (kept.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::Map<const Eigen::ArrayXd> all(kept.data(), static_cast<Eigen::Index>(kept.size()));
  return std::sqrt((all - all.mean()).square().sum() / static_cast<double>(kept.size() - 1));
}

double standard_error_of_mean(std::span<const double> values) {
  return standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

DrawnCoefficients drawn_coefficients(std::span<const double> x,
                                     const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  ALLOMETER_EXPECT(static_cast<Eigen::Index>(x.size()) == estimates.cols());
  const Eigen::Index num_draws = estimates.rows();
  DrawnCoefficients drawn;
  for (auto* values : {&drawn.pearson, &drawn.spearman, &drawn.kendall, &drawn.slope}) {
    values->resize(num_draws);
  }
  // Blocks whose intermediate arrays stay in the cache.
  constexpr Eigen::Index kBlock = 256;
  for (Eigen::Index first = 0; first < num_draws; first += kBlock) {
    const Eigen::Index size = std::min(kBlock, num_draws - first);
    const DrawnCoefficients block = coefficients_of_block(x, estimates.middleRows(first, size));
    drawn.pearson.segment(first, size) = block.pearson;
    drawn.spearman.segment(first, size) = block.spearman;
    drawn.kendall.segment(first, size) = block.kendall;
    drawn.slope.segment(first, size) = block.slope;
  }
  return drawn;
}

}  // namespace allometer::stats
