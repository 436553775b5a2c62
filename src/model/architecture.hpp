#pragma once
/// The architectures that are implemented. A new one is a file beside llama.cpp and an entry in
/// architecture.cpp; docs/adding-an-architecture.md goes through it.

#include <string>
#include <string_view>

#include "model/config.hpp"
#include "model/config_reader.hpp"

namespace allometer::model {

struct Architecture {
  std::string_view name;  ///< as in "architectures" of config.json
  /// Begins the names of its tensors; some checkpoints leave it out.
  std::string_view base_model_prefix;
  /// Fills in all of `config` but the special tokens. Throws FormatError for options that are
  /// missing, malformed or not implemented.
  void (*read)(const ConfigReader& reader, Config& config);
};

/// Nothing for a name that is not implemented.
const Architecture* find_architecture(std::string_view name);
/// Throws ConfigError for a Config whose architecture is not implemented.
const Architecture& architecture_of(const Config& config);
/// "BloomForCausalLM, ...", for messages.
std::string known_architectures();

extern const Architecture kBloom;
extern const Architecture kFalcon;
extern const Architecture kGemma2;
extern const Architecture kGpt2;
extern const Architecture kGptNeox;
extern const Architecture kLlama;
extern const Architecture kMistral;
extern const Architecture kOlmo2;
extern const Architecture kOpt;
extern const Architecture kPhi;
extern const Architecture kPhi3;
extern const Architecture kQwen2;
extern const Architecture kQwen3;

}  // namespace allometer::model
