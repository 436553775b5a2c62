#include "model/load.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/safetensors.hpp"
#include "model/architecture.hpp"
#include "model/weights.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;

/// Refuses, with the remedy, checkpoints that only hold Python pickles.
void check_format(const fs::path& directory) {
  if (fs::exists(directory / "model.safetensors") ||
      fs::exists(directory / "model.safetensors.index.json"))
    return;
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!fs::exists(directory / name)) continue;
    throw FormatError(fmt::format(
        "{}: a Python pickle, which can run code and cannot be mapped; write safetensors instead, "
        "in Python: AutoModelForCausalLM.from_pretrained(\"{}\").save_pretrained(NEW_DIRECTORY, "
        "safe_serialization=True)",
        (directory / name).string(), directory.string()));
  }
}

}  // namespace

std::unique_ptr<CausalModel> load_model(const fs::path& directory, const LoadOptions& options) {
  ops::limit_instruction_set(options.instruction_set);
  const Config config = Config::load(directory);
  const Architecture& architecture = architecture_of(config);
  check_format(directory);
  return architecture.make(config, Weights(io::Safetensors::open(directory), directory.string(),
                                           architecture, config, options));
}

std::size_t packed_bytes(const Config& config, Precision precision) {
  return packed_bytes(architecture_of(config).linears(config), precision);
}

}  // namespace allometer::model
