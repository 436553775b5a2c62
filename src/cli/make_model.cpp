/// allometer make-model: a checkpoint of any shape with random weights, for benchmarks and tests.

#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/log.hpp"
#include "io/atomic_file.hpp"
#include "model/config.hpp"
#include "model/cost.hpp"
#include "model/random_checkpoint.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::cli {
namespace {

using Json = nlohmann::json;

struct Shape {
  std::string_view name;
  int hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads;
  int vocab_size, max_position_embeddings;
  double rope_theta;
  bool tie_word_embeddings;
};

/// Shapes of published Llama-architecture checkpoints, and one for tests.
constexpr std::array kShapes = {
    Shape{"tiny", 64, 172, 5, 8, 4, 512, 512, 10000, true},          // TinyStories 260K
    Shape{"135m", 576, 1536, 30, 9, 3, 49152, 8192, 100000, true},   // SmolLM2-135M
    Shape{"360m", 960, 2560, 32, 15, 5, 49152, 8192, 100000, true},  // SmolLM2-360M
    Shape{"1b", 2048, 5632, 22, 32, 4, 32000, 2048, 10000, false},   // TinyLlama-1.1B
    Shape{"3b", 3072, 8192, 28, 24, 8, 128256, 131072, 500000,
          true},  // Llama-3.2-3B, without its rope scaling
    Shape{"7b", 4096, 11008, 32, 32, 32, 32000, 4096, 10000, false},  // Llama-2-7B
};

std::string shape_names() {
  std::string names;
  for (const Shape& shape : kShapes) names += (names.empty() ? "" : ", ") + std::string(shape.name);
  return names;
}

Options declare() {
  Options options(
      "make-model",
      "Writes a checkpoint with random weights, Llama's or that of a config.json: config.json, "
      "model.safetensors (in shards "
      "where it is "
      "large) and, with --tokenizer, a tokenizer. It knows nothing; its speed and memory are those "
      "of a "
      "trained one. Mark it with 'random: true' in a job file, so that its numbers are labelled.");
  options
      .argument("DIR", Options::Presence::required,
                "directory to make; must not hold a checkpoint yet")
      .option("shape", "NAME", "start from a known shape: " + shape_names(), "tiny")
      .option("config", "FILE", "instead of a shape: the config.json of any known architecture")
      .option("hidden-size", "N", "width of the residual stream")
      .option("intermediate-size", "N", "width of the feed-forward layers")
      .option("num-hidden-layers", "N", "number of layers")
      .option("num-attention-heads", "N", "number of query heads")
      .option("num-key-value-heads", "N",
              "number of key and value heads; divides the query heads "
              "(default: the shape's, or --num-attention-heads where that is given)")
      .option("head-dim", "N", "width of a head (default: hidden size / query heads)")
      .option("vocab-size", "N", "number of token ids (default: the tokenizer's, else the shape's)")
      .option("max-position-embeddings", "N", "longest context")
      .option("rope-theta", "X", "base of the rotary embedding")
      .option("tie-word-embeddings", "yes|no", "use the embeddings as LM head")
      .option("dtype", "F32|F16|BF16", "number format on disk", "BF16")
      .option("seed", "N", "seed of the weights", "0")
      .option("initializer-range", "X", "standard deviation of the weights", "0.02")
      .option("max-shard-mb", "N", "start a new .safetensors file after N MB", "5000")
      .option("tokenizer", "FROM", "copy the tokenizer files of this checkpoint directory")
      .example("allometer make-model /tmp/random-135m --shape 135m --tokenizer models/smollm2-135m",
               "how fast would a sweep over such a model be here?")
      .example(
          "allometer make-model /tmp/wide --hidden-size 128 --num-attention-heads 16 --dtype F32 "
          "--seed 7",
          "a tiny one for a test");
  return options;
}

const Shape& shape_of(const Options& options) {
  const std::string name = options.text("shape");
  for (const Shape& shape : kShapes) {
    if (shape.name == name) return shape;
  }
  options.fail(fmt::format("--shape is '{}', but must be one of {}", name, shape_names()));
}

int integer_or(const Options& options, const std::string& name, int fallback) {
  return options.given(name) ? static_cast<int>(options.integer(name, 1, 1 << 28)) : fallback;
}

bool yes_or_no(const Options& options, const std::string& name, bool fallback) {
  if (!options.given(name)) return fallback;
  const std::string value = options.text(name);
  if (value != "yes" && value != "no")
    options.fail(fmt::format("--{} is '{}', but must be yes or no", name, value));
  return value == "yes";
}

/// Refuses in terms of options what Config::parse would refuse in terms of config.json.
void check_heads(const Options& options, int hidden_size, int heads, int kv_heads, int head_dim) {
  if (heads % kv_heads != 0) {
    options.fail(fmt::format("--num-key-value-heads is {}, but must divide the {} attention heads",
                             kv_heads, heads));
  }
  if (!options.given("head-dim") && hidden_size % heads != 0) {
    options.fail(fmt::format(
        "--hidden-size {} is no multiple of {} attention heads: change one of them, or give "
        "--head-dim",
        hidden_size, heads));
  }
  if (head_dim % 2 != 0) {
    options.fail(
        fmt::format("--head-dim is {}, but the rotary embedding needs an even one", head_dim));
  }
}

Json llama_config(const Options& options) {
  const Shape& shape = shape_of(options);
  const int hidden_size = integer_or(options, "hidden-size", shape.hidden_size);
  const int heads = integer_or(options, "num-attention-heads", shape.num_attention_heads);
  const int kv_heads =
      integer_or(options, "num-key-value-heads",
                 options.given("num-attention-heads") ? heads : shape.num_key_value_heads);
  const int head_dim = integer_or(options, "head-dim", hidden_size / heads);
  check_heads(options, hidden_size, heads, kv_heads, head_dim);
  return {
      {"architectures", {"LlamaForCausalLM"}},
      {"model_type", "llama"},
      {"hidden_size", hidden_size},
      {"intermediate_size", integer_or(options, "intermediate-size", shape.intermediate_size)},
      {"num_hidden_layers", integer_or(options, "num-hidden-layers", shape.num_hidden_layers)},
      {"num_attention_heads", heads},
      {"num_key_value_heads", kv_heads},
      {"head_dim", head_dim},
      {"max_position_embeddings",
       integer_or(options, "max-position-embeddings", shape.max_position_embeddings)},
      {"hidden_act", "silu"},
      {"rms_norm_eps", 1e-5},
      {"rope_theta",
       options.given("rope-theta") ? options.number("rope-theta", 1, 1e12) : shape.rope_theta},
      {"rope_scaling", nullptr},
      {"tie_word_embeddings", yes_or_no(options, "tie-word-embeddings", shape.tie_word_embeddings)},
      {"attention_bias", false},
      {"mlp_bias", false},
      {"vocab_size", integer_or(options, "vocab-size", shape.vocab_size)}};
}

/// What describes a shape by options, and so does not go with --config.
constexpr std::array kShapeOptions = {"shape",
                                      "hidden-size",
                                      "intermediate-size",
                                      "num-hidden-layers",
                                      "num-attention-heads",
                                      "num-key-value-heads",
                                      "head-dim",
                                      "max-position-embeddings",
                                      "rope-theta",
                                      "tie-word-embeddings"};

Json config_file(const Options& options) {
  for (const char* name : kShapeOptions) {
    if (options.given(name))
      options.fail(fmt::format("--{} does not go with --config, whose file has it", name));
  }
  const std::filesystem::path file = options.existing_path("config");
  Json config = Json::parse(io::read_text(file), nullptr, false);
  model::Config::parse(config, file.string());
  if (options.given("vocab-size")) config["vocab_size"] = options.integer("vocab-size", 1, 1 << 24);
  return config;
}

/// The tokenizer's ids must fit; where the user named no size, it decides.
void take_tokenizer(const Options& options, model::RandomCheckpoint& checkpoint) {
  if (!options.given("tokenizer")) return;
  checkpoint.tokenizer_from = options.existing_path("tokenizer");
  const auto tokenizer = tokenizer::Tokenizer::load(checkpoint.tokenizer_from);
  Json& config = checkpoint.config;
  if (!options.given("vocab-size")) config["vocab_size"] = tokenizer.vocab_size();
  if (config["vocab_size"] < tokenizer.vocab_size()) {
    options.fail(fmt::format("--vocab-size is {}, but the tokenizer has {} ids",
                             config["vocab_size"].dump(), tokenizer.vocab_size()));
  }
  const auto set = [&](const char* key, const std::optional<std::int32_t>& id) {
    config[key] = id ? Json(*id) : Json();
  };
  set("bos_token_id", tokenizer.bos_id());
  set("eos_token_id", tokenizer.eos_id());
}

}  // namespace

int run_make_model(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const std::filesystem::path directory = options.text("DIR");
  if (std::filesystem::exists(directory / "config.json")) {
    options.fail(fmt::format("'{}' already holds a checkpoint: remove it or name another directory",
                             directory.string()));
  }
  model::RandomCheckpoint checkpoint;
  checkpoint.config = options.given("config") ? config_file(options) : llama_config(options);
  checkpoint.dtype = options.text("dtype");
  if (checkpoint.dtype != "F32" && checkpoint.dtype != "F16" && checkpoint.dtype != "BF16") {
    options.fail(fmt::format("--dtype is '{}', but must be F32, F16 or BF16", checkpoint.dtype));
  }
  checkpoint.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  checkpoint.initializer_range = options.number("initializer-range", 0, 10);
  checkpoint.max_shard_bytes =
      static_cast<std::size_t>(options.integer("max-shard-mb", 1, 1 << 20)) * 1'000'000;
  take_tokenizer(options, checkpoint);
  model::write_random_checkpoint(directory, checkpoint);
  log::info(fmt::format("wrote {} with {} random parameters", directory.string(),
                        model::count_parameters(model::Config::load(directory)).total));
  return kDone;
}

}  // namespace allometer::cli
