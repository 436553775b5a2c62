#pragma once
/// config.json of a checkpoint, the parts that decide its numbers.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "model/blueprint.hpp"

namespace allometer::model {

/// "rope_scaling" of config.json.
struct RopeScaling {
  enum class Type { none, linear, llama3, longrope };
  Type type = Type::none;
  double factor = 1;
  double low_freq_factor = 1;  ///< llama3 only, as the next one
  double high_freq_factor = 4;
  int original_max_position_embeddings = 0;  ///< llama3 and longrope
  /// longrope: what each frequency is divided by, for sequences within
  /// original_max_position_embeddings, and what cosines and sines are multiplied by.
  std::vector<double> short_factor;
  double attention_factor = 1;
};

/// Hyper-parameters, under Hugging Face's most common names where architectures differ.
struct Config {
  std::string architecture;  ///< first entry of "architectures", as "LlamaForCausalLM"
  int vocab_size = 0;
  int hidden_size = 0;
  int intermediate_size = 0;
  int num_hidden_layers = 0;
  int num_attention_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;
  /// The longest sequence; with longrope the longest for which the short factors hold.
  int max_position_embeddings = 0;
  double norm_eps = 1e-6;
  int rotary_dim = 0;  ///< dimensions of a head that are rotated; 0: no rotary embedding
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  bool tie_word_embeddings = false;
  std::optional<std::int32_t> bos_token_id;
  std::optional<std::int32_t> eos_token_id;  ///< the first one where config.json lists several
  /// "allometer_random_weights": written by write_random_checkpoint, so that nobody takes such
  /// numbers for a trained model's.
  bool random_weights = false;
  Blueprint blueprint;

  /// Reads config.json of a checkpoint directory, or the metadata of a GGUF file
  /// (gguf_storage.hpp). Throws IoError, or FormatError naming the file and key; an unknown
  /// architecture or an option that would change the numbers (rope_scaling type,
  /// quantization_config, activation) is refused by name.
  static Config load(const std::filesystem::path& path);
  /// The same for a checkpoint that is perhaps too large to be used: of a GGUF file only the header
  /// and a few hundred rows are read, so that a head which differs from the token embedding in few
  /// rows may be taken for it.
  static Config sketch(const std::filesystem::path& path);
  /// From the object itself; `file` stands in messages.
  static Config parse(const nlohmann::json& config_json, const std::string& file);
};

}  // namespace allometer::model
