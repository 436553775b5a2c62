#pragma once
/// Rank 0 from the job file to the results file, beside its part as an ordinary rank.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "sweep/coordinator.hpp"
#include "sweep/node_memory.hpp"
#include "sweep/output_lock.hpp"
#include "sweep/rank.hpp"
#include "sweep/run_sweep.hpp"

namespace allometer::sweep {

/// Lives on rank 0 for one start of a job.
class Root {
 public:
  Root(mpi::Session& session, Rank& rank, const RunOptions& options);
  ~Root();

  /// From job file to results file. Returns the exit code of the outcome. ConfigError and its kin
  /// before any work come through; the other ranks are waiting for their end message then.
  int run();
  /// False while nothing but the job and its inputs was read: an error then is one of usage.
  bool work_began() const { return work_began_; }
  /// Tells every rank to leave.
  void end_all(int exit_code);

 private:
  void handle(const mpi::Message& message);
  /// One turn of the message loop: own rank, then hand out what can be.
  void step();
  void stop_all();
  void meet_ranks();
  void meet_node(const HelloMessage& hello);
  std::vector<ModelIdentity> identify_models(const job::Job& job,
                                             const results::JournalIndex& index);
  std::int32_t next_start(const results::JournalIndex& index) const;
  void write_first_state(const std::string& job, Outcome outcome);
  void describe_start();
  void send_setup();
  SetupMessage common_setup() const;
  SetupMessage setup_for(int rank, SetupMessage common) const;
  void begin_journal(const results::JournalIndex& index);
  void sweep();
  void watch_ranks();
  void show_progress(bool last);
  void save_state(Outcome outcome);
  void record_machines();
  double seconds_for_results() const;
  int finish();
  bool build_results(double seconds);
  std::optional<report::Report> analyse_results(double seconds);
  template <class T>
  T run_beside_messages(std::function<T()> work);

  mpi::Session& session_;
  Rank& rank_;
  const RunOptions options_;
  std::filesystem::path output_;
  std::chrono::steady_clock::time_point start_time_;
  std::vector<HelloMessage> hellos_;
  std::vector<Node> nodes_;
  std::size_t num_hellos_ = 0;
  std::vector<RankInfo> ranks_;
  std::vector<ModelIdentity> identities_;
  std::size_t num_identified_ = 0;
  std::map<int, ReadyMessage> ready_;
  bool machines_recorded_ = false;
  std::vector<int> num_threads_;  ///< [rank]
  std::shared_ptr<PartDealer> part_dealer_;
  std::vector<std::chrono::steady_clock::time_point> last_heard_;
  std::unique_ptr<OutputLock> lock_;
  Plan plan_;
  results::StartRecord start_;
  std::string instruction_set_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<Progress> progress_;
  std::chrono::steady_clock::time_point last_state_;
  std::chrono::steady_clock::time_point last_shown_;
  bool work_began_ = false;
  std::optional<std::string> stop_reason_;
  bool stopping_ = false;  ///< every rank has been told
};

}  // namespace allometer::sweep
