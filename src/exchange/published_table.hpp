#pragma once
/// A CSV table of results: a row for each model, a column for each task.

#include <filesystem>
#include <string_view>
#include <vector>

#include "exchange/reported.hpp"
#include "exchange/sidecar.hpp"

namespace allometer::exchange {

/// One run per row. A cell that is empty, "NA", "N/A", "nan" or "-" is missing: its task, or what
/// it would tell of the model, is not there. Throws FormatError "file:line: ..." for a cell that is
/// no number and a model that stands twice, ConfigError naming the sidecar's line for a column that
/// the table lacks.
std::vector<ReportedRun> parse_published_table(std::string_view text,
                                               const std::filesystem::path& file,
                                               const TableMap& map,
                                               const std::filesystem::path& sidecar);

}  // namespace allometer::exchange
