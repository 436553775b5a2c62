#pragma once
/// The tokenizer in the metadata of a GGUF file: byte-level BPE ("gpt2"), SentencePiece BPE
/// ("llama") or WordPiece ("bert"), to the ids of the Hugging Face tokenizer that the file was made
/// from. Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#tokenizer

#include <string>

#include "tokenizer/tokenizer.hpp"

namespace allometer::io {
class Gguf;
}

namespace allometer::tokenizer {

/// False for files that say so ("none", "no_vocab") or hold no tokenizer key at all.
bool has_tokenizer(const io::Gguf& file);

/// `name` begins messages. Throws FormatError naming the key that is missing, damaged or asks for
/// what is not supported: another model, another pre-tokenizer.
Tokenizer read_gguf_tokenizer(const io::Gguf& file, const std::string& name);

}  // namespace allometer::tokenizer
