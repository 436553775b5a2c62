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

/// Measures the node's peak first (ready() tells), then computes assignments in order. All methods
/// never wait, but for the destructor, which cancels and joins.
class Worker {
 public:
  Worker(const SetupMessage& setup, const std::string& host, int rank);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Once: the measured rates, when they are there.
  std::optional<ReadyMessage> ready();
  void push(Assignment assignment);
  /// A finished shard, if there is one. Rethrows what the thread could not turn into a failed cell,
  /// with the cell's name.
  std::optional<ResultMessage> poll();
  /// Drops what is queued and abandons the running shard after its current chunk. released() then
  /// names them all, once.
  void cancel();
  std::optional<std::vector<std::int64_t>> released();

  /// What is being computed, since when it made no progress and how long that may last: the longest
  /// of the sweep's watchdog_seconds, ten times the predicted time of a chunk, and the time of a
  /// load. Nothing when idle.
  struct Activity {
    std::string cell;
    double silent_seconds = 0;
    double allowed_seconds = 0;
  };
  std::optional<Activity> activity();

 private:
  void run();
  void compute_until_stopped(class CellRunner& runner);
  double allowed_silence() const;

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
  std::int32_t current_variant_ = 0;
  std::vector<std::pair<std::string, double>> flops_per_second_;
  bool idle_ = true;
  bool released_told_ = false;
  bool leave_ = false;
  std::atomic<bool> cancelled_{false};
  std::atomic<std::int64_t> last_progress_ms_{0};
  std::thread thread_;
};

}  // namespace allometer::sweep
