#pragma once
/// A results file to what others read: lm-evaluation-harness's files, or CSV.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "results/results_file.hpp"

namespace allometer::exchange {

struct ExportSummary {
  std::vector<std::filesystem::path> files;  ///< written, each whole or not at all
  std::int64_t num_records = 0;              ///< answers to single questions in them
};

/// Below `directory` a folder for each variant, number of demonstrations and seed, with
/// results_DATE.json and a samples_TASK_DATE.jsonl for each task whose answers are known
/// (docs/importing.md lists the keys). `estimates` are those of the file's statistics. Throws
/// IoError.
ExportSummary export_lm_eval(const results::ResultsFile& file,
                             const std::vector<results::ResultsFile::Estimate>& estimates,
                             const std::filesystem::path& directory);

/// estimates.csv, a row for each cell and metric, and records.csv, a row for each question and
/// metric of a cell.
ExportSummary export_csv(const results::ResultsFile& file,
                         const std::vector<results::ResultsFile::Estimate>& estimates,
                         const std::filesystem::path& directory);

}  // namespace allometer::exchange
