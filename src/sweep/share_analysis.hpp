#pragma once
/// The analysis of a results file, its parts dealt over the ranks of a job. Each rank reads the
/// file itself: it lies where all of them see it. Where one does not, or sees another file of that
/// name, rank 0 does that one's share.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mpi/session.hpp"
#include "report/part_workers.hpp"
#include "sweep/messages.hpp"

namespace allometer::sweep {

/// On every rank: works out the parts that rank 0 asks for, beside the messages.
class PartServer {
 public:
  explicit PartServer(int num_threads) : num_threads_(num_threads) {}

  void push(const AnalyseMessage& message);
  /// Never waits.
  std::optional<AnalysedMessage> poll();

 private:
  int num_threads_;
  std::unique_ptr<report::PartWorkers> workers_;
};

/// On rank 0: deals the parts, and puts together what comes back.
class PartDealer {
 public:
  /// Reads what is planned from the file. num_threads: of each rank.
  PartDealer(mpi::Session& session, const std::filesystem::path& file,
             const report::AnalysisRequest& request, std::vector<int> num_threads);

  /// Asks ranks that have nothing to do for the next parts.
  void deal();
  /// Throws IoError if rank 0 itself could not work out a part.
  void take(int rank, AnalysedMessage message);
  bool complete() const { return assembly_->complete(); }
  /// When complete; closes the file.
  report::Report finish();

 private:
  std::int32_t next_for(int rank);

  mpi::Session& session_;
  AnalyseMessage message_;             ///< all but the part
  std::vector<int> free_threads_;      ///< [rank]
  std::vector<bool> able_;             ///< [rank]: it reads the file, as far as is known
  std::deque<std::int32_t> returned_;  ///< parts for rank 0, which others could not work out
  std::int32_t most_open_ = 0;
  std::unique_ptr<report::Assembly> assembly_;
};

/// How many threads an analysis has that is not part of a sweep: $OMP_NUM_THREADS, else the CPUs.
int analysis_threads();

/// `allometer analyze` and `collect`: analyses a results file, over all ranks where it was started
/// as several by mpirun or srun (then it initialises and finalizes MPI; call it once). `build` is
/// called first, on rank 0. Returns the tables as text; nothing on other ranks. Throws where there
/// is one rank. Of several, rank 0 throws ConfigError and FormatError of what was asked for, the
/// others leave in good order; any other error ends all of them. That a rank is gone is for mpirun
/// or srun to notice.
std::optional<std::string> analyse_with_ranks(const std::filesystem::path& file,
                                              const report::AnalysisRequest& request,
                                              const std::function<void()>& build = {});

}  // namespace allometer::sweep
