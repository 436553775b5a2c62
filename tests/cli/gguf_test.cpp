/// A GGUF file instead of a checkpoint directory, in every command that takes a model.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "io/gguf_builder.hpp"
#include "io/safetensors.hpp"

namespace allometer::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

json read_json(const fs::path& file) {
  return json::parse(std::ifstream(file));
}

/// A byte-level tokenizer as GGUF has it.
void add_tokenizer(const fs::path& checkpoint, io::GgufBuilder& builder) {
  const json tokenizer = read_json(checkpoint / "tokenizer.json");
  const json& vocabulary = tokenizer.at("model").at("vocab");
  std::vector<std::string> tokens(vocabulary.size());
  for (const auto& [token, id] : vocabulary.items()) tokens[id.get<std::size_t>()] = token;
  std::vector<std::int32_t> types(tokens.size(), 1);
  for (const json& added : tokenizer.at("added_tokens"))
    types[added.at("id").get<std::size_t>()] = 3;
  std::string type_bytes;
  for (const std::int32_t type : types) type_bytes += io::bytes_of(type);
  builder.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "gpt-2")
      .texts("tokenizer.ggml.tokens", tokens)
      .array("tokenizer.ggml.token_type", io::GgufValue::int32, types.size(), type_bytes)
      .texts("tokenizer.ggml.merges", {})
      .uint32("tokenizer.ggml.bos_token_id", 0)
      .uint32("tokenizer.ggml.eos_token_id", 1)
      .boolean("tokenizer.ggml.add_bos_token", true);
}

/// Row i of each half of a head becomes row 2 i + half, as llama.cpp's converter has it.
std::vector<float> interleaved(const std::vector<float>& values, std::size_t head_dim,
                               std::size_t width) {
  std::vector<float> result(values.size());
  for (std::size_t row = 0; row < values.size() / width; ++row) {
    const std::size_t in_head = row % head_dim;
    const std::size_t to = row - in_head + in_head % (head_dim / 2) * 2 + in_head / (head_dim / 2);
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * width), width,
                result.begin() + static_cast<std::ptrdiff_t>(to * width));
  }
  return result;
}

std::string stored_name(const std::string& name) {
  const std::vector<std::pair<std::string, std::string>> parts = {
      {"model.embed_tokens", "token_embd"},
      {"model.norm", "output_norm"},
      {"lm_head", "output"},
      {"model.layers.", "blk."},
      {"input_layernorm", "attn_norm"},
      {"post_attention_layernorm", "ffn_norm"},
      {"self_attn.o_proj", "attn_output"},
      {"self_attn.", "attn_"},
      {"mlp.", "ffn_"},
      {"_proj", ""}};
  std::string stored = name;
  for (const auto& [from, to] : parts) {
    if (const std::size_t at = stored.find(from); at != std::string::npos)
      stored.replace(at, from.size(), to);
  }
  return stored;
}

/// The same model as a GGUF file.
void convert(const fs::path& checkpoint, const fs::path& file) {
  const json config = read_json(checkpoint / "config.json");
  const auto number = [&](const char* key) { return config.at(key).get<std::uint32_t>(); };
  io::GgufBuilder builder;
  builder.text("general.architecture", "llama")
      .uint32("llama.context_length", number("max_position_embeddings"))
      .uint32("llama.embedding_length", number("hidden_size"))
      .uint32("llama.feed_forward_length", number("intermediate_size"))
      .uint32("llama.block_count", number("num_hidden_layers"))
      .uint32("llama.attention.head_count", number("num_attention_heads"))
      .uint32("llama.attention.head_count_kv", number("num_key_value_heads"))
      .float32("llama.attention.layer_norm_rms_epsilon", config.at("rms_norm_eps").get<float>())
      .float32("llama.rope.freq_base", config.at("rope_theta").get<float>());
  add_tokenizer(checkpoint, builder);
  const auto weights = io::Safetensors::open(checkpoint);
  const std::size_t head_dim = number("hidden_size") / number("num_attention_heads");
  for (const std::string& name : weights.names()) {
    const io::TensorView view = weights.at(name);
    std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
    view.copy_to(0, values);
    if (name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos)
      values = interleaved(values, head_dim, static_cast<std::size_t>(view.shape.back()));
    builder.floats(stored_name(name), {view.shape.begin(), view.shape.end()}, values);
  }
  std::ofstream(file, std::ios::binary) << builder.bytes();
}

class GgufCommands : public testing::Test {
 protected:
  void SetUp() override {
    const std::string tokenizer = std::string(ALLOMETER_SOURCE_DIR) + "/jobs/random/tokenizer";
    const Outcome made = run_program({"make-model", directory_, "--tokenizer", tokenizer, "--dtype",
                                      "F32", "--initializer-range", "0.2"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    fs::create_directory(scratch_.path() / "models");
    convert(directory_, file_);
  }
  /// What a command prints for the directory, which must be what it prints for the file.
  std::string same_for_both(const std::vector<std::string>& words) const {
    std::vector<std::string> outputs;
    for (const fs::path& model : {directory_, file_}) {
      std::vector<std::string> all = words;
      all.insert(all.begin() + 1, model);
      const Outcome outcome = run_program(all);
      EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
      outputs.push_back(outcome.out);
    }
    EXPECT_EQ(outputs[0], outputs[1]);
    return outputs[1];
  }

  ScratchDirectory scratch_;
  fs::path directory_ = scratch_.path() / "model";
  fs::path file_ = scratch_.path() / "models/twin.gguf";
};

TEST_F(GgufCommands, PrintTheSameAsForTheDirectory) {
  EXPECT_THAT(same_for_both({"tokenize", "one two"}), HasSubstr("\"ids\":[0,"));
  EXPECT_FALSE(same_for_both({"generate", "one", "--max-new-tokens", "8", "--ignore-eos"}).empty());
  const std::string requests = scratch_.write(
      "requests.jsonl", "{\"context\": \"one two\", \"continuation\": \" three\"}\n");
  EXPECT_THAT(same_for_both({"score", requests}), HasSubstr("log_likelihood"));
}

TEST_F(GgufCommands, InspectDescribesTheFile) {
  const Outcome outcome = run_program({"inspect", file_, "--json", "--digest"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json described = json::parse(outcome.out);
  const json twin = json::parse(run_program({"inspect", directory_, "--json"}).out);
  for (const char* key : {"architecture", "num_parameters", "hidden_size", "vocab_size",
                          "packed_bytes_bf16", "max_position_embeddings"}) {
    EXPECT_EQ(described.at(key), twin.at(key)) << key;
  }
  EXPECT_EQ(described.at("dtype_on_disk"), "F32");
  EXPECT_EQ(described.at("bytes_on_disk"), fs::file_size(file_));
  EXPECT_EQ(described.at("tokenizer").at("type"), "gpt2, in the GGUF file");
  EXPECT_EQ(described.at("digest").get<std::string>().size(), 64u);
}

TEST_F(GgufCommands, LogitsAreThoseOfTheDirectory) {
  const std::string ids = scratch_.write("ids.json", R"([{"ids": [0, 5, 77, 9]}])");
  std::vector<std::string> bytes;
  for (const fs::path& model : {directory_, file_}) {
    const fs::path output = scratch_.path() / "logits.safetensors";
    ASSERT_EQ(run_program({"logits", model, "--ids", ids, "--output", output}).exit_code, 0);
    bytes.push_back(read_file(output));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST_F(GgufCommands, AJobTakesThemByPattern) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  fs::create_directory(scratch_.path() / "tasks");
  scratch_.write("tasks/next.jsonl", "{\"a\": \"one two\", \"b\": \"three\"}\n");
  scratch_.write(
      "tasks/next.yaml",
      "task: next\ndataset_path: next.jsonl\noutput_type: loglikelihood\ndoc_to_text: \"{{a}}\"\n"
      "doc_to_target: \"{{b}}\"\nmetric_list:\n  - metric: acc\n");
  const std::string job = scratch_.write(
      "job.yaml",
      "name: two\nmodels:\n  - {path: model, random: true}\n  - {path: 'models/*.gguf', random: "
      "true}\nvariants: [{precision: f32}, {precision: bf16}]\ntasks: [next]\n");
  const std::string output = scratch_.path() / "out.h5";
  const Outcome run = run_program({"run", job, "-o", output});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("twin"));
  EXPECT_THAT(run_program({"status", output}).out, HasSubstr("4 done, 0 failed, 0 left of 4"));
}

}  // namespace
}  // namespace allometer::cli
