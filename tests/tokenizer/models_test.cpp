// Unigram, WordPiece, WordLevel and BPE's affixes against their definitions.
#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/small_tokenizer.hpp"
#include "tokenizer/unigram.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

json of_model(const json& model) {
  return {{"version", "1.0"}, {"added_tokens", json::array()}, {"model", model}};
}

using Scores = std::vector<std::pair<std::string, double>>;

json unigram(const Scores& vocab, const json& unk_id = 0) {
  return of_model({{"type", "Unigram"}, {"unk_id", unk_id}, {"vocab", vocab}});
}

TEST(Unigram, TakesTheCutOfTheHighestScore) {
  const auto tokenizer = from_json(unigram({{"<unk>", 0.0},
                                            {"a", -1.0},
                                            {"b", -1.0},
                                            {"c", -1.0},
                                            {"ab", -1.5},
                                            {"bc", -1.2},
                                            {"abc", -2.5}}));
  EXPECT_THAT(pieces_of(tokenizer, "abc"), ElementsAre("a", "bc"));
  EXPECT_THAT(pieces_of(tokenizer, "ab"), ElementsAre("ab"));
  // Of equal sums the one met first stays: the longest last piece.
  const auto ties = from_json(unigram({{"<unk>", 0.0}, {"a", -1.0}, {"aa", -2.0}, {"aaa", -3.0}}));
  EXPECT_THAT(pieces_of(ties, "aaa"), ElementsAre("aaa"));
  EXPECT_THAT(pieces_of(ties, "aaaa"), ElementsAre("a", "aaa"));
}

TEST(Unigram, AgreesWithTheBestOfAllCuts) {
  SplitMix64 random(21);
  Scores vocab{{"<unk>", 0.0}, {"a", -2.0}, {"b", -2.25}, {"\u00e9", -2.5}};
  const std::string letters[] = {"a", "b", "\u00e9"};
  while (vocab.size() < 40) {
    std::string piece;
    for (auto n = 2 + random.below(4); n > 0; --n) piece += letters[random.below(3)];
    const auto same = [&](const auto& entry) { return entry.first == piece; };
    if (std::any_of(vocab.begin(), vocab.end(), same)) continue;
    vocab.emplace_back(piece, -2.0 - static_cast<double>(random.below(1'000'000)) / 100'003.0);
  }
  const auto tokenizer = from_json(unigram(vocab));
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (auto n = 1 + random.below(30); n > 0; --n) text += letters[random.below(3)];
    // The best sum for each suffix, by definition.
    std::vector<double> best(text.size() + 1, -std::numeric_limits<double>::infinity());
    best[text.size()] = 0;
    for (std::size_t begin = text.size(); begin-- > 0;) {
      for (const auto& [piece, score] : vocab) {
        if (text.compare(begin, piece.size(), piece) == 0) {
          best[begin] = std::max(best[begin], score + best[begin + piece.size()]);
        }
      }
    }
    double sum = 0;
    std::string joined;
    for (const std::int32_t id : tokenizer.encode(text, AddSpecial::no)) {
      sum += vocab[static_cast<std::size_t>(id)].second;
      joined += tokenizer.piece(id);
    }
    EXPECT_EQ(joined, text);
    EXPECT_NEAR(sum, best[0], 1e-9) << text;
  }
}

TEST(Unigram, FusesWhatIsUnknownOrSpellsItsBytes) {
  const Scores vocab{{"<unk>", 0.0}, {"a", -1.0}, {"<0xC3>", -9.0}, {"<0xA9>", -9.0}};
  json file = unigram(vocab);
  EXPECT_THAT(pieces_of(from_json(file), "xya\u00e9"), ElementsAre("<unk>", "a", "<unk>"));
  file["model"]["byte_fallback"] = true;
  EXPECT_THAT(pieces_of(from_json(file), "a\u00e9\u00e9"),
              ElementsAre("a", "<0xC3>", "<0xA9>", "<0xC3>", "<0xA9>"));
  // One byte without a piece is enough: the whole run is unknown.
  EXPECT_THAT(pieces_of(from_json(file), "a\u00e9x"), ElementsAre("a", "<unk>"));
  file["model"]["unk_id"] = nullptr;
  EXPECT_THAT(pieces_of(from_json(file), "\u00e9"), ElementsAre("<0xC3>", "<0xA9>"));
  EXPECT_THAT(format_error_of([&] { from_json(file).encode("x", AddSpecial::no); }),
              AllOf(HasSubstr("model/tokenizer.json: model: no piece covers 'x'"),
                    HasSubstr("unk_id"), HasSubstr("set it to the id")));
}

TEST(Unigram, AnUnknownCodePointCostsTenMoreThanTheWorstPiece) {
  // "ax" as one piece at -20 loses against "a" and an unknown "x" at -1 - (20 + 10) ... and wins at
  // that sum or above it.
  const auto with_score = [](double score) {
    return pieces_of(from_json(unigram({{"<unk>", 0.0}, {"a", -1.0}, {"ax", score}})), "ax");
  };
  EXPECT_THAT(with_score(-3.0), ElementsAre("ax"));
  EXPECT_THAT(with_score(-500.0), ElementsAre("ax"));  // the worst piece itself
  const auto cheap = from_json(unigram({{"<unk>", 0.0}, {"a", 30.0}, {"ax", 12.0}, {"z", 12.0}}));
  EXPECT_THAT(pieces_of(cheap, "ax"), ElementsAre("a", "<unk>"));
}

TEST(Unigram, TheLastOfEqualPiecesCounts) {
  const auto tokenizer =
      from_json(unigram({{"<unk>", 0.0}, {"a", -1.0}, {"b", -1.0}, {"a", -5.0}}));
  EXPECT_THAT(tokenizer.encode("ab", AddSpecial::no), ElementsAre(3, 2));
  EXPECT_EQ(tokenizer.piece(1), "a");
  EXPECT_EQ(tokenizer.vocab_size(), 4);
}

TEST(Unigram, IsMadeOfPiecesAndScoresAsWell) {
  const std::vector<ScoredPiece> pieces{{"<unk>", 0}, {"<s>", 0}, {"a", -1}, {"aa", -1.5}};
  const auto make = [&](const std::string& document, const Digest& digest) {
    return Tokenizer::assemble(std::make_unique<Unigram>(pieces, 0, false, "model.gguf"), digest,
                               document, "", "model.gguf");
  };
  const std::string document =
      R"({"added_tokens": [{"id": 1, "content": "<s>", "special": true}]})";
  const auto tokenizer = make(document, sha256("pieces"));
  EXPECT_THAT(tokenizer.encode("aaa<s>b", AddSpecial::no), ElementsAre(2, 3, 1, 0));
  EXPECT_EQ(tokenizer.bos_id(), 1);
  EXPECT_NE(tokenizer.digest(), make(document, sha256("others")).digest());
  EXPECT_NE(tokenizer.digest(), make("{}", sha256("pieces")).digest());
  EXPECT_THAT(format_error_of([&] { make(R"({"model": {}})", Digest()); }),
              HasSubstr("model.gguf: model: a second model"));
}

TEST(Unigram, RefusesWhatIsMalformed) {
  const auto error_of = [](const json& file) { return format_error_of([&] { from_json(file); }); };
  EXPECT_THAT(error_of(unigram({}, 0)), HasSubstr("model.unk_id: the vocabulary is"));
  EXPECT_THAT(error_of(unigram({{"a", 0.0}}, 1)), HasSubstr("1 is not in 0 ... 0"));
  json file = unigram({{"a", 0.0}});
  for (const json& entry : {json("a"), json::array({"a"}), json::array({1, 2}),
                            json::array({"a", "b"}), json::array({"a", 1, 2})}) {
    file["model"]["vocab"] = json::array({entry});
    EXPECT_THAT(error_of(file), HasSubstr("model.vocab: [0]: expected [piece, score]"));
  }
  file["model"]["vocab"] = {{"a", 0.0}};
  EXPECT_THAT(error_of(file), HasSubstr("expected a list of [piece, score]"));
  EXPECT_THAT(error_of(unigram({{"a", 0.0}, {std::string(8000, 'a'), 0.0}})),
              HasSubstr("model: piece 1: a piece of 8000 bytes"));
  file = unigram({{"a", 0.0}});
  file["model"]["alpha"] = 0.1;
  EXPECT_THAT(error_of(file), HasSubstr("'alpha' is not supported"));
}

json word_piece() {
  json file = of_model({{"type", "WordPiece"},
                        {"unk_token", "[UNK]"},
                        {"continuing_subword_prefix", "##"},
                        {"max_input_chars_per_word", 8},
                        {"vocab", json::object()}});
  int id = 0;
  for (const char* piece :
       {"[UNK]", "un", "##aff", "##able", "##a", "u", "##n", "##\u00e9", "##"}) {
    file["model"]["vocab"][piece] = id++;
  }
  file["pre_tokenizer"] = {{"type", "WhitespaceSplit"}};
  return file;
}

TEST(WordPiece, TakesTheLongestPieceFromTheLeft) {
  const auto tokenizer = from_json(word_piece());
  EXPECT_THAT(pieces_of(tokenizer, "unaffable"), ElementsAre("[UNK]"));  // nine letters
  EXPECT_THAT(pieces_of(tokenizer, "unable uaffa"),
              ElementsAre("un", "##able", "u", "##aff", "##a"));
  EXPECT_THAT(pieces_of(tokenizer, "u\u00e9n un\u00e9"),
              ElementsAre("u", "##\u00e9", "##n", "un", "##\u00e9"));
  // Greedy: "unaf" fails at "f", though nothing else was possible; the whole word is unknown.
  EXPECT_THAT(pieces_of(tokenizer, "unaf able ##"), ElementsAre("[UNK]", "[UNK]", "##"));
  // Eight code points are not too many, however many bytes they have.
  EXPECT_THAT(pieces_of(tokenizer, "u\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9").size(), 8U);
  EXPECT_THAT(pieces_of(tokenizer, "u\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"),
              ElementsAre("[UNK]"));
}

TEST(WordPiece, HasTheReferencesDefaults) {
  json file = word_piece();
  for (const char* key : {"unk_token", "continuing_subword_prefix", "max_input_chars_per_word"}) {
    file["model"].erase(key);
  }
  EXPECT_THAT(pieces_of(from_json(file), "unaffable x"),
              ElementsAre("un", "##aff", "##able", "[UNK]"));
  EXPECT_EQ(pieces_of(from_json(file), "u" + std::string(99, 'n')).size(), 99U);
  EXPECT_EQ(pieces_of(from_json(file), "u" + std::string(100, 'n')).size(), 1U);
  file["model"]["vocab"].erase("[UNK]");
  const auto without = from_json(file);
  EXPECT_THAT(pieces_of(without, "un"), ElementsAre("un"));
  EXPECT_THAT(format_error_of([&] { without.encode("x", AddSpecial::no); }),
              AllOf(HasSubstr("model: 'x' cannot be cut"), HasSubstr("'[UNK]' (unk_token)"),
                    HasSubstr("name a piece")));
  file["model"]["vocab"][std::string(8000, 'a')] = 99;
  EXPECT_THAT(format_error_of([&] { from_json(file); }),
              HasSubstr("model: piece 99: a piece of 8000 bytes"));
}

TEST(WordLevel, KnowsWholeWords) {
  json file = of_model({{"type", "WordLevel"},
                        {"unk_token", "<unk>"},
                        {"vocab", {{"<unk>", 0}, {"a", 1}, {"\u00e9t\u00e9", 2}}}});
  file["pre_tokenizer"] = {{"type", "WhitespaceSplit"}};
  EXPECT_THAT(from_json(file).encode("a \u00e9t\u00e9 b a", AddSpecial::no),
              ElementsAre(1, 2, 0, 1));
  file["model"]["unk_token"] = "<none>";
  const auto without = from_json(file);
  EXPECT_THAT(format_error_of([&] { without.encode("b", AddSpecial::no); }),
              AllOf(HasSubstr("model: 'b' is not in the vocabulary"), HasSubstr("'<none>'"),
                    HasSubstr("name a piece")));
}

TEST(Bpe, SpellsThePlacesOfCodePoints) {
  json file = small_json({"a", "##b", "##b</w>", "a</w>", "ab</w>", "##bb</w>", "abb</w>"},
                         {"a ##b</w>", "##b ##b</w>", "a ##bb</w>"});
  file["model"]["continuing_subword_prefix"] = "##";
  file["model"]["end_of_word_suffix"] = "</w>";
  file["pre_tokenizer"] = {{"type", "WhitespaceSplit"}};
  EXPECT_THAT(pieces_of(from_json(file), "a ab abb abbb"),
              ElementsAre("a</w>", "ab</w>", "abb</w>", "a", "##b", "##bb</w>"));
  file["model"]["merges"] = json::array({"a a"});
  file["model"]["vocab"]["aa"] = 9;
  EXPECT_THAT(format_error_of([&] { from_json(file); }),
              HasSubstr("model.merges: [0]: 'a' does not begin with continuing_subword_prefix"));
}

TEST(Models, OfOldFilesAreToldApartByWhatTheyHold) {
  const auto ids_of = [](json model, const std::string& text) {
    model.erase("type");
    return from_json(of_model(model)).encode(text, AddSpecial::no);
  };
  EXPECT_THAT(ids_of({{"vocab", {{"a", 0}, {"aa", 1}}}, {"merges", {"a a"}}}, "aaa"),
              ElementsAre(1, 0));
  EXPECT_THAT(ids_of(unigram({{"<unk>", 0.0}, {"a", -1.0}})["model"], "aab"), ElementsAre(1, 1, 0));
  EXPECT_THAT(ids_of(word_piece()["model"], "unn"), ElementsAre(1, 6));
  EXPECT_THAT(ids_of({{"vocab", {{"a", 0}, {"<unk>", 1}}}, {"unk_token", "<unk>"}}, "ab"),
              ElementsAre(1));
}

}  // namespace
}  // namespace allometer::tokenizer
