#pragma once
/// What the answers cost, per variant.

#include <vector>

#include "report/report.hpp"

namespace allometer::report {

/// One row per variant that answered anything, in the order of the plan; cells of the job only.
std::vector<EfficiencyRow> efficiency_rows(const Source& source, const Settings& settings);

}  // namespace allometer::report
