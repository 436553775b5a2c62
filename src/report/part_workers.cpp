#include "report/part_workers.hpp"

#include <algorithm>
#include <malloc.h>
#include <utility>

namespace allometer::report {
namespace {

/// The draws of a part are tens of megabytes, again and again. Memory that is given back to the
/// system each time, and asked for anew page by page, would take longer than the work.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kLargest = 1 << 30;
  ::mallopt(M_ARENA_MAX, 1);  // others hold no more than 64 MiB in one piece
  ::mallopt(M_MMAP_THRESHOLD, kLargest);
  ::mallopt(M_TRIM_THRESHOLD, kLargest);
#endif
}

}  // namespace

PartWorkers::PartWorkers(std::function<std::shared_ptr<const Analysis>()> open, int num_threads)
    : open_(std::move(open)) {
  keep_freed_memory();
  for (int i = 0; i < std::max(1, num_threads); ++i) threads_.emplace_back([this] { run(); });
}

PartWorkers::~PartWorkers() {
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  pushed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void PartWorkers::push(std::int32_t part) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(part);
  }
  pushed_.notify_one();
}

std::optional<PartWorkers::Outcome> PartWorkers::poll() {
  const std::lock_guard lock(mutex_);
  if (outcomes_.empty()) return std::nullopt;
  Outcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

PartWorkers::Outcome PartWorkers::wait() {
  {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !outcomes_.empty(); });
  }
  return *poll();
}

PartWorkers::Outcome PartWorkers::work_out(std::int32_t part) {
  Outcome outcome{part, {}, nullptr};
  try {
    std::call_once(opened_, [this] { analysis_ = open_(); });
    outcome.bytes = analysis_->work_out(part);
  } catch (...) {
    outcome.error = std::current_exception();
  }
  return outcome;
}

void PartWorkers::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    pushed_.wait(lock, [this] { return leave_ || !queue_.empty(); });
    if (leave_) return;
    const std::int32_t part = queue_.front();
    queue_.pop_front();
    lock.unlock();
    Outcome outcome = work_out(part);
    lock.lock();
    outcomes_.push_back(std::move(outcome));
    ready_.notify_one();
  }
}

}  // namespace allometer::report
