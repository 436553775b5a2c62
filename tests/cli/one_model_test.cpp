/// inspect, tokenize, score, generate, logits and make-model on real checkpoints, against
/// independent references.

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "io/safetensors.hpp"
#include "model/every_architecture.hpp"

namespace allometer::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Real inputs; the tests are skipped without them.
class SharedData : public testing::Test {
 protected:
  void SetUp() override {
    const char* directory = std::getenv("ALLOMETER_SHARED_DATA");
    if (directory == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    data_ = directory;
  }
  std::string model(const std::string& name) const { return data_ / "stories" / name; }

  std::filesystem::path data_;
  ScratchDirectory scratch_;
};

std::vector<json> json_lines(const std::string& text) {
  std::vector<json> values;
  for (const std::string& line : lines_of(text)) values.push_back(json::parse(line));
  return values;
}

std::string words_as_lines(const std::vector<json>& values) {
  std::string text;
  for (const json& value : values) text += value.dump() + "\n";
  return text;
}

using Inspect = SharedData;
using Tokenize = SharedData;
using Score = SharedData;
using Generate = SharedData;
using Logits = SharedData;
using MakeModel = SharedData;

TEST_F(Inspect, CountsParametersAsTheLaddersTable) {
  struct Rung {
    const char* name;
    std::int64_t total, without_embeddings;
  };
  for (const Rung& rung :
       {Rung{"stories-14k", 14032, 5840}, Rung{"stories-50k", 50016, 33632},
        Rung{"stories-126k", 126384, 101808}, Rung{"stories-260k", 260032, 227264},
        Rung{"stories-658k", 658656, 609504}}) {
    const Outcome outcome = run_program({"inspect", model(rung.name), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json description = json::parse(outcome.out);
    EXPECT_EQ(description["num_parameters"], rung.total);
    EXPECT_EQ(description["num_parameters_without_embeddings"], rung.without_embeddings);
  }
}

TEST_F(Inspect, TellsShapeMemoryAndTokenizer) {
  const Outcome outcome = run_program({"inspect", model("stories-260k"), "--json", "--digest"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json description = json::parse(outcome.out);
  EXPECT_EQ(description["architecture"], "LlamaForCausalLM");
  EXPECT_EQ(description["dtype_on_disk"], "F32");
  EXPECT_EQ(description["tokenizer"]["type"], "BPE with byte fallback");
  EXPECT_EQ(description["tokenizer"]["bos_id"], 1);
  EXPECT_EQ(description["tokenizer"]["vocab_size"], 512);
  EXPECT_EQ(description["digest"].get<std::string>().size(), 64u);
  // Layers x (keys and values) x key/value heads x head_dim, two bytes a number at least.
  EXPECT_GE(description["kv_bytes_per_token"].get<int>(), 5 * 2 * 4 * 8 * 2);
  // Packed weights hold every matrix once, padded to blocks.
  EXPECT_GE(description["packed_bytes_f32"].get<int>(), 227264 * 4);
  EXPECT_GE(description["packed_bytes_bf16"].get<int>(), 227264 * 2);
  EXPECT_LT(description["packed_bytes_bf16"].get<int>(),
            description["packed_bytes_f32"].get<int>());
}

TEST_F(Inspect, NamesRopeScaling) {
  const auto rope = [&](const char* name) {
    const Outcome outcome = run_program({"inspect", data_ / "golden" / name});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_THAT(rope("llama3_rope"), HasSubstr("llama3 scaling by"));
  EXPECT_THAT(rope("llama_linear_rope"), HasSubstr("linear scaling by"));
  EXPECT_THAT(rope("llama_gqa"), HasSubstr("no scaling"));
}

TEST_F(Inspect, BrokenCheckpointsAreNamed) {
  std::filesystem::copy(model("stories-14k"), scratch_.path() / "cut",
                        std::filesystem::copy_options::recursive);
  const auto weights = scratch_.path() / "cut" / "model.safetensors";
  std::filesystem::permissions(weights, std::filesystem::perms::owner_all);
  std::filesystem::resize_file(weights, 1000);
  const Outcome cut = run_program({"inspect", scratch_.path() / "cut"});
  EXPECT_EQ(cut.exit_code, 2);
  EXPECT_THAT(cut.err, StartsWith("error: "));
  EXPECT_THAT(cut.err, HasSubstr("model.safetensors"));

  std::filesystem::permissions(scratch_.path() / "cut" / "config.json",
                               std::filesystem::perms::owner_all);
  scratch_.write("cut/config.json", "{\"architectures\": [\"MambaForCausalLM\"]}");
  const Outcome mamba = run_program({"inspect", scratch_.path() / "cut"});
  EXPECT_EQ(mamba.exit_code, 2);
  EXPECT_THAT(mamba.err, HasSubstr("MambaForCausalLM"));
}

TEST_F(Tokenize, GivesTheReferencesIds) {
  const std::string cases_file = data_ / "tokenizers" / "cases_stories.jsonl";
  const std::vector<json> cases = json_lines(read_file(cases_file));
  ASSERT_GT(cases.size(), 100u);
  const Outcome with = run_program({"tokenize", model("stories-260k"), "--jsonl", cases_file});
  const Outcome without =
      run_program({"tokenize", model("stories-260k"), "--jsonl", cases_file, "--no-special"});
  ASSERT_EQ(with.exit_code, 0) << with.err;
  const std::vector<json> special = json_lines(with.out);
  const std::vector<json> plain = json_lines(without.out);
  ASSERT_EQ(special.size(), cases.size());
  ASSERT_EQ(plain.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(special[i]["ids"], cases[i]["ids"]) << cases[i]["text"];
    EXPECT_EQ(plain[i]["ids"], cases[i]["ids_no_special"]) << cases[i]["text"];
    EXPECT_EQ(special[i]["pieces"].size(), special[i]["ids"].size());
  }
}

TEST_F(Tokenize, TakesATokenizerFileAndOneText) {
  const Outcome outcome =
      run_program({"tokenize", data_ / "tokenizers" / "pythia_tokenizer.json", "Hello the world"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(json::parse(outcome.out)["pieces"], ElementsAre("Hello", "Ġthe", "Ġworld"));
}

TEST_F(Tokenize, TakesTheVocabularyOfAGgufFile) {
  const Outcome outcome =
      run_program({"tokenize", data_ / "tokenizers" / "llama-spm.gguf", "Hello the world"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(json::parse(outcome.out)["pieces"],
              ElementsAre("<s>", "\u2581Hello", "\u2581the", "\u2581world"));
  // A model without one says so.
  const Outcome none = run_program({"tokenize", data_ / "golden" / "gpt2" / "model.gguf", "Hello"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("model.gguf: has no tokenizer"));
}

TEST_F(Tokenize, BadLinesAreNamed) {
  const std::string text = "{\"text\": \"fine\"}\n\n{\"tekst\": \"wrong\"}\n";
  const Outcome missing = run_program({"tokenize", model("stories-260k"), "--jsonl", "-"}, text);
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("standard input:3: has no \"text\""));
  const std::string file = scratch_.write("bad.jsonl", "{\"text\": 7}\n");
  const Outcome number = run_program({"tokenize", model("stories-260k"), "--jsonl", file});
  EXPECT_THAT(number.err, HasSubstr(file + ":1: \"text\" is a number, but must be a string"));
  const Outcome cut =
      run_program({"tokenize", model("stories-260k"), "--jsonl", "-"}, "{\"text\": ");
  EXPECT_EQ(cut.exit_code, 2);
  EXPECT_THAT(cut.err, HasSubstr("standard input:1: not JSON"));
  const Outcome list = run_program({"tokenize", model("stories-260k"), "--jsonl", "-"}, "[1]\n");
  EXPECT_THAT(list.err, HasSubstr("standard input:1: a JSON array"));
}

/// A copy of a model with a chat template beside it.
std::string with_chat_template(const std::filesystem::path& model,
                               const std::filesystem::path& copy, const std::string& text) {
  std::filesystem::copy(model, copy);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
  std::ofstream(copy / "chat_template.jinja") << text;
  return copy;
}

TEST_F(Tokenize, PutsAConversationIntoWords) {
  const std::string chat = with_chat_template(
      model("stories-260k"), scratch_.path() / "chat",
      "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
      "{% if add_generation_prompt %}assistant:{% endif %}");
  const std::string messages =
      scratch_.write("messages.json", R"([{"role": "user", "content": "Once upon a time"}])");
  const Outcome outcome = run_program({"tokenize", chat, "--chat", messages});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json line = json::parse(outcome.out);
  EXPECT_EQ(line["text"], "<s>user: Once upon a time\n");
  // The template writes BOS; the tokenizer adds no second one.
  const Outcome plain = run_program({"tokenize", chat, "user: Once upon a time\n"});
  EXPECT_EQ(line["ids"], json::parse(plain.out)["ids"]);

  const Outcome object = run_program(
      {"tokenize", chat, "--chat", "-"},
      R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true})");
  EXPECT_EQ(json::parse(object.out)["text"], "<s>user: Hi\nassistant:");
}

TEST_F(Tokenize, NamesWhatIsWrongWithAConversation) {
  const std::string hello = R"([{"role": "user", "content": "Hi"}])";
  const Outcome none = run_program({"tokenize", model("stories-260k"), "--chat", "-"}, hello);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("has no chat template"));
  const std::string chat = with_chat_template(model("stories-260k"), scratch_.path() / "chat",
                                              "{{ raise_exception('not today') }}");
  const Outcome refused = run_program({"tokenize", chat, "--chat", "-"}, hello);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("the template refuses this: not today"));
  const Outcome other =
      run_program({"tokenize", chat, "--chat", "-", "--chat-template", "rag"}, hello);
  EXPECT_THAT(other.err, HasSubstr("no chat template named 'rag'; there is default"));
  EXPECT_THAT(run_program({"tokenize", chat, "--chat", "-"}, "{").err, HasSubstr("not JSON"));
  EXPECT_THAT(run_program({"tokenize", chat, "--chat", "-"}, "7").err,
              HasSubstr("a list of messages"));
  EXPECT_THAT(run_program({"tokenize", chat, "Hi", "--chat", "-"}, hello).err,
              HasSubstr("either TEXT, --jsonl FILE or --chat FILE"));
}

/// Largest absolute difference between two F32 tensors of equal shape.
double max_difference(const io::TensorView& a, const io::TensorView& b) {
  EXPECT_EQ(a.shape, b.shape);
  std::vector<float> left(static_cast<std::size_t>(a.num_elements()));
  std::vector<float> right(left.size());
  a.copy_to(0, left);
  b.copy_to(0, right);
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(left[i] - right[i])));
  }
  return largest;
}

TEST_F(Logits, AreTheGoldenOnes) {
  for (const std::string name : {"llama_gqa", "llama_bias", "llama3_rope", "llama_linear_rope"}) {
    SCOPED_TRACE(name);
    const std::filesystem::path golden = data_ / "golden" / name;
    const std::string file = scratch_.path() / (name + ".safetensors");
    const Outcome outcome =
        run_program({"logits", golden, "--ids", golden / "cases.json", "-o", file});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const double tolerance =
        json::parse(read_file(golden / "meta.json"))["tolerance"]["atol"].get<double>();
    const auto expected = io::Safetensors::open(golden / "logits.safetensors");
    const auto actual = io::Safetensors::open(file);
    EXPECT_EQ(actual.names(), expected.names());
    for (const std::string& tensor : expected.names()) {
      EXPECT_LE(max_difference(actual.at(tensor), expected.at(tensor)), tolerance) << tensor;
    }
  }
}

TEST_F(Logits, Bf16IsCloseButNotTheSame) {
  const std::filesystem::path golden = data_ / "golden" / "llama_gqa";
  const std::string file = scratch_.path() / "bf16.safetensors";
  const Outcome outcome = run_program(
      {"logits", golden, "--ids", golden / "cases.json", "-o", file, "--precision", "bf16"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const double difference =
      max_difference(io::Safetensors::open(file).at("case2"),
                     io::Safetensors::open(golden / "logits.safetensors").at("case2"));
  EXPECT_GT(difference, 1e-4);
  EXPECT_LT(difference,
            0.5);  // the logits' standard deviation is 1.34, a mistake moves them by 0.98 at least
}

TEST_F(Logits, BadCasesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{}", "must be a JSON list of cases"},
      {"[{\"ids\": [1]}, {\"id\": [1]}]", "case 1 must be an object with \"ids\""},
      {"[{\"ids\": []}]", "case 0 has no ids"},
      {"[{\"ids\": [1, -2]}]", "case 0: -2 is not a token id"},
      {"[{\"ids\": [1, \"a\"]}]", "case 0: \"a\" is not a token id"},
      {"[{\"ids\": [1]}, {\"ids\": [512]}]", "case 1: "},
      {"[{", "not JSON"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    const std::string file = scratch_.write("cases.json", text);
    const Outcome outcome = run_program(
        {"logits", model("stories-260k"), "--ids", file, "-o", scratch_.path() / "out"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(file));
    EXPECT_THAT(outcome.err, HasSubstr(expected));
    EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "out"));
  }
}

/// Sum of log-softmax over the last `count` tokens of a sequence, from logits F32 [T, vocab_size];
/// is each the argmax?
std::pair<double, bool> score_from_logits(const io::TensorView& logits, const std::vector<int>& ids,
                                          int count) {
  const auto vocab_size = static_cast<std::size_t>(logits.shape[1]);
  double sum = 0;
  bool is_greedy = true;
  for (std::size_t t = ids.size() - static_cast<std::size_t>(count); t < ids.size(); ++t) {
    std::vector<float> row(vocab_size);
    logits.copy_to(static_cast<std::int64_t>((t - 1) * vocab_size), row);
    const auto top = std::max_element(row.begin(), row.end());
    double total = 0;
    for (const float value : row) total += std::exp(static_cast<double>(value) - *top);
    const float own = row[static_cast<std::size_t>(ids[t])];
    sum += static_cast<double>(own) - *top - std::log(total);
    is_greedy = is_greedy && top - row.begin() == ids[t];
  }
  return {sum, is_greedy};
}

TEST_F(Score, IsTheSumOverTheLogits) {
  const std::vector<json> requests = {
      {{"context", "Once upon a time, there was"},
       {"continuation", " a little girl"},
       {"note", "kept"}},
      {{"context", "Once upon a time, there was"}, {"continuation", " a big dog"}},
      {{"context", "Tom was sad. "}, {"continuation", "He cried."}},
      {{"context", "Lily saw a"}, {"continuation", " red ball in the park with her mom."}},
  };
  const Outcome scored =
      run_program({"score", model("stories-658k"), "-"}, words_as_lines(requests));
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const std::vector<json> scores = json_lines(scored.out);
  ASSERT_EQ(scores.size(), requests.size());
  EXPECT_EQ(scores[0]["note"], "kept");

  json cases = json::array();
  for (const json& request : requests) {
    const std::string text =
        request["context"].get<std::string>() + request["continuation"].get<std::string>();
    const Outcome ids = run_program({"tokenize", model("stories-658k"), text});
    cases.push_back({{"ids", json::parse(ids.out)["ids"]}});
  }
  const std::string file = scratch_.path() / "logits.safetensors";
  const Outcome logits = run_program({"logits", model("stories-658k"), "--ids",
                                      scratch_.write("cases.json", cases.dump()), "-o", file});
  ASSERT_EQ(logits.exit_code, 0) << logits.err;
  const auto tensors = io::Safetensors::open(file);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(requests[i].dump());
    const int num_tokens = scores[i]["num_tokens"];
    ASSERT_GT(num_tokens, 0);
    const auto [log_likelihood, is_greedy] =
        score_from_logits(tensors.at("case" + std::to_string(i)), cases[i]["ids"], num_tokens);
    EXPECT_NEAR(scores[i]["log_likelihood"].get<double>(), log_likelihood, 1e-4);
    EXPECT_EQ(scores[i]["is_greedy"], is_greedy);
  }
}

TEST_F(Score, DoesNotDependOnNeighboursOrThreads) {
  const json request = {{"context", "Once upon a time, there was"},
                        {"continuation", " a little girl"}};
  std::vector<json> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(
        {{"context", "Once upon a time, there" + std::string(static_cast<std::size_t>(i), '.')},
         {"continuation", " was a dog"}});
  }
  many.push_back(request);
  for (const std::string precision : {"f32", "bf16"}) {
    const auto last = [&](const std::vector<json>& lines, const std::string& threads) {
      const Outcome outcome = run_program(
          {"score", model("stories-658k"), "-", "--threads", threads, "--precision", precision},
          words_as_lines(lines));
      EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
      return json_lines(outcome.out).back();
    };
    const json alone = last({request}, "1");
    EXPECT_EQ(alone, last(many, "1"));
    EXPECT_EQ(alone, last(many, "2"));
  }
}

TEST_F(Score, ABadLineDoesNotTakeTheScoresBeforeIt) {
  const std::string good = R"({"context": "Once upon", "continuation": " a time", "note": 1})";
  for (const std::string bad :
       {R"({"context": "Once"})", R"({"context": "Once", "continuation": ""})", "{"}) {
    SCOPED_TRACE(bad);
    const Outcome outcome = run_program({"score", model("stories-14k"), "-"},
                                        good + "\n" + good + "\n" + bad + "\n" + good + "\n");
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("standard input:3: "));
    const std::vector<json> scores = json_lines(outcome.out);
    ASSERT_EQ(scores.size(), 2u);
    EXPECT_LT(scores[0]["log_likelihood"].get<double>(), 0);
    EXPECT_EQ(scores[0], scores[1]);
  }
}

TEST_F(Score, BadRequestsAreNamed) {
  const Outcome missing =
      run_program({"score", model("stories-14k"), "-"},
                  "{\"context\": \"a\", \"continuation\": \" b\"}\n{\"context\": 1}\n");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("standard input:2: "));
  const Outcome empty = run_program({"score", model("stories-14k"), "-"},
                                    "{\"context\": \"a\", \"continuation\": \"\"}\n");
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_THAT(empty.err, HasSubstr("standard input:1: "));
}

TEST_F(Generate, ReproducesTheReferencesGreedyText) {
  const json greedy = json::parse(read_file(data_ / "stories" / "greedy.json"));
  for (const auto& [name, entries] : greedy.items()) {
    SCOPED_TRACE(name);
    std::vector<json> prompts;
    for (const json& entry : entries) prompts.push_back({{"prompt", entry["prompt"]}});
    const Outcome outcome =
        run_program({"generate", model(name), "--jsonl", "-", "-n", "40", "--ignore-eos"},
                    words_as_lines(prompts));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::vector<json> continued = json_lines(outcome.out);
    ASSERT_EQ(continued.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(continued[i]["ids"], entries[i]["ids"]) << entries[i]["prompt"];
      EXPECT_EQ(continued[i]["prompt"], entries[i]["prompt"]);
    }
  }
}

TEST_F(Generate, RepliesToAConversation) {
  const std::string chat =
      with_chat_template(model("stories-260k"), scratch_.path() / "chat",
                         "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"
                         "{% if add_generation_prompt %} there was{% endif %}");
  const Outcome reply = run_program({"generate", chat, "--chat", "-", "-n", "20"},
                                    R"([{"role": "user", "content": "Once upon a time,"}])");
  ASSERT_EQ(reply.exit_code, 0) << reply.err;
  const Outcome plain = run_program({"generate", chat, "Once upon a time, there was", "-n", "20"});
  EXPECT_EQ(reply.out, plain.out);
}

TEST_F(Generate, StopsBeforeTheFirstStopString) {
  const std::string prompt = "Once upon a time, there was";
  const Outcome whole = run_program({"generate", model("stories-260k"), prompt});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const std::size_t dot = whole.out.find('.');
  ASSERT_NE(dot, std::string::npos) << whole.out;
  const Outcome cut =
      run_program({"generate", model("stories-260k"), prompt, "--until", "zebra", "--until", "."});
  EXPECT_EQ(cut.out, whole.out.substr(0, dot) + "\n");
  const Outcome few = run_program({"generate", model("stories-260k"), prompt, "-n", "3"});
  EXPECT_THAT(whole.out, StartsWith(few.out.substr(0, few.out.size() - 1)));
  EXPECT_LT(few.out.size(), whole.out.size());
}

TEST_F(MakeModel, WritesACheckpointThatEveryCommandTakes) {
  const std::string directory = scratch_.path() / "made";
  const Outcome made = run_program({"make-model",
                                    directory,
                                    "--hidden-size",
                                    "48",
                                    "--num-attention-heads",
                                    "6",
                                    "--num-key-value-heads",
                                    "3",
                                    "--num-hidden-layers",
                                    "3",
                                    "--intermediate-size",
                                    "96",
                                    "--tie-word-embeddings",
                                    "no",
                                    "--dtype",
                                    "F16",
                                    "--seed",
                                    "3",
                                    "--tokenizer",
                                    model("stories-260k")});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json description = json::parse(run_program({"inspect", directory, "--json"}).out);
  // Per layer: q and o 48x48, k and v 24x48, three of 96x48, two norms of 48; and the final norm.
  const int per_layer = 2 * 48 * 48 + 2 * 24 * 48 + 3 * 96 * 48 + 2 * 48;
  EXPECT_EQ(description["num_parameters_without_embeddings"], 3 * per_layer + 48);
  EXPECT_EQ(description["num_parameters"], 3 * per_layer + 48 + 2 * 512 * 48);
  EXPECT_EQ(description["dtype_on_disk"], "F16");
  const Outcome generated = run_program({"generate", directory, "Once", "-n", "5", "--ignore-eos"});
  EXPECT_EQ(generated.exit_code, 0) << generated.err;

  const Outcome again = run_program({"make-model", directory});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("already holds a checkpoint"));
}

TEST_F(MakeModel, TheSeedDecidesTheWeights) {
  const auto digest = [&](const std::string& name, const std::string& seed,
                          const std::string& shard) {
    const std::string directory = scratch_.path() / name;
    const Outcome made = run_program({"make-model", directory, "--hidden-size", "128",
                                      "--num-hidden-layers", "8", "--intermediate-size", "512",
                                      "--seed", seed, "--dtype", "F32", "--max-shard-mb", shard});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return json::parse(run_program({"inspect", directory, "--json", "--digest"}).out)["digest"]
        .get<std::string>();
  };
  const std::string first = digest("a", "1", "5000");
  EXPECT_EQ(first, digest("b", "1", "2"));  // in shards: the same weights
  EXPECT_NE(first, digest("c", "2", "5000"));
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "b" / "model.safetensors.index.json"));
}

TEST_F(MakeModel, RefusesAVocabularyTooSmallForItsTokenizer) {
  const Outcome outcome = run_program({"make-model", scratch_.path() / "small", "--vocab-size",
                                       "100", "--tokenizer", model("stories-260k")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--vocab-size is 100, but the tokenizer has 512 ids"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "small"));
}

/// Works without shared data.
class MakeModelOfAnyKind : public testing::Test {
 protected:
  ScratchDirectory scratch_;
};

TEST_F(MakeModelOfAnyKind, TakesTheConfigOfEveryArchitecture) {
  for (const model::NamedConfig& entry : model::every_architecture()) {
    scratch_.write("config.json", entry.config.dump());
    scratch_.write("cases.json", R"([{"ids": [5, 6, 7]}])");
    const std::string directory = scratch_.path() / entry.name;
    const Outcome made = run_program(
        {"make-model", directory, "--config", scratch_.path() / "config.json", "--dtype", "BF16"});
    ASSERT_EQ(made.exit_code, 0) << entry.name << ": " << made.err;
    const Outcome inspected = run_program({"inspect", directory});
    EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
    EXPECT_THAT(inspected.out, HasSubstr(entry.config["architectures"][0].get<std::string>()));
    const std::string output = scratch_.path() / "logits.safetensors";
    const Outcome logits =
        run_program({"logits", directory, "--ids", scratch_.path() / "cases.json", "-o", output});
    EXPECT_EQ(logits.exit_code, 0) << entry.name << ": " << logits.err;
    EXPECT_THAT(io::Safetensors::open(output).at("case0").shape,
                ElementsAre(3, model::kEveryVocabulary));
  }
}

TEST_F(MakeModelOfAnyKind, RefusesConfigsByName) {
  const auto refusal = [&](const std::string& config, const std::vector<std::string>& more) {
    scratch_.write("config.json", config);
    std::vector<std::string> words = {"make-model", scratch_.path() / "out", "--config",
                                      scratch_.path() / "config.json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "out"));
    return outcome.err;
  };
  const std::string good = model::every_architecture().front().config.dump();
  EXPECT_THAT(refusal("{broken", {}), HasSubstr("config.json: is not"));
  EXPECT_THAT(refusal("{}", {}), HasSubstr("\"architectures\" is missing"));
  EXPECT_THAT(refusal(good, {"--hidden-size", "64"}),
              HasSubstr("--hidden-size does not go with --config"));
}

}  // namespace
}  // namespace allometer::cli
