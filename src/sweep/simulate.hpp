#pragma once
/// The sweep against a simulated clock: the same schedule, no models. For `allometer plan`.

#include <cstdint>
#include <vector>

#include "sweep/schedule.hpp"

namespace allometer::sweep {

struct Simulation {
  double wall_seconds = 0;  ///< until the last shard is done
  double busy_share = 0;    ///< computing time of all ranks / (ranks x wall_seconds)
  std::int64_t num_shards = 0;
  double longest_wait_seconds = 0;  ///< the longest that a rank idles at the end
};

/// flops_per_second: of one rank, per variant. load_seconds: of a variant by a rank that did not
/// hold it. ranks_per_node > 0.
Simulation simulate(const std::vector<ScheduledCell>& cells, const ScheduleOptions& options,
                    int ranks_per_node, const std::vector<double>& flops_per_second,
                    const std::vector<double>& load_seconds);

}  // namespace allometer::sweep
