#include "cli/checkpoint.hpp"

#include <fmt/format.h>

#include "core/instruction_set.hpp"
#include "model/backend.hpp"
#include "model/load.hpp"

namespace allometer::cli {

void declare_compute_options(Options& options) {
  options.option("precision", "f32|bf16",
                 "number format of weights and activations (sums are f32 in both)", "f32");
  options.option("threads", "N",
                 "threads to compute with (default: OMP_NUM_THREADS, or one per core)");
}

void refuse_gguf(const Options& options, const std::filesystem::path& path) {
  if (path.extension() == ".gguf") {
    options.fail(fmt::format(
        "'{}' is a GGUF file, which is not supported yet: give a directory in Hugging Face layout "
        "(config.json, model.safetensors, tokenizer.json)",
        path.string()));
  }
}

std::filesystem::path checkpoint_directory(const Options& options, const std::string& name) {
  std::filesystem::path path = options.existing_path(name);
  refuse_gguf(options, path);
  if (!std::filesystem::is_directory(path)) {
    options.fail(
        fmt::format("{} '{}' is a file, but must be a checkpoint directory in Hugging Face layout",
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

std::unique_ptr<model::CausalModel> load_checkpoint(const std::filesystem::path& directory,
                                                    const Compute& compute) {
  model::LoadOptions load;
  load.precision = compute.precision;
  load.instruction_set = detect_instruction_set();
  if (compute.num_threads > 0) model::set_num_threads(compute.num_threads);
  model::limit_instruction_set(load.instruction_set);
  return model::load_model(directory, load);
}

}  // namespace allometer::cli
