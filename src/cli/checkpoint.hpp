#pragma once
/// A checkpoint in this process alone, for the commands that ask one model something.

#include <filesystem>
#include <memory>

#include "cli/options.hpp"
#include "model/causal_model.hpp"

namespace allometer::cli {

/// Declares --precision and --threads.
void declare_compute_options(Options& options);

/// Their values. Throws UsageError; ask before anything is read.
struct Compute {
  Precision precision = Precision::f32;
  int num_threads = 0;  ///< 0: OpenMP's own choice
};
Compute compute_options(const Options& options);

/// The checkpoint under the argument `name`: a directory or a GGUF file. Throws UsageError for
/// another kind of file.
std::filesystem::path checkpoint_path(const Options& options, const std::string& name);

/// Loads into private memory.
std::unique_ptr<model::CausalModel> load_checkpoint(const std::filesystem::path& path,
                                                    const Compute& compute);

}  // namespace allometer::cli
