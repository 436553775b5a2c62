#pragma once
/// The whole of `allometer run`, on every rank.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sweep/coordinator.hpp"

namespace allometer::sweep {

struct RunOptions {
  std::filesystem::path job_file;
  std::filesystem::path output;  ///< empty: the job's own
  bool dry_run = false;          ///< only say what would be done
  bool retry_failed = false;
  int threads = 0;  ///< per rank; 0: $OMP_NUM_THREADS, else the node's cores divided by its ranks
  std::int64_t node_memory_bytes = 0;  ///< of every node; 0: what kernel and batch system allow
  double time_limit_seconds = 0;       ///< stop in good order after so long; 0: none
  std::vector<std::string> argv;       ///< for the provenance
};

/// Collective over all ranks of `mpirun` or `srun`; call it once. Initialises and finalizes MPI.
/// Returns the exit code of this process: the job's outcome on rank 0 (0 under srun where the
/// outcome is 0, 3 or 4), 0 on other ranks. Mistakes in the job are printed once, by rank 0. A bug,
/// a failure of MPI or of the journal ends all ranks (exit code 1).
int run_sweep(int* argc, char*** argv, const RunOptions& options);

/// Builds OUTPUT from its journals, without statistics. Throws IoError or ConfigError when there is
/// nothing to build from.
void build_results_file(const std::filesystem::path& output);

}  // namespace allometer::sweep
