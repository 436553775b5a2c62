#pragma once
/// Published results to an ordinary results file.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "exchange/sidecar.hpp"

namespace allometer::exchange {

struct ImportRequest {
  /// Files, shell patterns and directories (of which every .json, .jsonl and .csv file counts).
  std::vector<std::string> inputs;
  std::optional<std::filesystem::path> sidecar;
  std::filesystem::path output;
  std::vector<std::string> argv;  ///< for the record
};

struct ImportSummary {
  std::size_t num_files = 0;
  std::size_t num_models = 0;
  std::size_t num_families = 0;
  std::size_t num_tasks = 0;
  std::size_t num_cells = 0;
  std::size_t num_records = 0;  ///< answers to single questions
  std::vector<std::string> left_out;
  std::vector<std::string> notes;
};

/// Reads results of lm-evaluation-harness (.json), its samples (.jsonl) and tables (.csv) and
/// writes `output`, whole or not at all. Throws ConfigError, FormatError or IoError naming file,
/// line or JSON path.
ImportSummary import_results(const ImportRequest& request);

/// The files that the inputs stand for, in natural order, each one once. Throws ConfigError for
/// what is not there.
std::vector<std::filesystem::path> expand_inputs(const std::vector<std::string>& inputs);

}  // namespace allometer::exchange
