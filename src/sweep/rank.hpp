#pragma once
/// What every rank does in a sweep: join, compute, keep its node's journal, leave. Rank 0's
/// coordination is in root.hpp.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mpi/session.hpp"
#include "sweep/journal_keeper.hpp"
#include "sweep/messages.hpp"
#include "sweep/share_analysis.hpp"
#include "sweep/worker.hpp"

namespace allometer::sweep {

/// Asks for an orderly stop when the process gets SIGUSR1, SIGTERM or SIGINT. The name of the
/// signal, once it came.
void catch_stop_signals();
std::optional<std::string> caught_stop_signal();

/// One rank. Its thread is the one that talks MPI; it naps between polls and never blocks.
class Rank {
 public:
  explicit Rank(mpi::Session& session);

  const HelloMessage& hello() const { return hello_; }
  /// Handles every message that has arrived but those for the root, which go to on_root_message
  /// (rank 0 only; null elsewhere), then moves results along. True when anything happened.
  bool step(const std::function<void(const mpi::Message&)>& on_root_message);
  /// Naps, longer the longer nothing happens (0.25 to 2 ms).
  void nap(bool something_happened);
  /// The exit code, once the root has said that the sweep is over.
  std::optional<int> ended() const { return exit_code_; }
  /// The journal of this node, where this rank keeps it; made by setup.
  JournalKeeper* keeper() { return keeper_.get(); }
  /// Rank 0 calls this itself, before it sends the setup to the others, so that its journal is
  /// there first.
  void set_up(const SetupMessage& setup);
  /// Lets go of weights and threads. The last rank of a node to do so removes the packed weights.
  void stop_computing();
  /// Makes appended records durable and reports them to the root.
  void flush_journal();

 private:
  void handle(const mpi::Message& message);
  bool move_results();
  void watch();

  mpi::Session& session_;
  HelloMessage hello_;
  std::optional<SetupMessage> setup_;
  std::unique_ptr<JournalKeeper> keeper_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<PartServer> part_server_;
  std::optional<int> exit_code_;
  bool told_stop_ = false;
  std::chrono::steady_clock::time_point last_heartbeat_sent_;
  std::chrono::steady_clock::time_point last_heard_of_root_;
  std::chrono::microseconds nap_{250};
};

}  // namespace allometer::sweep
