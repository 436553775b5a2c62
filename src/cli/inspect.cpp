/// allometer inspect: what a checkpoint is and what it needs.

#include <cstdint>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/checkpoint.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/log.hpp"
#include "io/atomic_file.hpp"
#include "io/gguf.hpp"
#include "model/checkpoint.hpp"
#include "model/config.hpp"
#include "model/cost.hpp"
#include "model/kv_cache.hpp"
#include "model/load.hpp"
#include "sweep/plan.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::cli {
namespace {

using Json = nlohmann::ordered_json;

Options declare() {
  Options options("inspect",
                  "Prints a checkpoint's architecture, number of parameters with and without "
                  "embeddings, number format "
                  "on disk, memory for its weights and its keys and values, positions and "
                  "tokenizer. Nothing is "
                  "computed and no weights are read, unless --digest asks for them.");
  options.argument("MODEL", Options::Presence::required, "a checkpoint directory or a GGUF file")
      .flag("digest",
            "also the SHA-256 that identifies the checkpoint's bytes in results files (reads all "
            "of them)")
      .flag("json", "print one JSON object")
      .example("allometer inspect models/smollm2-135m --digest",
               "before a sweep: does it fit, is it what I think?");
  return options;
}

std::string positions_text(const model::Config& config) {
  if (config.blueprint.alibi != model::Alibi::none) return "linear biases (ALiBi)";
  if (config.blueprint.positions) return "learned";
  const model::RopeScaling& scaling = config.rope_scaling;
  std::string base = fmt::format("rotary, theta {:g}", config.rope_theta);
  if (config.rotary_dim != config.head_dim)
    base += fmt::format(", {} of {} dimensions", config.rotary_dim, config.head_dim);
  switch (scaling.type) {
    case model::RopeScaling::Type::none:
      return base + ", no scaling";
    case model::RopeScaling::Type::linear:
      return fmt::format("{}, linear scaling by {:g}", base, scaling.factor);
    case model::RopeScaling::Type::llama3:
      return fmt::format("{}, llama3 scaling by {:g} (low {:g}, high {:g}, original {})", base,
                         scaling.factor, scaling.low_freq_factor, scaling.high_freq_factor,
                         scaling.original_max_position_embeddings);
    case model::RopeScaling::Type::longrope:
      return fmt::format("{}, longrope scaling, its short factors for contexts up to {}", base,
                         scaling.original_max_position_embeddings);
  }
  return base;
}

/// The window of the layers that have one, or null.
Json sliding_window(const model::Config& config) {
  for (const model::LayerBlueprint& layer : config.blueprint.layers) {
    if (layer.attention.window > 0) return layer.attention.window;
  }
  return nullptr;
}

/// "F32" or, for mixed checkpoints, "BF16 (290 tensors), F32 (1 tensor)".
std::string dtypes_on_disk(const model::Checkpoint& checkpoint) {
  const std::map<std::string, int> tensors = checkpoint.count_types();
  if (tensors.size() == 1) return tensors.begin()->first;
  std::string text;
  for (const auto& [dtype, count] : tensors) {
    text += fmt::format("{}{} ({} tensor{})", text.empty() ? "" : ", ", dtype, count,
                        count == 1 ? "" : "s");
  }
  return text;
}

std::uintmax_t bytes_on_disk(const model::Checkpoint& checkpoint) {
  std::uintmax_t bytes = 0;
  for (const auto& file : checkpoint.files()) bytes += std::filesystem::file_size(file);
  return bytes;
}

/// Averaged over a context of usual length, since a cache is laid out in blocks.
std::size_t kv_bytes_per_token(const model::Config& config) {
  constexpr int kPositions = 1024;
  return model::KvCache::size_in_bytes(config.num_hidden_layers, config.num_key_value_heads,
                                       config.head_dim, kPositions) /
         kPositions;
}

/// As "BPE with byte fallback", or "llama, in the GGUF file".
std::string tokenizer_type(const std::filesystem::path& model_path) {
  if (io::is_gguf_name(model_path)) {
    const io::Gguf file = io::Gguf::open(model_path);
    return file.get<std::string>("tokenizer.ggml.model") + ", in the GGUF file";
  }
  const auto file = model_path / "tokenizer.json";
  if (!std::filesystem::exists(file)) {
    const bool is_model = std::filesystem::exists(model_path / "tokenizer.model");
    return is_model ? "SentencePiece" : "BPE";
  }
  const Json json = Json::parse(io::read_text(file));
  const Json& model = json.at("model");
  std::string type = model.value("type", std::string("BPE"));
  if (model.value("byte_fallback", false)) type += " with byte fallback";
  return type;
}

Json describe_tokenizer(const std::filesystem::path& model_path) {
  if (!tokenizer::Tokenizer::exists(model_path)) return nullptr;
  const auto tokenizer = tokenizer::Tokenizer::load(model_path);
  Json description;
  description["type"] = tokenizer_type(model_path);
  description["vocab_size"] = tokenizer.vocab_size();
  description["bos_id"] = tokenizer.bos_id() ? Json(*tokenizer.bos_id()) : Json();
  description["eos_id"] = tokenizer.eos_id() ? Json(*tokenizer.eos_id()) : Json();
  description["adds_bos"] = tokenizer.adds_bos();
  return description;
}

Json describe(const std::filesystem::path& path, bool with_digest) {
  const model::Config config = model::Config::load(path);
  const auto checkpoint = model::Checkpoint::open(path);
  const model::ParameterCount parameters = model::count_parameters(config);
  Json json;
  json["model"] = path.string();
  json["architecture"] = config.architecture;
  json["num_parameters"] = parameters.total;
  json["num_parameters_without_embeddings"] = parameters.without_embeddings;
  json["num_hidden_layers"] = config.num_hidden_layers;
  json["hidden_size"] = config.hidden_size;
  json["intermediate_size"] = config.intermediate_size;
  json["num_attention_heads"] = config.num_attention_heads;
  json["num_key_value_heads"] = config.num_key_value_heads;
  json["head_dim"] = config.head_dim;
  json["vocab_size"] = config.vocab_size;
  json["tie_word_embeddings"] = config.tie_word_embeddings;
  json["max_position_embeddings"] = config.max_position_embeddings;
  json["positions"] = positions_text(config);
  json["sliding_window"] = sliding_window(config);
  json["dtype_on_disk"] = dtypes_on_disk(checkpoint);
  json["bytes_on_disk"] = bytes_on_disk(checkpoint);
  json["packed_bytes_f32"] = model::packed_bytes(config, Precision::f32);
  json["packed_bytes_bf16"] = model::packed_bytes(config, Precision::bf16);
  json["kv_bytes_per_token"] = kv_bytes_per_token(config);
  json["tokenizer"] = describe_tokenizer(path);
  if (with_digest)
    json["digest"] = model::checkpoint_digest(path, sweep::digest_cache_file()).hex();
  return json;
}

std::string megabytes(const Json& bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes.get<std::uint64_t>()) / 1e6);
}

/// 1234567 -> "1,234,567"
std::string grouped(const Json& number) {
  std::string text = std::to_string(number.get<std::int64_t>());
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

void print_row(std::string_view label, const std::string& value) {
  fmt::print("{:<28} {}\n", label, value);
}

std::string tokenizer_text(const Json& tokenizer) {
  if (tokenizer.is_null()) return "none: logits works, everything else needs one";
  const auto id_text = [](const Json& id) {
    return id.is_null() ? std::string("none") : id.dump();
  };
  return fmt::format("{}, {} ids, BOS {}{}, EOS {}", tokenizer["type"].get<std::string>(),
                     grouped(tokenizer["vocab_size"]), id_text(tokenizer["bos_id"]),
                     tokenizer["adds_bos"].get<bool>() ? " (put before every text)" : "",
                     id_text(tokenizer["eos_id"]));
}

void print_table(const Json& json) {
  print_row("model", json["model"].get<std::string>());
  print_row("architecture", json["architecture"].get<std::string>());
  print_row("parameters", grouped(json["num_parameters"]));
  print_row("  without embeddings", grouped(json["num_parameters_without_embeddings"]));
  print_row("layers", json["num_hidden_layers"].dump());
  print_row("hidden size", fmt::format("{} (feed-forward {})", json["hidden_size"].dump(),
                                       json["intermediate_size"].dump()));
  print_row("attention heads",
            fmt::format("{} (keys and values: {}) of {}", json["num_attention_heads"].dump(),
                        json["num_key_value_heads"].dump(), json["head_dim"].dump()));
  print_row("vocabulary",
            fmt::format("{}{}", grouped(json["vocab_size"]),
                        json["tie_word_embeddings"].get<bool>() ? ", LM head tied to the embeddings"
                                                                : ", LM head of its own"));
  print_row("context", grouped(json["max_position_embeddings"]) + " tokens");
  print_row("positions", json["positions"].get<std::string>());
  if (!json["sliding_window"].is_null())
    print_row("sliding window", grouped(json["sliding_window"]) + " tokens");
  print_row("on disk", fmt::format("{}, {}", json["dtype_on_disk"].get<std::string>(),
                                   megabytes(json["bytes_on_disk"])));
  print_row("weights in memory, f32", megabytes(json["packed_bytes_f32"]) + " a node");
  print_row("weights in memory, bf16", megabytes(json["packed_bytes_bf16"]) + " a node");
  print_row("keys and values", grouped(json["kv_bytes_per_token"]) + " bytes a token");
  print_row("tokenizer", tokenizer_text(json["tokenizer"]));
  if (json.contains("digest")) print_row("digest", json["digest"].get<std::string>());
}

}  // namespace

int run_inspect(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const Json json = describe(checkpoint_path(options, "MODEL"), options.given("digest"));
  if (options.given("json")) {
    fmt::print("{}\n", json.dump(1, ' ', false, Json::error_handler_t::replace));
  } else {
    print_table(json);
  }
  return kDone;
}

}  // namespace allometer::cli
