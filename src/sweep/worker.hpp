#pragma once
/// The thread of a rank that computes. The thread that owns it talks MPI and only ever polls.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sweep/messages.hpp"

namespace allometer::sweep {

/// Measures the node's peak first (ready() tells), then computes assignments in order. All methods never wait, but for the
/// destructor, which cancels and joins.
class Worker {
 public:
  Worker(const SetupMessage& setup, const std::string& host, int rank);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Once: the measured rates, when they are there.
  std::optional<ReadyMessage> ready();
  void push(Assignment assignment);
  /// A finished shard, if there is one. Rethrows what the thread could not turn into a failed cell, with the cell's name.
  std::optional<ResultMessage> poll();
  /// Drops what is queued and abandons the running shard after its current chunk. released() then names them all, once.
  void cancel();
  std::optional<std::vector<std::int64_t>> released();

  /// Name of the cell being computed and seconds since it last made progress; nothing when idle.
  struct Activity {
    std::string cell;
    double silent_seconds = 0;
  };
  std::optional<Activity> activity();

 private:
  void run();
  void compute_until_stopped(class CellRunner& runner);

  const SetupMessage setup_;
  const std::string host_;
  const int rank_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Assignment> queue_;
  std::deque<ResultMessage> finished_;
  std::optional<ReadyMessage> ready_;
  std::vector<std::int64_t> abandoned_;
  std::exception_ptr error_;
  std::string current_cell_;
  bool idle_ = true;
  bool released_told_ = false;
  bool leave_ = false;
  std::atomic<bool> cancelled_{false};
  std::atomic<std::int64_t> last_progress_ms_{0};
  std::thread thread_;
};

}  // namespace allometer::sweep
