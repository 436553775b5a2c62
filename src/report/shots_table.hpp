#pragma once
/// What demonstrations add: for every model the line value = level + gain x ln(1 + shots), and how
/// level and gain follow its size.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "report/ladder.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// One row per task and metric, precision and levers, of which a model was asked with at least two
/// numbers of shots. A model's values are the estimates of its cells, meaned over the draws (seeds)
/// that have all its numbers of shots; with one draw nothing is said of the spread and of the
/// intervals over draws. `cells`: indices into source.cells by what they share; `estimates`: of any
/// cells, by cell and metric.
std::vector<ShotsRow> shots_rows(const std::map<Ladder, std::vector<std::int32_t>>& cells,
                                 std::span<const results::ResultsFile::Estimate> estimates,
                                 const Source& source, const Settings& settings);

}  // namespace allometer::report
