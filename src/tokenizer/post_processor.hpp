#pragma once
/// What is put around the ids of a text: BOS, EOS and other special tokens.

#include <cstdint>
#include <functional>
#include <vector>

namespace allometer::tokenizer {

class JsonNode;

/// Ids before and behind those of the text.
struct PostProcessor {
  std::vector<std::int32_t> prefix;
  std::vector<std::int32_t> suffix;
};

/// From "post_processor" of a tokenizer.json: TemplateProcessing (its template for single texts),
/// BertProcessing, RobertaProcessing, ByteLevel (which concerns offsets alone) and Sequence;
/// FormatError for others, and for ids that `knows` does not know.
PostProcessor read_post_processor(const JsonNode& node,
                                  const std::function<bool(std::int32_t)>& knows);

}  // namespace allometer::tokenizer
