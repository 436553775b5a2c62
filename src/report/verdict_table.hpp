#pragma once
/// Verdicts on all abilities and all tasks of a report, judged together.

#include <span>
#include <vector>

#include "report/judged.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// Abilities first, each kind in the order given. p are adjusted over the abilities, and over the
/// tasks by themselves.
std::vector<VerdictRow> verdict_rows(std::span<const Judged> abilities,
                                     std::span<const Judged> tasks, const Settings& settings);

/// Fills spearman_q of rows of trained models: Benjamini and Hochberg over all of them.
void adjust_for_exploring(std::vector<SizeRow>& rows);

}  // namespace allometer::report
