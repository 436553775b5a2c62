/// `allometer plan`: what a sweep will take.

#include <string>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "sweep/estimate.hpp"

namespace allometer::cli {

int run_plan(std::span<const std::string> words) {
  Options options("plan",
                  "Says what the sweep of a job file will take: cells, questions, tokens with and "
                  "without the sharing of "
                  "prefixes, memory, size of the results file and, by running the scheduler "
                  "against a simulated clock, "
                  "the time on a number of ranks. The speed of a rank is measured here unless "
                  "--gflops gives it.");
  options.argument("JOB", Options::Presence::required, "the job file (YAML)")
      .option("ranks", "N", "MPI ranks of the sweep", "1")
      .option("ranks-per-node", "N", "MPI ranks on each node; default: all on one")
      .option(
          "node-memory", "SIZE",
          "memory of a node, as 256GiB, which decides what is too large; default: this machine's")
      .option("gflops", "X",
              "matrix product rate of one rank in GFLOP/s; default: measured on this machine")
      .option("efficiency", "X", "share of that rate that scoring reaches", "0.6")
      .example("allometer plan jobs/stories.yaml --ranks 64 --ranks-per-node 32",
               "before asking for an allocation");
  if (options.parse(words)) return print_help(options);
  sweep::EstimateOptions estimate;
  estimate.job_file = options.existing_path("JOB");
  estimate.ranks = static_cast<int>(options.integer("ranks", 1, 1'000'000));
  estimate.ranks_per_node =
      options.given("ranks-per-node")
          ? static_cast<int>(options.integer("ranks-per-node", 1, estimate.ranks))
          : estimate.ranks;
  if (options.given("node-memory")) estimate.node_memory_bytes = options.bytes("node-memory");
  if (options.given("gflops"))
    estimate.flops_per_second = 1e9 * options.number("gflops", 1e-3, 1e9);
  estimate.efficiency = options.number("efficiency", 1e-3, 1);
  fmt::print("{}", sweep::estimate_job(estimate));
  return kDone;
}

}  // namespace allometer::cli
