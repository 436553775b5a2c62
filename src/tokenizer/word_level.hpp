#pragma once
/// A vocabulary of whole words: a piece is one token or unknown.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token_model.hpp"

namespace allometer::tokenizer {

class WordLevel : public TokenModel {
 public:
  /// From "model" of a tokenizer.json. Throws FormatError for what is malformed.
  explicit WordLevel(const JsonNode& node);

 private:
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const override;

  std::string unknown_;
  std::optional<std::int32_t> unknown_id_;
  std::string where_;
};

}  // namespace allometer::tokenizer
