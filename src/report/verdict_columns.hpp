#pragma once
/// Verdicts as a table of the results file.

#include "report/report.hpp"

namespace allometer::report {

/// analysis_verdict.
results::AnalysisTable verdict_table(const Report& report);

}  // namespace allometer::report
