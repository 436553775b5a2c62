#pragma once
/// Checkpoints with random weights, for benchmarks and tests.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace allometer::model {

struct RandomCheckpoint {
  /// A config.json of any architecture that is implemented.
  nlohmann::json config;
  std::string dtype = "BF16";  ///< F32, F16 or BF16
  std::uint64_t seed = 0;
  double initializer_range = 0.02;  ///< standard deviation of the weights, which are normal
  std::size_t max_shard_bytes = std::size_t{1} << 30;  ///< a shard is held as F32 while it is made
  std::filesystem::path tokenizer_from;                ///< empty: no tokenizer
};

/// Writes config.json, marked as random, model.safetensors in shards of at most max_shard_bytes,
/// and the tokenizer files of `tokenizer_from`. Throws FormatError for a config that Config::parse
/// refuses, IoError for what cannot be written.
void write_random_checkpoint(const std::filesystem::path& directory,
                             const RandomCheckpoint& checkpoint);

}  // namespace allometer::model
