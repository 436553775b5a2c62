#pragma once
/// What kind of piece a piece is, as SentencePiece models and GGUF files number it.

#include <cstdint>

namespace allometer::tokenizer {

/// ModelProto.SentencePiece.Type of SentencePiece, and tokenizer.ggml.token_type of GGUF.
enum class PieceType : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6,
};

}  // namespace allometer::tokenizer
