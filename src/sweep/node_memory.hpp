#pragma once
/// What models need of the memory of a node, and which of a job need more than there is: they are
/// told before any work, with the figures.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/precision.hpp"
#include "job/job.hpp"
#include "model/config.hpp"
#include "results/store.hpp"
#include "sweep/plan.hpp"

namespace allometer::sweep {

/// Where ranks run.
struct Node {
  std::string name;
  std::int64_t memory_bytes = 0;  ///< that all processes of the job may hold together
  int ranks = 1;
};

/// Bytes that one variant takes while it is computed.
struct VariantMemory {
  std::size_t weights = 0;      ///< packed, shared by the ranks of a node
  std::size_t cache = 0;        ///< of each rank: keys and values of one sequence
  std::size_t activations = 0;  ///< of each rank: one chunk

  std::size_t of_rank() const { return cache + activations; }
};
VariantMemory memory_of(const model::Config& config, Precision precision, int chunk_tokens,
                        std::int64_t max_sequence);

/// Why none of the job's variants of a checkpoint fits on one of the nodes; nothing where one may,
/// or where the checkpoint cannot be described. Reads no more than Config::sketch: what does not
/// fit need not be digested.
std::optional<InputFailure> find_too_large(const job::Job& job, const job::Model& model,
                                           const std::vector<Node>& nodes);

/// The identity of a model that `find_too_large` has found. Its weights are not read: the digest is
/// what `cache_file` has of them, else what the last start of `index` planned with, so that cells
/// which were finished on larger nodes stay finished; else one made up from the path.
ModelIdentity identity_of_too_large(const job::Model& model, InputFailure failure,
                                    const std::filesystem::path& cache_file,
                                    const results::JournalIndex& index);

/// Fails the cells of every variant that does not fit on one of the nodes: weights once, one
/// sequence and one chunk for every rank. A budget of generation is no need: it is used as far as
/// it goes.
void fail_cells_beyond_memory(Plan& plan, const std::vector<Node>& nodes);

/// "1.5 GiB"
std::string human_bytes(double bytes);

}  // namespace allometer::sweep
