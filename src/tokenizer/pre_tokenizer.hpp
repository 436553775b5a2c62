#pragma once
/// Cuts a normalized text into the pieces that the model encodes one by one.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/pattern.hpp"

namespace allometer::tokenizer {

class JsonNode;

/// A text and the pieces of it, in order, none of them empty.
struct Pieces {
  std::string text;
  std::vector<Range> ranges;
  /// The first bytes of the text that stand for the first code point of the whole input.
  std::size_t head = 0;

  std::string_view piece(const Range& range) const {
    return std::string_view(text).substr(range.begin, range.end - range.begin);
  }
};

/// Immutable; usable from several threads at once.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Pieces& pieces) const = 0;
};

/// From "pre_tokenizer" of a tokenizer.json. Throws FormatError for kinds that are not supported.
std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonNode& node);

}  // namespace allometer::tokenizer
