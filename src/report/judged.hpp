#pragma once
/// What can be judged and compared: rescaled scores of an ability, or of a task at one number of
/// shots.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/size_relation.hpp"

namespace allometer::report {

struct Judged {
  bool is_ability = false;
  std::string name;
  std::string metric;     ///< of a task
  std::int32_t task = 0;  ///< index into the plan's tasks, of a task
  std::int32_t num_fewshot = 0;
  std::string precision;
  std::string models;
  bool all_levers = false;  ///< over several settings of the levers
  ScoreUnit unit = ScoreUnit::range;

  /// One entry per model, smallest first.
  std::vector<std::int32_t> model;  ///< index into the plan's models
  std::vector<double> log_size;
  std::vector<double> score;
  std::vector<int> family;  ///< equal for models that differ in size alone

  Eigen::ArrayXd slopes;            ///< of scores of resampled questions, as of slope_of; [draws]
  double reliability = kUndefined;  ///< over models, from split halves; NaN unknown
  double permutation_p = kUndefined;
  double smallest_permutation_p = kUndefined;
  Shape shape;
  std::vector<std::string> remarks;
};

/// All below: rungs are rescaled, with a size and a finite score; models: sized() of them.

Shape shape_from(std::span<const Rung> rungs, const SizedEstimates& models, ScoreUnit unit,
                 const Settings& settings);

/// Scores, slopes, reliability, p and shape; the names are the caller's. relation: of the same
/// models.
Judged judged_from(std::span<const Rung> rungs, const SizedEstimates& models,
                   const SizeRelation& relation, const Shape& shape);

}  // namespace allometer::report
