#pragma once
/// From a checkpoint (a directory, or a GGUF file) to a model that computes.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "core/instruction_set.hpp"
#include "core/precision.hpp"
#include "model/causal_model.hpp"

namespace allometer::model {

struct LoadOptions {
  Precision precision = Precision::f32;
  InstructionSet instruction_set = detect_instruction_set();  ///< one and the same in a process
  /// Identity of the checkpoint's bytes (checkpoint_digest): names the packed weights that the
  /// ranks of a node share.
  Digest digest;
  /// Where the packed weights live; empty: private memory of this process.
  std::filesystem::path shared_directory;
  int max_rows = 256;  ///< rows of one forward pass, the chunk of the token trie
};

/// Loads, packing the weights once per node (the first caller packs under a lock, the others
/// attach). Throws FormatError naming file and tensor, IoError naming what could not be read,
/// mapped or held in memory (with the figures), ConfigError where the CPU cannot do the precision.
std::unique_ptr<CausalModel> load_model(const std::filesystem::path& path,
                                        const LoadOptions& options);

/// SHA-256 over config.json (of a GGUF file what its metadata say in its place) and over name,
/// type, shape and SHA-256 of every tensor in name order, so that resharding a checkpoint does not
/// change it. Cached in `cache_file` (JSON lines; empty: no cache) by path, size and mtime in
/// nanoseconds.
Digest checkpoint_digest(const std::filesystem::path& path,
                         const std::filesystem::path& cache_file);

/// The same where `cache_file` has it for the files as they are; else nothing. Reads headers alone.
std::optional<Digest> cached_checkpoint_digest(const std::filesystem::path& path,
                                               const std::filesystem::path& cache_file);

/// Bytes of the packed weights; the same for every rank of a node that shares them.
std::size_t packed_bytes(const Config& config, Precision precision);

/// Bytes of the activations of one forward pass of `rows` rows, residual stream and a block of
/// logits included, in F32; every rank has its own.
std::size_t activation_bytes(const Config& config, int rows);

/// Removes packed weights in `directory` that no process has attached any more, half-packed ones
/// too.
void remove_stale_packed_weights(const std::filesystem::path& directory);

/// Where packed weights of a node may lie: /dev/shm, then $TMPDIR or /tmp.
std::vector<std::filesystem::path> shared_directories();

/// /dev/shm where `needed_bytes` fit beside what is there, else $TMPDIR or /tmp.
std::filesystem::path choose_shared_directory(std::size_t needed_bytes);

}  // namespace allometer::model
