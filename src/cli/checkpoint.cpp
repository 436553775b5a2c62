#include "cli/checkpoint.hpp"

#include <fmt/format.h>

#include "core/instruction_set.hpp"
#include "io/gguf.hpp"
#include "model/backend.hpp"
#include "model/load.hpp"

namespace allometer::cli {

void declare_compute_options(Options& options) {
  options.option("precision", "f32|bf16",
                 "number format of weights and activations (sums are f32 in both)", "f32");
  options.option("threads", "N",
                 "threads to compute with (default: OMP_NUM_THREADS, or one per core)");
}

std::filesystem::path checkpoint_path(const Options& options, const std::string& name) {
  std::filesystem::path path = options.existing_path(name);
  if (!std::filesystem::is_directory(path) && !io::is_gguf_name(path)) {
    options.fail(
        fmt::format("{} '{}' is a file, but must be a checkpoint directory in Hugging Face layout "
                    "or a GGUF file "
                    "(.gguf)",
                    name, path.string()));
  }
  return path;
}

Compute compute_options(const Options& options) {
  Compute compute;
  compute.precision = options.precision("precision");
  if (options.given("threads")) {
    compute.num_threads = static_cast<int>(options.integer("threads", 1, 1024));
  }
  return compute;
}

std::unique_ptr<model::CausalModel> load_checkpoint(const std::filesystem::path& path,
                                                    const Compute& compute) {
  model::LoadOptions load;
  load.precision = compute.precision;
  load.instruction_set = detect_instruction_set();
  if (compute.num_threads > 0) model::set_num_threads(compute.num_threads);
  model::limit_instruction_set(load.instruction_set);
  return model::load_model(path, load);
}

}  // namespace allometer::cli
