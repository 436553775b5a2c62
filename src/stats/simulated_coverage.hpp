#pragma once
/// How often the default 95 % interval of a slope holds the true one: what
/// tests/bench/coverage_bench printed (docs/statistics-coverage.md).

namespace allometer::stats {

/// Shares of simulated sweeps, 0 to 1; standard error 0.0035 at 0.95, 0.007 at 0.75.
struct SimulatedCoverage {
  /// Of the slope that these families share: what the interval says with fewer than eight families.
  double of_these_families;
  /// Of the mean slope of all families there might be, where their slopes differ (standard
  /// deviation 0.03 about a slope of 0.1): what it says with eight families or more, and does not
  /// say with fewer. Other spreads of slopes are covered better or worse: a warning, not a
  /// correction.
  double of_all_families;
};

/// Of within_slope with so many families of so many sizes each; numbers between those simulated (1,
/// 2, 3, 4, 6, 8, 12 families, 3, 4, 5, 6, 8, 12 sizes) take the figure below, those beyond the
/// last one. NaN for fewer than one family or three sizes, which have no interval;
/// of_these_families is NaN from eight families on, where nothing is said of these alone.
SimulatedCoverage simulated_coverage(double families, double sizes_per_family);

}  // namespace allometer::stats
