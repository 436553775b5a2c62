#include "sweep/worker.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

#include "core/contract.hpp"
#include "model/backend.hpp"
#include "sweep/run_cell.hpp"

namespace allometer::sweep {
namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Worker::Worker(const SetupMessage& setup, const std::string& host, int rank)
    : setup_(setup), host_(host), rank_(rank), thread_([this] { run(); }) {}

Worker::~Worker() {
  cancel();
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::run() {
  try {
    model::set_num_threads(setup_.threads);
    CellRunner runner(setup_, host_, rank_, [this] {
      last_progress_ms_ = now_ms();
      if (cancelled_) throw Cancelled{};
    });
    ReadyMessage measured;
    measured.energy_source = runner.energy_source();
    std::set<std::string> precisions;
    for (const auto& variant : setup_.variants) precisions.insert(variant.precision);
    for (const std::string& name : precisions) {
      // Once for nothing: the other ranks of the node start within milliseconds, and the peak is
      // that of a busy node.
      model::measure_peak_flops_per_second(*parse_precision(name));
      measured.flops_per_second.emplace_back(
          name, model::measure_peak_flops_per_second(*parse_precision(name)));
    }
    {
      const std::lock_guard lock(mutex_);
      flops_per_second_ = measured.flops_per_second;
      ready_ = std::move(measured);
    }
    compute_until_stopped(runner);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    idle_ = true;
  }
}

void Worker::compute_until_stopped(CellRunner& runner) {
  std::unique_lock lock(mutex_);
  while (true) {
    idle_ = true;
    wake_.wait(lock, [this] { return leave_ || !queue_.empty(); });
    if (leave_) return;
    const Assignment assignment = std::move(queue_.front());
    queue_.pop_front();
    current_cell_ = assignment.cell_name;
    current_variant_ = assignment.variant;
    idle_ = false;
    last_progress_ms_ = now_ms();
    lock.unlock();
    try {
      ResultMessage result = runner.run(assignment);
      lock.lock();
      finished_.push_back(std::move(result));
    } catch (const Cancelled&) {
      lock.lock();
      abandoned_.push_back(assignment.lease.id);
    }
  }
}

std::optional<ReadyMessage> Worker::ready() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ready_, std::nullopt);
}

void Worker::push(Assignment assignment) {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) {
      abandoned_.push_back(assignment.lease.id);
      released_told_ = false;
      return;
    }
    queue_.push_back(std::move(assignment));
  }
  wake_.notify_one();
}

std::optional<ResultMessage> Worker::poll() {
  const std::lock_guard lock(mutex_);
  if (error_) {
    try {
      std::rethrow_exception(error_);
    } catch (const std::exception& error) {
      throw std::runtime_error((current_cell_.empty() ? "" : "cell " + current_cell_ + ": ") +
                               error.what());
    }
  }
  if (finished_.empty()) return std::nullopt;
  ResultMessage result = std::move(finished_.front());
  finished_.pop_front();
  return result;
}

void Worker::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (const Assignment& assignment : queue_) abandoned_.push_back(assignment.lease.id);
  queue_.clear();
}

std::optional<std::vector<std::int64_t>> Worker::released() {
  const std::lock_guard lock(mutex_);
  if (!cancelled_ || !idle_ || !finished_.empty() || released_told_) return std::nullopt;
  released_told_ = true;
  return std::exchange(abandoned_, {});
}

double Worker::allowed_silence() const {
  const auto& variant = setup_.variants[static_cast<std::size_t>(current_variant_)];
  double allowed = std::max(setup_.watchdog_seconds, variant.load_seconds);
  for (const auto& [precision, flops_per_second] : flops_per_second_) {
    if (precision == variant.precision)
      allowed = std::max(allowed, 10 * variant.chunk_flops / (0.5 * flops_per_second));
  }
  return allowed;
}

std::optional<Worker::Activity> Worker::activity() {
  const std::lock_guard lock(mutex_);
  if (idle_) return std::nullopt;
  return Activity{current_cell_, static_cast<double>(now_ms() - last_progress_ms_) * 1e-3,
                  allowed_silence()};
}

}  // namespace allometer::sweep
