#include "eval/encode_requests.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "eval/mini_tokenizer.hpp"

namespace allometer::eval {
namespace {

using Tokens = std::vector<std::int32_t>;

model::Config config_of(int max_positions) {
  model::Config config;
  config.max_position_embeddings = max_positions;
  return config;
}

/// The tokens that stand before those scored, and those scored.
struct Split {
  Tokens context;
  Tokens scored;
  bool operator==(const Split&) const = default;
};
void PrintTo(const Split& split, std::ostream* out) {
  *out << testing::PrintToString(split.context) << " | " << testing::PrintToString(split.scored);
}
Split split_of(const EncodedRequest& encoded) {
  const Tokens& tokens = encoded.request.tokens;
  const auto boundary = tokens.begin() + encoded.request.num_context;
  return {{tokens.begin(), boundary}, {boundary, tokens.end()}};
}

Split encode(const std::string& context, const std::string& continuation,
             MiniBos bos = MiniBos::added, std::optional<bool> add_bos = std::nullopt,
             int max_positions = 64) {
  return split_of(encode_loglikelihood(context, continuation, mini_tokenizer(bos),
                                       config_of(max_positions), add_bos));
}

TEST(EncodeLoglikelihood, MovesTrailingWhiteSpaceToTheContinuation) {
  const Split expected = {{1, 7}, {8}};
  EXPECT_EQ(encode("a", " b"), expected);
  EXPECT_EQ(encode("a ", "b"), expected);
  // Two blanks before b: the second is the start of ▁b, the first stands alone.
  EXPECT_EQ(encode("a  ", "b"), (Split{{1, 7}, {3, 8}}));
  EXPECT_EQ(encode("a\n", "b"), (Split{{1, 7}, {10, 5}}));
}

TEST(EncodeLoglikelihood, KnowsUnicodeWhiteSpace) {
  EXPECT_EQ(encode("a\u3000", "b"), (Split{{1, 7}, {11, 5}}));
  EXPECT_EQ(encode("a \u3000\n", "b"), (Split{{1, 7}, {3, 11, 10, 5}}));
  EXPECT_EQ(encode("a\u200b", "b"),
            (Split{{1, 7, 12}, {5}}));  // a format character, no white space
  // Everything that Python calls white space; the vocabulary has none of these, so they become
  // <unk>.
  for (const std::string space :
       {"\t", "\v", "\f", "\r", "\x1c", "\x1d", "\x1e", "\x1f", "\u0085", "\u00a0", "\u1680",
        "\u2000", "\u2001", "\u2005", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f"}) {
    EXPECT_EQ(encode("a" + space, "b"), (Split{{1, 7}, {0, 5}})) << testing::PrintToString(space);
  }
  for (const std::string other :
       {"\x1b", "\u180e", "\u2060", "\ufeff", "\u00e0", "\u2003x", "\U00010400"}) {
    EXPECT_EQ(encode("a" + other, "b").scored, Tokens{5}) << testing::PrintToString(other);
  }
}

TEST(EncodeLoglikelihood, CutsTheJointEncodingByLength) {
  // "ca" is ▁ c a, "cabb" is ▁ c ab b: of its tokens what lies beyond 1 + 3.
  EXPECT_EQ(encode("ca", "bb"), (Split{{1, 3, 6, 4}, {5}}));
}

TEST(EncodeLoglikelihood, RefusesAnEmptyContinuation) {
  EXPECT_THROW(encode("a", ""), ConfigError);
  EXPECT_THROW(encode("ca", "b"), ConfigError);  // ▁ c ab: as many tokens as ▁ c a
  EXPECT_THROW(encode("", ""), ConfigError);
  EXPECT_THROW(encode("", "<s>"), ConfigError);  // it becomes the context
  try {
    encode("ca", "b");
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("continuation \"b\""));
  }
}

TEST(EncodeLoglikelihood, PutsThePrefixTokenBeforeATextWithoutContext) {
  EXPECT_EQ(encode("", " a"), (Split{{1}, {3, 7}}));
  EXPECT_EQ(encode("", "a", MiniBos::known), (Split{{1}, {7}}));
  EXPECT_EQ(encode("", "a", MiniBos::missing), (Split{{2}, {7}}));  // EOS where there is no BOS
  EXPECT_EQ(encode("", "<s>a"), (Split{{1}, {7}}));
  EXPECT_EQ(encode("", "</s>a", MiniBos::missing), (Split{{2}, {7}}));
  EXPECT_EQ(encode("", "</s>a"), (Split{{1}, {2, 7}}));
}

TEST(EncodeLoglikelihood, TreatsAContextOfWhiteSpaceAsOneWithoutTokens) {
  EXPECT_EQ(encode("  ", "a"), (Split{{1}, {3, 3, 7}}));
  EXPECT_EQ(encode("  ", "a", MiniBos::known), (Split{{1}, {3, 3, 7}}));
}

TEST(EncodeLoglikelihood, NeedsSomethingToStandBeforeATextWithoutContext) {
  EXPECT_EQ(encode("a", " b", MiniBos::none), (Split{{7}, {8}}));
  EXPECT_THROW(encode("", "a", MiniBos::none), ConfigError);
  model::Config config = config_of(64);
  config.eos_token_id = 6;
  const tokenizer::Tokenizer tokenizer = mini_tokenizer(MiniBos::none);
  EXPECT_EQ(split_of(encode_loglikelihood("", "a", tokenizer, config, std::nullopt)),
            (Split{{6}, {7}}));
  config.bos_token_id = 5;
  EXPECT_EQ(split_of(encode_loglikelihood("", "a", tokenizer, config, std::nullopt)),
            (Split{{5}, {7}}));
}

TEST(EncodeLoglikelihood, AddsBosAsTheTokenizerOrTheTaskSays) {
  EXPECT_EQ(encode("a", " b", MiniBos::added, false), (Split{{7}, {8}}));
  EXPECT_EQ(encode("a", " b", MiniBos::added, true), (Split{{1, 7}, {8}}));
  EXPECT_EQ(encode("a", " b", MiniBos::known), (Split{{7}, {8}}));
  EXPECT_EQ(encode("a", " b", MiniBos::missing), (Split{{7}, {8}}));
}

TEST(EncodeLoglikelihood, AddsNoBosToATextThatHasOne) {
  const Split expected = {{1, 7}, {8}};
  EXPECT_EQ(encode("<s>a", " b"), expected);
  EXPECT_EQ(encode("<s>a", " b", MiniBos::added, true), expected);
  EXPECT_EQ(encode("<s>a", " b", MiniBos::added, false), expected);
  EXPECT_EQ(encode("</s>a", " b"), (Split{{1, 2, 7}, {8}}));
}

TEST(EncodeLoglikelihood, AddsABosThatDecodesToNothing) {
  ASSERT_EQ(mini_tokenizer(MiniBos::silent).decode(Tokens{1}, tokenizer::SkipSpecial::no), "");
  EXPECT_EQ(encode("a", " b", MiniBos::silent), (Split{{1, 7}, {8}}));
}

TEST(EncodeLoglikelihood, KeepsTheLastTokens) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  const auto encode_within = [&](int max_positions) {
    return encode_loglikelihood("a a a", " b b", tokenizer, config_of(max_positions), std::nullopt);
  };
  // Six tokens, of which the last is never read: they fit a model of five positions.
  EXPECT_EQ(split_of(encode_within(5)), (Split{{1, 7, 7, 7}, {8, 8}}));
  EXPECT_FALSE(encode_within(5).truncated);
  EXPECT_EQ(split_of(encode_within(4)), (Split{{7, 7, 7}, {8, 8}}));
  EXPECT_TRUE(encode_within(4).truncated);
  EXPECT_EQ(split_of(encode_within(2)), (Split{{7}, {8, 8}}));
  EXPECT_THROW(encode_within(1), ConfigError);
}

std::vector<Split> rolling(const std::string& text, int max_positions,
                           std::optional<bool> add_bos = std::nullopt) {
  std::vector<Split> windows;
  for (const EncodedRequest& window :
       encode_rolling(text, mini_tokenizer(), config_of(max_positions), add_bos)) {
    EXPECT_FALSE(window.truncated);
    windows.push_back(split_of(window));
  }
  return windows;
}

TEST(EncodeRolling, ScoresEveryTokenOnce) {
  using Windows = std::vector<Split>;
  // The tokenizer's own BOS and the prefix token both stand there, as in lm-evaluation-harness.
  EXPECT_EQ(rolling("a b", 8), (Windows{{{1}, {1, 7, 8}}}));
  EXPECT_EQ(rolling("a b", 8, false), (Windows{{{1}, {7, 8}}}));
  EXPECT_EQ(rolling("<s>a b", 8), (Windows{{{1}, {1, 7, 8}}}));
  EXPECT_EQ(rolling("a b a b", 4, false), (Windows{{{1}, {7, 8, 7, 8}}}));
  // The last window scores what is left, after as many tokens as fit.
  EXPECT_EQ(rolling("a b a b a", 4, false), (Windows{{{1}, {7, 8, 7, 8}}, {{7, 8, 7, 8}, {7}}}));
}

TEST(EncodeRolling, WindowsDoNotOverlap) {
  using Windows = std::vector<Split>;
  EXPECT_EQ(rolling("a b c a", 3, false), (Windows{{{1}, {7, 8, 3}}, {{8, 3}, {6, 7}}}));
  EXPECT_EQ(rolling("a b a a b b", 3, false), (Windows{{{1}, {7, 8, 7}}, {{7}, {7, 8, 8}}}));
  EXPECT_EQ(rolling("a b a a b b a", 3, false),
            (Windows{{{1}, {7, 8, 7}}, {{7}, {7, 8, 8}}, {{7, 8, 8}, {7}}}));
}

TEST(EncodeRolling, HasNoWindowsForATextWithoutTokens) {
  EXPECT_TRUE(rolling("", 4, false).empty());
  EXPECT_EQ(rolling("", 4), (std::vector<Split>{{{1}, {1}}}));
}

TEST(EncodePrompt, CutsFromTheLeftForWhatWillBeGenerated) {
  const tokenizer::Tokenizer tokenizer = mini_tokenizer();
  const auto prompt = [&](const std::string& context, int max_gen_toks,
                          std::optional<bool> add_bos = std::nullopt) {
    return encode_prompt(context, max_gen_toks, tokenizer, config_of(8), add_bos);
  };
  EXPECT_EQ(prompt("a b a b", 3).tokens, (Tokens{1, 7, 8, 7, 8}));
  EXPECT_FALSE(prompt("a b a b", 3).truncated);
  EXPECT_EQ(prompt("a b a b", 4).tokens, (Tokens{7, 8, 7, 8}));
  EXPECT_TRUE(prompt("a b a b", 4).truncated);
  EXPECT_EQ(prompt("a b a b", 7).tokens, Tokens{8});
  EXPECT_EQ(prompt("a b a b", 4, false).tokens, (Tokens{7, 8, 7, 8}));
  EXPECT_FALSE(prompt("a b a b", 4, false).truncated);
  EXPECT_EQ(prompt("a ", 3).tokens, (Tokens{1, 7, 3}));  // white space stays where it is
  EXPECT_EQ(prompt("", 3, false).tokens, Tokens{1});
  EXPECT_THROW(prompt("a", 8), ConfigError);
}

/// A tokenizer of the shared data, or a skipped test.
class RealTokenizer : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("ALLOMETER_SHARED_DATA");
    if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    data_ = data;
  }
  tokenizer::Tokenizer load(const std::string& name) const {
    return tokenizer::Tokenizer::load(data_ / name);
  }

  std::filesystem::path data_;
};

TEST_F(RealTokenizer, StoriesAddBosAndSplitAtTheBlank) {
  const tokenizer::Tokenizer stories = load("stories/stories-260k");
  const model::Config config = config_of(512);
  const Split expected = {{1, 403, 407, 261, 378, 432, 383, 286}, {261, 376}};
  for (const std::string blank : {"", " "}) {
    const std::string context = "Once upon a time, there was" + blank;
    const std::string continuation = blank.empty() ? " a little" : "a little";
    EXPECT_EQ(split_of(encode_loglikelihood(context, continuation, stories, config, std::nullopt)),
              expected);
  }
  EXPECT_EQ(split_of(encode_loglikelihood("", "Once upon", stories, config, std::nullopt)),
            (Split{{1}, {403, 407}}));
  EXPECT_EQ(split_of(encode_rolling("Once upon", stories, config, std::nullopt).at(0)),
            (Split{{1}, {1, 403, 407}}));
  EXPECT_EQ(split_of(encode_rolling("Once upon", stories, config, false).at(0)),
            (Split{{1}, {403, 407}}));
  EXPECT_EQ(encode_prompt("Tom and his dog", 40, stories, config, std::nullopt).tokens.at(0), 1);
}

TEST_F(RealTokenizer, PythiaAddsNoneAndPutsEndOfTextBeforeATextAlone) {
  const tokenizer::Tokenizer pythia = load("tokenizers/pythia_tokenizer.json");
  model::Config config = config_of(2048);
  config.bos_token_id = config.eos_token_id = 0;
  EXPECT_EQ(split_of(encode_loglikelihood("Take 7 steps. ", "Take 8 steps.", pythia, config,
                                          std::nullopt)),
            (Split{{12864, 818, 5018, 15}, {11668, 854, 5018, 15}}));
  EXPECT_EQ(split_of(encode_loglikelihood("", " Take 7 steps.", pythia, config, std::nullopt)),
            (Split{{0}, {11668, 818, 5018, 15}}));
  EXPECT_EQ(split_of(encode_rolling(" Take 7", pythia, config, std::nullopt).at(0)),
            (Split{{0}, {11668, 818}}));
}

}  // namespace
}  // namespace allometer::eval
