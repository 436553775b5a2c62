#pragma once
/// What compares models with one another: gathered task by task while draws are at hand, and put
/// together at the end.

#include <cstdint>
#include <span>
#include <vector>

#include "report/fewer_questions.hpp"
#include "report/headline_scores.hpp"
#include "report/ladder.hpp"
#include "report/levers.hpp"
#include "report/model_pairs.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/sample.hpp"

namespace allometer::report {

/// All that needs the answers to a task, or to several.
struct Compared {
  std::vector<HeadlineScore> scores;
  std::vector<PairRow> pairs;
  std::vector<AnchorRow> anchors;

  Compared& operator+=(Compared&& other);
};

/// Of one task.
class Comparisons {
 public:
  Comparisons(const Source& source, const Levers& levers, const Settings& settings)
      : source_(source), pairs_(source, levers, settings), fewer_(source, settings) {}

  /// `samples`: one per cell of the ladder that is done, resampled and estimated; `rungs`: of them.
  void add(const Ladder& ladder, std::int32_t metric, std::span<const Sample* const> samples,
           std::span<const Rung> rungs);
  /// Of all that was added.
  Compared take();

 private:
  const Source& source_;
  PairTable pairs_;
  FewerQuestions fewer_;
  std::vector<HeadlineScore> scores_;
};

/// Fills the report's rows of pairs, levers, costs, anchors and densities. `compared`: of all
/// tasks; the report has the estimates.
void report_comparisons(Compared compared, const Source& source, const Levers& levers,
                        Report& report);

}  // namespace allometer::report
