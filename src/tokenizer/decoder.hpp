#pragma once
/// From the pieces of a model back to text.

#include <memory>
#include <string>
#include <vector>

namespace allometer::tokenizer {

class JsonNode;

/// Immutable; usable from several threads at once.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Changes pieces, and possibly their number; the text is what they join to.
  virtual void apply(std::vector<std::string>& pieces) const = 0;
};

/// From "decoder" of a tokenizer.json. Throws FormatError for kinds that are not supported.
std::unique_ptr<const Decoder> read_decoder(const JsonNode& node);

}  // namespace allometer::tokenizer
