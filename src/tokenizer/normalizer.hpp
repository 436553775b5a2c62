#pragma once
/// What happens to a text before it is cut into pieces: NFC and its kin, lower case, replacements.

#include <memory>
#include <string>

namespace allometer::tokenizer {

class JsonNode;

/// Immutable; usable from several threads at once.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// Changes `text`, which is and stays valid UTF-8. False if what stood first is gone without
  /// anything in its place: the reference then no longer counts the text as the start of the input.
  virtual bool apply(std::string& text) const = 0;
};

/// From "normalizer" of a tokenizer.json. Throws FormatError for kinds that are not supported.
std::unique_ptr<const Normalizer> read_normalizer(const JsonNode& node);

}  // namespace allometer::tokenizer
