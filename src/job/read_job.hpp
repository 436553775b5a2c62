#pragma once
/// A job file's text into a Job, before anything on disk is looked at.

#include <optional>
#include <string>
#include <vector>

#include "job/job.hpp"
#include "job/mistakes.hpp"

namespace allometer::job {

/// One entry of `models` as written: its path may be a pattern.
struct ModelEntry {
  std::filesystem::path pattern;  ///< absolute or under the job file's directory, ${NAME} replaced
  std::optional<std::string> name;
  std::optional<std::string> family;
  bool random_weights = false;
  std::map<std::string, std::string> levers;
  std::optional<double> training_tokens;
  int line = 0;
};

struct JobText {
  Job job;  ///< all but `models`
  std::vector<ModelEntry> models;
};

/// Reads all that can be read; what is wrong goes to `mistakes`. `file` is not opened: it names the
/// job and the directory from which relative paths go.
JobText read_job(std::string text, const std::filesystem::path& file, Mistakes& mistakes);

}  // namespace allometer::job
