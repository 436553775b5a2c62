// vocab.json and merges.txt: what GPT2Tokenizer of transformers makes of them.
#include "tokenizer/vocab_json_tokenizer.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/temporary_directory.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/small_tokenizer.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<std::int32_t>;

constexpr const char* kMerges = "#version: 0.2\na b\n\n# #\r\n\u0120 ab\n";

/// As facebook/opt-*: </s> is BOS, EOS and the unknown token.
class VocabJson : public testing::Test {
 protected:
  VocabJson() {
    write("vocab.json", vocab_);
    write("tokenizer_config.json", config_);
    directory_.write("merges.txt", kMerges);
  }
  void write(const char* name, const json& content) { directory_.write(name, content.dump()); }
  Tokenizer load() const { return Tokenizer::load(directory_.path()); }
  std::string refused() const {
    return error_text([&] { load(); });
  }

  io::TemporaryDirectory directory_;
  json vocab_ = {{"<s>", 0}, {"<pad>", 1}, {"</s>", 2}, {"<unk>", 3},  {"a", 4},        {"b", 5},
                 {"ab", 6},  {"#", 7},     {"##", 8},   {"\u0120", 9}, {"\u0120ab", 10}};
  json config_ = {{"tokenizer_class", "GPT2Tokenizer"},
                  {"add_prefix_space", false},
                  {"add_bos_token", true},
                  {"bos_token", {{"content", "</s>"}, {"normalized", true}}},
                  {"eos_token", "</s>"},
                  {"unk_token", "</s>"},
                  {"pad_token", {{"content", "<pad>"}, {"lstrip", true}}}};
};

TEST_F(VocabJson, GivesTheIdsOfGpt2TokenizerWithBos) {
  EXPECT_TRUE(Tokenizer::exists(directory_.path()));
  const auto tokenizer = load();
  EXPECT_THAT(tokenizer.encode("ab ab##</s>a <pad>", AddSpecial::yes),
              ElementsAre(2, 6, 10, 8, 2, 4, 1));
  EXPECT_THAT(tokenizer.encode("ab", AddSpecial::no), ElementsAre(6));
  EXPECT_EQ(tokenizer.decode(Ids{2, 6, 10, 8}, SkipSpecial::yes), "ab ab##");
  EXPECT_TRUE(tokenizer.adds_bos());
  EXPECT_EQ(tokenizer.bos_id(), 2);
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_EQ(tokenizer.vocab_size(), 11);
  EXPECT_EQ(Tokenizer::load(directory_.path() / "vocab.json").digest(), tokenizer.digest());
}

TEST_F(VocabJson, TakesSettingsAndTokensFromTheFilesBeside) {
  const Digest digest = load().digest();
  config_["add_bos_token"] = false;
  config_["add_prefix_space"] = true;
  config_.erase("pad_token");
  write("tokenizer_config.json", config_);
  write("added_tokens.json", {{"<new>", 11}});
  write("special_tokens_map.json", {{"mask_token", "<mask>"}, {"pad_token", "<pad>"}});
  EXPECT_NE(load().digest(), digest);
  EXPECT_THAT(load().encode("ab<new><mask>", AddSpecial::yes), ElementsAre(10, 11, 12));
  EXPECT_TRUE(load().is_special(12));
  EXPECT_TRUE(load().is_special(1));
  EXPECT_FALSE(load().is_special(11));
  config_["added_tokens_decoder"] = {{"11", {{"content", "<other>"}, {"special", true}}}};
  write("tokenizer_config.json", config_);
  EXPECT_THAT(load().encode("<other>", AddSpecial::no), ElementsAre(11));
  EXPECT_EQ(load().vocab_size(), 12);  // the other files do not count beside the decoder
}

TEST_F(VocabJson, StandsBetweenTokenizerJsonAndTokenizerModel) {
  directory_.write("tokenizer.model", "no model");
  EXPECT_EQ(load().vocab_size(), 11);
  write("tokenizer.json", small_json({"a"}));
  EXPECT_EQ(load().vocab_size(), 1);
}

TEST_F(VocabJson, HasTheDefaultsOfGpt2Tokenizer) {
  std::filesystem::remove(directory_.path() / "tokenizer_config.json");
  write("config.json", {{"model_type", "gpt2"}});
  vocab_["<|endoftext|>"] = 11;
  write("vocab.json", vocab_);
  const auto tokenizer = load();
  EXPECT_THAT(tokenizer.encode("ab<|endoftext|> ab", AddSpecial::yes), ElementsAre(6, 11, 10));
  EXPECT_EQ(tokenizer.eos_id(), 11);
  EXPECT_TRUE(tokenizer.is_special(11));
}

TEST_F(VocabJson, IsRefusedByNameForOtherTokenizers) {
  for (const char* name : {"RobertaTokenizer", "CLIPTokenizer", "WhisperTokenizer"}) {
    config_["tokenizer_class"] = name;
    write("tokenizer_config.json", config_);
    EXPECT_THAT(refused(), AllOf(HasSubstr("tokenizer_config.json: tokenizer_class: '"),
                                 HasSubstr(name), HasSubstr("save_pretrained(DIR)")));
  }
  config_.erase("tokenizer_class");
  write("tokenizer_config.json", config_);
  EXPECT_EQ(load().vocab_size(), 11);
  write("config.json", {{"model_type", "qwen2"}});
  EXPECT_THAT(refused(), AllOf(HasSubstr("config.json: model_type: "), HasSubstr("'qwen2'")));
}

TEST_F(VocabJson, DamagedFilesAreNamed) {
  const auto with_merges = [&](const std::string& text) {
    directory_.write("merges.txt", text);
    return refused();
  };
  EXPECT_THAT(with_merges("#version: 0.2\na b\nab\n"),
              AllOf(HasSubstr("format: "), HasSubstr("merges.txt: line 3: expected two pieces")));
  EXPECT_THAT(with_merges("a b c"), HasSubstr("merges.txt: line 1: expected two pieces"));
  EXPECT_THAT(with_merges("a b\nb a\n"), HasSubstr("line 2: 'ba' is not in vocab.json"));
  EXPECT_THAT(with_merges(" a\n"), HasSubstr("line 1: '' is not in vocab.json"));
  directory_.write("merges.txt", kMerges);
  vocab_["c"] = 5;
  write("vocab.json", vocab_);
  EXPECT_THAT(refused(), AllOf(HasSubstr("vocab.json: "), HasSubstr("have the same id 5")));
  directory_.write("vocab.json", "{");
  EXPECT_THAT(refused(), HasSubstr("vocab.json: not JSON"));
  directory_.write("vocab.json", "[]");
  EXPECT_THAT(refused(), HasSubstr("vocab.json: expected an object"));
  vocab_.erase("c");
  write("vocab.json", vocab_);
  for (const char* name : {"special_tokens_map.json", "added_tokens.json", "config.json"}) {
    directory_.write(name, "[]");
    EXPECT_THAT(refused(), AllOf(HasSubstr(name), HasSubstr("expected an object")));
    directory_.write(name, "{}");
  }
  config_["bos_token"] = nullptr;
  write("tokenizer_config.json", config_);
  EXPECT_THAT(refused(), HasSubstr("add_bos_token is true, but there is no bos_token"));
  std::filesystem::remove(directory_.path() / "merges.txt");
  EXPECT_FALSE(Tokenizer::exists(directory_.path()));
  EXPECT_THAT(refused(),
              AllOf(HasSubstr("vocab.json with merges.txt"), HasSubstr("save_pretrained(DIR)")));
}

TEST_F(VocabJson, OfPythiaGivesTheReferenceIds) {
  const char* folder = std::getenv("ALLOMETER_SHARED_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const auto data = std::filesystem::path(folder) / "tokenizers";
  std::ifstream file(data / "pythia_tokenizer.json");
  const json whole = json::parse(file);
  std::string merges = "#version: 0.2\n";
  for (const json& merge : whole["model"]["merges"]) merges += merge.get<std::string>() + "\n";
  json decoder;
  for (const json& token : whole["added_tokens"]) {
    decoder[std::to_string(token["id"].get<int>())] = token;
  }
  write("vocab.json", whole["model"]["vocab"]);
  directory_.write("merges.txt", merges);
  write("tokenizer_config.json",
        {{"tokenizer_class", "GPT2Tokenizer"}, {"added_tokens_decoder", decoder}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer.vocab_size(), 50277);
  // Pythia composes its texts first, GPT-2 does not: texts that are composed have the same ids.
  std::ifstream cases(data / "cases_pythia.jsonl");
  int compared = 0;
  for (std::string line; std::getline(cases, line);) {
    const json one = json::parse(line);
    if (one["decoded"] != one["text"]) continue;
    ++compared;
    ASSERT_EQ(tokenizer.encode(one["text"].get<std::string>(), AddSpecial::yes),
              one["ids"].get<Ids>())
        << one["text"];
    ASSERT_EQ(tokenizer.decode(one["ids"].get<Ids>(), SkipSpecial::no), one["text"]);
  }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace allometer::tokenizer
