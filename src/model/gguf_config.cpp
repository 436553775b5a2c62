#include "model/gguf_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace allometer::model {
namespace {

using Json = nlohmann::json;

/// GGUF keeps single precision; 1e-5 was written as the nearest float and is read as 1e-5 again.
double nearest_decimal(double value) {
  char text[32];
  const auto [end, error] =
      std::to_chars(std::begin(text), std::end(text), static_cast<float>(value));
  double decimal = value;
  std::from_chars(std::begin(text), end, decimal);
  return decimal;
}

/// The metadata under "ARCHITECTURE.", which remembers what was asked for.
class Reader {
 public:
  Reader(const io::Gguf& file, HeadComparison comparison)
      : file_(file),
        comparison_(comparison),
        prefix_(file.get<std::string>("general.architecture") + ".") {}

  const io::Gguf& file() const { return file_; }
  HeadComparison comparison() const { return comparison_; }
  std::string_view architecture() const {
    return std::string_view(prefix_).substr(0, prefix_.size() - 1);
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& why) const {
    throw FormatError(
        fmt::format("{}: key '{}{}' {}", file_.files().front().string(), prefix_, key, why));
  }

  template <class T>
  std::optional<T> find(const std::string& key) {
    known_.insert(prefix_ + key);
    return file_.find<T>(prefix_ + key);
  }
  std::optional<double> decimal(const std::string& key) {
    const auto value = find<double>(key);
    return value ? std::optional(nearest_decimal(*value)) : std::nullopt;
  }
  std::int64_t integer(const std::string& key) {
    known_.insert(prefix_ + key);
    return file_.get<std::int64_t>(prefix_ + key);
  }
  /// Keys that decide no number.
  void pass_over(std::initializer_list<const char*> keys) {
    for (const char* key : keys) known_.insert(prefix_ + key);
  }
  void refuse_unknown_keys() const {
    for (const std::string& key : file_.keys()) {
      if (key.starts_with(prefix_) && !known_.contains(key)) {
        refuse(
            key.substr(prefix_.size()),
            fmt::format("is not known for architecture \"{}\" and could change the numbers: this "
                        "kind of model is not implemented",
                        architecture()));
      }
    }
  }

 private:
  const io::Gguf& file_;
  HeadComparison comparison_;
  std::string prefix_;
  std::set<std::string> known_;
};

bool has(const Reader& reader, std::string_view tensor) {
  return reader.file().contains(tensor);
}

/// Whether the head's matrix is the token embedding: not stored, or stored as a copy of it. A few
/// hundred rows tell most that were trained apart; a head that began as a copy may differ in a few
/// rows alone, so that only all of them tell a copy.
bool is_tied(const io::Gguf& file, HeadComparison comparison) {
  constexpr std::size_t kRows = 256;
  if (!file.contains("output.weight")) return true;
  const io::TensorView head = file.at("output.weight");
  const io::TensorView embedding = file.at("token_embd.weight");
  if (head.type != embedding.type || head.shape != embedding.shape || head.shape.size() != 2)
    return false;
  const auto rows = static_cast<std::size_t>(head.shape.front());
  if (rows == 0) return false;
  const std::size_t row_bytes = head.data.size() / rows;
  for (std::size_t i = 0; i < std::min(kRows, rows); ++i) {
    const std::size_t begin = i * rows / std::min(kRows, rows) * row_bytes;
    if (std::memcmp(head.data.data() + begin, embedding.data.data() + begin, row_bytes) != 0)
      return false;
  }
  return comparison == HeadComparison::sampled ||
         std::memcmp(head.data.data(), embedding.data.data(), head.data.size()) == 0;
}

/// Dimensions of one head.
std::int64_t head_dim(Reader& reader) {
  const std::int64_t heads = reader.integer("attention.head_count");
  const std::int64_t hidden = reader.integer("embedding_length");
  if (heads < 1) reader.refuse("attention.head_count", fmt::format("is {}", heads));
  const auto keys = reader.find<std::int64_t>("attention.key_length").value_or(hidden / heads);
  const auto values = reader.find<std::int64_t>("attention.value_length").value_or(keys);
  if (keys < 1 || values != keys) {
    reader.refuse("attention.value_length",
                  fmt::format("is {}, but must be that of the keys, {}", values, keys));
  }
  return keys;
}

struct ShapeNames {
  const char* hidden = "hidden_size";
  const char* layers = "num_hidden_layers";
  const char* heads = "num_attention_heads";
  const char* inner = "intermediate_size";
  const char* positions = "max_position_embeddings";
};

/// What every architecture has.
Json shape(Reader& reader, const char* architecture, const ShapeNames& names = {}) {
  Json config;
  config["architectures"] = {architecture};
  const auto& embedding = reader.file().shape("token_embd.weight");
  config["vocab_size"] = embedding.empty() ? 0 : embedding.front();
  config[names.hidden] = reader.integer("embedding_length");
  config[names.layers] = reader.integer("block_count");
  config[names.heads] = reader.integer("attention.head_count");
  config[names.inner] = reader.integer("feed_forward_length");
  config[names.positions] = reader.integer("context_length");
  config["tie_word_embeddings"] = is_tied(reader.file(), reader.comparison());
  for (const char* token : {"bos_token_id", "eos_token_id"}) {
    if (const auto id = reader.file().find<std::int64_t>(fmt::format("tokenizer.ggml.{}", token)))
      config[token] = *id;
  }
  reader.pass_over({"vocab_size"});
  if (reader.find<std::int64_t>("expert_count").value_or(0) != 0 ||
      reader.find<std::int64_t>("expert_used_count").value_or(0) != 0) {
    reader.refuse("expert_count", "is above 0: mixtures of experts are not implemented");
  }
  return config;
}

void add_key_value_heads(Reader& reader, Json& config) {
  config["num_key_value_heads"] = reader.find<std::int64_t>("attention.head_count_kv")
                                      .value_or(reader.integer("attention.head_count"));
}

/// Of models that have no grouped queries.
void expect_no_groups(Reader& reader) {
  const std::int64_t heads = reader.integer("attention.head_count");
  if (reader.find<std::int64_t>("attention.head_count_kv").value_or(heads) != heads)
    reader.refuse("attention.head_count_kv", fmt::format("must be that of the queries, {}", heads));
}

constexpr const char* kIsMissing = "is missing; convert the model again with a current llama.cpp";

double rms_eps(Reader& reader) {
  if (const auto eps = reader.decimal("attention.layer_norm_rms_epsilon")) return *eps;
  reader.refuse("attention.layer_norm_rms_epsilon", kIsMissing);
}

double layer_norm_eps(Reader& reader) {
  if (const auto eps = reader.decimal("attention.layer_norm_epsilon")) return *eps;
  reader.refuse("attention.layer_norm_epsilon", kIsMissing);
}

std::vector<float> vector_of(const io::Gguf& file, std::string_view tensor) {
  const io::TensorView view = file.at(tensor);
  std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
  view.copy_to(0, values);
  return values;
}

/// Numbers that were decimals in config.json.
std::vector<double> decimals_of(const io::Gguf& file, std::string_view tensor) {
  std::vector<double> decimals;
  for (const float value : vector_of(file, tensor)) decimals.push_back(nearest_decimal(value));
  return decimals;
}

/// llama.cpp turns the rotary scaling of Llama 3 into a divisor of every frequency, which is what
/// longrope means where its short and long factors are the same and cosines and sines stay as they
/// are.
Json frequency_divisors(const Reader& reader, const Json& config) {
  const std::vector<float> divisors = vector_of(reader.file(), "rope_freqs.weight");
  return {{"rope_type", "longrope"},
          {"short_factor", divisors},
          {"long_factor", divisors},
          {"attention_factor", 1.0},
          {"original_max_position_embeddings", config.at("max_position_embeddings")}};
}

/// rope_theta, and rope_scaling of the kinds that GGUF has; `config` must have the shape. As in
/// llama.cpp a factor without a type is linear, and a factor of 0 is none.
void add_rope(Reader& reader, Json& config) {
  config["rope_theta"] = reader.decimal("rope.freq_base").value_or(10000.0);
  const auto type = reader.find<std::string>("rope.scaling.type");
  const auto old_factor = reader.decimal("rope.scale_linear");  // its name before there were types
  const auto factor = reader.decimal("rope.scaling.factor");
  reader.pass_over({"rope.scaling.original_context_length", "rope.scaling.finetuned"});
  if (type && type != "none" && type != "linear") {
    reader.refuse("rope.scaling.type",
                  fmt::format("is \"{}\"; implemented are none and linear", *type));
  }
  const double scale = factor ? *factor : old_factor.value_or(0);
  const bool is_scaled = type.value_or("linear") == "linear" && scale != 0;
  if (type == "linear" && !is_scaled) reader.refuse("rope.scaling.factor", "is missing or 0");
  if (has(reader, "rope_freqs.weight")) {
    if (is_scaled) reader.refuse("rope.scaling.factor", "is there beside rope_freqs.weight");
    config["rope_scaling"] = frequency_divisors(reader, config);
  } else if (is_scaled) {
    config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", scale}};
  }
}

/// The share of a head that is rotated, such that the product with head_dim gives back the number.
double rotated_share(Reader& reader) {
  const std::int64_t all = head_dim(reader);
  const auto rotated = reader.find<std::int64_t>("rope.dimension_count").value_or(all);
  if (rotated < 1 || rotated > all) {
    reader.refuse("rope.dimension_count",
                  fmt::format("is {}, but must be from 1 to {}", rotated, all));
  }
  double share = static_cast<double>(rotated) / static_cast<double>(all);
  while (static_cast<std::int64_t>(share * static_cast<double>(all)) < rotated)
    share = std::nextafter(share, 2.0);
  return share;
}

/// Of models that rotate whole heads.
void expect_whole_heads(Reader& reader) {
  const std::int64_t all = head_dim(reader);
  if (reader.find<std::int64_t>("rope.dimension_count").value_or(all) != all) {
    reader.refuse(
        "rope.dimension_count",
        fmt::format("is other than the {} dimensions of a head, which architecture \"{}\" "
                    "does not have",
                    all, reader.architecture()));
  }
}

/// What Llama and its relatives have.
Json llama_like(Reader& reader, const char* architecture) {
  Json config = shape(reader, architecture);
  add_key_value_heads(reader, config);
  config["head_dim"] = head_dim(reader);
  config["rms_norm_eps"] = rms_eps(reader);
  config["hidden_act"] = "silu";
  expect_whole_heads(reader);
  add_rope(reader, config);
  return config;
}

/// Mistral is "llama" in GGUF. Few of its files say that it has a window; with one it is read as
/// Hugging Face's Mistral.
Json llama(Reader& reader) {
  const auto window = reader.find<std::int64_t>("attention.sliding_window").value_or(0);
  Json config = llama_like(reader, window > 0 ? "MistralForCausalLM" : "LlamaForCausalLM");
  config["attention_bias"] = has(reader, "blk.0.attn_q.bias");
  config["mlp_bias"] = has(reader, "blk.0.ffn_gate.bias");
  if (window > 0) config["sliding_window"] = window;
  reader.pass_over({"tensor_data_layout"});
  return config;
}

Json qwen2(Reader& reader) {
  return llama_like(reader, "Qwen2ForCausalLM");
}

Json qwen3(Reader& reader) {
  Json config = llama_like(reader, "Qwen3ForCausalLM");
  config["attention_bias"] = has(reader, "blk.0.attn_q.bias");
  return config;
}

Json olmo2(Reader& reader) {
  return llama_like(reader, "Olmo2ForCausalLM");
}

/// The scale of the attention scores is not in the file: Gemma 2 27B, alone with its 46 layers,
/// divides by the root of hidden_size / num_attention_heads, the others of head_dim.
Json gemma2(Reader& reader) {
  constexpr std::int64_t kLayersOf27B = 46;
  Json config = llama_like(reader, "Gemma2ForCausalLM");
  config["hidden_act"] = "gelu_pytorch_tanh";
  config["hidden_activation"] = "gelu_pytorch_tanh";
  config["query_pre_attn_scalar"] =
      reader.integer("block_count") == kLayersOf27B
          ? reader.integer("embedding_length") / reader.integer("attention.head_count")
          : head_dim(reader);
  config["attn_logit_softcapping"] = reader.decimal("attn_logit_softcapping").value_or(50.0);
  config["final_logit_softcapping"] = reader.decimal("final_logit_softcapping").value_or(30.0);
  config["sliding_window"] = reader.find<std::int64_t>("attention.sliding_window").value_or(4096);
  return config;
}

/// Which GELU is not in the file: GPT-NeoX-20B, alone with its shape, has the approximation by tanh
/// ("gelu_fast"), the others have the error function.
Json gptneox(Reader& reader) {
  constexpr std::int64_t kLayersOf20B = 44;
  constexpr std::int64_t kWidthOf20B = 6144;
  Json config = shape(reader, "GPTNeoXForCausalLM");
  expect_no_groups(reader);
  config["layer_norm_eps"] = layer_norm_eps(reader);
  config["rotary_pct"] = rotated_share(reader);
  config["use_parallel_residual"] = reader.find<bool>("use_parallel_residual").value_or(true);
  const bool is_20b = reader.integer("block_count") == kLayersOf20B &&
                      reader.integer("embedding_length") == kWidthOf20B;
  config["hidden_act"] = is_20b ? "gelu_fast" : "gelu";
  add_rope(reader, config);
  config["rotary_emb_base"] = config["rope_theta"];
  return config;
}

Json gpt2(Reader& reader) {
  Json config =
      shape(reader, "GPT2LMHeadModel", {"n_embd", "n_layer", "n_head", "n_inner", "n_positions"});
  expect_no_groups(reader);
  config["layer_norm_epsilon"] = layer_norm_eps(reader);
  config["activation_function"] = "gelu_new";
  return config;
}

Json bloom(Reader& reader) {
  Json config = shape(reader, "BloomForCausalLM",
                      {"hidden_size", "n_layer", "n_head", "n_inner", "seq_length"});
  expect_no_groups(reader);
  config["layer_norm_epsilon"] = layer_norm_eps(reader);
  return config;
}

/// One key/value head is Falcon 7B, several are the newer form; 40B has a norm of its own before
/// the MLP.
Json falcon(Reader& reader) {
  Json config = shape(reader, "FalconForCausalLM",
                      {"hidden_size", "num_hidden_layers", "num_attention_heads", "ffn_hidden_size",
                       "max_position_embeddings"});
  const auto key_value_heads = reader.find<std::int64_t>("attention.head_count_kv").value_or(1);
  const bool two_norms = has(reader, "blk.0.attn_norm_2.weight");
  config["new_decoder_architecture"] = key_value_heads > 1 || two_norms;
  config["num_kv_heads"] = key_value_heads;
  config["num_ln_in_parallel_attn"] = two_norms ? 2 : 1;
  config["multi_query"] = true;
  config["parallel_attn"] = true;
  config["alibi"] = false;
  config["bias"] = has(reader, "blk.0.attn_qkv.bias");
  config["activation"] = "gelu";
  config["layer_norm_epsilon"] = layer_norm_eps(reader);
  expect_whole_heads(reader);
  add_rope(reader, config);
  reader.pass_over({"tensor_data_layout"});
  return config;
}

Json phi2(Reader& reader) {
  Json config = shape(reader, "PhiForCausalLM");
  add_key_value_heads(reader, config);
  config["layer_norm_eps"] = layer_norm_eps(reader);
  config["partial_rotary_factor"] = rotated_share(reader);
  config["hidden_act"] = "gelu_new";
  config["qk_layernorm"] = false;
  add_rope(reader, config);
  return config;
}

/// The factors of longrope are tensors; the file says what they multiply cosines and sines by.
Json phi3(Reader& reader) {
  Json config = shape(reader, "Phi3ForCausalLM");
  add_key_value_heads(reader, config);
  config["rms_norm_eps"] = rms_eps(reader);
  config["partial_rotary_factor"] = rotated_share(reader);
  config["hidden_act"] = "silu";
  add_rope(reader, config);
  const auto original = reader.find<std::int64_t>("rope.scaling.original_context_length");
  const auto attention_factor = reader.decimal("rope.scaling.attn_factor");
  if (has(reader, "rope_factors_short.weight")) {
    config["rope_scaling"] = {
        {"rope_type", "longrope"},
        {"short_factor", decimals_of(reader.file(), "rope_factors_short.weight")},
        {"long_factor", decimals_of(reader.file(), "rope_factors_long.weight")},
        {"attention_factor", attention_factor.value_or(1.0)}};
  } else if (attention_factor.value_or(1.0) != 1.0) {
    reader.refuse("rope.scaling.attn_factor",
                  fmt::format("is {}, but there is no tensor 'rope_factors_short.weight', whose "
                              "factors it belongs to; convert the model again with a current "
                              "llama.cpp",
                              *attention_factor));
  }
  if (original) config["original_max_position_embeddings"] = *original;
  if (const auto window = reader.find<std::int64_t>("attention.sliding_window").value_or(0);
      window > 0) {
    config["sliding_window"] = window;
  }
  return config;
}

constexpr std::pair<std::string_view, Json (*)(Reader&)> kArchitectures[] = {
    {"bloom", bloom},     {"falcon", falcon}, {"gemma2", gemma2}, {"gpt2", gpt2},
    {"gptneox", gptneox}, {"llama", llama},   {"olmo2", olmo2},   {"phi2", phi2},
    {"phi3", phi3},       {"qwen2", qwen2},   {"qwen3", qwen3}};

}  // namespace

Json config_of_gguf(const io::Gguf& file, HeadComparison comparison) {
  Reader reader(file, comparison);
  std::string known;
  for (const auto& [name, read] : kArchitectures) {
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (name != reader.architecture()) continue;
    Json config = read(reader);
    reader.refuse_unknown_keys();
    return config;
  }
  throw FormatError(
      fmt::format("{}: key 'general.architecture' is \"{}\", which is not implemented; known: {}",
                  file.files().front().string(), reader.architecture(), known));
}

}  // namespace allometer::model
