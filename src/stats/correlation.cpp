#include "stats/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>

#include <Eigen/Core>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

using ConstVector = Eigen::Map<const Eigen::VectorXd>;

ConstVector as_vector(std::span<const double> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

bool all_equal(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

std::optional<Undefined> degenerate(std::span<const double> x, std::span<const double> y) {
  ALLOMETER_EXPECT(x.size() == y.size());
  if (x.size() < 2) return Undefined::too_few;
  if (!as_vector(x).allFinite() || !as_vector(y).allFinite()) return Undefined::not_finite;
  if (all_equal(x) || all_equal(y)) return Undefined::constant;
  return std::nullopt;
}

int sign(double difference) {
  return (difference > 0) - (difference < 0);
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = 0.5 * static_cast<double>(begin + 1 + end);
    for (; begin < end; ++begin) ranks[order[begin]] = shared;
  }
  return ranks;
}

Coefficient pearson(std::span<const double> x, std::span<const double> y) {
  if (const auto reason = degenerate(x, y)) return {.undefined = *reason};
  // stableNorm does not overflow where the squares would.
  const Eigen::VectorXd dx = as_vector(x).array() - as_vector(x).mean();
  const Eigen::VectorXd dy = as_vector(y).array() - as_vector(y).mean();
  const double norm_x = dx.stableNorm();
  const double norm_y = dy.stableNorm();
  if (norm_x == 0 || norm_y == 0) return {.undefined = Undefined::constant};
  const double r = (dx / norm_x).dot(dy / norm_y);
  if (!std::isfinite(r)) return {.undefined = Undefined::not_finite};
  return {std::clamp(r, -1.0, 1.0), Undefined::no};
}

Coefficient spearman(std::span<const double> x, std::span<const double> y) {
  if (const auto reason = degenerate(x, y)) return {.undefined = *reason};
  return pearson(average_ranks(x), average_ranks(y));
}

Coefficient kendall_tau_b(std::span<const double> x, std::span<const double> y) {
  if (const auto reason = degenerate(x, y)) return {.undefined = *reason};
  std::int64_t score = 0;
  std::int64_t untied_x = 0;
  std::int64_t untied_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int in_x = sign(x[i] - x[j]);
      const int in_y = sign(y[i] - y[j]);
      score += in_x * in_y;
      untied_x += in_x != 0;
      untied_y += in_y != 0;
    }
  }
  const double scale =
      std::sqrt(static_cast<double>(untied_x)) * std::sqrt(static_cast<double>(untied_y));
  return {std::clamp(static_cast<double>(score) / scale, -1.0, 1.0), Undefined::no};
}

}  // namespace allometer::stats
