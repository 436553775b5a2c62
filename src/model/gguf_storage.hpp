#pragma once
/// A model whose weights are in a GGUF file. What llama.cpp's converter did to tensors
/// (convert_hf_to_gguf.py) is described in the blueprint rather than undone in the numbers.

#include "io/gguf.hpp"
#include "model/config.hpp"
#include "model/gguf_config.hpp"

namespace allometer::model {

/// The Config of the file's metadata, with a blueprint of how GGUF stores its weights. Throws
/// FormatError naming file and key, or a tensor that is missing, of a type that makes no weights,
/// or has no place in the architecture: the numbers would not be that model's.
Config config_for_gguf(const io::Gguf& file, HeadComparison comparison = HeadComparison::whole);

/// Makes the blueprint of `config`, which describes a Hugging Face checkpoint, describe the GGUF
/// file of the same model:
///   llama            rows of q and k: the two halves of every head interleaved
///   bloom, falcon,
///   gptneox          rows of the fused q, k and v: all queries, then all keys, then all values
///   gemma2           norms as they are, not as their distance from 1
///   gpt2             matrices as [out_features, in_features]
void describe_gguf_storage(Config& config);

}  // namespace allometer::model
