#pragma once
/// One object of config.json, read key by key; every complaint names file and key.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "model/config.hpp"

namespace allometer::model {

/// The largest values that a config.json may give: what is above them is a mistake, and would
/// overflow elsewhere.
inline constexpr std::int64_t kMostWidth = 1 << 20;
inline constexpr std::int64_t kMostLayers = 1 << 12;
inline constexpr std::int64_t kMostVocabulary = 1 << 24;
inline constexpr std::int64_t kMostPositions = 1 << 28;

/// A view: the object must outlive it. But for is_null, a null value is as good as none.
class ConfigReader {
 public:
  ConfigReader(const nlohmann::json& object, std::string file, std::string prefix = "");

  /// Throws the FormatError 'FILE: "KEY" WHY'.
  [[noreturn]] void refuse(const std::string& key, const std::string& why) const;

  bool has(const std::string& key) const { return find(key) != nullptr; }
  /// Is the key there, with the value null?
  bool is_null(const std::string& key) const;
  /// The first of `keys` that is there, else the last of them, for options with several names.
  std::string first_of(std::initializer_list<const char*> keys) const;

  /// Without a fallback the key must be there.
  int integer(const std::string& key, std::optional<std::int64_t> fallback, std::int64_t least,
              std::int64_t most) const;
  double positive(const std::string& key, std::optional<double> fallback) const;
  bool boolean(const std::string& key, bool fallback) const;
  std::string text(const std::string& key, const std::string& fallback) const;
  /// A list of numbers above 0, of exactly `size`.
  std::vector<double> positives(const std::string& key, std::size_t size) const;
  /// A list of texts; nothing where there is none.
  std::optional<std::vector<std::string>> texts(const std::string& key) const;
  /// A token id, or the first of a list of them.
  std::optional<std::int32_t> token(const std::string& key, int vocab_size) const;
  std::optional<ConfigReader> object(const std::string& key) const;

  /// Refuses an option whose other value would change the numbers and is not implemented.
  void expect(const std::string& key, bool implemented) const;

 private:
  const nlohmann::json* find(const std::string& key) const;
  int checked_integer(const std::string& key, const nlohmann::json& value, std::int64_t least,
                      std::int64_t most) const;

  const nlohmann::json* object_;
  std::string file_;
  std::string prefix_;
};

/// The options that every architecture has, where they are not the usual ones, and what holds
/// where config.json does not say.
struct ShapeOptions {
  std::string hidden_size = "hidden_size";
  std::string num_hidden_layers = "num_hidden_layers";
  std::string num_attention_heads = "num_attention_heads";
  std::string max_position_embeddings = "max_position_embeddings";
  int max_positions_fallback = 2048;
  bool tie_word_embeddings_fallback = false;
  /// Is there a "num_key_value_heads"? null, or its absence without a fallback:
  /// num_attention_heads.
  bool groups_queries = false;
  std::optional<int> key_value_heads_fallback = std::nullopt;
  /// Is there a "head_dim"? null, or its absence without a fallback: hidden_size / heads.
  bool has_head_dim = false;
  std::optional<int> head_dim_fallback = std::nullopt;
};

/// GPT-2's names, "n_layer" and "n_head", where config.json has them, and embeddings that are tied
/// unless it says otherwise.
ShapeOptions gpt_shape(const ConfigReader& reader);

/// Sizes of vocabulary, residual stream, layers, heads and context.
void read_shape(const ConfigReader& reader, const ShapeOptions& options, Config& config);

/// The rotary embedding over the first dimensions of every head: `share_fallback` of head_dim where
/// config.json does not name another "partial_rotary_factor" or "rotary_pct"; "rope_theta" and
/// "rope_scaling", or all of it in the newer "rope_parameters".
void read_rope(const ConfigReader& reader, double share_fallback, Config& config);

/// The activation under `key`. Throws FormatError for one that is not implemented.
ops::Activation read_activation(const ConfigReader& reader, const std::string& key,
                                const std::string& fallback);

/// The window of every layer, 0 where a layer has none: "sliding_window" (null: none; not there:
/// `window_fallback`, where 0 is none) in the layers that "layer_types" calls sliding_attention or,
/// without such a list, in those for which `is_sliding` holds.
std::vector<int> read_windows(const ConfigReader& reader, const Config& config, int window_fallback,
                              const std::function<bool(int layer)>& is_sliding);

}  // namespace allometer::model
