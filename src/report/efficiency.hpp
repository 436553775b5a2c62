#pragma once
/// What the answers cost, per variant, and which variants give the most for it.

#include <map>
#include <span>
#include <vector>

#include "report/headline_scores.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// One row per variant that answered anything and whose cost is known, in the order of the plan;
/// cells of the job only. Imported results have no costs. `scores`: of the finished cells.
std::vector<EfficiencyRow> efficiency_rows(const Source& source,
                                           std::span<const HeadlineScore> scores,
                                           const Settings& settings);

/// All tasks, then each ability of several: the variants that answered every measure that any did,
/// if there are two or more whose cost is known. A variant is dominated where another has at least
/// its score for at most its cost, and one of both is strictly better (Pareto). Costs are those of
/// the same tasks. `measures`: rescaled scores, as of rescaled().
std::vector<ParetoRow> pareto_rows(const Source& source,
                                   const std::map<Measure, ScoreOfVariant>& measures);

}  // namespace allometer::report
