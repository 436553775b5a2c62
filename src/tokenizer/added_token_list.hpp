#pragma once
/// "added_tokens" of a tokenizer.json, from the files that hold them where there is none.

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace allometer::tokenizer {

class JsonNode;

/// The first that names a token counts; a token that is used by name is special.
class AddedTokenList {
 public:
  using IdsOfPieces = std::map<std::string, std::size_t, std::less<>>;
  /// `ids_of_pieces`: those of the model.
  explicit AddedTokenList(IdsOfPieces ids_of_pieces);

  /// From added_tokens_decoder of tokenizer_config.json, else from added_tokens.json; then what
  /// the former names (bos_token and the like, additional_special_tokens).
  void add_files(const JsonNode& config, const JsonNode& added_tokens);
  /// A token of the model, or else a new one behind all others.
  void add_special(const std::string& content);

  nlohmann::json take();

 private:
  void add_decoder(const JsonNode& decoder);
  void add_named(const JsonNode& token);
  void add(nlohmann::json token);

  std::map<std::string, nlohmann::json> by_content_;
  IdsOfPieces ids_of_pieces_;
  std::size_t end_id_ = 0;
};

/// "</s>", or {"content": "</s>", ...}.
std::string token_content(const JsonNode& node);

}  // namespace allometer::tokenizer
