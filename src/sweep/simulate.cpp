#include "sweep/simulate.hpp"

#include <algorithm>
#include <queue>

#include "core/contract.hpp"

namespace allometer::sweep {
namespace {

/// A rank becomes free at a time; ties in rank order, so that a simulation is the same every time.
struct Free {
  double time = 0;
  int rank = 0;
  std::int64_t finished_lease = 0;
  double wall_seconds = 0;
  bool operator>(const Free& other) const {
    return time != other.time ? time > other.time : rank > other.rank;
  }
};

}  // namespace

Simulation simulate(const std::vector<ScheduledCell>& cells, const ScheduleOptions& options,
                    int ranks_per_node, const std::vector<double>& flops_per_second,
                    const std::vector<double>& load_seconds) {
  ALLOMETER_EXPECT(ranks_per_node > 0);
  Schedule schedule(cells, options);
  for (std::size_t i = 0; i < flops_per_second.size(); ++i) {
    schedule.guess_flops_per_second(static_cast<std::int32_t>(i), flops_per_second[i]);
  }
  schedule.start();
  Simulation simulation;
  std::vector<std::int32_t> held(static_cast<std::size_t>(options.world_size), -1);
  std::vector<double> last_end(static_cast<std::size_t>(options.world_size), 0);
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  for (int rank = 0; rank < options.world_size; ++rank) free.push({0, rank});
  std::vector<int> waiting;  // ranks for which there was nothing: cells may wait for others
  double busy_seconds = 0;
  while (!free.empty()) {
    const Free now = free.top();
    free.pop();
    if (now.finished_lease != 0) {
      schedule.complete(now.finished_lease, now.wall_seconds);
      for (const int rank : waiting) free.push({now.time, rank});
      waiting.clear();
    }
    const auto lease = schedule.next(now.rank, now.rank / ranks_per_node);
    if (!lease) {
      waiting.push_back(now.rank);
      continue;
    }
    const auto rank = static_cast<std::size_t>(now.rank);
    const ScheduledCell& cell = cells[static_cast<std::size_t>(lease->cell)];
    const auto variant = static_cast<std::size_t>(cell.variant);
    const double seconds =
        (lease->end - lease->begin) * cell.flops_per_question / flops_per_second[variant];
    const double loading = held[rank] == cell.variant ? 0 : load_seconds[variant];
    held[rank] = cell.variant;
    busy_seconds += seconds;
    last_end[rank] = now.time + loading + seconds;
    simulation.wall_seconds = std::max(simulation.wall_seconds, last_end[rank]);
    ++simulation.num_shards;
    free.push({last_end[rank], now.rank, lease->id, seconds});
  }
  for (const double end : last_end) {
    simulation.longest_wait_seconds =
        std::max(simulation.longest_wait_seconds, simulation.wall_seconds - end);
  }
  if (simulation.wall_seconds > 0) {
    simulation.busy_share = busy_seconds / (options.world_size * simulation.wall_seconds);
  }
  return simulation;
}

}  // namespace allometer::sweep
