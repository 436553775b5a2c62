// Tokenizers from the metadata of GGUF files.
#include "tokenizer/gguf_tokenizer.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.hpp"
#include "io/gguf_builder.hpp"
#include "io/temporary_directory.hpp"
#include "tokenizer/byte_level.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/gguf_pre_tokenizer.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/random_text.hpp"
#include "tokenizer/small_tokenizer.hpp"

namespace allometer::tokenizer {
namespace {

using io::GgufBuilder;
using io::GgufValue;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<std::int32_t>;
using Texts = std::vector<std::string>;

template <class T>
std::string packed(const std::vector<T>& values) {
  std::string bytes;
  for (const T value : values) bytes += io::bytes_of(value);
  return bytes;
}

/// A vocabulary on its way into a file.
struct Vocab {
  std::string architecture = "llama";
  std::string model = "llama";
  Texts tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;
  Texts merges;
  std::string pre;

  std::int32_t add(const std::string& token, float score = 0, std::int32_t type = 1) {
    tokens.push_back(token);
    scores.push_back(score);
    types.push_back(type);
    return static_cast<std::int32_t>(tokens.size()) - 1;
  }

  GgufBuilder builder() const {
    GgufBuilder file;
    file.text("general.architecture", architecture);
    file.text("tokenizer.ggml.model", model);
    if (!pre.empty()) file.text("tokenizer.ggml.pre", pre);
    file.texts("tokenizer.ggml.tokens", tokens);
    file.array("tokenizer.ggml.token_type", GgufValue::int32, types.size(), packed(types));
    if (model == "llama") {
      file.array("tokenizer.ggml.scores", GgufValue::float32, scores.size(), packed(scores));
    }
    if (model == "gpt2") file.texts("tokenizer.ggml.merges", merges);
    return file;
  }
};

/// <unk>, <s>, </s> and the 256 bytes.
Vocab sentencepiece_vocab() {
  Vocab vocab;
  vocab.add("<unk>", 0, 2);
  vocab.add("<s>", 0, 3);
  vocab.add("</s>", 0, 3);
  for (int byte = 0; byte < 256; ++byte) {
    char spelling[8];
    std::snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
    vocab.add(spelling, 0, 6);
  }
  return vocab;
}

/// The 256 bytes as GPT-2 spells them.
Vocab byte_vocab(const std::string& pre) {
  Vocab vocab;
  vocab.model = "gpt2";
  vocab.pre = pre;
  for (int byte = 0; byte < 256; ++byte) {
    std::string spelling;
    append_byte_level(spelling, std::string(1, static_cast<char>(byte)));
    vocab.add(spelling);
  }
  return vocab;
}

class GgufTokenizer : public testing::Test {
 protected:
  Tokenizer load(const GgufBuilder& file) const { return load_bytes(file.bytes()); }
  Tokenizer load_bytes(const std::string& bytes) const {
    return Tokenizer::load(directory_.write("model.gguf", bytes));
  }
  std::string load_error(const GgufBuilder& file) const {
    return error_text([&] { load(file); });
  }

  io::TemporaryDirectory directory_;
};

TEST_F(GgufTokenizer, JoinsThePairOfTheBestScore) {
  Vocab vocab = sentencepiece_vocab();
  for (const char* piece : {"\u2581", "a", "b", "c"}) vocab.add(piece, -9);
  vocab.add("ab", -2);
  vocab.add("bc", -1);
  vocab.add("abc", -3);
  vocab.add("\u2581a", -4);
  const auto tokenizer = load(vocab.builder());
  EXPECT_THAT(pieces_of(tokenizer, "abc"), ElementsAre("\u2581", "abc"));
  EXPECT_THAT(pieces_of(tokenizer, "ab a"), ElementsAre("\u2581", "ab", "\u2581a"));
}

TEST_F(GgufTokenizer, JoinsEqualScoresFromTheLeft) {
  Vocab vocab = sentencepiece_vocab();
  for (const char* piece : {"\u2581", "a", "b"}) vocab.add(piece, -9);
  // Both ways to make "aba" have its score, whichever of them a list of merges names first.
  for (const char* piece : {"ab", "ba"}) vocab.add(piece, -1);
  vocab.add("aba", -2);
  const auto tokenizer = load(vocab.builder());
  EXPECT_THAT(pieces_of(tokenizer, "ababa"), ElementsAre("\u2581", "ab", "aba"));
  EXPECT_THAT(pieces_of(tokenizer, "baba"), ElementsAre("\u2581", "ba", "ba"));
}

TEST_F(GgufTokenizer, FallsBackToBytesAndReturnsThem) {
  Vocab vocab = sentencepiece_vocab();
  vocab.add("\u2581", -1);
  vocab.add("a", -1);
  const auto tokenizer = load(vocab.builder());
  EXPECT_THAT(pieces_of(tokenizer, "a\u00e9"), ElementsAre("\u2581", "a", "<0xC3>", "<0xA9>"));
  const std::string text = " a\n\U0001F600 <0x41>";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text, AddSpecial::yes), SkipSpecial::yes), text);
}

TEST_F(GgufTokenizer, PutsASpaceBeforeEveryStretchOfText) {
  Vocab vocab = sentencepiece_vocab();
  for (const char* piece : {"\u2581", "a"}) vocab.add(piece, -1);
  vocab.add("\u2581a", -1);
  vocab.add("[user]", 0, 4);
  const auto tokenizer = load(vocab.builder());
  EXPECT_THAT(pieces_of(tokenizer, "a</s>a[user]a", AddSpecial::yes),
              ElementsAre("<s>", "\u2581a", "</s>", "\u2581a", "[user]", "\u2581a"));
  EXPECT_TRUE(tokenizer.adds_bos());
  EXPECT_TRUE(tokenizer.is_special(2));
  EXPECT_FALSE(tokenizer.is_special(*tokenizer.encode("[user]", AddSpecial::no).begin()));
  const auto bare = load(vocab.builder()
                             .boolean("tokenizer.ggml.add_space_prefix", false)
                             .boolean("tokenizer.ggml.add_bos_token", false)
                             .boolean("tokenizer.ggml.add_eos_token", true));
  EXPECT_THAT(pieces_of(bare, "a a", AddSpecial::yes), ElementsAre("a", "\u2581a", "</s>"));
  EXPECT_EQ(bare.decode(bare.encode(" a", AddSpecial::no), SkipSpecial::no), " a");
}

TEST_F(GgufTokenizer, Phi3TakesTheSpaceBehindItsAddedTokens) {
  Vocab vocab = sentencepiece_vocab();
  for (const char* piece : {"\u2581", "a"}) vocab.add(piece, -1);
  vocab.add("\u2581a", -1);
  vocab.add("<|user|>", 0, 3);
  const std::string text = "<|user|>\n a<s> a";
  EXPECT_THAT(pieces_of(load(vocab.builder()), text),
              ElementsAre("<|user|>", "\u2581", "<0x0A>", "\u2581a", "<s>", "\u2581", "\u2581a"));
  vocab.architecture = "phi3";
  EXPECT_THAT(pieces_of(load(vocab.builder()), text),
              ElementsAre("<|user|>", "\u2581a", "<s>", "\u2581", "\u2581a"));
}

TEST_F(GgufTokenizer, TakesIdsOfSpecialTokensFromTheFile) {
  Vocab vocab = byte_vocab("gpt-2");
  const auto begin = vocab.add("<begin>");  // not marked as special, but named
  const auto end = vocab.add("<end>", 0, 3);
  const auto tokenizer =
      load(vocab.builder()
               .uint32("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(begin))
               .uint32("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(end))
               .boolean("tokenizer.ggml.add_bos_token", true));
  EXPECT_EQ(tokenizer.bos_id(), begin);
  EXPECT_EQ(tokenizer.eos_id(), end);
  EXPECT_THAT(pieces_of(tokenizer, "a<end><begin>", AddSpecial::yes),
              ElementsAre("<begin>", "a", "<end>", "<begin>"));
  const auto without = load(vocab.builder());
  EXPECT_EQ(without.bos_id(), std::nullopt);
  EXPECT_FALSE(without.adds_bos());
}

TEST_F(GgufTokenizer, JoinsByteLevelPiecesInTheOrderOfTheMerges) {
  Vocab vocab = byte_vocab("qwen2");
  for (const char* piece : {"\u0120a", "bc", "ab", "abc"}) vocab.add(piece);
  vocab.merges = {"b c", "\u0120 a", "a bc"};
  const auto tokenizer = load(vocab.builder());
  EXPECT_THAT(pieces_of(tokenizer, "abc a"), ElementsAre("abc", "\u0120a"));
  // Qwen 2 composes the text first.
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("e\u0301", AddSpecial::no), SkipSpecial::no),
            "\u00e9");
}

/// As the converters write WordPiece: U+2581 before pieces that begin a word, nothing before
/// others.
Vocab word_vocab() {
  Vocab vocab;
  vocab.model = "bert";
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    vocab.add(special, 0, 3);
  }
  for (const char* piece : {"\u2581work", "ing", "\u2581[", "\u2581caf\u00e9", "\u2581cafe",
                            "\u2581\u4e2d", "\u2581Work"}) {
    vocab.add(piece);
  }
  return vocab;
}

GgufBuilder with_word_ids(GgufBuilder file) {
  return file.uint32("tokenizer.ggml.bos_token_id", 2)
      .uint32("tokenizer.ggml.seperator_token_id", 3)
      .uint32("tokenizer.ggml.unknown_token_id", 1);
}

TEST_F(GgufTokenizer, SpellsWordPiecesAsVocabTxtDoes) {
  const auto tokenizer = load(with_word_ids(word_vocab().builder()));
  EXPECT_THAT(pieces_of(tokenizer, "Working [caf\u00e9 \u4e2d\u4e2d[MASK]x", AddSpecial::yes),
              ElementsAre("[CLS]", "work", "##ing", "[", "cafe", "\u4e2d", "\u4e2d", "[MASK]",
                          "[UNK]", "[SEP]"));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("working [", AddSpecial::yes), SkipSpecial::yes),
            "working [");
  EXPECT_EQ(tokenizer.bos_id(), 2);
  const auto cased = load(
      with_word_ids(word_vocab().builder()).boolean("tokenizer.ggml.normalizer.lowercase", false));
  EXPECT_THAT(pieces_of(cased, "Work caf\u00e9"), ElementsAre("Work", "caf\u00e9"));
  // A word of more than 100 letters is unknown, as for Hugging Face; llama.cpp cuts it up.
  std::string word = "work";
  for (int i = 0; i < 33; ++i) word += "ing";
  EXPECT_THAT(pieces_of(tokenizer, word), ElementsAre("[UNK]"));
}

TEST_F(GgufTokenizer, RefusesWordPiecesWithoutTheirSpecialTokens) {
  EXPECT_THAT(load_error(word_vocab().builder()), HasSubstr("tokenizer.ggml.seperator_token_id"));
  Vocab twice = word_vocab();
  twice.add("\u2581##ing");
  EXPECT_THAT(load_error(with_word_ids(twice.builder())),
              AllOf(HasSubstr("key 'tokenizer.ggml.tokens'"), HasSubstr("'##ing' has two ids")));
}

/// What a name makes of a text, byte-level spelling undone.
Texts split_as(const std::string& name, const std::string& text) {
  const json part = find_gguf_pre_tokenizer(name)->pre_tokenizer(false);
  Pieces pieces{text, {{0, text.size()}}, true};
  read_pre_tokenizer(JsonNode(part, name))->apply(pieces);
  Texts result;
  for (const Range& range : pieces.ranges) {
    result.emplace_back();
    append_bytes_of_piece(result.back(), pieces.piece(range));
  }
  return result;
}

TEST(GgufPreTokenizer, CutsAsItsNameSays) {
  const std::string text = "We'LL pay 12345!?\n\n  ok";
  EXPECT_THAT(split_as("gpt-2", text),
              ElementsAre("We", "'", "LL", " pay", " 12345", "!?", "\n\n ", " ok"));
  EXPECT_THAT(split_as("starcoder", text), ElementsAre("We", "'", "LL", " pay", " ", "1", "2", "3",
                                                       "4", "5", "!?", "\n\n ", " ok"));
  EXPECT_THAT(split_as("llama-bpe", text),
              ElementsAre("We", "'LL", " pay", " ", "123", "45", "!?\n\n", " ", " ok"));
  EXPECT_THAT(split_as("qwen2", text),
              ElementsAre("We", "'LL", " pay", " ", "1", "2", "3", "4", "5", "!?\n\n", " ", " ok"));
  EXPECT_THAT(split_as("falcon", text),
              ElementsAre("We", "'", "LL", " pay", " ", "123", "45", "!?", "\n\n ", " ok"));
  EXPECT_THAT(split_as("bloom", text), ElementsAre("We'LL", " pay", " 12345", "!?\n\n ", " ok"));
  EXPECT_THAT(split_as("viking", text),
              ElementsAre("We'LL", " pay", " ", "1", "2", "3", "4", "5", "!?\n\n ", " ok"));
  EXPECT_THAT(split_as("tekken", text),
              ElementsAre("We", "'LL", " pay", " ", "1", "2", "3", "4", "5", "!?\n\n", " ", " ok"));
  EXPECT_THAT(split_as("gpt-4o", text),
              ElementsAre("We'LL", " pay", " ", "123", "45", "!?\n\n", " ", " ok"));
  EXPECT_THAT(split_as("deepseek-v3", text),
              ElementsAre("We", "'LL", " pay", " ", "123", "45", "!?\n\n", " ", " ok"));
  EXPECT_THAT(split_as("deepseek-llm", text),
              ElementsAre("We", "'", "LL", " pay", " ", "1", "2", "3", "4", "5", "!?", "\n", "\n",
                          " ", " ok"));
  EXPECT_THAT(split_as("default", text),
              ElementsAre("We", "'", "LL", " pay", " ", "123", "45", "!?", "\n\n ", " ok"));
  EXPECT_THAT(split_as("superbpe", "12345"), ElementsAre("12", "345"));
  EXPECT_THAT(split_as("tiny_aya", "12345 12345a"),
              ElementsAre("12", "345", " ", "123", "45", "a"));
  EXPECT_THAT(split_as("deepseek-v3", "\u4e00\u9fa5a"), ElementsAre("\u4e00\u9fa5", "a"));
}

TEST(GgufPreTokenizer, EveryNameCutsEveryText) {
  // None of the expressions may be refused, or lose a byte.
  SplitMix64 random(3);
  for (const char* name : {"gpt-2",
                           "phi-2",
                           "mpt",
                           "olmo",
                           "modern-bert",
                           "starcoder",
                           "refact",
                           "smollm",
                           "codeshell",
                           "exaone",
                           "minerva-7b",
                           "mellum2",
                           "command-r",
                           "falcon",
                           "llama3",
                           "llama-v3",
                           "llama-bpe",
                           "falcon3",
                           "pixtral",
                           "lfm2",
                           "dbrx",
                           "smaug-bpe",
                           "glm4",
                           "chatglm-bpe",
                           "jais-2",
                           "qwen2",
                           "megrez",
                           "stablelm2",
                           "hunyuan",
                           "grok-2",
                           "qwen35",
                           "ufakzeka",
                           "laguna",
                           "minicpm5",
                           "seed-coder",
                           "bailingmoe",
                           "exaone-moe",
                           "tekken",
                           "gpt-4o",
                           "llama4",
                           "minimax-m2",
                           "tiny_aya",
                           "youtu",
                           "deepseek-llm",
                           "deepseek-coder",
                           "deepseek-v3",
                           "spark2_5",
                           "bloom",
                           "poro-chat",
                           "gpt3-finnish",
                           "viking",
                           "superbpe",
                           "chameleon",
                           "default",
                           "jina-v2-code",
                           "roberta-bpe",
                           "gigachat",
                           "exaone4",
                           "deepseek-r1-qwen"}) {
    ASSERT_TRUE(find_gguf_pre_tokenizer(name)) << name;
    for (int i = 0; i < 20; ++i) {
      const std::string text = "I'll see 1234567 <sentinel:1>\t" + random_text(random) + "\r\n  x";
      std::string joined;
      for (const std::string& piece : split_as(name, text)) joined += piece;
      ASSERT_EQ(joined, text) << name;
    }
  }
  EXPECT_FALSE(find_gguf_pre_tokenizer("kimi-k2"));
  EXPECT_FALSE(find_gguf_pre_tokenizer(""));
}

TEST_F(GgufTokenizer, RefusesByNameWhatItDoesNotKnow) {
  EXPECT_THAT(load_error(byte_vocab("gpt-99").builder()),
              AllOf(HasSubstr("format: "), HasSubstr("model.gguf: key 'tokenizer.ggml.pre'"),
                    HasSubstr("'gpt-99'")));
  for (const char* model : {"t5", "rwkv", "plamo2"}) {
    Vocab vocab = byte_vocab("gpt-2");
    vocab.model = model;
    EXPECT_THAT(load_error(vocab.builder()),
                AllOf(HasSubstr("key 'tokenizer.ggml.model'"), HasSubstr(model)));
  }
  EXPECT_THAT(load_error(sentencepiece_vocab().builder().boolean(
                  "tokenizer.ggml.remove_extra_whitespaces", true)),
              HasSubstr("remove_extra_whitespaces"));
}

TEST_F(GgufTokenizer, SaysThatAFileHasNone) {
  GgufBuilder none;
  none.text("general.architecture", "llama");
  EXPECT_FALSE(Tokenizer::exists(directory_.write("none.gguf", none.bytes())));
  EXPECT_THAT(load_error(none), AllOf(HasSubstr("has no tokenizer"), HasSubstr("logits")));
  none.text("tokenizer.ggml.model", "none");
  EXPECT_THAT(load_error(none), HasSubstr("has no tokenizer"));
  EXPECT_TRUE(
      Tokenizer::exists(directory_.write("some.gguf", sentencepiece_vocab().builder().bytes())));
}

TEST_F(GgufTokenizer, NamesTheKeyThatIsWrong) {
  const auto key_error = [&](const std::string& key, const GgufBuilder& file) {
    const std::string error = load_error(file);
    EXPECT_THAT(error, AllOf(HasSubstr("format: "), HasSubstr("model.gguf"), HasSubstr(key)));
    return error;
  };
  Vocab vocab = sentencepiece_vocab();
  key_error("tokenizer.ggml.bos_token_id",
            vocab.builder().uint32("tokenizer.ggml.bos_token_id", 259));
  vocab.scores.pop_back();
  key_error("tokenizer.ggml.scores", vocab.builder());
  vocab.scores.push_back(std::nanf(""));
  key_error("tokenizer.ggml.scores", vocab.builder());
  vocab.scores.back() = 0;
  vocab.types.back() = 7;
  key_error("tokenizer.ggml.token_type", vocab.builder());
  vocab.types.pop_back();
  key_error("tokenizer.ggml.token_type", vocab.builder());
  vocab.types.push_back(6);
  vocab.tokens.back() = "<s>";
  EXPECT_THAT(key_error("tokenizer.ggml.tokens", vocab.builder()), HasSubstr("1 and 258"));
  for (const char* merge : {"ab", "a ", "a \u00e9\u00e9", "a bb"}) {
    Vocab bytes = byte_vocab("gpt-2");
    bytes.merges = {merge};
    EXPECT_THAT(key_error("tokenizer.ggml.merges", bytes.builder()), HasSubstr(merge));
  }
  // Llama 3 has a BOS by default, but not out of nothing.
  EXPECT_FALSE(load(byte_vocab("llama-bpe").builder()).adds_bos());
  key_error("tokenizer.ggml.add_bos_token",
            byte_vocab("gpt-2").builder().boolean("tokenizer.ggml.add_bos_token", true));
  GgufBuilder empty;
  key_error("tokenizer.ggml.tokens", empty.text("tokenizer.ggml.model", "gpt2"));
}

TEST_F(GgufTokenizer, RefusesAFileThatIsCutShort) {
  Vocab vocab = sentencepiece_vocab();
  vocab.tokens.resize(5);
  vocab.scores.resize(5);
  vocab.types.resize(5);
  const std::string whole = vocab.builder().bytes();
  EXPECT_NO_THROW(load_bytes(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(error_text([&] { load_bytes(whole.substr(0, size)); }),
                AllOf(HasSubstr("format: "), HasSubstr("model.gguf")));
  }
}

TEST_F(GgufTokenizer, DigestIsThatOfWhatDecidesIds) {
  Vocab vocab = byte_vocab("gpt-2");
  vocab.add("ab");
  vocab.merges = {"a b"};
  const Digest digest = load(vocab.builder()).digest();
  EXPECT_EQ(load(vocab.builder().text("general.name", "another")).digest(), digest);
  EXPECT_NE(load(vocab.builder().uint32("tokenizer.ggml.eos_token_id", 1)).digest(), digest);
  vocab.pre = "qwen2";
  EXPECT_NE(load(vocab.builder()).digest(), digest);
  vocab.pre = "gpt-2";
  vocab.merges = {};
  EXPECT_NE(load(vocab.builder()).digest(), digest);
  vocab.merges = {"a b"};
  std::swap(vocab.tokens[0], vocab.tokens[1]);
  EXPECT_NE(load(vocab.builder()).digest(), digest);

  Vocab scored = sentencepiece_vocab();
  for (const char* piece : {"a", "b", "ab", "ba"}) scored.add(piece, -1);
  const Digest equal_scores = load(scored.builder()).digest();
  scored.scores.back() = -2;
  EXPECT_NE(load(scored.builder()).digest(), equal_scores);
}

/// Vocabularies of published models, with test strings and the ids that llama.cpp gives for them.
class SharedVocabulary : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ALLOMETER_SHARED_DATA");
    if (folder == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    path_ = std::filesystem::path(folder) / "tokenizers" / GetParam();
  }

  std::filesystem::path with(const char* extension) const {
    return path_.string() + "." + extension;
  }

  std::filesystem::path path_;
};

TEST_P(SharedVocabulary, GivesTheReferenceIdsAndText) {
  const auto tokenizer = Tokenizer::load(with("gguf"));
  const std::string all = io::read_bytes(with("inp"));
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::ifstream expected(with("out"));
  std::size_t num_texts = 0;
  for (std::size_t begin = 0, end = 0; (end = all.find(separator, begin)) != std::string::npos;
       begin = end + separator.size()) {
    const std::string text = all.substr(begin, end - begin);
    std::string line;
    std::getline(expected, line);
    std::istringstream numbers(line);
    const Ids want(std::istream_iterator<std::int32_t>(numbers), {});
    const Ids ids = tokenizer.encode(text, AddSpecial::no);
    EXPECT_EQ(ids, want) << text;
    EXPECT_EQ(tokenizer.decode(ids, SkipSpecial::no), text);
    ++num_texts;
  }
  EXPECT_EQ(num_texts, 46U);
  std::string rest;
  EXPECT_FALSE(std::getline(expected, rest)) << rest;
}

TEST_P(SharedVocabulary, ReturnsEveryText) {
  const auto tokenizer = Tokenizer::load(with("gguf"));
  // Falcon's vocabulary lacks a few control characters; they are lost, as with its own tokenizer.
  const auto is_lost = [&](char c) {
    return static_cast<unsigned char>(c) < 0x80 &&
           tokenizer.encode(std::string(1, c), AddSpecial::no).empty();
  };
  SplitMix64 random(21);
  for (int i = 0; i < 1000; ++i) {
    std::string text = random_text(random);
    std::erase_if(text, is_lost);
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text, AddSpecial::yes), SkipSpecial::yes), text);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SharedVocabulary, testing::Values("gpt-2", "llama-spm", "falcon"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace allometer::tokenizer
