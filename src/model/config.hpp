#pragma once
/// config.json of a checkpoint, the parts that decide its numbers.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace allometer::model {

/// "rope_scaling" of config.json.
struct RopeScaling {
  enum class Type { none, linear, llama3 };
  Type type = Type::none;
  double factor = 1;
  double low_freq_factor = 1;  ///< llama3 only, as the next two
  double high_freq_factor = 4;
  int original_max_position_embeddings = 0;
};

/// Hyper-parameters under their Hugging Face names.
struct Config {
  std::string architecture;  ///< first entry of "architectures", as "LlamaForCausalLM"
  int vocab_size = 0;
  int hidden_size = 0;
  int intermediate_size = 0;
  int num_hidden_layers = 0;
  int num_attention_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;  ///< hidden_size / num_attention_heads unless given
  int max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  bool tie_word_embeddings = false;
  bool attention_bias = false;
  bool mlp_bias = false;
  std::optional<std::int32_t> bos_token_id;
  std::optional<std::int32_t> eos_token_id;  ///< the first one where config.json lists several
  /// "allometer_random_weights": written by write_random_checkpoint, so that nobody takes such
  /// numbers for a trained model's.
  bool random_weights = false;

  /// Reads directory/config.json. Throws IoError, or FormatError naming the file and key; an
  /// unknown architecture or an option that would change the numbers (rope_scaling type,
  /// quantization_config, hidden_act) is refused by name.
  static Config load(const std::filesystem::path& directory);
};

/// Counts of weights; tied embeddings count once.
struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t without_embeddings = 0;  ///< neither token embeddings nor an untied LM head
};
ParameterCount count_parameters(const Config& config);

/// Floating-point operations of the forward pass of one token at `position` (0-based) without the
/// LM head: 2 x weights + 4 x layers x heads x head_dim x (position + 1). Source: Kaplan et al.
/// 2020, arXiv 2001.08361, table 1.
double forward_flops(const Config& config, int position);
/// Of the LM head for one scored row: 2 x hidden_size x vocab_size.
double head_flops(const Config& config);

}  // namespace allometer::model
