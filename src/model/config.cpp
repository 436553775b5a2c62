#include "model/config.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "model/architecture.hpp"
#include "ops/attention.hpp"

namespace allometer::model {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostWidth = 1 << 20;
constexpr std::int64_t kMostLayers = 1 << 12;
constexpr std::int64_t kMostVocabulary = 1 << 24;
constexpr std::int64_t kMostPositions = 1 << 28;

/// One JSON object of config.json, read key by key; every complaint names file and key.
class Reader {
 public:
  Reader(const Json& object, std::string file, std::string prefix = "")
      : object_(object), file_(std::move(file)), prefix_(std::move(prefix)) {}

  [[noreturn]] void refuse(const std::string& key, const std::string& why) const {
    throw FormatError(fmt::format("{}: \"{}{}\" {}", file_, prefix_, key, why));
  }

  /// Nothing when the key is absent or null.
  const Json* find(const std::string& key) const {
    const auto at = object_.find(key);
    return at == object_.end() || at->is_null() ? nullptr : &*at;
  }

  int integer(const std::string& key, std::optional<std::int64_t> fallback, std::int64_t least,
              std::int64_t most) const {
    const Json* value = find(key);
    if (value == nullptr && fallback) return static_cast<int>(*fallback);
    if (value == nullptr) refuse(key, "is missing: the model's shape is unknown without it");
    return checked_integer(key, *value, least, most);
  }

  int checked_integer(const std::string& key, const Json& value, std::int64_t least,
                      std::int64_t most) const {
    const bool fits = value.is_number_integer() &&
                      !(value.is_number_unsigned() &&
                        value.get<std::uint64_t>() >
                            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    const std::int64_t number = fits ? value.get<std::int64_t>() : -1;
    if (!fits || number < least || number > most) {
      refuse(key, fmt::format("is {}, but must be a whole number from {} to {}", value.dump(),
                              least, most));
    }
    return static_cast<int>(number);
  }

  double positive(const std::string& key, std::optional<double> fallback) const {
    const Json* value = find(key);
    if (value == nullptr && fallback) return *fallback;
    if (value == nullptr) refuse(key, "is missing");
    const double number = value->is_number() ? value->get<double>() : -1;
    if (!(number > 0) || !std::isfinite(number))
      refuse(key, fmt::format("is {}, but must be a number above 0", value->dump()));
    return number;
  }

  bool boolean(const std::string& key, bool fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean())
      refuse(key, fmt::format("is {}, but must be true or false", value->dump()));
    return value->get<bool>();
  }

  std::string text(const std::string& key, const std::string& fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_string()) refuse(key, fmt::format("is {}, but must be a string", value->dump()));
    return value->get<std::string>();
  }

  /// A token id, or the first of a list of them.
  std::optional<std::int32_t> token(const std::string& key, int vocab_size) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_array() && !value->empty()) value = &value->front();
    if (value == nullptr) return std::nullopt;
    return checked_integer(key, *value, 0, vocab_size - 1);
  }

  std::optional<Reader> object(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object())
      refuse(key, fmt::format("is {}, but must be an object", value->dump()));
    return Reader(*value, file_, prefix_ + key + ".");
  }

  const std::string& file() const { return file_; }

 private:
  const Json& object_;
  std::string file_;
  std::string prefix_;
};

std::string read_architecture(const Reader& reader) {
  const Json* list = reader.find("architectures");
  if (list == nullptr || !list->is_array() || list->empty() || !list->front().is_string()) {
    reader.refuse("architectures", "is missing or not a list of names, as [\"LlamaForCausalLM\"]");
  }
  const auto name = list->front().get<std::string>();
  if (find_architecture(name) == nullptr) {
    reader.refuse("architectures", fmt::format("names \"{}\", which is not implemented; known: {}",
                                               name, known_architectures()));
  }
  return name;
}

RopeScaling read_rope_scaling(const Reader& rope) {
  const std::string old_name = rope.text("type", "default");
  const std::string type = rope.text("rope_type", old_name);
  RopeScaling scaling;
  if (type == "default") return scaling;
  if (type == "linear") {
    scaling.type = RopeScaling::Type::linear;
  } else if (type == "llama3") {
    scaling.type = RopeScaling::Type::llama3;
    scaling.low_freq_factor = rope.positive("low_freq_factor", std::nullopt);
    scaling.high_freq_factor = rope.positive("high_freq_factor", std::nullopt);
    scaling.original_max_position_embeddings =
        rope.integer("original_max_position_embeddings", std::nullopt, 1, kMostPositions);
    if (scaling.high_freq_factor <= scaling.low_freq_factor) {
      rope.refuse("high_freq_factor", "must be above low_freq_factor");
    }
  } else {
    rope.refuse(rope.find("rope_type") != nullptr ? "rope_type" : "type",
                fmt::format("is \"{}\"; implemented are default, linear and llama3", type));
  }
  scaling.factor = rope.positive("factor", std::nullopt);
  return scaling;
}

/// "rope_scaling" beside "rope_theta", or both in the newer "rope_parameters".
void read_rope(const Reader& reader, Config& config) {
  config.rope_theta = reader.positive("rope_theta", 10000.0);
  if (const auto scaling = reader.object("rope_scaling"))
    config.rope_scaling = read_rope_scaling(*scaling);
  if (const auto rope = reader.object("rope_parameters")) {
    config.rope_theta = rope->positive("rope_theta", config.rope_theta);
    config.rope_scaling = read_rope_scaling(*rope);
    if (rope->positive("partial_rotary_factor", 1.0) != 1.0)
      rope->refuse("partial_rotary_factor", "other than 1 is not implemented");
  }
  if (reader.positive("partial_rotary_factor", 1.0) != 1.0) {
    reader.refuse("partial_rotary_factor", "other than 1 is not implemented");
  }
}

void read_shape(const Reader& reader, Config& config) {
  config.vocab_size = reader.integer("vocab_size", std::nullopt, 1, kMostVocabulary);
  config.hidden_size = reader.integer("hidden_size", std::nullopt, 1, kMostWidth);
  config.intermediate_size = reader.integer("intermediate_size", std::nullopt, 1, kMostWidth);
  config.num_hidden_layers = reader.integer("num_hidden_layers", std::nullopt, 1, kMostLayers);
  config.num_attention_heads = reader.integer("num_attention_heads", std::nullopt, 1, kMostWidth);
  config.num_key_value_heads =
      reader.integer("num_key_value_heads", config.num_attention_heads, 1, kMostWidth);
  config.max_position_embeddings =
      reader.integer("max_position_embeddings", 2048, 1, kMostPositions);
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    reader.refuse("num_key_value_heads",
                  fmt::format("is {}, but must divide num_attention_heads, {}",
                              config.num_key_value_heads, config.num_attention_heads));
  }
  if (reader.find("head_dim") == nullptr && config.hidden_size % config.num_attention_heads != 0) {
    reader.refuse("num_attention_heads",
                  fmt::format("is {}, which does not divide hidden_size, {}, and there is no "
                              "head_dim",
                              config.num_attention_heads, config.hidden_size));
  }
  config.head_dim = reader.integer("head_dim", config.hidden_size / config.num_attention_heads, 1,
                                   ops::kMaxHeadDim);
  if (config.head_dim < 2 || config.head_dim % 2 != 0 || config.head_dim > ops::kMaxHeadDim) {
    reader.refuse(
        "head_dim",
        fmt::format("(or hidden_size / num_attention_heads) is {}, but must be even, from 2 to {}",
                    config.head_dim, ops::kMaxHeadDim));
  }
  if (static_cast<std::int64_t>(config.num_attention_heads) * config.head_dim > kMostWidth) {
    reader.refuse("num_attention_heads", fmt::format("x head_dim is above {}", kMostWidth));
  }
}

Json parse(const std::string& file) {
  try {
    Json json = Json::parse(io::read_text(file));
    if (!json.is_object()) throw FormatError(file + ": is not a JSON object");
    return json;
  } catch (const Json::exception& e) {
    throw FormatError(fmt::format("{}: is not valid JSON: {}", file, e.what()));
  }
}

}  // namespace

Config Config::load(const std::filesystem::path& directory) {
  const std::string file = (directory / "config.json").string();
  const Json json = parse(file);
  const Reader reader(json, file);
  Config config;
  config.architecture = read_architecture(reader);
  if (reader.find("quantization_config") != nullptr) {
    reader.refuse(
        "quantization_config",
        "is there: quantized checkpoints are not implemented; use the F32, F16 or BF16 one");
  }
  if (const std::string act = reader.text("hidden_act", "silu"); act != "silu") {
    reader.refuse("hidden_act", fmt::format("is \"{}\"; implemented is silu", act));
  }
  read_shape(reader, config);
  read_rope(reader, config);
  config.rms_norm_eps = reader.positive("rms_norm_eps", 1e-6);
  config.tie_word_embeddings = reader.boolean("tie_word_embeddings", false);
  config.attention_bias = reader.boolean("attention_bias", false);
  config.mlp_bias = reader.boolean("mlp_bias", false);
  config.bos_token_id = reader.token("bos_token_id", config.vocab_size);
  config.eos_token_id = reader.token("eos_token_id", config.vocab_size);
  config.random_weights = reader.boolean("allometer_random_weights", false);
  return config;
}

}  // namespace allometer::model
