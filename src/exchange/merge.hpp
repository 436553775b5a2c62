#pragma once
/// Several results files into one.

#include <filesystem>
#include <string>
#include <vector>

namespace allometer::exchange {

struct MergeRequest {
  std::vector<std::filesystem::path> files;  ///< two at least
  std::filesystem::path output;
  bool mixed_builds = false;  ///< also files of programs or machines that may round differently
};

struct MergeSummary {
  std::int64_t num_models = 0;
  std::int64_t num_tasks = 0;
  std::int64_t num_cells = 0;
  std::int64_t num_records = 0;
  std::int64_t num_same_cells = 0;  ///< that more than one file has
  std::vector<std::string> notes;
};

/// Writes the union of models, variants, tasks, questions, cells, records, published values, starts
/// and machines, whole or not at all; statistics are left out, as they are of the parts. A cell
/// that several files have is kept once, from the one in which it is most complete, the first of
/// equals. Throws ConfigError where files of different builds are mixed without leave, and where
/// one name means different things or a cell has different answers, naming the files and what to
/// do; FormatError, IoError.
MergeSummary merge_results(const MergeRequest& request);

}  // namespace allometer::exchange
