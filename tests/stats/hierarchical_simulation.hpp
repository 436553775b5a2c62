#pragma once
/// Simulated families of models with known slopes, and how often the interval of the hierarchical
/// bootstrap holds the true one. hierarchical_coverage was tabulated with it.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "stats/hierarchical_bootstrap.hpp"

namespace allometer::stats::testing {

inline constexpr double kTrueSlope = 0.10;

/// Standard deviations; scores per decade of size. A score's error of questions is half the scatter
/// of models about their family's line.
struct Scatter {
  double of_intercepts;
  double of_slopes;
  double of_models;
};

/// Families that are somewhat unlike each other, and families that are very much so.
inline constexpr Scatter kScatters[] = {{0.05, 0.03, 0.02}, {0.10, 0.06, 0.005}};

struct SimulatedFamilies {
  std::vector<double> x;
  std::vector<int> family;
  std::vector<double> y;
};

/// A family's sizes span 1.5 decades at even steps, from a start that varies by a decade.
inline SimulatedFamilies simulate_families(int families, int models, const Scatter& scatter,
                                           SplitMix64& random) {
  constexpr double kSpread = 1.5;
  SimulatedFamilies data;
  for (int f = 0; f < families; ++f) {
    const double start = random.uniform();
    const double intercept = scatter.of_intercepts * random.normal();
    const double slope = kTrueSlope + scatter.of_slopes * random.normal();
    for (int m = 0; m < models; ++m) {
      const double x = start + kSpread * m / (models - 1);
      data.x.push_back(x);
      data.family.push_back(f);
      data.y.push_back(intercept + slope * x + scatter.of_models * random.normal());
    }
  }
  return data;
}

/// Scores with their error of questions, as measured (first) and as a bootstrap over questions
/// would draw them.
inline Eigen::MatrixXd simulate_estimates(const std::vector<double>& y, int draws, double error,
                                          SplitMix64& random) {
  const auto models = static_cast<Eigen::Index>(y.size());
  Eigen::RowVectorXd measured(models);
  for (Eigen::Index i = 0; i < models; ++i) {
    measured[i] = y[static_cast<std::size_t>(i)] + error * random.normal();
  }
  Eigen::MatrixXd estimates(draws, models);
  for (Eigen::Index i = 0; i < models; ++i) {
    for (Eigen::Index d = 0; d < draws; ++d) {
      estimates(d, i) = measured[i] + error * random.normal();
    }
  }
  return estimates;
}

struct SimulatedCoverage {
  double all_models = 0;
  double within_families = 0;
};

/// Of the 95 % intervals of `data_sets` data sets.
inline SimulatedCoverage simulate_coverage(int families, int models, const Scatter& scatter,
                                           int data_sets, int draws) {
  SimulatedCoverage covered;
  for (int i = 0; i < data_sets; ++i) {
    const std::string key = "coverage/" + std::to_string(families) + "/" + std::to_string(models) +
                            "/" + std::to_string(i);
    SplitMix64 random(seed_from(key));
    const SimulatedFamilies data = simulate_families(families, models, scatter, random);
    const Eigen::MatrixXd estimates =
        simulate_estimates(data.y, draws, scatter.of_models / 2, random);
    const auto holds = [&](SlopeOf slope_of) {
      const Eigen::ArrayXd slopes =
          hierarchical_slopes(key, 0, draws, data.x, data.family, estimates, slope_of);
      const Interval interval =
          hierarchical_interval({slopes.data(), static_cast<std::size_t>(draws)}, 0.95).interval;
      return interval.low <= kTrueSlope && kTrueSlope <= interval.high;
    };
    covered.all_models += holds(SlopeOf::all_models);
    covered.within_families += holds(SlopeOf::within_families);
  }
  return {covered.all_models / data_sets, covered.within_families / data_sets};
}

}  // namespace allometer::stats::testing
