#pragma once
/// The hyper-parameters of a GGUF file as the config.json that its Hugging Face checkpoint has.

#include <nlohmann/json_fwd.hpp>

#include "io/gguf.hpp"

namespace allometer::model {

/// How much of a stored head is read to tell whether it is a copy of the token embedding.
enum class HeadComparison {
  sampled,  ///< a few hundred rows: may take a head for a copy that differs in few rows
  whole,
};

/// An object with the keys of config.json that decide numbers, for every architecture of GGUF that
/// Allometer knows. What GGUF does not say (the flavour of GELU, tied embeddings, biases) is what
/// the published models of that architecture have, or what tensors the file holds; docs/models.md
/// lists it. Throws FormatError naming file and key for an architecture, an option or a rotary
/// scaling that is not implemented, and for any key of the architecture that is not known: it could
/// change the numbers.
nlohmann::json config_of_gguf(const io::Gguf& file,
                              HeadComparison comparison = HeadComparison::whole);

}  // namespace allometer::model
