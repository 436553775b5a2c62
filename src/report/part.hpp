#pragma once
/// What one part of an analysis comes to, and its bytes: processes that share an analysis send them
/// to the one that puts it together.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/ability_table.hpp"
#include "report/comparisons.hpp"
#include "report/judged.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// All that needs the answers to one task. What is added here, or to a struct that it holds, is
/// added in part.cpp too.
struct Part {
  std::vector<results::ResultsFile::Estimate> estimates;
  std::vector<SizeRow> size_rows;
  std::vector<AbilityMeasure> measures;
  Compared compared;
  std::vector<Judged> judged;  ///< the task at each number of shots and precision
};

/// Numbers as they are in memory: for processes of one job, not for files.
std::string encode(const Part& part);
/// Throws FormatError on bytes that encode() of this build cannot have written.
Part decode_part(std::string_view bytes);

}  // namespace allometer::report
