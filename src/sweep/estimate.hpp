#pragma once
/// What a job will take, before anything is run.

#include <cstdint>
#include <filesystem>
#include <string>

namespace allometer::sweep {

struct EstimateOptions {
  std::filesystem::path job_file;
  int ranks = 1;
  int ranks_per_node = 1;
  std::int64_t node_memory_bytes = 0;  ///< 0: as much as this machine's
  double flops_per_second = 0;  ///< of one rank's matrix products; 0: measured here, per precision
  double efficiency = 0.6;      ///< share of it that scoring reaches
};

/// A table per variant and the totals, as text for a terminal. Throws ConfigError for mistakes in
/// the job.
std::string estimate_job(const EstimateOptions& options);

}  // namespace allometer::sweep
