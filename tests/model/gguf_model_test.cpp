/// Models in GGUF files made here: quantised ones against checkpoints that hold the same values,
/// and what metadata mean or why they are refused.

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/float_formats.hpp"
#include "io/gguf_builder.hpp"
#include "io/safetensors.hpp"
#include "model/gguf_config.hpp"
#include "model/gguf_storage.hpp"
#include "model/gguf_tensors.hpp"
#include "model/load.hpp"
#include "model/run_model.hpp"
#include "model/temporary_directory.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;
using io::GgufBuilder;
using io::GgufTensor;
using io::GgufValue;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kHidden = 256;
constexpr int kInner = 512;
constexpr int kHeads = 4;
constexpr int kKeyValueHeads = 2;
constexpr int kHeadDim = 64;
constexpr int kLayers = 2;
constexpr int kVocabulary = 70;

fs::path write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

/// Where binary16 scales stand in a block, and a scale that keeps weights within about 0.1.
struct BlockFormat {
  io::TensorType type;
  std::vector<std::size_t> scales;
  float scale;
};

BlockFormat format_of(GgufTensor type) {
  switch (type) {
    case GgufTensor::q8_0:
      return {io::TensorType::q8_0, {0}, 1e-3f};
    case GgufTensor::q4_0:
      return {io::TensorType::q4_0, {0}, 1e-2f};
    case GgufTensor::q4_k:
      return {io::TensorType::q4_k, {0, 2}, 2e-4f};
    default:
      return {io::TensorType::q6_k, {208}, 3e-5f};
  }
}

/// Blocks of random bytes, but for their scales.
std::string random_blocks(GgufTensor type, std::int64_t num_weights, SplitMix64& random) {
  const BlockFormat format = format_of(type);
  const io::BlockSize block = io::block_of(format.type);
  std::string bytes;
  for (std::int64_t i = 0; i < num_weights / block.elements; ++i) {
    std::string one;
    while (one.size() < block.bytes) one += io::bytes_of(random());
    one.resize(block.bytes);
    for (const std::size_t at : format.scales) {
      const float scale = format.scale * static_cast<float>(0.5 + random.uniform());
      one.replace(at, 2, io::bytes_of(io::f16_from_float(scale)));
    }
    bytes += one;
  }
  return bytes;
}

/// A model twice: a GGUF file of blocks, and a checkpoint directory of the values that they stand
/// for, in the order of Hugging Face.
class Twins {
 public:
  Twins(std::string architecture, bool interleaves)
      : architecture_(std::move(architecture)), interleaves_(interleaves) {
    gguf.text("general.architecture", architecture_);
    const auto number = [&](const char* key, std::uint32_t value) {
      gguf.uint32(architecture_ + "." + key, value);
    };
    number("context_length", 128);
    number("embedding_length", kHidden);
    number("feed_forward_length", kInner);
    number("block_count", kLayers);
    number("attention.head_count", kHeads);
    number("attention.head_count_kv", kKeyValueHeads);
    gguf.float32(architecture_ + ".attention.layer_norm_rms_epsilon", 1e-5f);
    config = {{"vocab_size", kVocabulary},     {"hidden_size", kHidden},
              {"intermediate_size", kInner},   {"num_hidden_layers", kLayers},
              {"num_attention_heads", kHeads}, {"num_key_value_heads", kKeyValueHeads},
              {"head_dim", kHeadDim},          {"max_position_embeddings", 128},
              {"rms_norm_eps", 1e-5},          {"rope_theta", 10000.0},
              {"tie_word_embeddings", false}};
  }

  /// Rows of `heads` heads are interleaved in the file, where the architecture does that.
  void add_matrix(const std::string& stored, const std::string& name, GgufTensor type, int rows,
                  int columns, int heads = 0) {
    const std::string bytes = random_blocks(type, std::int64_t{rows} * columns, random_);
    gguf.tensor(stored, type,
                {static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, bytes);
    io::TensorView view;
    view.type = format_of(type).type;
    view.data = std::as_bytes(std::span(bytes));
    std::vector<float> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    view.copy_to(0, values);
    if (interleaves_ && heads > 0) values = separated(values, heads, columns);
    add(name, {rows, columns}, values);
  }
  void add_norm(const std::string& stored, const std::string& name, int size) {
    std::vector<float> values;
    for (int i = 0; i < size; ++i) values.push_back(static_cast<float>(0.5 + random_.uniform()));
    gguf.floats(stored, {static_cast<std::uint64_t>(size)}, values);
    add(name, {size}, values);
  }

  void add_layers() {
    using enum GgufTensor;
    for (int i = 0; i < kLayers; ++i) {
      const std::string in = "blk." + std::to_string(i) + ".";
      const std::string out = "model.layers." + std::to_string(i) + ".";
      add_norm(in + "attn_norm.weight", out + "input_layernorm.weight", kHidden);
      add_matrix(in + "attn_q.weight", out + "self_attn.q_proj.weight", q4_k, kHeads * kHeadDim,
                 kHidden, kHeads);
      add_matrix(in + "attn_k.weight", out + "self_attn.k_proj.weight", q6_k,
                 kKeyValueHeads * kHeadDim, kHidden, kKeyValueHeads);
      add_matrix(in + "attn_v.weight", out + "self_attn.v_proj.weight", q8_0,
                 kKeyValueHeads * kHeadDim, kHidden);
      add_matrix(in + "attn_output.weight", out + "self_attn.o_proj.weight", q4_0, kHidden,
                 kHeads * kHeadDim);
      add_norm(in + "ffn_norm.weight", out + "post_attention_layernorm.weight", kHidden);
      add_matrix(in + "ffn_gate.weight", out + "mlp.gate_proj.weight", q4_k, kInner, kHidden);
      add_matrix(in + "ffn_up.weight", out + "mlp.up_proj.weight", q4_0, kInner, kHidden);
      add_matrix(in + "ffn_down.weight", out + "mlp.down_proj.weight", q6_k, kHidden, kInner);
    }
    add_matrix("token_embd.weight", "model.embed_tokens.weight", q4_k, kVocabulary, kHidden);
    add_norm("output_norm.weight", "model.norm.weight", kHidden);
    add_matrix("output.weight", "lm_head.weight", q6_k, kVocabulary, kHidden);
  }

  /// Both models on the same ids: the logits must be equal to the last bit.
  void expect_equal(Precision precision) const {
    const TemporaryDirectory directory;
    const fs::path file = write(directory.path() / "model.gguf", gguf.bytes());
    const fs::path twin = directory.path() / "twin";
    fs::create_directory(twin);
    write(twin / "config.json", config.dump());
    io::write_safetensors(twin / "model.safetensors", tensors());
    LoadOptions options;
    options.precision = precision;
    const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 69, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3};
    const auto run = [&](const fs::path& path) {
      const auto model = load_model(path, options);
      return logits_of(*model, hidden_of(*model, ids, whole_sequence()));
    };
    const std::vector<float> logits = run(file);
    EXPECT_EQ(count_different_bits(logits, run(twin)), 0U);
    const auto [least, most] = std::minmax_element(logits.begin(), logits.end());
    EXPECT_GT(*most - *least, 0.1f);
    EXPECT_LT(*most - *least, 1000.0f);
  }

  GgufBuilder gguf;
  json config;

 private:
  /// Row 2 i + half of a head becomes row half x D / 2 + i.
  static std::vector<float> separated(const std::vector<float>& values, int heads, int columns) {
    std::vector<float> result(values.size());
    const int rows = static_cast<int>(values.size()) / columns / heads;
    for (int r = 0; r < heads * rows; ++r) {
      const int head = r / rows;
      const int to = head * rows + r % 2 * (rows / 2) + r % rows / 2;
      std::copy_n(values.begin() + r * columns, columns, result.begin() + to * columns);
    }
    return result;
  }
  void add(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values) {
    names_.push_back(name);
    shapes_.push_back(std::move(shape));
    values_.push_back(std::move(values));
  }
  std::vector<io::TensorToWrite> tensors() const {
    std::vector<io::TensorToWrite> list;
    for (std::size_t i = 0; i < names_.size(); ++i)
      list.push_back({names_[i], io::TensorType::f32, shapes_[i], values_[i]});
    return list;
  }

  std::string architecture_;
  bool interleaves_;
  SplitMix64 random_{7};
  std::vector<std::string> names_;
  std::vector<std::vector<std::int64_t>> shapes_;
  std::vector<std::vector<float>> values_;
};

TEST(GgufModel, QuantisedLlamaEqualsACheckpointOfItsValues) {
  Twins twins("llama", true);
  twins.config["architectures"] = {"LlamaForCausalLM"};
  twins.add_layers();
  twins.expect_equal(Precision::f32);
  twins.expect_equal(Precision::bf16);
}

TEST(GgufModel, LlamaWithAWindowIsMistral) {
  Twins twins("llama", true);
  twins.gguf.uint32("llama.attention.sliding_window", 5);
  twins.config["architectures"] = {"MistralForCausalLM"};
  twins.config["sliding_window"] = 5;
  twins.add_layers();
  twins.expect_equal(Precision::f32);
}

TEST(GgufModel, QuantisedQwen3EqualsACheckpointOfItsValues) {
  Twins twins("qwen3", false);
  twins.gguf.uint32("qwen3.attention.key_length", kHeadDim).float32("qwen3.rope.freq_base", 1e6f);
  twins.config["architectures"] = {"Qwen3ForCausalLM"};
  twins.config["rope_theta"] = 1e6;
  twins.add_layers();
  for (int i = 0; i < kLayers; ++i) {
    const std::string in = "blk." + std::to_string(i) + ".";
    const std::string out = "model.layers." + std::to_string(i) + ".self_attn.";
    twins.add_norm(in + "attn_q_norm.weight", out + "q_norm.weight", kHeadDim);
    twins.add_norm(in + "attn_k_norm.weight", out + "k_norm.weight", kHeadDim);
  }
  twins.expect_equal(Precision::f32);
}

// ---- metadata -----------------------------------------------------------------------------------

/// Enough of a file for its config: the keys that every architecture has.
GgufBuilder described(const std::string& architecture) {
  const bool has_layer_norms = architecture == "gptneox" || architecture == "gpt2";
  GgufBuilder builder;
  builder.text("general.architecture", architecture)
      .uint32(architecture + ".context_length", 64)
      .uint32(architecture + ".embedding_length", 8)
      .uint32(architecture + ".feed_forward_length", 16)
      .uint32(architecture + ".block_count", 1)
      .uint32(architecture + ".attention.head_count", 2)
      .floats("token_embd.weight", {3, 8}, std::vector<float>(24, 0.5f));
  if (!has_layer_norms) builder.float32(architecture + ".attention.layer_norm_rms_epsilon", 1e-6f);
  return builder;
}

json config_of(const GgufBuilder& builder) {
  const TemporaryDirectory directory;
  return config_of_gguf(io::Gguf::open(write(directory.path() / "m.gguf", builder.bytes())));
}

std::string message_of(const GgufBuilder& builder) {
  const TemporaryDirectory directory;
  const fs::path file = write(directory.path() / "m.gguf", builder.bytes());
  try {
    config_for_gguf(io::Gguf::open(file));
    return "accepted";
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return error.what();
  }
}

TEST(GgufConfig, GivesDecimalsBackAndTakesTheRestFromTensors) {
  GgufBuilder builder = described("llama");
  builder.float32("llama.rope.freq_base", 500042.0f).uint32("tokenizer.ggml.bos_token_id", 1);
  const json tied = config_of(builder);
  EXPECT_EQ(tied.at("rms_norm_eps"), 1e-6);
  EXPECT_EQ(tied.at("rope_theta"), 500042.0);
  EXPECT_EQ(tied.at("vocab_size"), 3);
  EXPECT_EQ(tied.at("head_dim"), 4);
  EXPECT_EQ(tied.at("num_key_value_heads"), 2);
  EXPECT_EQ(tied.at("bos_token_id"), 1);
  EXPECT_EQ(tied.at("tie_word_embeddings"), true);
  EXPECT_EQ(tied.at("attention_bias"), false);
  builder.floats("blk.0.attn_q.bias", {8}, std::vector<float>(8));
  GgufBuilder copied = builder;
  copied.floats("output.weight", {3, 8}, std::vector<float>(24, 0.5f));
  EXPECT_EQ(config_of(copied).at("tie_word_embeddings"), true);
  EXPECT_EQ(config_of(copied).at("attention_bias"), true);
  builder.floats("output.weight", {3, 8}, std::vector<float>(24, 0.25f));
  EXPECT_EQ(config_of(builder).at("tie_word_embeddings"), false);
}

TEST(GgufConfig, AHeadThatDiffersInOneRowIsNoCopy) {
  constexpr std::size_t kRows = 600;  // more than are sampled
  std::vector<float> head(kRows * 8, 0.5f);
  const auto with_head = [&] {
    GgufBuilder builder;
    builder.text("general.architecture", "gpt2")
        .float32("gpt2.attention.layer_norm_epsilon", 1e-5f);
    for (const char* key : {"context_length", "embedding_length", "feed_forward_length",
                            "block_count", "attention.head_count"}) {
      builder.uint32(std::string("gpt2.") + key, 8);
    }
    builder.floats("token_embd.weight", {kRows, 8}, std::vector<float>(kRows * 8, 0.5f));
    return builder.floats("output.weight", {kRows, 8}, head);
  };
  EXPECT_EQ(config_of(with_head()).at("tie_word_embeddings"), true);
  // Of the first rows every other one is sampled.
  for (const std::size_t row : {std::size_t{0}, std::size_t{1}, std::size_t{2}, kRows - 1}) {
    head.assign(kRows * 8, 0.5f);
    head[row * 8] = 0.25f;
    EXPECT_EQ(config_of(with_head()).at("tie_word_embeddings"), false) << row;
  }
}

TEST(GgufConfig, AFactorWithoutATypeIsLinear) {
  const auto scaling = [](auto add) {
    GgufBuilder builder = described("llama");
    add(builder);
    return config_of(builder).value("rope_scaling", json());
  };
  const json by_four = {{"rope_type", "linear"}, {"factor", 4.0}};
  EXPECT_EQ(scaling([](auto& b) { b.float32("llama.rope.scale_linear", 4); }), by_four);
  EXPECT_EQ(scaling([](auto& b) { b.float32("llama.rope.scaling.factor", 4); }), by_four);
  EXPECT_EQ(scaling([](auto& b) { b.float32("llama.rope.scaling.factor", 0); }), json());
  EXPECT_EQ(scaling([](auto& b) {
              b.float32("llama.rope.scaling.factor", 4).text("llama.rope.scaling.type", "none");
            }),
            json());
}

TEST(GgufConfig, PartOfAHeadMayBeRotated) {
  GgufBuilder neox = described("gptneox");
  neox.float32("gptneox.attention.layer_norm_epsilon", 1e-5f)
      .uint32("gptneox.rope.dimension_count", 2)
      .boolean("gptneox.use_parallel_residual", false);
  EXPECT_EQ(config_of(neox).at("rotary_pct"), 0.5);
  EXPECT_EQ(config_of(neox).at("use_parallel_residual"), false);
  GgufBuilder phi = described("phi3");
  phi.uint32("phi3.rope.dimension_count", 2);
  EXPECT_EQ(config_of(phi).at("partial_rotary_factor"), 0.5);
}

/// The scale of the scores is not in the file.
TEST(GgufConfig, Gemma2Of27BDividesByTheWidthOfItsHeads) {
  GgufBuilder small = described("gemma2");
  small.uint32("gemma2.attention.key_length", 6);
  EXPECT_EQ(config_of(small).at("query_pre_attn_scalar"), 6);
  GgufBuilder large;
  large.text("general.architecture", "gemma2")
      .uint32("gemma2.context_length", 64)
      .uint32("gemma2.embedding_length", 4608)
      .uint32("gemma2.feed_forward_length", 16)
      .uint32("gemma2.block_count", 46)
      .uint32("gemma2.attention.head_count", 32)
      .uint32("gemma2.attention.key_length", 128)
      .float32("gemma2.attention.layer_norm_rms_epsilon", 1e-6f)
      .floats("token_embd.weight", {3, 1}, {1, 2, 3});
  EXPECT_EQ(config_of(large).at("query_pre_attn_scalar"), 144);
}

/// Neither is the kind of GELU.
TEST(GgufConfig, GptNeoXOf20BHasTheFastGelu) {
  const auto activation = [](std::uint32_t layers, std::uint32_t width) {
    GgufBuilder builder;
    builder.text("general.architecture", "gptneox")
        .uint32("gptneox.context_length", 64)
        .uint32("gptneox.embedding_length", width)
        .uint32("gptneox.feed_forward_length", 16)
        .uint32("gptneox.block_count", layers)
        .uint32("gptneox.attention.head_count", 64)
        .float32("gptneox.attention.layer_norm_epsilon", 1e-5f)
        .floats("token_embd.weight", {3, 1}, {1, 2, 3});
    return config_of(builder).at("hidden_act");
  };
  EXPECT_EQ(activation(44, 6144), "gelu_fast");
  EXPECT_EQ(activation(36, 5120), "gelu");  // Pythia 12B
  EXPECT_EQ(activation(44, 4096), "gelu");
}

TEST(GgufConfig, WhatIsNotImplementedIsRefusedByName) {
  EXPECT_THAT(message_of(described("mamba")),
              AllOf(HasSubstr("'general.architecture' is \"mamba\""), HasSubstr("gptneox, llama")));
  const auto with = [](auto add) {
    GgufBuilder builder = described("llama");
    add(builder);
    return message_of(builder);
  };
  EXPECT_THAT(with([](auto& b) { b.uint32("llama.expert_count", 8); }),
              HasSubstr("key 'llama.expert_count' is above 0"));
  EXPECT_THAT(with([](auto& b) { b.text("llama.rope.scaling.type", "yarn"); }),
              HasSubstr("key 'llama.rope.scaling.type' is \"yarn\""));
  EXPECT_THAT(with([](auto& b) { b.text("llama.rope.scaling.type", "linear"); }),
              HasSubstr("key 'llama.rope.scaling.factor' is missing or 0"));
  EXPECT_THAT(with([](auto& b) { b.float32("llama.attention.clamp_kqv", 8); }),
              HasSubstr("key 'llama.attention.clamp_kqv' is not known"));
  EXPECT_THAT(with([](auto& b) { b.uint32("llama.attention.value_length", 2); }),
              HasSubstr("key 'llama.attention.value_length' is 2"));
  EXPECT_THAT(with([](auto& b) { b.uint32("llama.rope.dimension_count", 2); }),
              HasSubstr("key 'llama.rope.dimension_count' is other than the 4"));
  EXPECT_THAT(with([](auto& b) { b.uint32("llama.attention.head_count_kv", 0); }),
              HasSubstr("num_key_value_heads"));
  GgufBuilder no_eps;
  no_eps.text("general.architecture", "gpt2");
  EXPECT_THAT(message_of(no_eps), HasSubstr("no tensor 'token_embd.weight'"));
  EXPECT_THAT(message_of(described("gpt2")),
              HasSubstr("key 'gpt2.attention.layer_norm_epsilon' is missing; convert the model"));
  GgufBuilder phi = described("phi3");
  phi.float32("phi3.rope.scaling.attn_factor", 1.25f);
  EXPECT_THAT(message_of(phi), AllOf(HasSubstr("key 'phi3.rope.scaling.attn_factor' is 1.25"),
                                     HasSubstr("'rope_factors_short.weight'")));
}

TEST(GgufConfig, TensorsThatTheModelLacksOrDoesNotUseAreNamed) {
  EXPECT_THAT(message_of(described("llama")), HasSubstr("no tensor 'blk.0.attn_norm.weight'"));
  Twins twins("llama", true);
  twins.add_layers();
  EXPECT_EQ(message_of(twins.gguf), "accepted");
  Twins strange = twins;
  strange.add_norm("blk.1.attn_q_norm.weight", "unused", kHeadDim);
  EXPECT_THAT(
      message_of(strange.gguf),
      HasSubstr("tensor 'blk.1.attn_q_norm.weight' has no place in architecture \"llama\""));
  // The biases of the first layer decide for all.
  Twins one_bias = twins;
  one_bias.add_norm("blk.0.attn_q.bias", "unused", kHidden);
  EXPECT_THAT(message_of(one_bias.gguf), HasSubstr("no tensor 'blk.0.attn_k.bias'"));
}

TEST(GgufTensors, NamesFollowTheModuleAndWhereItMattersTheArchitecture) {
  EXPECT_EQ(gguf_tensor_name("llama", "model.layers.12.self_attn.q_proj.weight"),
            "blk.12.attn_q.weight");
  EXPECT_EQ(gguf_tensor_name("llama", "model.layers.0.post_attention_layernorm.weight"),
            "blk.0.ffn_norm.weight");
  EXPECT_EQ(gguf_tensor_name("olmo2", "model.layers.0.post_attention_layernorm.weight"),
            "blk.0.post_attention_norm.weight");
  EXPECT_EQ(gguf_tensor_name("falcon", "transformer.h.3.ln_attn.bias"), "blk.3.attn_norm_2.bias");
  EXPECT_EQ(gguf_tensor_name("bloom", "word_embeddings_layernorm.bias"), "token_embd_norm.bias");
  EXPECT_EQ(gguf_tensor_name("llama", "model.layers.0.self_attn.rotary_emb.inv_freq"),
            std::nullopt);
  EXPECT_EQ(gguf_tensor_name("llama", "weight"), std::nullopt);
  EXPECT_EQ(gguf_tensor_name("llama", "model.layers.weight"), std::nullopt);
}

}  // namespace
}  // namespace allometer::model
