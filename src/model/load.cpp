#include "model/load.hpp"

#include "model/architecture.hpp"
#include "model/checkpoint.hpp"
#include "model/weights.hpp"

namespace allometer::model {

std::unique_ptr<CausalModel> load_model(const std::filesystem::path& directory,
                                        const LoadOptions& options) {
  ops::limit_instruction_set(options.instruction_set);
  const Config config = Config::load(directory);
  const Architecture& architecture = architecture_of(config);
  return architecture.make(config,
                           Weights(Checkpoint::open(directory), architecture, config, options));
}

std::size_t packed_bytes(const Config& config, Precision precision) {
  return packed_bytes(architecture_of(config).linears(config), precision);
}

}  // namespace allometer::model
