#pragma once
/// Writes the columns of a merged file, each gathered from the files that have it.

#include <vector>

#include "exchange/merge_rows.hpp"

namespace allometer::exchange {

/// Every column of every input over the rows of `plan`, in the order of the first file; indices
/// lead to merged rows. Where a file lacks a column (a lever, a metric), its rows are missing.
/// Throws FormatError for a column that every file should have, or that leads to rows in a way that
/// this version does not know; IoError.
void write_merged_columns(io::Hdf5Group& out, const std::vector<MergeInput>& inputs,
                          const MergePlan& plan);

}  // namespace allometer::exchange
