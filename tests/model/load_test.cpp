/// Configurations and checkpoints, whole and damaged.

#include "model/load.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "model/cost.hpp"
#include "model/random_model.hpp"
#include "model/run_model.hpp"
#include "model/temporary_directory.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The message of the error of type E that f throws.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no such error";
}

class Load : public ::testing::Test {
 protected:
  Load() { write_random_checkpoint(path(), small_checkpoint()); }

  const fs::path& path() const { return directory_.path(); }
  json config() const { return json::parse(io::read_text(path() / "config.json")); }
  void write_config(const json& c) const { std::ofstream(path() / "config.json") << c; }
  /// What loading the configuration says after `patch` (JSON merge patch).
  std::string refusal(const json& patch) const {
    json c = config();
    const json before = c;
    c.merge_patch(patch);
    write_config(c);
    const std::string message = message_of<FormatError>([&] { Config::load(path()); });
    write_config(before);
    return message;
  }

  TemporaryDirectory directory_;
};

TEST_F(Load, ReadsBackWhatWasWritten) {
  const Config c = Config::load(path());
  EXPECT_EQ(c.architecture, "LlamaForCausalLM");
  EXPECT_EQ(c.head_dim, 20);
  EXPECT_EQ(c.num_key_value_heads, 2);
  EXPECT_EQ(c.rope_scaling.type, RopeScaling::Type::llama3);
  EXPECT_EQ(c.rope_scaling.original_max_position_embeddings, 128);
  EXPECT_TRUE(c.random_weights);
  for (const LayerBlueprint& layer : c.blueprint.layers) {
    EXPECT_TRUE(layer.attention.qkv[0].has_bias && layer.attention.out.has_bias);
    EXPECT_TRUE(layer.mlp.in[0].has_bias && layer.mlp.out.has_bias);
  }
  EXPECT_FALSE(c.tie_word_embeddings);
  EXPECT_EQ(c.bos_token_id, 1);
  EXPECT_FALSE(c.eos_token_id.has_value());
}

TEST_F(Load, FillsInWhatHuggingFaceLeavesOut) {
  write_config(
      {{"architectures", {"LlamaForCausalLM"}},
       {"vocab_size", 50},
       {"hidden_size", 24},
       {"intermediate_size", 40},
       {"num_hidden_layers", 1},
       {"num_attention_heads", 3},
       {"rope_scaling", nullptr},
       {"rope_parameters", {{"rope_type", "linear"}, {"factor", 4.0}, {"rope_theta", 5000.0}}},
       {"eos_token_id", {7, 8}}});
  const Config c = Config::load(path());
  EXPECT_EQ(c.num_key_value_heads, 3);
  EXPECT_EQ(c.head_dim, 8);
  EXPECT_EQ(c.rope_theta, 5000.0);
  EXPECT_EQ(c.rope_scaling.type, RopeScaling::Type::linear);
  EXPECT_EQ(c.rope_scaling.factor, 4.0);
  EXPECT_EQ(c.eos_token_id, 7);
  EXPECT_FALSE(c.tie_word_embeddings || c.random_weights);
}

TEST_F(Load, RefusesLyingConfigurationsByFileAndKey) {
  const std::vector<std::pair<json, std::string>> cases = {
      {{{"hidden_size", -3}}, "\"hidden_size\" is -3"},
      {{{"hidden_size", "72"}}, "\"hidden_size\" is \"72\""},
      {{{"hidden_size", 72.5}}, "\"hidden_size\" is 72.5"},
      {{{"hidden_size", nullptr}}, "\"hidden_size\" is missing"},
      {{{"vocab_size", 1e30}}, "\"vocab_size\" is 1e+30"},
      {{{"vocab_size", 18446744073709551615ULL}}, "\"vocab_size\" is 18446744073709551615"},
      {{{"num_hidden_layers", 0}}, "\"num_hidden_layers\" is 0"},
      {{{"num_key_value_heads", 4}}, "\"num_key_value_heads\" is 4, but must divide"},
      {{{"head_dim", 21}}, "\"head_dim\""},
      {{{"head_dim", 4096}}, "\"head_dim\" is 4096"},
      {{{"head_dim", nullptr}, {"num_attention_heads", 5}, {"num_key_value_heads", 5}},
       "does not divide hidden_size, 72"},
      {{{"rms_norm_eps", 0}}, "\"rms_norm_eps\""},
      {{{"tie_word_embeddings", 1}}, "\"tie_word_embeddings\" is 1"},
      {{{"hidden_act", "mish"}}, "\"hidden_act\" is \"mish\""},
      {{{"quantization_config", {{"bits", 4}}}}, "\"quantization_config\""},
      {{{"architectures", {"MambaForCausalLM"}}}, "\"MambaForCausalLM\", which is not implemented"},
      {{{"architectures", nullptr}}, "\"architectures\""},
      {{{"rope_scaling", {{"rope_type", "yarn"}}}}, "\"rope_scaling.rope_type\" is \"yarn\""},
      {{{"rope_scaling", {{"rope_type", nullptr}, {"type", "dynamic"}}}},
       "\"rope_scaling.type\" is \"dynamic\""},
      {{{"rope_scaling", {{"factor", -1}}}}, "\"rope_scaling.factor\" is -1"},
      {{{"rope_scaling", "linear"}}, "\"rope_scaling\" is \"linear\", but must be an object"},
      {{{"bos_token_id", 1100}}, "\"bos_token_id\" is 1100"},
      {{{"partial_rotary_factor", 0.5}}, "\"partial_rotary_factor\""},
  };
  for (const auto& [patch, expected] : cases) {
    const std::string message = refusal(patch);
    EXPECT_NE(message.find(expected), std::string::npos) << patch << ": " << message;
    EXPECT_NE(message.find("config.json"), std::string::npos) << message;
  }
  std::ofstream(path() / "config.json") << "{\"architectures\": [";
  EXPECT_NE(message_of<FormatError>([&] { Config::load(path()); }).find("not valid JSON"),
            std::string::npos);
  fs::remove(path() / "config.json");
  EXPECT_THROW(Config::load(path()), IoError);
}

TEST_F(Load, RefusesTensorsThatDoNotFit) {
  json c = config();
  c["intermediate_size"] = 101;
  write_config(c);
  const std::string message = message_of<FormatError>([&] { load_model(path(), {}); });
  EXPECT_NE(message.find("mlp.gate_proj"), std::string::npos) << message;
  EXPECT_NE(message.find("[100, 72]"), std::string::npos) << message;
  EXPECT_NE(message.find("[101, 72]"), std::string::npos) << message;
  c["intermediate_size"] = 100;
  c["num_hidden_layers"] = 4;
  write_config(c);
  EXPECT_NE(message_of<FormatError>([&] {
              load_model(path(), {});
            }).find("model.layers.3.input_layernorm.weight"),
            std::string::npos);
}

TEST_F(Load, RefusesATruncatedFile) {
  const fs::path file = path() / "model.safetensors";
  fs::resize_file(file, fs::file_size(file) - 100);
  EXPECT_NE(message_of<FormatError>([&] { load_model(path(), {}); }).find("model.safetensors"),
            std::string::npos);
  fs::resize_file(file, 5);
  EXPECT_NE(message_of<FormatError>([&] { load_model(path(), {}); }).find("model.safetensors"),
            std::string::npos);
}

TEST_F(Load, RefusesPicklesWithTheRemedy) {
  fs::rename(path() / "model.safetensors", path() / "pytorch_model.bin");
  const std::string message = message_of<FormatError>([&] { load_model(path(), {}); });
  EXPECT_NE(message.find("pytorch_model.bin"), std::string::npos) << message;
  EXPECT_NE(message.find("safe_serialization=True"), std::string::npos) << message;
}

TEST_F(Load, TiedHeadIsTheEmbedding) {
  json c = config();
  c["tie_word_embeddings"] = true;
  write_config(c);
  const auto tied = load_model(path(), {});
  const std::vector<float> hidden(72, 0.5F);
  const std::vector<float> logits = logits_of(*tied, hidden);
  const io::Safetensors checkpoint = io::Safetensors::open(path());
  std::vector<float> row(72);
  checkpoint.at("model.embed_tokens.weight").copy_to(1099 * 72, row);
  double expected = 0;  // the final norm's weights are 1, so every normed value is 1 to 1e-5
  for (const float x : row) expected += x;
  EXPECT_NEAR(logits[1099], expected, 1e-4);
}

TEST_F(Load, CountsWhatTheCheckpointHolds) {
  std::int64_t total = 0;
  std::int64_t embeddings = 0;
  const io::Safetensors checkpoint = io::Safetensors::open(path());
  for (const std::string& name : checkpoint.names()) {
    total += checkpoint.at(name).num_elements();
    if (name == "model.embed_tokens.weight" || name == "lm_head.weight")
      embeddings += checkpoint.at(name).num_elements();
  }
  const Config c = Config::load(path());
  EXPECT_EQ(count_parameters(c).total, total);
  EXPECT_EQ(count_parameters(c).without_embeddings, total - embeddings);
  EXPECT_DOUBLE_EQ(Flops(c).forward(9),
                   2.0 * static_cast<double>(total - embeddings) + 4.0 * 3 * 6 * 20 * 10);
  EXPECT_DOUBLE_EQ(Flops(c).head(), 2.0 * 72 * 1100);
}

TEST(ParameterCount, IsThatOfTheStoriesLadder) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const ParameterCount count =
      count_parameters(Config::load(fs::path(data) / "stories" / "stories-260k"));
  EXPECT_EQ(count.total, 260032);
  EXPECT_EQ(count.without_embeddings, 227264);
}

TEST_F(Load, ShardsAndTypesOfOneSeedAreOneModel) {
  RandomCheckpoint sharded = small_checkpoint();
  sharded.max_shard_bytes = 60'000;
  const TemporaryDirectory other;
  write_random_checkpoint(other.path(), sharded);
  EXPECT_TRUE(fs::exists(other.path() / "model.safetensors.index.json"));
  EXPECT_GT(io::Safetensors::open(other.path()).files().size(), 2U);
  const std::vector<std::int32_t> ids = {1, 5, 1000, 42};
  const auto one = load_model(path(), {});
  const auto two = load_model(other.path(), {});
  const std::vector<float> hidden = hidden_of(*one, ids, whole_sequence());
  EXPECT_EQ(count_different_bits(hidden, hidden_of(*two, ids, whole_sequence())), 0U);
  // Resharding keeps the identity; other bytes change it.
  EXPECT_EQ(checkpoint_digest(path(), {}), checkpoint_digest(other.path(), {}));
  sharded.dtype = "F32";
  write_random_checkpoint(other.path(), sharded);
  EXPECT_NE(checkpoint_digest(path(), {}), checkpoint_digest(other.path(), {}));
  const auto three = load_model(other.path(), {});  // not rounded to bf16, yet close
  const std::vector<float> exact = hidden_of(*three, ids, whole_sequence());
  EXPECT_NE(count_different_bits(hidden, exact), 0U);
  for (std::size_t i = 0; i < hidden.size(); ++i) EXPECT_NEAR(hidden[i], exact[i], 0.1);
}

TEST_F(Load, DigestIsCachedBySizeAndTime) {
  const fs::path cache = path() / "digests.jsonl";
  const Digest digest = checkpoint_digest(path(), cache);
  std::string text = io::read_text(cache);
  EXPECT_NE(text.find(digest.hex()), std::string::npos);
  // A cached answer is believed: put another one there to see that it was used.
  const std::string other(64, 'a');
  text.replace(text.find(digest.hex()), 64, other);
  io::replace_file(cache, text + "{\"torn");
  EXPECT_EQ(checkpoint_digest(path(), cache).hex(), other);
  // A new time stamp makes it stale.
  fs::last_write_time(path() / "model.safetensors",
                      fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(checkpoint_digest(path(), cache), digest);
}

TEST_F(Load, PackedBytesAreKnownWithoutTheCheckpoint) {
  const Config c = Config::load(path());
  const std::size_t f32 = packed_bytes(c, Precision::f32);
  const std::int64_t matrices =
      count_parameters(c).total - static_cast<std::int64_t>(c.vocab_size) * c.hidden_size;
  EXPECT_GT(f32, static_cast<std::size_t>(matrices) * 3);
  EXPECT_LT(f32, static_cast<std::size_t>(matrices) * 8);
}

}  // namespace
}  // namespace allometer::model
