/// What the architectures make of their config.json: shapes, options, and what they refuse.

#include "model/architecture.hpp"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/safetensors.hpp"
#include "model/cost.hpp"
#include "model/every_architecture.hpp"
#include "model/load.hpp"
#include "model/random_checkpoint.hpp"
#include "model/run_model.hpp"
#include "model/temporary_directory.hpp"

namespace allometer::model {
namespace {

using nlohmann::json;

json config_of(const std::string& name) {
  for (const NamedConfig& entry : every_architecture()) {
    if (entry.name == name) return entry.config;
  }
  throw ConfigError("no config named " + name);
}

/// config_of(name) with some options replaced.
json patched(const std::string& name, const json& patch) {
  json config = config_of(name);
  config.update(patch);
  return config;
}

std::string refusal_of(const json& config) {
  try {
    Config::parse(config, "dir/config.json");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "accepted";
}

/// Published numbers of parameters: the files of these models hold as many, their heads counted
/// once where they are tied.
TEST(Architecture, HasThePublishedNumberOfParameters) {
  struct Published {
    std::string name;
    json config;
    std::int64_t total;
    std::int64_t without_embeddings = 0;  // 0: not published
  };
  const auto neox = [](int vocabulary, int hidden, int layers, int heads) {
    return json{{"architectures", {"GPTNeoXForCausalLM"}},
                {"vocab_size", vocabulary},
                {"hidden_size", hidden},
                {"num_hidden_layers", layers},
                {"num_attention_heads", heads},
                {"intermediate_size", 4 * hidden}};
  };
  const auto llama = [](const char* architecture, int vocabulary, int hidden, int inner, int layers,
                        int heads, int kv_heads, const json& more = json::object()) {
    json config = {{"architectures", {architecture}}, {"vocab_size", vocabulary},
                   {"hidden_size", hidden},           {"intermediate_size", inner},
                   {"num_hidden_layers", layers},     {"num_attention_heads", heads},
                   {"num_key_value_heads", kv_heads}};
    config.update(more);
    return config;
  };
  const json tied = {{"tie_word_embeddings", true}};
  const std::vector<Published> models = {
      {"Pythia 70M", neox(50304, 512, 6, 8), 70426624, 18915328},
      {"Pythia 410M", neox(50304, 1024, 24, 16), 405334016, 302311424},
      {"GPT-NeoX 20B", neox(50432, 6144, 44, 64), 20554567680},
      {"Pythia 12B", neox(50688, 5120, 36, 40), 11846072320, 11327027200},
      {"GPT-2",
       {{"architectures", {"GPT2LMHeadModel"}},
        {"vocab_size", 50257},
        {"n_embd", 768},
        {"n_layer", 12},
        {"n_head", 12},
        {"n_positions", 1024}},
       124439808},
      {"OPT 125M",
       llama("OPTForCausalLM", 50272, 768, 0, 12, 12, 12,
             {{"ffn_dim", 3072}, {"tie_word_embeddings", true}}),
       125239296},
      {"OPT 350M",
       llama("OPTForCausalLM", 50272, 1024, 0, 24, 16, 16,
             {{"ffn_dim", 4096},
              {"word_embed_proj_dim", 512},
              {"do_layer_norm_before", false},
              {"tie_word_embeddings", true}}),
       331196416},
      {"BLOOM 560M",
       {{"architectures", {"BloomForCausalLM"}},
        {"vocab_size", 250880},
        {"hidden_size", 1024},
        {"n_layer", 24},
        {"n_head", 16}},
       559214592},
      {"Mistral 7B", llama("MistralForCausalLM", 32000, 4096, 14336, 32, 32, 8), 7241732096},
      {"Llama 2 7B", llama("LlamaForCausalLM", 32000, 4096, 11008, 32, 32, 32), 6738415616},
      {"TinyLlama 1.1B", llama("LlamaForCausalLM", 32000, 2048, 5632, 22, 32, 4), 1100048384},
      {"SmolLM2 135M", llama("LlamaForCausalLM", 49152, 576, 1536, 30, 9, 3, tied), 134515008},
      {"Llama 3.2 1B", llama("LlamaForCausalLM", 128256, 2048, 8192, 16, 32, 8, tied), 1235814400},
      {"Qwen 2.5 0.5B", llama("Qwen2ForCausalLM", 151936, 896, 4864, 24, 14, 2, tied), 494032768},
      {"Qwen 3 0.6B", llama("Qwen3ForCausalLM", 151936, 1024, 3072, 28, 16, 8, tied), 596049920},
      {"OLMo 2 7B", llama("Olmo2ForCausalLM", 100352, 4096, 11008, 32, 32, 32), 7298617344},
      {"Gemma 2 2B", llama("Gemma2ForCausalLM", 256000, 2304, 9216, 26, 8, 4), 2614341888},
      {"Phi-2", llama("PhiForCausalLM", 51200, 2560, 10240, 32, 32, 32), 2779683840},
      {"Phi-3 mini", llama("Phi3ForCausalLM", 32064, 3072, 8192, 32, 32, 32), 3821079552},
      {"Falcon 7B", llama("FalconForCausalLM", 65024, 4544, 0, 32, 71, 71), 6921720704},
      {"Falcon 40B",
       llama("FalconForCausalLM", 65024, 8192, 0, 60, 128, 128,
             {{"new_decoder_architecture", true}, {"num_kv_heads", 8}}),
       41303293952},
  };
  for (const Published& model : models) {
    const ParameterCount count = count_parameters(Config::parse(model.config, model.name));
    EXPECT_EQ(count.total, model.total) << model.name;
    if (model.without_embeddings > 0) {
      EXPECT_EQ(count.without_embeddings, model.without_embeddings) << model.name;
    }
  }
}

TEST(Architecture, RefusesByNameWhatWouldChangeTheNumbers) {
  const json longrope = {
      {"rope_type", "longrope"}, {"short_factor", {1.0}}, {"long_factor", {1.0}}};
  const struct {
    const char* name;
    json patch;
    const char* expected;
  } cases[] = {
      {"llama", {{"partial_rotary_factor", 0.5}}, "\"partial_rotary_factor\""},
      {"llama", {{"rope_scaling", {{"type", "dynamic"}}}}, "\"rope_scaling.type\" is \"dynamic\""},
      {"mistral", {{"sliding_window", 0}}, "\"sliding_window\" is 0"},
      {"mistral", {{"layer_types", {"full_attention"}}}, "\"layer_types\" has 1 entries for 3"},
      {"qwen2",
       {{"layer_types", {"full_attention", "linear_attention", "full_attention"}}},
       "\"linear_attention\""},
      {"qwen3", {{"head_dim", 21}}, "\"head_dim\" makes 21 of the 21 dimensions of a head rotate"},
      {"phi3", {{"rope_scaling", {{"type", "yarn"}}}}, "\"rope_scaling.type\" is \"yarn\""},
      {"phi3", {{"rope_scaling", longrope}}, "\"original_max_position_embeddings\" is missing"},
      {"phi3",
       {{"rope_scaling", longrope}, {"original_max_position_embeddings", 512}},
       "\"rope_scaling.short_factor\" must be a list of 10 numbers"},
      {"phi", {{"qk_layernorm", true}}, "\"qk_layernorm\" is true; implemented is false"},
      {"phi", {{"partial_rotary_factor", 1.5}}, "\"partial_rotary_factor\" makes 30 of the 20"},
      {"gpt_neox_serial", {{"rotary_pct", 0.01}}, "\"rotary_pct\" makes 0 of the 20"},
      {"mistral",
       {{"rope_parameters", {{"full_attention", {{"rope_theta", 5.0}}}}}},
       "\"rope_parameters.full_attention\" is there"},
      {"gpt_neox_serial", {{"hidden_act", "mish"}}, "\"hidden_act\" is \"mish\""},
      {"gpt2", {{"add_cross_attention", true}}, "\"add_cross_attention\" is true"},
      {"gpt2", {{"n_head", 7}}, "\"n_head\" is 7, which does not divide n_embd, 72"},
      {"gpt2", {{"n_embd", nullptr}}, "\"hidden_size\" is missing"},
      {"opt_norm_before",
       {{"layer_norm_elementwise_affine", false}},
       "\"layer_norm_elementwise_affine\" is false"},
      {"bloom",
       {{"apply_residual_connection_post_layernorm", true}},
       "\"apply_residual_connection_post_layernorm\" is true"},
      {"gemma2", {{"use_bidirectional_attention", true}}, "\"use_bidirectional_attention\""},
      {"gemma2", {{"attn_logit_softcapping", -1}}, "\"attn_logit_softcapping\" is -1"},
      {"falcon_40b", {{"num_kv_heads", 4}}, "\"num_kv_heads\" is 4, but must divide the 6"},
      {"falcon_11b", {{"parallel_attn", false}}, "\"parallel_attn\" is false"},
      {"falcon_7b", {{"activation", "tanh"}}, "\"activation\" is \"tanh\""},
  };
  for (const auto& [name, patch, expected] : cases) {
    const std::string message = refusal_of(patched(name, patch));
    EXPECT_NE(message.find(expected), std::string::npos) << name << patch << ": " << message;
    EXPECT_EQ(message.find("dir/config.json: "), 0U) << message;
  }
}

std::vector<int> windows_of(const json& config) {
  std::vector<int> windows;
  for (const LayerBlueprint& layer : Config::parse(config, "config").blueprint.layers)
    windows.push_back(layer.attention.window);
  return windows;
}

TEST(Architecture, ReadsEveryOptionUnderItsName) {
  const struct {
    const char* name;
    json patch;
    std::function<double(const Config&)> value;
    double expected;
  } cases[] = {
      {"llama", {{"rms_norm_eps", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"qwen2", {{"rope_theta", 5e5}}, [](auto& c) { return c.rope_theta; }, 5e5},
      {"mistral",
       {{"num_key_value_heads", nullptr}},
       [](auto& c) { return c.num_key_value_heads; },
       4},
      {"qwen3", {{"head_dim", nullptr}}, [](auto& c) { return c.head_dim; }, 20},
      {"phi", {{"layer_norm_eps", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"phi3", {{"partial_rotary_factor", 0.5}}, [](auto& c) { return c.rotary_dim; }, 10},
      {"gpt_neox_serial", {{"layer_norm_eps", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"gpt_neox_serial", {{"rotary_emb_base", 777}}, [](auto& c) { return c.rope_theta; }, 777},
      {"gpt_neox_serial",
       {{"rotary_pct", nullptr}, {"rope_parameters", {{"partial_rotary_factor", 0.5}}}},
       [](auto& c) { return c.rotary_dim; },
       10},
      {"gpt_neox_serial",
       {{"attention_bias", false}},
       [](auto& c) { return c.blueprint.layers[0].attention.qkv[0].has_bias; },
       0},
      {"gpt2", {{"layer_norm_epsilon", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"gpt2", {{"n_inner", 99}}, [](auto& c) { return c.intermediate_size; }, 99},
      {"gpt2",
       {{"scale_attn_weights", false}},
       [](auto& c) { return c.blueprint.layers[2].attention.scale; },
       1},
      {"gpt2",
       {{"scale_attn_weights", false}, {"scale_attn_by_inverse_layer_idx", true}},
       [](auto& c) { return c.blueprint.layers[2].attention.scale; },
       1.0F / 3},
      {"opt_norm_before",
       {{"enable_bias", false}},
       [](auto& c) { return c.blueprint.layers[0].mlp.in[0].has_bias; },
       0},
      {"opt_norm_before",
       {{"_remove_final_layer_norm", true}},
       [](auto& c) { return c.blueprint.final_norm.kind == Normalization::Kind::none; },
       1},
      {"bloom", {{"layer_norm_epsilon", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"falcon_7b", {{"layer_norm_epsilon", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"falcon_7b", {{"ffn_hidden_size", 99}}, [](auto& c) { return c.intermediate_size; }, 99},
      {"falcon_40b", {{"n_head_kv", 3}}, [](auto& c) { return c.num_key_value_heads; }, 3},
      {"falcon_7b", {{"rope_theta", 5e5}}, [](auto& c) { return c.rope_theta; }, 5e5},
      {"gemma2", {{"rms_norm_eps", 3e-4}}, [](auto& c) { return c.norm_eps; }, 3e-4},
      {"gemma2",
       {{"final_logit_softcapping", nullptr}},
       [](auto& c) { return c.blueprint.logit_soft_cap; },
       0},
      // Where both are there, rope_scaling counts.
      {"llama",
       {{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}},
        {"rope_parameters", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 9e5}}}},
       [](auto& c) { return c.rope_scaling.factor * c.rope_theta; },
       2 * 9e5},
      // What some architectures do not have, Hugging Face passes over, whatever stands there.
      {"bloom", {{"num_key_value_heads", 2}}, [](auto& c) { return c.num_key_value_heads; }, 6},
      {"gpt2", {{"head_dim", 512}}, [](auto& c) { return c.head_dim; }, 12},
      {"opt_norm_before", {{"head_dim", 512}}, [](auto& c) { return c.head_dim; }, 20},
      {"gpt_neox_serial", {{"head_dim", 512}}, [](auto& c) { return c.head_dim; }, 20},
      {"falcon_7b", {{"head_dim", 512}}, [](auto& c) { return c.head_dim; }, 12},
  };
  for (const auto& [name, patch, value, expected] : cases) {
    EXPECT_DOUBLE_EQ(value(Config::parse(patched(name, patch), "config")), expected)
        << name << patch;
  }
  json olmo2 = config_of("olmo2");
  EXPECT_DOUBLE_EQ(Config::parse(olmo2, "config").norm_eps, 1e-5);  // Olmo2Config's own default
}

/// Final norm, projection, bias and cap of every row, over both blocks of the vocabulary.
TEST(Architecture, HasAHeadThatIsItsFormula) {
  for (const char* name : {"llama", "phi", "gemma2"}) {
    const TemporaryDirectory directory;
    RandomCheckpoint random;
    random.config = config_of(name);
    random.dtype = "F32";
    random.initializer_range = 0.5;
    write_random_checkpoint(directory.path(), random);
    const auto model = load_model(directory.path(), {});
    const Config& c = model->config();
    const io::Safetensors tensors = io::Safetensors::open(directory.path());
    const auto values = [&](const std::string& tensor) {
      std::vector<float> all(static_cast<std::size_t>(tensors.at(tensor).num_elements()));
      tensors.at(tensor).copy_to(0, all);
      return all;
    };
    const std::vector<float> hidden = hidden_of(*model, {7, 11}, whole_sequence());
    const std::vector<float> logits = logits_of(*model, hidden);
    const std::vector<float> matrix =
        values(c.tie_word_embeddings ? c.blueprint.token_embedding : "lm_head.weight");
    const std::vector<float> bias =
        c.blueprint.head.has_bias ? values("lm_head.bias") : std::vector<float>(1100);
    const Normalization& norm = c.blueprint.final_norm;
    const std::vector<float> norm_bias = norm.kind == Normalization::Kind::layer
                                             ? values(norm.name + ".bias")
                                             : std::vector<float>(80);
    for (std::size_t row = 0; row < 2; ++row) {
      double mean = 0;
      double squares = 0;
      for (std::size_t i = 0; i < 80; ++i) mean += hidden[row * 80 + i] / 80.0;
      if (norm.kind == Normalization::Kind::rms) mean = 0;
      for (std::size_t i = 0; i < 80; ++i) squares += std::pow(hidden[row * 80 + i] - mean, 2) / 80;
      for (const std::size_t token : {0, 1, 1023, 1024, 1099}) {
        double logit = bias[token];
        for (std::size_t i = 0; i < 80; ++i) {
          const double normed = (hidden[row * 80 + i] - mean) / std::sqrt(squares + c.norm_eps) *
                                    (1 + norm.added_to_weight) +
                                norm_bias[i];
          logit += normed * matrix[token * 80 + i];
        }
        const double cap = c.blueprint.logit_soft_cap;
        if (cap > 0) logit = cap * std::tanh(logit / cap);
        EXPECT_NEAR(logits[row * 1100 + token], logit, 2e-5) << name << ", token " << token;
      }
    }
  }
}

TEST(Architecture, TakesEmbeddingsWiderThanTheResidualStream) {
  const TemporaryDirectory directory;
  RandomCheckpoint random;
  random.config = patched("opt_norm_behind", {{"word_embed_proj_dim", 333}});
  write_random_checkpoint(directory.path(), random);
  const auto model = load_model(directory.path(), {});
  std::vector<std::int32_t> ids(256);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i);
  const std::vector<float> whole = logits_of(*model, hidden_of(*model, ids, whole_sequence()));
  EXPECT_EQ(count_different_bits(whole, logits_of(*model, hidden_of(*model, ids, odd_pieces()))),
            0U);
}

TEST(Architecture, HasItsWindowsInTheLayersThatSayThem) {
  using Windows = std::vector<int>;
  EXPECT_EQ(windows_of(config_of("mistral")), (Windows{37, 37, 37}));
  EXPECT_EQ(windows_of(patched("mistral", {{"sliding_window", nullptr}})), (Windows{0, 0, 0}));
  EXPECT_EQ(windows_of(config_of("gemma2")), (Windows{50, 0, 50}));
  EXPECT_EQ(windows_of(config_of("qwen2")), (Windows{0, 100, 100}));
  EXPECT_EQ(windows_of(patched("qwen2", {{"use_sliding_window", false}})), (Windows{0, 0, 0}));
  const json types = {{"layer_types", {"sliding_attention", "full_attention", "full_attention"}}};
  EXPECT_EQ(windows_of(patched("gemma2", types)), (Windows{50, 0, 0}));
  // The published windows of those that do not say.
  json mistral = config_of("mistral");
  mistral.erase("sliding_window");
  EXPECT_EQ(windows_of(mistral), (Windows{4096, 4096, 4096}));
  json phi3 = config_of("phi3");
  phi3.erase("sliding_window");
  EXPECT_EQ(windows_of(phi3), (Windows{0, 0, 0}));
}

TEST(Architecture, SaysThatALongropeContextEndsWithItsShortFactors) {
  const json factors(10, 1.5);
  const Config config = Config::parse(
      patched("phi3", {{"max_position_embeddings", 1024},
                       {"original_max_position_embeddings", 256},
                       {"rope_scaling",
                        {{"type", "su"}, {"short_factor", factors}, {"long_factor", factors}}}}),
      "config");
  EXPECT_EQ(config.max_position_embeddings, 256);
  EXPECT_DOUBLE_EQ(config.rope_scaling.attention_factor,
                   std::sqrt(1 + std::log(4.0) / std::log(256.0)));
}

/// Checkpoints on the hub often leave the name of the base model out.
TEST(Architecture, FindsTensorsWithoutThePrefix) {
  for (const NamedConfig& entry : every_architecture()) {
    const TemporaryDirectory whole;
    const TemporaryDirectory bare;
    RandomCheckpoint random;
    random.config = entry.config;
    random.dtype = "F32";
    write_random_checkpoint(whole.path(), random);
    std::filesystem::copy(whole.path() / "config.json", bare.path() / "config.json");
    const io::Safetensors tensors = io::Safetensors::open(whole.path());
    const std::string prefix =
        std::string(architecture_of(Config::load(whole.path())).base_model_prefix) + ".";
    std::vector<std::vector<float>> values;
    std::vector<io::TensorToWrite> list;
    for (const std::string& name : tensors.names()) {
      const io::TensorView view = tensors.at(name);
      values.emplace_back(static_cast<std::size_t>(view.num_elements()));
      view.copy_to(0, values.back());
      const bool has_prefix = name.starts_with(prefix);
      list.push_back({has_prefix ? name.substr(prefix.size()) : name, io::TensorType::f32,
                      view.shape, values.back()});
    }
    io::write_safetensors(bare.path() / "model.safetensors", list);
    const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
    const auto one = load_model(whole.path(), {});
    const auto two = load_model(bare.path(), {});
    const std::vector<float> logits = logits_of(*one, hidden_of(*one, ids, whole_sequence()));
    EXPECT_EQ(count_different_bits(logits, logits_of(*two, hidden_of(*two, ids, whole_sequence()))),
              0U)
        << entry.name;
    for (const float logit : logits) ASSERT_TRUE(std::isfinite(logit)) << entry.name;
  }
}

TEST(Architecture, RefusesPositionsThatAModelDoesNotHave) {
  for (const char* name : {"gpt2", "opt_norm_before"}) {
    const TemporaryDirectory directory;
    RandomCheckpoint random;
    random.config = patched(name, {{"n_positions", 12}, {"max_position_embeddings", 12}});
    write_random_checkpoint(directory.path(), random);
    const auto model = load_model(directory.path(), {});
    EXPECT_EQ(hidden_of(*model, std::vector<std::int32_t>(12, 1), whole_sequence()).size(),
              12U * static_cast<std::size_t>(model->config().hidden_size));
    try {
      hidden_of(*model, std::vector<std::int32_t>(13, 1), token_by_token());
      ADD_FAILURE() << name << ": position 12 was accepted";
    } catch (const ConfigError& e) {
      EXPECT_STREQ(e.what(),
                   "a sequence reaches position 12, but this model has positions 0 to 11: "
                   "shorten the sequence");
    }
  }
}

TEST(Architecture, NamesWhatIsKnownWhereItIsNot) {
  const std::string message = refusal_of({{"architectures", {"MambaForCausalLM"}}});
  EXPECT_NE(message.find("names \"MambaForCausalLM\", which is not implemented; known: "
                         "BloomForCausalLM, FalconForCausalLM"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace allometer::model
