#pragma once
/// What a file per architecture offers, and the list of them. A new architecture is one file beside
/// llama.cpp and one entry in architecture.cpp.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/causal_model.hpp"
#include "model/config.hpp"

namespace allometer::model {

class Weights;

/// A tensor that a checkpoint must hold, under its Hugging Face name.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  bool is_embedding = false;  ///< token embeddings or an untied LM head
};

/// Rows of a checkpoint's matrix [out_features, in_features].
struct LinearPart {
  std::string tensor;
  int first_row = 0;
  int num_rows = 0;
};

/// A packed matrix product: one or several matrices on top of one another.
struct LinearSpec {
  std::string name;
  int in_features = 0;
  std::vector<LinearPart> parts;

  int out_features() const;
};

struct Architecture {
  std::string_view name;  ///< as in "architectures" of config.json
  std::vector<TensorSpec> (*tensors)(const Config& config);
  std::vector<LinearSpec> (*linears)(const Config& config);
  std::unique_ptr<CausalModel> (*make)(const Config& config, Weights weights);
};

extern const Architecture kLlama;

/// Nothing for a name that is not implemented.
const Architecture* find_architecture(std::string_view name);
/// Throws ConfigError for a Config whose architecture is not implemented.
const Architecture& architecture_of(const Config& config);
/// "LlamaForCausalLM, ...", for messages.
std::string known_architectures();

}  // namespace allometer::model
