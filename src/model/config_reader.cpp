#include "model/config_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "ops/attention.hpp"

namespace allometer::model {

using Json = nlohmann::json;

ConfigReader::ConfigReader(const Json& object, std::string file, std::string prefix)
    : object_(&object), file_(std::move(file)), prefix_(std::move(prefix)) {}

void ConfigReader::refuse(const std::string& key, const std::string& why) const {
  throw FormatError(fmt::format("{}: \"{}{}\" {}", file_, prefix_, key, why));
}

const Json* ConfigReader::find(const std::string& key) const {
  const auto at = object_->find(key);
  return at == object_->end() || at->is_null() ? nullptr : &*at;
}

bool ConfigReader::is_null(const std::string& key) const {
  const auto at = object_->find(key);
  return at != object_->end() && at->is_null();
}

std::string ConfigReader::first_of(std::initializer_list<const char*> keys) const {
  for (const char* key : keys) {
    if (has(key)) return key;
  }
  return *(keys.end() - 1);
}

int ConfigReader::integer(const std::string& key, std::optional<std::int64_t> fallback,
                          std::int64_t least, std::int64_t most) const {
  const Json* value = find(key);
  if (value == nullptr && fallback) return static_cast<int>(*fallback);
  if (value == nullptr) refuse(key, "is missing: the model's shape is unknown without it");
  return checked_integer(key, *value, least, most);
}

int ConfigReader::checked_integer(const std::string& key, const Json& value, std::int64_t least,
                                  std::int64_t most) const {
  const bool fits = value.is_number_integer() &&
                    !(value.is_number_unsigned() &&
                      value.get<std::uint64_t>() >
                          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  const std::int64_t number = fits ? value.get<std::int64_t>() : -1;
  if (!fits || number < least || number > most) {
    refuse(key, fmt::format("is {}, but must be a whole number from {} to {}", value.dump(), least,
                            most));
  }
  return static_cast<int>(number);
}

double ConfigReader::positive(const std::string& key, std::optional<double> fallback) const {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) refuse(key, "is missing");
  const double number = value->is_number() ? value->get<double>() : -1;
  if (!(number > 0) || !std::isfinite(number))
    refuse(key, fmt::format("is {}, but must be a number above 0", value->dump()));
  return number;
}

bool ConfigReader::boolean(const std::string& key, bool fallback) const {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean())
    refuse(key, fmt::format("is {}, but must be true or false", value->dump()));
  return value->get<bool>();
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback) const {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) refuse(key, fmt::format("is {}, but must be a string", value->dump()));
  return value->get<std::string>();
}

std::vector<double> ConfigReader::positives(const std::string& key, std::size_t size) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_array() || value->size() != size)
    refuse(key, fmt::format("must be a list of {} numbers", size));
  std::vector<double> numbers;
  for (const Json& element : *value) {
    numbers.push_back(element.is_number() ? element.get<double>() : -1);
    if (!(numbers.back() > 0) || !std::isfinite(numbers.back()))
      refuse(key, fmt::format("has {}, but its numbers must be above 0", element.dump()));
  }
  return numbers;
}

std::optional<std::vector<std::string>> ConfigReader::texts(const std::string& key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  if (value->is_array()) {
    for (const Json& element : *value) {
      if (element.is_string()) texts.push_back(element.get<std::string>());
    }
  }
  if (!value->is_array() || texts.size() != value->size()) refuse(key, "must be a list of strings");
  return texts;
}

std::optional<std::int32_t> ConfigReader::token(const std::string& key, int vocab_size) const {
  const Json* value = find(key);
  if (value != nullptr && value->is_array() && !value->empty()) value = &value->front();
  if (value == nullptr) return std::nullopt;
  return checked_integer(key, *value, 0, vocab_size - 1);
}

std::optional<ConfigReader> ConfigReader::object(const std::string& key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) refuse(key, fmt::format("is {}, but must be an object", value->dump()));
  return ConfigReader(*value, file_, prefix_ + key + ".");
}

void ConfigReader::expect(const std::string& key, bool implemented) const {
  if (boolean(key, implemented) != implemented)
    refuse(key, fmt::format("is {}; implemented is {}", !implemented, implemented));
}

// ---- what every architecture has

ShapeOptions gpt_shape(const ConfigReader& reader) {
  ShapeOptions options;
  options.num_hidden_layers = reader.first_of({"n_layer", "num_hidden_layers"});
  options.num_attention_heads = reader.first_of({"n_head", "num_attention_heads"});
  options.tie_word_embeddings_fallback = true;
  return options;
}

namespace {

void read_key_value_heads(const ConfigReader& reader, const ShapeOptions& options, Config& config) {
  constexpr const char* kKey = "num_key_value_heads";
  config.num_key_value_heads = config.num_attention_heads;
  if (!options.groups_queries || reader.is_null(kKey)) return;
  config.num_key_value_heads = reader.integer(
      kKey, options.key_value_heads_fallback.value_or(config.num_attention_heads), 1, kMostWidth);
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    reader.refuse(kKey, fmt::format("is {}, but must divide {}, {}", config.num_key_value_heads,
                                    options.num_attention_heads, config.num_attention_heads));
  }
}

void read_head_dim(const ConfigReader& reader, const ShapeOptions& options, Config& config) {
  constexpr const char* kKey = "head_dim";
  const bool is_given = options.has_head_dim && !reader.is_null(kKey) &&
                        (reader.has(kKey) || options.head_dim_fallback);
  if (is_given) {
    config.head_dim = reader.integer(kKey, options.head_dim_fallback, 1, ops::kMaxHeadDim);
    return;
  }
  if (config.hidden_size % config.num_attention_heads != 0) {
    reader.refuse(options.num_attention_heads,
                  fmt::format("is {}, which does not divide {}, {}{}", config.num_attention_heads,
                              options.hidden_size, config.hidden_size,
                              options.has_head_dim ? ", and there is no head_dim" : ""));
  }
  config.head_dim = config.hidden_size / config.num_attention_heads;
  if (config.head_dim > ops::kMaxHeadDim) {
    reader.refuse(
        options.hidden_size,
        fmt::format("/ {} is {}, but heads of more than {} dimensions are not implemented",
                    options.num_attention_heads, config.head_dim, ops::kMaxHeadDim));
  }
}

}  // namespace

void read_shape(const ConfigReader& reader, const ShapeOptions& options, Config& config) {
  config.vocab_size = reader.integer("vocab_size", std::nullopt, 1, kMostVocabulary);
  config.hidden_size = reader.integer(options.hidden_size, std::nullopt, 1, kMostWidth);
  config.num_hidden_layers =
      reader.integer(options.num_hidden_layers, std::nullopt, 1, kMostLayers);
  config.num_attention_heads =
      reader.integer(options.num_attention_heads, std::nullopt, 1, kMostWidth);
  config.max_position_embeddings = reader.integer(
      options.max_position_embeddings, options.max_positions_fallback, 1, kMostPositions);
  config.tie_word_embeddings =
      reader.boolean("tie_word_embeddings", options.tie_word_embeddings_fallback);
  read_key_value_heads(reader, options, config);
  read_head_dim(reader, options, config);
  if (static_cast<std::int64_t>(config.num_attention_heads) * config.head_dim > kMostWidth) {
    reader.refuse(options.num_attention_heads, fmt::format("x head_dim is above {}", kMostWidth));
  }
}

namespace {

/// Hugging Face's _compute_longrope_parameters: cosines and sines grow by
/// sqrt(1 + ln(factor) / ln(original)), factor = max_position_embeddings / original.
void read_longrope(const ConfigReader& rope, int original, Config& config) {
  RopeScaling& scaling = config.rope_scaling;
  scaling.type = RopeScaling::Type::longrope;
  scaling.original_max_position_embeddings = original;
  const auto pairs = static_cast<std::size_t>(config.rotary_dim / 2);
  scaling.short_factor = rope.positives("short_factor", pairs);
  rope.positives("long_factor", pairs);
  scaling.factor =
      rope.positive("factor", static_cast<double>(config.max_position_embeddings) / original);
  const double usual =
      scaling.factor <= 1 ? 1 : std::sqrt(1 + std::log(scaling.factor) / std::log(original));
  scaling.attention_factor = rope.positive("attention_factor", usual);
  // The long factors would change every key of a sequence once it outgrows the original context,
  // and with them the prefixes that sequences share.
  config.max_position_embeddings = std::min(config.max_position_embeddings, original);
}

void read_rope_scaling(const ConfigReader& reader, const ConfigReader& rope, Config& config) {
  const std::string type = rope.text("rope_type", rope.text("type", "default"));
  RopeScaling& scaling = config.rope_scaling;
  scaling = {};
  if (type == "default") return;
  if (type == "longrope" || type == "su") {
    constexpr const char* kOriginal = "original_max_position_embeddings";
    const ConfigReader& owner = rope.has(kOriginal) ? rope : reader;
    return read_longrope(rope, owner.integer(kOriginal, std::nullopt, 2, kMostPositions), config);
  }
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
    rope.refuse(
        rope.first_of({"rope_type", "type"}),
        fmt::format("is \"{}\"; implemented are default, linear, llama3 and longrope", type));
  }
  scaling.factor = rope.positive("factor", std::nullopt);
}

}  // namespace

void read_rope(const ConfigReader& reader, double share_fallback, Config& config) {
  // Newer files have one object for all of it; where there is "rope_scaling" too, that counts.
  const std::string name =
      reader.has("rope_scaling") ? std::string("rope_scaling") : std::string("rope_parameters");
  const ConfigReader parameters = reader.object("rope_parameters").value_or(reader);
  const ConfigReader scaling = reader.object(name).value_or(reader);
  for (const char* kind : {"full_attention", "sliding_attention"}) {
    if (scaling.has(kind))
      scaling.refuse(kind, "is there: a rotary embedding per kind of layer is not implemented");
  }
  const auto owner_of = [&](const char* key) {
    return scaling.has(key) ? scaling : parameters.has(key) ? parameters : reader;
  };
  const ConfigReader theta = owner_of("rope_theta");
  config.rope_theta = theta.positive(theta.first_of({"rotary_emb_base", "rope_theta"}), 10000.0);
  const ConfigReader share_owner = owner_of("partial_rotary_factor");
  const std::string share_key = share_owner.first_of({"rotary_pct", "partial_rotary_factor"});
  const double share = share_owner.positive(share_key, share_fallback);
  config.rotary_dim = share > 1 ? 0 : static_cast<int>(config.head_dim * share);
  if (config.rotary_dim < 2 || config.rotary_dim % 2 != 0) {
    share_owner.refuse(
        share_owner.has(share_key) ? share_key : "head_dim",
        fmt::format(
            "makes {} of the {} dimensions of a head rotate, but they must be an even number "
            "of them",
            static_cast<int>(config.head_dim * std::min(share, 1e6)), config.head_dim));
  }
  if (reader.has(name)) read_rope_scaling(reader, scaling, config);
}

ops::Activation read_activation(const ConfigReader& reader, const std::string& key,
                                const std::string& fallback) {
  const std::string name = reader.text(key, fallback);
  if (name == "silu" || name == "swish") return ops::Activation::silu;
  if (name == "gelu") return ops::Activation::gelu;
  if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh")
    return ops::Activation::gelu_tanh;
  if (name == "relu") return ops::Activation::relu;
  reader.refuse(key, fmt::format("is \"{}\"; implemented are silu, gelu, gelu_new, gelu_fast, "
                                 "gelu_pytorch_tanh and relu",
                                 name));
}

std::vector<int> read_windows(const ConfigReader& reader, const Config& config, int window_fallback,
                              const std::function<bool(int layer)>& is_sliding) {
  const int window = reader.is_null("sliding_window")
                         ? 0
                         : reader.integer("sliding_window", window_fallback, 1, kMostPositions);
  const auto types = reader.texts("layer_types");
  const auto layers = static_cast<std::size_t>(config.num_hidden_layers);
  if (types && types->size() != layers)
    reader.refuse("layer_types",
                  fmt::format("has {} entries for {} layers", types->size(), layers));
  std::vector<int> windows;
  for (std::size_t i = 0; i < layers; ++i) {
    if (types && (*types)[i] != "sliding_attention" && (*types)[i] != "full_attention") {
      reader.refuse("layer_types", fmt::format("has \"{}\"; implemented are full_attention and "
                                               "sliding_attention",
                                               (*types)[i]));
    }
    const bool slides =
        types ? (*types)[i] == "sliding_attention" : is_sliding(static_cast<int>(i));
    windows.push_back(slides ? window : 0);
  }
  return windows;
}

}  // namespace allometer::model
