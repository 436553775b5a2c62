#pragma once
/// Tables of the results file that compare models with one another.

#include <vector>

#include "report/report.hpp"

namespace allometer::report {

/// analysis_lever, analysis_pairs, analysis_pareto, analysis_fewer_questions, analysis_anchors and
/// analysis_density, as far as they have rows.
void add_comparison_tables(std::vector<results::AnalysisTable>& tables, const Report& report);

}  // namespace allometer::report
