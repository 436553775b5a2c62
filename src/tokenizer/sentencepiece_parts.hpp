#pragma once
/// Parts of a tokenizer.json as transformers writes them for the vocabularies of SentencePiece.

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace allometer::tokenizer {

/// U+2581, which stands for a space in pieces.
constexpr std::string_view kMetaspace = "\xE2\x96\x81";

/// "decoder": bytes and spaces as they were, and as many spaces less at the ends of the text.
nlohmann::json sentencepiece_decoder(int strip_before, int strip_behind);

/// One of "added_tokens", found in the text as it is, without further conditions.
nlohmann::json added_token(std::int32_t id, const std::string& content, bool special);

}  // namespace allometer::tokenizer
