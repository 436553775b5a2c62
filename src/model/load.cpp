#include "model/load.hpp"

#include <algorithm>

#include "model/checkpoint.hpp"
#include "model/decoder.hpp"
#include "model/weights.hpp"

namespace allometer::model {

std::unique_ptr<CausalModel> load_model(const std::filesystem::path& directory,
                                        const LoadOptions& options) {
  ops::limit_instruction_set(options.instruction_set);
  const Config config = Config::load(directory);
  return std::make_unique<Decoder>(config, Weights(Checkpoint::open(directory), config, options));
}

std::size_t packed_bytes(const Config& config, Precision precision) {
  return packed_bytes(linears_of(config), precision);
}

std::size_t activation_bytes(const Config& config, int rows) {
  return Workspace::num_bytes(config, Precision::f32, rows) +
         sizeof(float) * static_cast<std::size_t>(rows) *
             static_cast<std::size_t>(config.hidden_size + std::min(kHeadBlock, config.vocab_size));
}

}  // namespace allometer::model
