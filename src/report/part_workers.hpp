#pragma once
/// Threads that work out the parts of an analysis, for whoever deals them and puts them together.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "report/analysis.hpp"

namespace allometer::report {

class PartWorkers {
 public:
  struct Outcome {
    std::int32_t part = 0;
    std::string bytes;         ///< of Analysis::work_out
    std::exception_ptr error;  ///< instead of bytes, if working it out threw
  };

  /// `open` is called once, by one of the threads, when there is a part to work out.
  PartWorkers(std::function<std::shared_ptr<const Analysis>()> open, int num_threads);
  /// Waits for the parts that are being worked out and drops the others.
  ~PartWorkers();
  PartWorkers(const PartWorkers&) = delete;
  PartWorkers& operator=(const PartWorkers&) = delete;

  int num_threads() const { return static_cast<int>(threads_.size()); }
  void push(std::int32_t part);
  /// What is ready, in no order; never waits.
  std::optional<Outcome> poll();
  /// The next that gets ready. A part must have been pushed that was not yet given back.
  Outcome wait();

 private:
  void run();
  Outcome work_out(std::int32_t part);

  std::function<std::shared_ptr<const Analysis>()> open_;
  std::once_flag opened_;
  std::shared_ptr<const Analysis> analysis_;
  std::mutex mutex_;
  std::condition_variable pushed_;
  std::condition_variable ready_;
  std::deque<std::int32_t> queue_;
  std::deque<Outcome> outcomes_;
  bool leave_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace allometer::report
