#pragma once
/// Makes the plan and the results of a job out of what files and sidecar say.

#include <string>
#include <vector>

#include "exchange/reported.hpp"
#include "exchange/sidecar.hpp"
#include "results/job_record.hpp"
#include "results/record.hpp"

namespace allometer::exchange {

struct Assembled {
  /// Models, variants, tasks, cells and analysis settings; name, text and digest of the job are
  /// left to the caller.
  results::PlanRecord plan;
  std::vector<results::PublishedRecord> published;  ///< of cells whose questions are not known
  std::vector<results::ShardResult> shards;         ///< of those whose answers are there
  std::vector<std::string> left_out;                ///< each with its reason
  std::vector<std::string> notes;                   ///< what a user should know
};

/// What the sidecar says overrides what the files say. Throws ConfigError that lists everything
/// that is needed of models and tasks and that nobody says; FormatError naming the files where two
/// of them contradict each other.
Assembled assemble(std::vector<ReportedRun> runs, const Sidecar& sidecar);

}  // namespace allometer::exchange
