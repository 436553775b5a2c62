#include "sweep/run_sweep.hpp"

#include <cstdlib>
#include <exception>
#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/provenance.hpp"
#include "results/store.hpp"
#include "sweep/rank.hpp"
#include "sweep/root.hpp"

namespace allometer::sweep {
namespace {

constexpr int kCrash = 1;
constexpr int kBadUsage = 2;

/// Under srun with --kill-on-bad-exit a rank that leaves with another code than 0 has the rest of
/// the step killed, and staggered exits turn into 143: the outcome is then told by OUTPUT.state
/// alone. mpirun sets OMPI_COMM_WORLD_RANK.
bool started_by_srun() {
  return std::getenv("SLURM_PROCID") != nullptr && std::getenv("OMPI_COMM_WORLD_RANK") == nullptr;
}

int exit_code_for(int outcome) {
  const bool is_orderly = outcome != kCrash && outcome != kBadUsage;
  return is_orderly && started_by_srun() ? 0 : outcome;
}

int run_root(mpi::Session& session, Rank& rank, const RunOptions& options) {
  Root root(session, rank, options);
  try {
    const int outcome = root.run();
    root.end_all(outcome);
    return exit_code_for(outcome);
  } catch (const BackendError&) {
    throw;
  } catch (const Error& error) {
    if (root.work_began()) throw;
    // A mistake in the inputs: every rank leaves in good order, and the message stands once.
    log::error(error.what());
    root.end_all(kBadUsage);
    return kBadUsage;
  }
}

int run_worker(Rank& rank) {
  while (!rank.ended()) rank.nap(rank.step(nullptr));
  return 0;
}

}  // namespace

int run_sweep(int* argc, char*** argv, const RunOptions& options) {
  mpi::Session session(argc, argv);
  if (session.size() > 1)
    log::set_prefix(fmt::format("rank {} on {}: ", session.rank(), host_name()));
  if (session.rank() == 0) log::set_prefix("");
  catch_stop_signals();
  int exit_code = kCrash;
  // Outside the block below: on the way to abort nobody may wait for a computing thread that hangs.
  std::unique_ptr<Rank> rank;
  try {
    rank = std::make_unique<Rank>(session);
    exit_code = session.rank() == 0 ? run_root(session, *rank, options) : run_worker(*rank);
  } catch (const std::exception& error) {
    // Peers wait for messages that will not come: no orderly way out is left.
    log::set_prefix(fmt::format("rank {} on {}: ", session.rank(), host_name()));
    log::error(error.what());
    session.abort(kCrash);
  }
  session.finish();
  return exit_code;
}

void build_results_file(const std::filesystem::path& output) {
  const auto directory = results::journal_directory(output);
  const auto index = results::JournalIndex::read(directory);
  if (!index.plan()) {
    throw ConfigError("there is nothing to collect for " + output.string() + ": " +
                      directory.string() + " holds no plan; is the name that of the job's output?");
  }
  results::write_results_file(index, output);
}

}  // namespace allometer::sweep
