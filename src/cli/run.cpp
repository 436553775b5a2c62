/// `allometer run`: the sweep.

#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "sweep/run_sweep.hpp"

namespace allometer::cli {

namespace {

Options declare() {
  Options options("run",
                  "Runs the sweep that a job file describes, on the ranks of mpirun or srun. Every "
                  "finished question is "
                  "kept in OUTPUT.journal; the same command again carries on where a stopped or "
                  "killed one ended, and "
                  "a changed job file adds what is new. At the end OUTPUT is written (HDF5) and "
                  "the tables are printed. "
                  "SIGUSR1, SIGTERM and SIGINT stop in good order (exit code 4).");
  options.argument("JOB", Options::Presence::required, "the job file (YAML)")
      .option("output,o", "FILE.h5", "results file; default: the job's key `output`")
      .flag("dry-run", "only say which cells are new, kept or no longer in the job")
      .flag("retry-failed", "also run cells that failed before")
      .option(
          "threads", "N",
          "threads per rank; default: $OMP_NUM_THREADS, else the node's cores divided by its ranks")
      .option("node-memory", "SIZE",
              "memory of every node that the sweep may take, as 256GiB: the cells of a model that "
              "needs more fail before any work; default: what kernel and batch system allow")
      .option("time-limit", "MINUTES", "stop in good order after so many minutes")
      .example("mpirun -n 4 allometer run jobs/stories.yaml -o stories.h5",
               "a sweep on this machine")
      .example("srun --mpi=pmix allometer run jobs/stories.yaml -o stories.h5",
               "inside a batch script; slurm/sweep.sbatch is a whole one")
      .example("allometer run jobs/stories.yaml -o stories.h5 --dry-run", "what would be done");
  return options;
}

/// The launcher's word for it, before MPI is initialised.
bool is_first_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID"}) {
    if (const char* rank = std::getenv(name)) return std::string_view(rank) == "0";
  }
  return true;
}

sweep::RunOptions read_options(const Options& options, std::span<const std::string> words) {
  sweep::RunOptions run;
  run.job_file = options.existing_path("JOB");
  run.output = options.text("output");
  run.dry_run = options.given("dry-run");
  run.retry_failed = options.given("retry-failed");
  if (options.given("threads")) run.threads = static_cast<int>(options.integer("threads", 1, 4096));
  if (options.given("node-memory")) run.node_memory_bytes = options.bytes("node-memory");
  if (options.given("time-limit"))
    run.time_limit_seconds = 60 * options.number("time-limit", 0.01, 1e6);
  run.argv = {"allometer", "run"};
  run.argv.insert(run.argv.end(), words.begin(), words.end());
  return run;
}

}  // namespace

int run_run(std::span<const std::string> words) {
  sweep::RunOptions run;
  try {
    Options options = declare();
    if (options.parse(words)) return is_first_rank() ? print_help(options) : int{kDone};
    run = read_options(options, words);
  } catch (const UsageError&) {
    // Every rank sees the same words: one of them complains.
    if (is_first_rank()) throw;
    return kUsage;
  }
  return sweep::run_sweep(nullptr, nullptr, run);
}

}  // namespace allometer::cli
