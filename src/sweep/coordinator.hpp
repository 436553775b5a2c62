#pragma once
/// Rank 0's part of a running sweep: hands out shards, follows what became durable, knows when all
/// is done.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/progress.hpp"
#include "results/store.hpp"
#include "sweep/journal_keeper.hpp"
#include "sweep/messages.hpp"
#include "sweep/plan.hpp"
#include "sweep/schedule.hpp"
#include "sweep/state_file.hpp"

namespace allometer::sweep {

struct RankInfo {
  std::string host;
  int node = 0;    ///< index of the host among the hosts
  int keeper = 0;  ///< the rank that writes this node's journal
};

/// What a changed or continued job means for its cells, before any work.
struct ResumeSummary {
  std::vector<std::string> added;  ///< names of the cells counted below
  std::vector<std::string> not_in_job;
  int cells_added = 0;      ///< nothing of them is in the journals
  int cells_continued = 0;  ///< some questions are there
  int cells_kept = 0;       ///< complete, or failed for good
  int cells_not_in_job = 0;
  std::int64_t questions_kept = 0;
};
ResumeSummary summarize_resume(const Plan& plan, const results::JournalIndex& index,
                               bool retry_failed);

struct CoordinatorOptions {
  double shard_seconds = 20;
  bool retry_failed = false;
  int max_attempts = 3;
};

/// No MPI in here: messages to send are returned.
class Coordinator {
 public:
  using Outgoing = std::vector<std::pair<int, Assignment>>;

  /// Reads what is done from `index`; failures that are known already are written to `journal`
  /// (rank 0's own).
  Coordinator(const Plan& plan, const results::JournalIndex& index, std::vector<RankInfo> ranks,
              const CoordinatorOptions& options, JournalKeeper& journal);

  void on_ready(int rank, const ReadyMessage& ready);
  void on_durable(const DurableMessage& durable);
  void on_released(int rank, const ReleasedMessage& released);
  /// From now on nothing is handed out.
  void stop(const std::string& reason);

  /// Shards for ranks that want some; their leases are in the journal but not yet synced: flush it,
  /// then send.
  Outgoing hand_out();

  /// All work done, or stopped with nothing outstanding.
  bool finished() const;
  Outcome outcome() const;
  State state() const;
  /// For the progress display: work done and in all, in predicted floating-point operations.
  double flops_done() const { return flops_done_; }
  double flops_total() const { return flops_total_; }
  std::int64_t tokens_computed() const { return tokens_computed_; }

 private:
  struct CellProgress {
    std::int32_t questions_done = 0;
    bool failed = false;
    std::string failure_reason;
    std::string artifact;  ///< that it has made for others
  };
  void load_progress(const results::JournalIndex& index);
  void fail_cell(std::int32_t cell, const InputFailure& failure, const std::string& host);
  void set_failed(std::int32_t cell, const std::string& reason);
  void fail_waiting(std::int32_t needed);
  std::optional<InputFailure> failure_of(std::int32_t cell) const;
  void count_questions(std::int32_t cell, std::int32_t questions);
  Assignment assignment_for(const Lease& lease) const;
  results::LeaseRecord lease_record(const Lease& lease, int rank) const;

  const Plan& plan_;
  std::vector<RankInfo> ranks_;
  CoordinatorOptions options_;
  JournalKeeper& journal_;
  Schedule schedule_;
  std::vector<CellProgress> cells_;
  State counts_;  ///< the counts in it; state() adds the rest
  std::map<std::int64_t, int> rank_of_lease_;
  std::vector<int> outstanding_of_rank_;
  std::vector<bool> is_ready_;
  std::optional<std::string> stop_reason_;
  double flops_done_ = 0;
  double flops_total_ = 0;
  std::int64_t tokens_computed_ = 0;
};

}  // namespace allometer::sweep
