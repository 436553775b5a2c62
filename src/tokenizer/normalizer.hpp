#pragma once
/// What happens to a text before it is cut into pieces: NFC and its kin, lower case, replacements.

#include <cstddef>
#include <memory>
#include <string>

namespace allometer::tokenizer {

class JsonNode;

/// Immutable; usable from several threads at once.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// Changes `text`, which is and stays valid UTF-8. Its first `head` bytes stand for the first
  /// code point of the input, before and after (a Metaspace with the scheme "first" wants to know):
  /// 0 once that code point was dropped.
  virtual void apply(std::string& text, std::size_t& head) const = 0;

  std::string normalized(std::string text) const {
    std::size_t head = 0;
    apply(text, head);
    return text;
  }
};

/// From "normalizer" of a tokenizer.json. Throws FormatError for kinds that are not supported.
std::unique_ptr<const Normalizer> read_normalizer(const JsonNode& node);

}  // namespace allometer::tokenizer
