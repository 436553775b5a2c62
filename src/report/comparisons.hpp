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
#include "report/sample.hpp"

namespace allometer::report {

/// All that needs the answers to a task, or to several.
struct Compared {
  std::vector<HeadlineScore> scores;
  std::vector<PairRow> pairs;
  std::vector<AnchorRow> anchors;

  Compared& operator+=(Compared&& other);
};

/// For one task after another.
class Comparisons {
 public:
  Comparisons(const Source& source, const Levers& levers, const Settings& settings)
      : source_(source),
        settings_(settings),
        pairs_(source, levers, settings),
        fewer_(source, settings) {}

  /// The samples of one ladder, as of size_rows. All ladders of a task come one after another.
  void add(const Ladder& ladder, std::int32_t metric, std::span<const Sample* const> samples);
  /// Of what was added since the last time; no more of its tasks may come.
  Compared take();

 private:
  const Source& source_;
  const Settings& settings_;
  PairTable pairs_;
  FewerQuestions fewer_;
  std::vector<HeadlineScore> scores_;
};

/// Fills the report's rows of pairs, levers, costs, anchors and densities. `compared`: of all
/// tasks; the report has the estimates.
void report_comparisons(Compared compared, const Source& source, const Levers& levers,
                        Report& report);

}  // namespace allometer::report
