#pragma once
/// A model of a ladder: its cells of all seeds as one sample.

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "report/report.hpp"
#include "report/sample.hpp"

namespace allometer::report {

/// N of the size axis.
double parameters_of(const results::PlannedModel& model, const Settings& settings);

struct Rung {
  Point point;
  std::string family;
  std::string levers;  ///< "tuning = base, data = web"; empty if none
  std::set<std::uint64_t> seeds;
  Eigen::ArrayXd draws;      ///< estimates, [draws]
  double num_questions = 0;  ///< with a defined answer, of all seeds; 0: unknown
  /// Of every split of the questions the estimate from its first half, then those from its second:
  /// [2 * splits]; empty but for headline metrics whose answers are known.
  Eigen::ArrayXd halves;
  /// Of every question of all seeds, NaN where it has none; empty unless the job asks for the mixed
  /// model.
  std::vector<double> answers;
};

inline std::span<const double> as_span(const Eigen::ArrayXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// Does it have a size and a finite estimate, so that it can be set against size?
bool is_sized(const Rung& rung);

void sort_smallest_first(std::vector<Rung>& rungs);

/// One rung per model of the samples, which are done, resampled and estimated; smallest N first.
std::vector<Rung> rungs_of(std::span<const Sample* const> samples,
                           const results::PlannedMetric& metric, const Source& source,
                           const Settings& settings);

}  // namespace allometer::report
