#include "model/architecture.hpp"

#include "core/error.hpp"

namespace allometer::model {
namespace {

const Architecture* const kArchitectures[] = {
    &kBloom, &kFalcon, &kGemma2, &kGpt2, &kGptNeox, &kLlama, &kMistral,
    &kOlmo2, &kOpt,    &kPhi,    &kPhi3, &kQwen2,   &kQwen3,
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture* architecture : kArchitectures) {
    if (architecture->name == name) return architecture;
  }
  return nullptr;
}

const Architecture& architecture_of(const Config& config) {
  if (const Architecture* found = find_architecture(config.architecture)) return *found;
  throw ConfigError("architecture \"" + config.architecture +
                    "\" is not implemented; known: " + known_architectures());
}

std::string known_architectures() {
  std::string names;
  for (const Architecture* architecture : kArchitectures) {
    if (!names.empty()) names += ", ";
    names += architecture->name;
  }
  return names;
}

}  // namespace allometer::model
