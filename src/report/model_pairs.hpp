#pragma once
/// Two models, or two settings of one, that differ in a single lever, on the same questions of a
/// task: what does the lever alone do?

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "report/ladder.hpp"
#include "report/levers.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/sample.hpp"

namespace allometer::report {

/// Compares headline metrics of one task while its draws are at hand.
class PairTable {
 public:
  PairTable(const Source& source, const Levers& levers, const Settings& settings)
      : source_(source), levers_(levers), settings_(settings) {}

  /// `samples`: one per cell of the ladder that is done, resampled and estimated; `rungs`: of them.
  /// Anything but the task's headline metric is passed over, and so are random weights.
  void add(const Ladder& ladder, std::int32_t metric, std::span<const Sample* const> samples,
           std::span<const Rung> rungs);

  /// Every pair of the same family and size that differs in one lever alone. Two models whose
  /// levers are all alike are no pair.
  std::vector<PairRow> take_rows();

 private:
  /// A model, or a setting of it, that was asked a task.
  struct Side {
    std::int32_t variant = 0;
    std::int32_t num_fewshot = 0;
    std::int32_t num_questions = 0;
    LeverSetting setting;
    bool is_published = false;  ///< its questions are not known
    double estimate = kUndefined;
    double standard_error = kUndefined;
    Eigen::ArrayXd draws;
    std::uint64_t seed = 0;        ///< of `is_right`
    std::vector<double> is_right;  ///< by question, NaN unanswered; empty if not right or wrong
  };

  Side side_of(std::span<const Sample* const> cells, const Rung& rung, std::int32_t variant) const;
  void compare_sides();
  void add_pairs(const std::string& lever, const std::vector<std::string>& levels,
                 std::vector<const Side*>& sides);
  PairRow compare(const Side& from, const Side& to) const;

  const Source& source_;
  const Levers& levers_;
  const Settings& settings_;
  std::int32_t task_ = 0;
  std::int32_t metric_ = 0;
  std::vector<Side> sides_;
  std::vector<PairRow> rows_;
};

/// Benjamini and Hochberg over all rows that have a p.
void adjust_p(std::vector<PairRow>& rows);

}  // namespace allometer::report
