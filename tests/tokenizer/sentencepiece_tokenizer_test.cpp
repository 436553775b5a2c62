// tokenizer.model: the file, the ids of libsentencepiece, and what LlamaTokenizer does around them.
#include "tokenizer/sentencepiece_tokenizer.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.hpp"
#include "io/gguf.hpp"
#include "io/temporary_directory.hpp"
#include "tokenizer/charsmap_check.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/random_text.hpp"
#include "tokenizer/sentencepiece_file.hpp"
#include "tokenizer/small_tokenizer.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ids = std::vector<std::int32_t>;

/// <unk>, <s>, </s>, a few letters and what they join to; no byte pieces.
SentencePieceFile small_file() {
  SentencePieceFile file;
  file.algorithm = SentencePieceFile::Algorithm::bpe;
  file.remove_extra_whitespaces = false;
  file.pieces = {{"<unk>", 0, PieceType::unknown},
                 {"<s>", 0, PieceType::control},
                 {"</s>", 0, PieceType::control}};
  for (const char* piece : {"\u2581a", "ab", "\u2581", "a", "b", "<", ">", "u"}) {
    file.pieces.push_back({piece, -static_cast<float>(file.pieces.size()), PieceType::normal});
  }
  return file;
}

void add_bytes(SentencePieceFile& file) {
  file.byte_fallback = true;
  for (int byte = 0; byte < 256; ++byte) {
    char spelling[8];
    std::snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
    file.pieces.push_back({spelling, 0, PieceType::byte});
  }
}

Tokenizer read(const SentencePieceFile& file, const json& config = json::object(),
               const std::string& added = "") {
  return read_sentencepiece_tokenizer({file.serialize(), config.dump(), added},
                                      "model/tokenizer.model");
}

std::string read_error(const SentencePieceFile& file, const json& config = json::object(),
                       const std::string& added = "") {
  return error_text([&] { read(file, config, added); });
}

TEST(SentencePieceFile, ReadsWhatItWrites) {
  SentencePieceFile file = small_file();
  file.add_dummy_prefix = false;
  file.whitespace_is_suffix = true;
  const SentencePieceFile again = SentencePieceFile::parse(file.serialize(), "m");
  EXPECT_EQ(again.serialize(), file.serialize());
  EXPECT_EQ(again.pieces.size(), file.pieces.size());
  EXPECT_EQ(again.pieces[3].text, "\u2581a");
  EXPECT_EQ(again.pieces[3].score, -3);
  EXPECT_EQ(again.pieces[1].type, PieceType::control);
  EXPECT_EQ(again.algorithm, SentencePieceFile::Algorithm::bpe);
  EXPECT_FALSE(again.add_dummy_prefix);
  EXPECT_TRUE(again.whitespace_is_suffix);
  // What a file does not say has the defaults of the protocol buffer.
  const SentencePieceFile least =
      SentencePieceFile::parse(std::string("\x0A\x09\x0A\x05<unk>\x18\x02", 11), "m");
  EXPECT_EQ(least.algorithm, SentencePieceFile::Algorithm::unigram);
  EXPECT_TRUE(least.add_dummy_prefix && least.remove_extra_whitespaces && least.escape_whitespaces);
  EXPECT_EQ(least.bos, "<s>");
}

TEST(SentencePieceFile, RefusesWhatTheLibraryWouldNotSurvive) {
  const auto refused = [](const SentencePieceFile& file) {
    return error_text([&] { SentencePieceFile::parse(file.serialize(), "a/tokenizer.model"); });
  };
  const auto with = [](const SentencePiece& piece) {
    SentencePieceFile file = small_file();
    file.pieces.push_back(piece);
    return file;
  };
  EXPECT_EQ(refused(small_file()), "no error");
  EXPECT_THAT(refused({}), HasSubstr("format: a/tokenizer.model: not a SentencePiece model"));
  EXPECT_THAT(refused(with({"", 0, PieceType::normal})), HasSubstr("piece 11 is empty"));
  EXPECT_THAT(refused(with({"\xFF", 0, PieceType::normal})), HasSubstr("UTF-8"));
  EXPECT_THAT(refused(with({std::string("a\0b", 3), 0, PieceType::user_defined})),
              HasSubstr("zero byte"));
  EXPECT_THAT(refused(with({"a", 0, PieceType::normal})), HasSubstr("'a', is there twice"));
  EXPECT_THAT(refused(with({"x", std::nanf(""), PieceType::normal})), HasSubstr("score"));
  EXPECT_THAT(refused(with({"x", HUGE_VALF, PieceType::normal})), HasSubstr("score"));
  EXPECT_THAT(refused(with({"x", 0, PieceType::unknown})), HasSubstr("2 unknown pieces"));
  EXPECT_THAT(refused(with({std::string(9000, 'x'), 0, PieceType::normal})), HasSubstr("too long"));
  SentencePieceFile nested = small_file();
  for (int length = 2; length < 67; ++length) {
    nested.pieces.push_back(
        {std::string(static_cast<std::size_t>(length), 'x'), 0, PieceType::user_defined});
  }
  EXPECT_THAT(refused(nested), HasSubstr("begin with one another"));
  nested.pieces.pop_back();
  EXPECT_EQ(refused(nested), "no error");
  SentencePieceFile charsmap = small_file();
  charsmap.charsmap = "abc";
  EXPECT_THAT(refused(charsmap), HasSubstr("precompiled_charsmap: it is cut short"));
  const std::string word = std::string("\x0A\x09\x0A\x05<unk>\x18\x02", 11) + "\x12\x02\x18\x03";
  EXPECT_THAT(error_text([&] { SentencePieceFile::parse(word, "m"); }),
              HasSubstr("type 3 is not supported"));
}

TEST(SentencePieceFile, RefusesAFileThatIsCutShort) {
  const std::string whole = small_file().serialize();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Whole fields are a smaller model; it may miss the unknown piece, or be one.
    const std::string error =
        error_text([&] { SentencePieceFile::parse(whole.substr(0, size), "a/tokenizer.model"); });
    EXPECT_THAT(error, AnyOf("no error", HasSubstr("format: a/tokenizer.model: ")));
  }
  EXPECT_THAT(error_text([] { SentencePieceFile::parse("IQ== 0\nIg== 1\n", "tokenizer.model"); }),
              HasSubstr("tiktoken"));
}

/// A double array as Darts-clone lays it out: the children of a unit share a block of 256.
class CharsmapBuilder {
 public:
  /// Units that no label enters.
  CharsmapBuilder() : units_(512) {
    for (std::size_t at = 0; at < units_.size(); ++at) {
      units_[at] = static_cast<std::uint32_t>(~at & 0xFF);
    }
  }
  /// Unit `at` is entered by `label`, has its children in the block that begins at `children`, and
  /// ends a rule or not.
  CharsmapBuilder& unit(std::size_t at, unsigned char label, std::size_t children, bool ends) {
    units_[at] = static_cast<std::uint32_t>((at ^ children) << 10 | (ends ? 1U << 8 : 0) | label);
    return *this;
  }
  CharsmapBuilder& value(std::size_t at, std::uint32_t value) {
    units_[at] = value | 1U << 31;
    return *this;
  }
  std::string bytes(const std::string& texts) const {
    const auto size = static_cast<std::uint32_t>(units_.size() * sizeof(std::uint32_t));
    std::string bytes(sizeof size + size, '\0');
    std::memcpy(bytes.data(), &size, sizeof size);
    std::memcpy(bytes.data() + sizeof size, units_.data(), size);
    return bytes + texts;
  }

 private:
  std::vector<std::uint32_t> units_;
};

TEST(Charsmap, IsFollowedBeforeTheLibraryFollowsIt) {
  const std::string texts("b\0", 2);
  CharsmapBuilder sound;
  // "a" becomes the text at 0.
  sound.unit(0, 0, 256, false).unit(256 + 'a', 'a', 0x80, true).value(0x80, 0);
  EXPECT_EQ(fault_of_charsmap(sound.bytes(texts)), "");
  EXPECT_EQ(fault_of_charsmap(sound.bytes("b")), "its last text has no end");
  EXPECT_EQ(fault_of_charsmap(sound.bytes(std::string("\xFF\0", 2))), "its texts are not UTF-8");
  EXPECT_EQ(fault_of_charsmap(sound.bytes("")), "it is cut short");
  EXPECT_EQ(fault_of_charsmap(CharsmapBuilder(sound).value(0x80, 2).bytes(texts)),
            "a rule has its text outside of it");
  EXPECT_EQ(fault_of_charsmap(CharsmapBuilder(sound).unit(256 + 'a', 'a', 512, false).bytes(texts)),
            "its rules lead outside of it");
  EXPECT_EQ(fault_of_charsmap(CharsmapBuilder(sound).unit(256 + 'a', 'a', 256, false).bytes(texts)),
            "its rules go round in a circle");
  SentencePieceFile file = small_file();
  file.charsmap = sound.bytes(texts);
  EXPECT_THAT(pieces_of(read(file), "aab"), ElementsAre("\u2581", "b", "b", "b"));
}

TEST(SentencePieceTokenizer, PutsASpaceBeforeEveryStretchOfText) {
  const auto tokenizer = read(small_file());
  EXPECT_THAT(pieces_of(tokenizer, "ab a</s>a", AddSpecial::yes),
              ElementsAre("<s>", "\u2581a", "b", "\u2581a", "</s>", "\u2581a"));
  EXPECT_THAT(pieces_of(tokenizer, "a<unk>"), ElementsAre("\u2581a", "<unk>"));
  EXPECT_TRUE(tokenizer.is_special(0));
  EXPECT_TRUE(tokenizer.adds_bos());
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_THAT(tokenizer.encode("", AddSpecial::no), IsEmpty());
  // The first space is the tokenizer's own; the second one of a text stays.
  for (const char* text : {"ab a", " a", "  ab"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text, AddSpecial::no), SkipSpecial::no), text);
  }
}

TEST(SentencePieceTokenizer, NewBehaviourPutsOneSpaceBeforeTheWholeText) {
  const auto tokenizer = read(small_file(), {{"legacy", false}});
  EXPECT_THAT(pieces_of(tokenizer, "a</s>a</s> a"),
              ElementsAre("\u2581a", "</s>", "a", "</s>", "\u2581a"));
  EXPECT_THAT(pieces_of(tokenizer, "</s>a"), ElementsAre("</s>", "a"));
  const auto none = read(small_file(), {{"add_prefix_space", false}});
  EXPECT_THAT(pieces_of(none, "ab a"), ElementsAre("ab", "\u2581a"));
  EXPECT_EQ(none.decode(none.encode(" a", AddSpecial::no), SkipSpecial::no), " a");
}

TEST(SentencePieceTokenizer, AddsWhatTheSettingsSay) {
  const auto tokenizer =
      read(small_file(), {{"tokenizer_class", "LlamaTokenizer"},
                          {"add_bos_token", false},
                          {"add_eos_token", true},
                          {"eos_token", {{"content", "<s>"}, {"lstrip", false}}}});
  EXPECT_THAT(pieces_of(tokenizer, "a", AddSpecial::yes), ElementsAre("\u2581a", "<s>"));
  EXPECT_EQ(tokenizer.eos_id(), 1);
  EXPECT_FALSE(tokenizer.adds_bos());
}

TEST(SentencePieceTokenizer, FindsAddedTokensOfAllThreePlaces) {
  const auto from_file =
      read(small_file(), {{"pad_token", "<pad>"}, {"unk_token", ""}}, R"({"<x>": 11})");
  EXPECT_THAT(pieces_of(from_file, "a<x>a<pad>"),
              ElementsAre("\u2581a", "<x>", "\u2581a", "<pad>"));
  EXPECT_EQ(from_file.vocab_size(), 13);
  EXPECT_FALSE(from_file.is_special(11));
  EXPECT_TRUE(from_file.is_special(12));
  const json decoder = {{"2", {{"content", "</s>"}, {"lstrip", true}, {"special", true}}},
                        {"11", {{"content", "<y>"}, {"special", false}}}};
  // Then added_tokens.json does not count.
  const auto from_config =
      read(small_file(), {{"added_tokens_decoder", decoder}}, R"({"<x>": 11})");
  EXPECT_THAT(pieces_of(from_config, "a  </s><y>b"),
              ElementsAre("\u2581a", "</s>", "<y>", "\u2581", "b"));
  EXPECT_EQ(from_config.vocab_size(), 12);
  EXPECT_THAT(read_error(small_file(), {{"added_tokens_decoder", {{"x1", {{"content", "<y>"}}}}}}),
              AllOf(HasSubstr("model/tokenizer_config.json"), HasSubstr("x1")));
  EXPECT_THAT(read_error(small_file(), json::object(), R"({"<x>": 3})"),
              AllOf(HasSubstr("model/tokenizer.model"), HasSubstr("'<x>'")));
}

TEST(SentencePieceTokenizer, FallsBackToBytes) {
  SentencePieceFile file = small_file();
  EXPECT_THAT(pieces_of(read(file), "a\u00e9\u00e8b"), ElementsAre("\u2581a", "<unk>", "b"));
  add_bytes(file);
  const auto tokenizer = read(file);
  EXPECT_THAT(pieces_of(tokenizer, "a\u00e9b"), ElementsAre("\u2581a", "<0xC3>", "<0xA9>", "b"));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\u00e9b", AddSpecial::yes), SkipSpecial::yes),
            "a\u00e9b");
  file.pieces.pop_back();
  EXPECT_THAT(read_error(file), AllOf(HasSubstr("model/tokenizer.model"), HasSubstr("256 byte")));
}

TEST(SentencePieceTokenizer, RefusesWhatMayChangeIds) {
  EXPECT_THAT(read_error(small_file(), {{"tokenizer_class", "XLMRobertaTokenizer"}}),
              AllOf(HasSubstr("tokenizer_class"), HasSubstr("'XLMRobertaTokenizer'")));
  EXPECT_THAT(read_error(small_file(), {{"sp_model_kwargs", {{"enable_sampling", true}}}}),
              HasSubstr("sp_model_kwargs"));
}

TEST(SentencePieceTokenizer, DigestIsThatOfWhatDecidesIds) {
  const Digest digest = read(small_file()).digest();
  EXPECT_EQ(read(small_file(), {{"model_max_length", 512}}).digest(), digest);
  EXPECT_NE(read(small_file(), {{"legacy", false}}).digest(), digest);
  EXPECT_NE(read(small_file(), {{"add_bos_token", false}}).digest(), digest);
  EXPECT_NE(read(small_file(), json::object(), R"({"<x>": 11})").digest(), digest);
  SentencePieceFile other = small_file();
  other.pieces.back().score = -100;
  EXPECT_NE(read(other).digest(), digest);
}

TEST(SentencePieceTokenizer, IsWhatADirectoryWithoutTokenizerJsonHas) {
  const io::TemporaryDirectory directory;
  EXPECT_FALSE(Tokenizer::exists(directory.path()));
  EXPECT_THAT(error_text([&] { Tokenizer::load(directory.path()); }),
              AllOf(HasSubstr(directory.path().string()), HasSubstr("neither tokenizer.json, nor"),
                    HasSubstr("tokenizer.model")));
  directory.write("tokenizer.model", small_file().serialize());
  directory.write("tokenizer_config.json", R"({"add_eos_token": true})");
  directory.write("added_tokens.json", R"({"<x>": 11})");
  EXPECT_TRUE(Tokenizer::exists(directory.path()));
  const auto tokenizer = Tokenizer::load(directory.path());
  EXPECT_THAT(pieces_of(tokenizer, "a<x>", AddSpecial::yes),
              ElementsAre("<s>", "\u2581a", "<x>", "</s>"));
  EXPECT_EQ(Tokenizer::load(directory.path() / "tokenizer.model").digest(), tokenizer.digest());
  directory.write("tokenizer.json", small_json({"a"}).dump());
  EXPECT_EQ(Tokenizer::load(directory.path()).vocab_size(), 1);
}

/// Models that spm_train makes of the stories, and the ids that spm_encode gives.
class TrainedModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (run("command -v spm_train") != 0 || run("command -v spm_encode") != 0) {
      GTEST_SKIP() << "spm_train and spm_encode (Debian: sentencepiece) are not installed";
    }
    std::ifstream stories(std::string(ALLOMETER_SOURCE_DIR) + "/jobs/random/story_text.jsonl");
    std::string text;
    for (std::string line; std::getline(stories, line);) {
      text += json::parse(line).at("text").get<std::string>() + "\n";
    }
    ASSERT_GT(text.size(), 1000U);
    directory_.write("text", text);
    ASSERT_EQ(run("cd " + directory_.path().string() +
                  " && spm_train --input=text --model_prefix=tokenizer --hard_vocab_limit=false " +
                  "--vocab_size=400 --num_threads=1 " + GetParam()),
              0);
  }

  static int run(const std::string& command) {
    return std::system((command + " > /dev/null 2>&1").c_str());
  }

  /// Ids of lines of text by the library's own program.
  std::vector<Ids> reference_ids(const std::vector<std::string>& texts) const {
    std::string lines;
    for (const std::string& text : texts) lines += text + "\n";
    directory_.write("lines", lines);
    EXPECT_EQ(std::system(("cd " + directory_.path().string() +
                           " && spm_encode --model=tokenizer.model --output_format=id "
                           "--input=lines --output=ids 2> /dev/null")
                              .c_str()),
              0);
    std::vector<Ids> result;
    std::ifstream file(directory_.path() / "ids");
    for (std::string line; std::getline(file, line);) {
      std::istringstream numbers(line);
      result.emplace_back(std::istream_iterator<std::int32_t>(numbers),
                          std::istream_iterator<std::int32_t>());
    }
    return result;
  }

  io::TemporaryDirectory directory_;
};

TEST_P(TrainedModel, GivesTheIdsOfTheLibrary) {
  const auto tokenizer = Tokenizer::load(directory_.path());
  std::vector<std::string> texts{"Once upon a time, there was  a girl.", " two  spaces ", "\u2581"};
  SplitMix64 random(5);
  while (texts.size() < 500) {
    std::string text = random_text(random);
    // A line of the input is a text there.
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\0'; });
    texts.push_back(text);
  }
  const auto expected = reference_ids(texts);
  ASSERT_EQ(expected.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer.encode(texts[i], AddSpecial::no), expected[i]) << texts[i];
  }
}

TEST_P(TrainedModel, ReturnsTheTextsItWasMadeOf) {
  const auto tokenizer = Tokenizer::load(directory_.path());
  const std::string text = "once upon a time, there was a girl.";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text, AddSpecial::yes), SkipSpecial::yes), text);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TrainedModel,
    testing::Values(
        "--model_type=unigram", "--model_type=unigram --byte_fallback", "--model_type=bpe",
        "--model_type=bpe --normalization_rule_name=nmt_nfkc_cf",
        "--model_type=bpe --byte_fallback --normalization_rule_name=identity "
        "--remove_extra_whitespaces=false --split_digits",
        "--model_type=unigram --user_defined_symbols=girl,upon --add_dummy_prefix=false",
        "--model_type=bpe --treat_whitespace_as_suffix --control_symbols=[x]"));

/// The same vocabulary in two formats.
class SharedPieces : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ALLOMETER_SHARED_DATA");
    if (folder == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    folder_ = folder;
  }

  std::filesystem::path folder_;
};

TEST_F(SharedPieces, OfTheLlamaGgufGiveTheSameIds) {
  const auto path = folder_ / "tokenizers/llama-spm.gguf";
  const io::Gguf gguf = io::Gguf::open(path);
  const auto tokens = gguf.get<std::vector<std::string>>("tokenizer.ggml.tokens");
  const auto scores = gguf.get<std::vector<double>>("tokenizer.ggml.scores");
  const auto types = gguf.get<std::vector<std::int64_t>>("tokenizer.ggml.token_type");
  SentencePieceFile file;
  file.algorithm = SentencePieceFile::Algorithm::bpe;
  file.byte_fallback = true;
  file.remove_extra_whitespaces = false;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    file.pieces.push_back(
        {tokens[id], static_cast<float>(scores[id]), static_cast<PieceType>(types[id])});
  }
  const auto from_model = read(file);
  const auto from_gguf = Tokenizer::load(path);
  EXPECT_EQ(from_model.vocab_size(), from_gguf.vocab_size());
  SplitMix64 random(31);
  for (int i = 0; i < 2000; ++i) {
    std::string text = random_text(random) + (i % 3 == 0 ? "</s>" : "") + random_text(random);
    // Runs of one letter or space are where pairs overlap.
    text.insert(text.size() / 2 == 0 ? 0 : text.find(' ') + 1,
                std::string(random.below(9), " aeo0-"[random.below(6)]));
    ASSERT_EQ(from_gguf.encode(text, AddSpecial::yes), from_model.encode(text, AddSpecial::yes))
        << text;
  }
}

TEST_F(SharedPieces, OfTheStoriesGiveTheReferenceIds) {
  std::ifstream source(folder_ / "stories/stories-14k/tokenizer.json");
  const json model = json::parse(source)["model"];
  SentencePieceFile file;
  file.algorithm = SentencePieceFile::Algorithm::bpe;
  file.byte_fallback = true;
  file.remove_extra_whitespaces = false;
  file.pieces.resize(model["vocab"].size());
  for (const auto& [piece, id] : model["vocab"].items()) {
    const auto at = id.get<std::size_t>();
    // Pieces behind the bytes are in the order in which they were learned.
    file.pieces[at] = {piece, at < 259 ? 0 : 259 - static_cast<float>(at),
                       at == 0    ? PieceType::unknown
                       : at < 3   ? PieceType::control
                       : at < 259 ? PieceType::byte
                                  : PieceType::normal};
  }
  const auto tokenizer = read(file);
  std::ifstream cases(folder_ / "tokenizers/cases_stories.jsonl");
  int num_cases = 0;
  for (std::string line; std::getline(cases, line); ++num_cases) {
    const json one = json::parse(line);
    const Ids bare = one["ids_no_special"];
    ASSERT_EQ(tokenizer.encode(one["text"].get<std::string>(), AddSpecial::yes),
              one["ids"].get<Ids>());
    ASSERT_EQ(tokenizer.encode(one["text"].get<std::string>(), AddSpecial::no), bare);
    ASSERT_EQ(tokenizer.decode(bare, SkipSpecial::no), one["decoded"].get<std::string>());
  }
  EXPECT_GT(num_cases, 200);
}

}  // namespace
}  // namespace allometer::tokenizer
