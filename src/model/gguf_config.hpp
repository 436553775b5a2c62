#pragma once
/// The hyper-parameters of a GGUF file as the config.json that its Hugging Face checkpoint has.

#include <nlohmann/json_fwd.hpp>

#include "io/gguf.hpp"

namespace allometer::model {

/// An object with the keys of config.json that decide numbers, for every architecture of GGUF that
/// Allometer knows. What GGUF does not say (the flavour of GELU, tied embeddings, biases) is what
/// the published models of that architecture have, or what tensors the file holds; docs/models.md
/// lists it. Throws FormatError naming file and key for an architecture, an option or a rotary
/// scaling that is not implemented, and for any key of the architecture that is not known: it could
/// change the numbers.
nlohmann::json config_of_gguf(const io::Gguf& file);

}  // namespace allometer::model
