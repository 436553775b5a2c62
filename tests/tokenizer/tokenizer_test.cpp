#include "tokenizer/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/random_text.hpp"
#include "tokenizer/small_tokenizer.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ids = std::vector<std::int32_t>;

std::string load_error(const json& file, const std::string& config = "") {
  return format_error_of([&] { from_json(file, config); });
}

json added_token(int id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

/// small_json with ten pieces, so that the ids of added tokens begin with 10.
json ten_pieces(std::vector<std::string> pieces) {
  while (pieces.size() < 10) pieces.push_back("unused " + std::to_string(pieces.size()));
  return small_json(pieces);
}

TEST(Bpe, MergesTheEarliestRankFirst) {
  const auto tokenizer =
      from_json(small_json({"a", "b", "c", "ab", "bc", "abc"}, {"b c", "a b", "a bc"}));
  EXPECT_THAT(pieces_of(tokenizer, "abcab"), ElementsAre("abc", "ab"));
  const auto pairs =
      from_json(small_json({"a", "b", "c", "ab", "bc"},
                           json::array({json::array({"a", "b"}), json::array({"b", "c"})})));
  EXPECT_THAT(pieces_of(pairs, "abcbc"), ElementsAre("ab", "c", "bc"));
}

TEST(Bpe, JoinsEqualRanksFromTheLeft) {
  const auto tokenizer = from_json(small_json({"a", "aa"}, {"a a"}));
  EXPECT_THAT(pieces_of(tokenizer, "aaa"), ElementsAre("aa", "a"));
  // Long enough for the queue.
  const Ids ids = tokenizer.encode(std::string(101, 'a'), AddSpecial::no);
  EXPECT_EQ(ids.size(), 51U);
  EXPECT_EQ(ids.front(), 1);
  EXPECT_EQ(ids.back(), 0);
}

TEST(Bpe, QueueAndScanAgreeWithTheDefinition) {
  // A random merge list over three letters; the oracle looks for the best pair from the start each
  // time.
  SplitMix64 random(7);
  std::vector<std::string> vocabulary{"a", "b", "c"};
  std::map<std::pair<std::string, std::string>, int> ranks;
  json merges = json::array();
  while (vocabulary.size() < 60) {
    const std::string left = vocabulary[random.below(vocabulary.size())];
    const std::string right = vocabulary[random.below(vocabulary.size())];
    if (left.size() + right.size() > 8 || ranks.count({left, right})) continue;
    ranks[{left, right}] = static_cast<int>(merges.size());
    merges.push_back({left, right});
    if (std::find(vocabulary.begin(), vocabulary.end(), left + right) == vocabulary.end()) {
      vocabulary.push_back(left + right);
    }
  }
  const auto tokenizer = from_json(small_json(vocabulary, merges));
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (auto n = random.below(round < 150 ? 24 : 120); n > 0; --n) text += "abc"[random.below(3)];
    std::vector<std::string> expected;
    for (const char c : text) expected.emplace_back(1, c);
    while (true) {
      int best = static_cast<int>(merges.size());
      std::size_t at = 0;
      for (std::size_t i = 0; i + 1 < expected.size(); ++i) {
        const auto found = ranks.find({expected[i], expected[i + 1]});
        if (found != ranks.end() && found->second < best) {
          best = found->second;
          at = i;
        }
      }
      if (best == static_cast<int>(merges.size())) break;
      expected[at] += expected[at + 1];
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    ASSERT_EQ(pieces_of(tokenizer, text), expected) << text;
  }
}

TEST(Bpe, FallsBackToBytesAndToTheUnknownToken) {
  json file = small_json({"<unk>", "a", "<0xC3>", "<0xA9>", "<0x62>"});
  file["model"]["byte_fallback"] = true;
  file["model"]["unk_token"] = "<unk>";
  EXPECT_THAT(pieces_of(from_json(file), "a\u00e9b"),
              ElementsAre("a", "<0xC3>", "<0xA9>", "<0x62>"));
  EXPECT_THAT(pieces_of(from_json(file), "zza"), ElementsAre("<unk>", "<unk>", "a"));
  file["model"]["fuse_unk"] = true;
  EXPECT_THAT(pieces_of(from_json(file), "zzazz"), ElementsAre("<unk>", "a", "<unk>"));
  file["model"]["byte_fallback"] = false;
  EXPECT_THAT(pieces_of(from_json(file), "a\u00e9b"), ElementsAre("a", "<unk>"));
  file["model"]["unk_token"] = nullptr;
  EXPECT_THAT(pieces_of(from_json(file), "za"), ElementsAre("a"));
}

TEST(Bpe, IgnoresMergesWhereThePieceIsAToken) {
  json file = small_json({"a", "b", "c", "ab", "abc"}, {"a b"});
  EXPECT_THAT(pieces_of(from_json(file), "abc"), ElementsAre("ab", "c"));
  file["model"]["ignore_merges"] = true;
  EXPECT_THAT(pieces_of(from_json(file), "abc"), ElementsAre("abc"));
}

TEST(AddedTokens, AreFoundBeforeOrAfterNormalization) {
  json file = ten_pieces({"a", "b", "x", "y"});
  file["normalizer"] = {{"type", "Lowercase"}};
  file["added_tokens"] = {added_token(10, "AB"), added_token(11, "XY")};
  file["added_tokens"][1]["normalized"] = true;
  const auto tokenizer = from_json(file);
  EXPECT_THAT(tokenizer.encode("ABab", AddSpecial::no), ElementsAre(10, 0, 1));
  EXPECT_THAT(tokenizer.encode("xYXYx", AddSpecial::no), ElementsAre(11, 11, 2));
  EXPECT_EQ(tokenizer.vocab_size(), 12);
}

TEST(AddedTokens, TakeTheLongestOfThoseThatBeginLeftmost) {
  json file = ten_pieces({"a", "b", "c"});
  file["added_tokens"] = {added_token(10, "ab"), added_token(11, "abc"), added_token(12, "bcc")};
  EXPECT_THAT(from_json(file).encode("abcabcc", AddSpecial::no), ElementsAre(11, 11, 2));
  EXPECT_THAT(from_json(file).encode("abbcc", AddSpecial::no), ElementsAre(10, 12));
}

TEST(AddedTokens, StripWhiteSpaceAndStandAlone) {
  json file = ten_pieces({"a", " ", "\u3000"});
  file["added_tokens"] = {added_token(10, "[M]")};
  json& token = file["added_tokens"][0];
  EXPECT_THAT(from_json(file).encode("a [M] a", AddSpecial::no), ElementsAre(0, 1, 10, 1, 0));
  token["lstrip"] = true;
  EXPECT_THAT(from_json(file).encode("a \u3000[M] a", AddSpecial::no), ElementsAre(0, 10, 1, 0));
  token["rstrip"] = true;
  EXPECT_THAT(from_json(file).encode("a [M] [M]  a", AddSpecial::no), ElementsAre(0, 10, 10, 0));
  token["lstrip"] = token["rstrip"] = false;
  token["content"] = "aa";
  token["single_word"] = true;
  EXPECT_THAT(from_json(file).encode("aa aaa aa", AddSpecial::no),
              ElementsAre(10, 1, 0, 0, 0, 1, 10));
}

TEST(AddedTokens, AreRefusedWhereIdsContradict) {
  const json base = small_json({"a", "b"});
  const auto error_with = [&](const json& tokens) {
    json file = base;
    file["added_tokens"] = tokens;
    return load_error(file);
  };
  EXPECT_THAT(error_with(json::array({added_token(5, "a")})),
              AllOf(HasSubstr("added_tokens[0]"), HasSubstr("5 here and 0")));
  EXPECT_THAT(error_with(json::array({added_token(1, "z")})),
              HasSubstr("id 1 is 'z' here and 'b'"));
  EXPECT_THAT(error_with({added_token(2, "z"), added_token(2, "y")}),
              HasSubstr("second added token with id 2"));
  EXPECT_THAT(error_with({added_token(2, "z"), added_token(3, "z")}),
              HasSubstr("second added token 'z'"));
  EXPECT_THAT(error_with(json::array({added_token(5, "")})), HasSubstr("without content"));
  EXPECT_THAT(error_with(json::array({added_token(-1, "z")})), HasSubstr("added_tokens[0].id: -1"));
  EXPECT_THAT(error_with(json::array({{{"id", 1e30}, {"content", "z"}}})),
              HasSubstr("expected an integer"));
}

TEST(AddedTokens, AreNumberedWithoutGapsAsTheReferenceDoes) {
  json file = small_json({"a", "b"});
  file["added_tokens"] = {added_token(2, "z"), added_token(7, "y")};
  EXPECT_THAT(load_error(file), AllOf(HasSubstr("added_tokens[1]: 'y' has id 7"),
                                      HasSubstr("makes it 3"), HasSubstr("save the tokenizer")));
  file["added_tokens"] = {added_token(3, "z"), added_token(2, "y")};
  EXPECT_THAT(load_error(file), HasSubstr("'z' has id 3"));
  // The same once more is no contradiction, but with other flags it is.
  file["added_tokens"] = {added_token(2, "z"), added_token(2, "z"), added_token(3, "y")};
  EXPECT_THAT(from_json(file).encode("zy", AddSpecial::no), ElementsAre(2, 3));
  file["added_tokens"][1]["lstrip"] = true;
  EXPECT_THAT(load_error(file), HasSubstr("second added token"));
}

TEST(AddedTokens, TakeTimeInProportionToTheText) {
  json file = ten_pieces({"a"});
  file["added_tokens"] = {added_token(10, " "), added_token(11, "x")};
  for (json& token : file["added_tokens"]) token["lstrip"] = token["rstrip"] = true;
  const auto tokenizer = from_json(file);
  // Every token here would walk along the white space again: 10^10 steps.
  const std::string spaces(200'000, ' ');
  EXPECT_EQ(tokenizer.encode(spaces, AddSpecial::no).size(), spaces.size());
  EXPECT_EQ(tokenizer.encode("x" + spaces + "x", AddSpecial::no).size(), spaces.size() + 2);
  // White space behind `done`: three bytes each, so that no byte of the token begins one.
  json wide = ten_pieces({"a"});
  wide["added_tokens"] = {added_token(10, "\u3000")};
  wide["added_tokens"][0]["lstrip"] = true;
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "\u3000";
  EXPECT_EQ(from_json(wide).encode(text, AddSpecial::no).size(), 200'000U);
}

TEST(AddedTokens, TakeWhiteSpaceAlongAsTheReferenceDoes) {
  json file = small_json({"a", "b"});
  file["added_tokens"] = {added_token(2, " "), added_token(3, "x")};
  for (json& token : file["added_tokens"]) token["lstrip"] = token["rstrip"] = true;
  EXPECT_THAT(from_json(file).encode("a  x  b", AddSpecial::no), ElementsAre(0, 2, 2, 3, 2, 2, 1));
}

TEST(AddedTokens, AreNotLongerThanAnyText) {
  json file = ten_pieces({"a"});
  file["added_tokens"] = json::array({added_token(10, std::string(7999, 'b'))});
  EXPECT_EQ(from_json(file).vocab_size(), 11);
  file["added_tokens"][0]["content"] = std::string(8000, 'b');
  EXPECT_THAT(load_error(file), HasSubstr("added_tokens[0]: a piece of 8000 bytes"));
}

json with_template(json file) {
  file["added_tokens"] = {added_token(10, "<s>"), added_token(11, "</s>")};
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single",
       {{{"SpecialToken", {{"id", "B"}, {"type_id", 0}}}},
        {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
        {{"SpecialToken", {{"id", "E"}, {"type_id", 0}}}}}},
      {"pair", json::array()},
      {"special_tokens",
       {{"B", {{"id", "B"}, {"ids", {10}}, {"tokens", {"<s>"}}}},
        {"E", {{"id", "E"}, {"ids", {11, 10}}, {"tokens", {"</s>", "<s>"}}}}}}};
  return file;
}

TEST(PostProcessor, PutsTheTemplateAroundTheText) {
  json file = with_template(ten_pieces({"a"}));
  const auto tokenizer = from_json(file);
  EXPECT_THAT(tokenizer.encode("a", AddSpecial::yes), ElementsAre(10, 0, 11, 10));
  EXPECT_THAT(tokenizer.encode("a", AddSpecial::no), ElementsAre(0));
  EXPECT_THAT(tokenizer.encode("", AddSpecial::yes), ElementsAre(10, 11, 10));
  EXPECT_TRUE(tokenizer.adds_bos());
  file["post_processor"] = {{"type", "Sequence"},
                            {"processors", {{{"type", "ByteLevel"}}, file["post_processor"]}}};
  EXPECT_THAT(from_json(file).encode("a", AddSpecial::yes), ElementsAre(10, 0, 11, 10));
}

TEST(PostProcessor, IsRefusedWhereItLies) {
  json file = with_template(ten_pieces({"a"}));
  json broken = file;
  broken["post_processor"]["special_tokens"]["B"]["ids"] = {99};
  EXPECT_THAT(load_error(broken), HasSubstr("special_tokens.B.ids[0]: no token has the id 99"));
  broken = file;
  broken["post_processor"]["single"].erase(1);
  EXPECT_THAT(load_error(broken), HasSubstr("the sequence A once"));
  broken = file;
  broken["post_processor"]["special_tokens"].erase("E");
  EXPECT_THAT(load_error(broken), HasSubstr("'E' is missing"));
  broken["post_processor"] = {{"type", "Novelty"}};
  EXPECT_THAT(load_error(broken), HasSubstr("post-processor 'Novelty'"));
  broken["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"<s>", 10}}, {"sep", {"x", 99}}};
  EXPECT_THAT(load_error(broken), HasSubstr("post_processor.sep[1]: no token has the id 99"));
  broken["post_processor"]["sep"] = {"x"};
  EXPECT_THAT(load_error(broken), HasSubstr("post_processor.sep: expected [token, id]"));
}

TEST(PostProcessor, PutsClsAndSepAroundTheText) {
  json file = with_template(ten_pieces({"a"}));
  file["post_processor"] = {
      {"type", "BertProcessing"}, {"cls", {"<s>", 10}}, {"sep", {"</s>", 11}}};
  EXPECT_THAT(from_json(file).encode("a", AddSpecial::yes), ElementsAre(10, 0, 11));
  file["post_processor"]["type"] = "RobertaProcessing";
  file["post_processor"]["trim_offsets"] = true;
  file["post_processor"]["add_prefix_space"] = true;
  EXPECT_THAT(from_json(file).encode("a", AddSpecial::yes), ElementsAre(10, 0, 11));
  EXPECT_THAT(from_json(file).encode("a", AddSpecial::no), ElementsAre(0));
}

TEST(Metaspace, KnowsWhetherTheTextBeginsThere) {
  // The scheme "first" prepends where the input begins, unless the normalizer dropped what was
  // there.
  json file = small_json({"a", "_", " "});
  file["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}};
  EXPECT_THAT(pieces_of(from_json(file), "a"), ElementsAre("_", "a"));
  file["normalizer"] = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}};
  EXPECT_THAT(pieces_of(from_json(file), "a"), ElementsAre("_", "a"));
  EXPECT_THAT(pieces_of(from_json(file), "  a"), ElementsAre("a"));
  file["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", "xy"}}}, {"content", "a"}};
  EXPECT_THAT(pieces_of(from_json(file), "xya"), ElementsAre("a", "a"));
  file["normalizer"]["pattern"]["String"] = "x";
  EXPECT_THAT(pieces_of(from_json(file), "xa"), ElementsAre("_", "a", "a"));
}

TEST(SpecialTokens, ComeFromTheTokenizerConfig) {
  json file = ten_pieces({"a"});
  file["added_tokens"] = {added_token(10, "<s>"), added_token(11, "</s>"), added_token(12, "<x>")};
  const auto usual = from_json(file);
  EXPECT_EQ(usual.bos_id(), 10);
  EXPECT_EQ(usual.eos_id(), 11);
  EXPECT_FALSE(usual.adds_bos());
  const auto chosen = from_json(file, R"({"bos_token": "<x>", "eos_token": {"content": "<s>"}})");
  EXPECT_EQ(chosen.bos_id(), 12);
  EXPECT_EQ(chosen.eos_id(), 10);
  const auto none = from_json(file, R"({"bos_token": null, "eos_token": "<absent>"})");
  EXPECT_EQ(none.bos_id(), std::nullopt);
  EXPECT_EQ(none.eos_id(), std::nullopt);
  EXPECT_NE(usual.digest(), chosen.digest());
  EXPECT_EQ(usual.digest(), from_json(file, R"({"chat_template": "x"})").digest());
}

TEST(SpecialTokens, OfLlamaClassesReplaceThePostProcessor) {
  json file = ten_pieces({"a"});
  file["added_tokens"] = {added_token(10, "<s>"), added_token(11, "</s>")};
  const std::string llama = R"({"tokenizer_class": "LlamaTokenizerFast")";
  EXPECT_THAT(from_json(file, llama + "}").encode("a", AddSpecial::yes), ElementsAre(10, 0));
  const auto eos = from_json(file, llama + R"(, "add_bos_token": false, "add_eos_token": true})");
  EXPECT_THAT(eos.encode("a", AddSpecial::yes), ElementsAre(0, 11));
  const std::string other =
      R"({"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": true})";
  EXPECT_THAT(from_json(file, other).encode("a", AddSpecial::yes), ElementsAre(0));
  EXPECT_THAT(load_error(file, llama + R"(, "bos_token": null})"), HasSubstr("BOS"));
  EXPECT_THAT(load_error(file, "{"), HasSubstr("model/tokenizer_config.json: not JSON"));
}

TEST(SpecialTokens, OfGptNeoXReplaceThePostProcessorWhereAsked) {
  const json file = with_template(ten_pieces({"a"}));
  for (const char* name : {"GPTNeoXTokenizer", "GPTNeoXTokenizerFast"}) {
    const auto ids_with = [&](json config) {
      config["tokenizer_class"] = name;
      return from_json(file, config.dump()).encode("a", AddSpecial::yes);
    };
    EXPECT_THAT(ids_with(json::object()), ElementsAre(0));
    EXPECT_THAT(ids_with({{"add_bos_token", true}}), ElementsAre(10, 0));
    EXPECT_THAT(ids_with({{"add_eos_token", true}}), ElementsAre(0, 11));
  }
}

TEST(SpecialTokens, PrefixSpaceOfGpt2ClassesOverrulesTokenizerJson) {
  json file = small_json({"a", "\u0120"});
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  const auto ids_with = [&](const std::string& config) {
    return from_json(file, config).encode("a", AddSpecial::no);
  };
  for (const std::string name : {"GPT2Tokenizer", "GPT2TokenizerFast", "GPTNeoXTokenizerFast"}) {
    const std::string config = R"({"tokenizer_class": ")" + name + R"(", "add_prefix_space": )";
    file["pre_tokenizer"]["add_prefix_space"] = false;
    EXPECT_THAT(ids_with(config + "true}"), ElementsAre(1, 0));
    EXPECT_THAT(ids_with(config + "false}"), ElementsAre(0));
    EXPECT_NE(from_json(file, config + "true}").digest(),
              from_json(file, config + "false}").digest());
    file["pre_tokenizer"]["add_prefix_space"] = true;
    EXPECT_THAT(ids_with(config + "false}"), ElementsAre(0));
  }
  EXPECT_THAT(ids_with(R"({"tokenizer_class": "BloomTokenizerFast"})"), ElementsAre(1, 0));
}

TEST(Tokenizer, DecodesWithAndWithoutSpecialTokens) {
  json file = ten_pieces({"a", "b"});
  file["added_tokens"] = {added_token(10, "<s>")};
  const auto joined = from_json(file);
  EXPECT_EQ(joined.decode(Ids{10, 0, 1}, SkipSpecial::no), "<s> a b");
  file["decoder"] = {{"type", "Fuse"}};
  const auto fused = from_json(file);
  EXPECT_EQ(fused.decode(Ids{10, 0, 1}, SkipSpecial::no), "<s>ab");
  EXPECT_EQ(fused.decode(Ids{10, 0, 1}, SkipSpecial::yes), "ab");
  EXPECT_EQ(fused.decode(Ids{}, SkipSpecial::yes), "");
  EXPECT_TRUE(fused.is_special(10));
  EXPECT_FALSE(fused.is_special(0));
  EXPECT_THROW(fused.decode(Ids{11}, SkipSpecial::no), ConfigError);
  EXPECT_THROW(fused.decode(Ids{-1}, SkipSpecial::no), ConfigError);
  EXPECT_THROW(fused.piece(11), ConfigError);
}

TEST(Tokenizer, RefusesModelsItDoesNotKnow) {
  json file = small_json({"a", "b"});
  const auto error_with = [&](const char* path, const json& value) {
    json changed = file;
    changed[json::json_pointer(path)] = value;
    return load_error(changed);
  };
  EXPECT_THAT(error_with("/model/type", "Morph"), HasSubstr("model: a model 'Morph'"));
  EXPECT_THAT(error_with("/model/dropout", 0.1), HasSubstr("model.dropout"));
  EXPECT_THAT(error_with("/model/unk_token", "<u>"), HasSubstr("model.unk_token: not in"));
  EXPECT_THAT(error_with("/model/novelty", 1), HasSubstr("model: 'novelty' is not supported"));
  EXPECT_THAT(error_with("/novelty", 1), HasSubstr("'novelty' is not supported"));
  EXPECT_EQ(error_with("/model/dropout", nullptr), "no FormatError");
}

TEST(Tokenizer, RefusesFilesThatLie) {
  json file = small_json({"a", "b"}, {"a b"});
  EXPECT_THAT(load_error(file), AllOf(HasSubstr("model/tokenizer.json: model.merges: [0]"),
                                      HasSubstr("'ab', which is not in the vocabulary")));
  file["model"]["vocab"]["ab"] = 1;
  EXPECT_THAT(load_error(file), HasSubstr("have the same id 1"));
  file["model"]["vocab"]["ab"] = 1e9 * 10;
  EXPECT_THAT(load_error(file), HasSubstr("model.vocab.ab"));
  file["model"]["vocab"]["ab"] = 18446744073709551615ULL;
  EXPECT_THAT(load_error(file), HasSubstr("is not in 0 ..."));
  file["model"]["vocab"]["ab"] = 2147483646;
  EXPECT_EQ(from_json(file).vocab_size(), 2147483647);
  file["model"]["vocab"][""] = 7;
  file["model"]["merges"] = json::array({json::array({"", "a"})});
  EXPECT_THAT(load_error(file), HasSubstr("empty piece"));
  for (const json& merges : {json("a b"), json::array({"ab"}), json::array({"a b c"}),
                             json::array({1}), json::array({json::array({"a"})}), json()}) {
    file["model"]["merges"] = merges;
    EXPECT_THAT(load_error(file), HasSubstr("merges")) << merges;
  }
  EXPECT_THAT(load_error(json::array()), HasSubstr("expected an object"));
  const auto parse_error = [](const std::string& text) {
    return format_error_of([&] { Tokenizer::parse(text, "", "t.json"); });
  };
  EXPECT_THAT(parse_error(""), HasSubstr("t.json: not JSON"));
  EXPECT_THAT(parse_error("{\"model\": \xFF}"), HasSubstr("not JSON"));
  EXPECT_THAT(parse_error(std::string(1'000'000, '[')), HasSubstr("not JSON"));
}

TEST(Tokenizer, ReadsEveryCutOfAFileWithoutCrashing) {
  json file = with_template(ten_pieces({"a", "b", "ab"}));
  file["model"]["merges"] = {"a b"};
  file["normalizer"] = {{"type", "NFC"}};
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  const std::string text = file.dump();
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_THROW(Tokenizer::parse(text.substr(0, length), "", "t.json"), FormatError) << length;
  }
  // Every member in turn replaced by something of another type.
  const json flat = file.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (const json& lie : {json(-1), json("x"), json(true), json::array(), json::object()}) {
      json changed = file;
      changed[json::json_pointer(path)] = lie;
      try {
        from_json(changed).encode("abc", AddSpecial::yes);
      } catch (const FormatError&) {
      }
    }
  }
}

TEST(Tokenizer, ReplacesInvalidUtf8InTexts) {
  const auto tokenizer = from_json(small_json({"a", "\uFFFD"}));
  EXPECT_THAT(tokenizer.encode("a\xFF\xE2\x82", AddSpecial::no), ElementsAre(0, 1, 1));
}

TEST(Tokenizer, MissingFileIsAnIoError) {
  EXPECT_THROW(Tokenizer::load("/nonexistent/tokenizer.json"), IoError);
  EXPECT_THROW(Tokenizer::load(testing::TempDir()), IoError);
}

/// The tokenizers of published models, with ids that the reference gave.
class SharedData : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ALLOMETER_SHARED_DATA");
    if (folder == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    folder_ = folder;
  }

  std::vector<json> lines(const std::string& name) const {
    std::vector<json> result;
    std::ifstream file(folder_ / name);
    for (std::string line; std::getline(file, line);) result.push_back(json::parse(line));
    return result;
  }

  Tokenizer pythia() const { return Tokenizer::load(folder_ / "tokenizers/pythia_tokenizer.json"); }
  Tokenizer stories() const { return Tokenizer::load(folder_ / "stories/stories-50k"); }

  void expect_cases(const Tokenizer& tokenizer, const std::string& name) const {
    const auto cases = lines(name);
    ASSERT_GT(cases.size(), 200U);
    for (const json& one : cases) {
      const std::string text = one["text"];
      const Ids bare = one["ids_no_special"];
      ASSERT_EQ(tokenizer.encode(text, AddSpecial::yes), one["ids"].get<Ids>()) << text;
      ASSERT_EQ(tokenizer.encode(text, AddSpecial::no), bare) << text;
      ASSERT_EQ(tokenizer.decode(bare, SkipSpecial::no), one["decoded"].get<std::string>());
    }
  }

  std::filesystem::path folder_;
};

TEST_F(SharedData, PythiaGivesTheReferenceIdsAndText) {
  const auto tokenizer = pythia();
  expect_cases(tokenizer, "tokenizers/cases_pythia.jsonl");
  EXPECT_EQ(tokenizer.vocab_size(), 50277);
  EXPECT_EQ(tokenizer.eos_id(), 0);
  EXPECT_FALSE(tokenizer.adds_bos());
}

TEST_F(SharedData, StoriesGivesTheReferenceIdsAndText) {
  const auto tokenizer = stories();
  expect_cases(tokenizer, "tokenizers/cases_stories.jsonl");
  EXPECT_EQ(tokenizer.vocab_size(), 512);
  EXPECT_EQ(tokenizer.bos_id(), 1);
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_TRUE(tokenizer.adds_bos());
}

TEST_F(SharedData, PythiaReturnsEveryTextInNfc) {
  const auto tokenizer = pythia();
  SplitMix64 random(11);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_text(random);
    const Ids ids = tokenizer.encode(text, AddSpecial::yes);
    ASSERT_EQ(tokenizer.decode(ids, SkipSpecial::no), to_normal_form(text, NormalForm::nfc));
  }
}

TEST_F(SharedData, StoriesReturnsEveryText) {
  const auto tokenizer = stories();
  SplitMix64 random(12);
  for (int i = 0; i < 1000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text, AddSpecial::yes), SkipSpecial::yes), text);
  }
}

TEST_F(SharedData, ThreadsAndRepetitionsGiveTheSameIds) {
  const auto tokenizer = pythia();
  const auto cases = lines("tokenizers/cases_pythia.jsonl");
  std::vector<std::thread> threads;
  std::array<int, 4> num_wrong{};
  for (std::size_t thread = 0; thread < num_wrong.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 3; ++round) {
        for (const json& one : cases) {
          const auto ids =
              tokenizer.encode(one["text"].get_ref<const std::string&>(), AddSpecial::yes);
          num_wrong[thread] += ids != one["ids"].get<Ids>();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(num_wrong, testing::Each(0));
}

TEST_F(SharedData, LongTextsTakeTimeInProportion) {
  // Quadratic merging would take many minutes for these.
  const std::string spaces(500'000, ' ');
  std::string words;
  while (words.size() < 500'000) words += "once upon a time ";
  for (const Tokenizer& tokenizer : {pythia(), stories()}) {
    for (const std::string& text : {spaces, words, std::string(500'000, 'a')}) {
      const Ids ids = tokenizer.encode(text, AddSpecial::no);
      EXPECT_EQ(tokenizer.decode(ids, SkipSpecial::no).size(), text.size());
    }
  }
}

}  // namespace
}  // namespace allometer::tokenizer
