// The hand-written scanners find what their regular expressions find.
#include "tokenizer/word_scanner.hpp"

#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

const std::string kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// Few kinds of characters, so that every order of a few of them comes up.
std::string random_text(SplitMix64& random) {
  const std::string parts[] = {" ",      "  ",     "\n",     "\r",   "\t",  "a",      "Re",
                               "'",      "'s",     "'L",     "l",    "'VE", "7",      "42",
                               "!",      "?-",     "é",      "漢",   "½",   "\u3000", "\u0085",
                               "\u200b", "\u0301", "\u017f", "🙂", "'ll", "x",      "\u00a0"};
  std::string text;
  for (auto n = random.below(20); n > 0; --n) text += parts[random.below(std::size(parts))];
  return text;
}

void expect_matches_of_expression(const std::string& expression) {
  const WordScanner scanner = word_scanner_for(expression);
  ASSERT_NE(scanner, nullptr);
  // The group keeps it from being recognised.
  const Pattern pattern = Pattern::regex("(?:" + expression + ")", "t");
  SplitMix64 random(31);
  const auto expect_same = [&](const std::string& text) {
    std::vector<Range> words;
    scanner(text, words);
    const std::vector<Range> expected = pattern.find_all(text);
    ASSERT_EQ(words.size(), expected.size()) << text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      ASSERT_EQ(words[i].begin, expected[i].begin) << text;
      ASSERT_EQ(words[i].end, expected[i].end) << text;
    }
  };
  for (int i = 0; i < 20'000; ++i) expect_same(random_text(random));
  // Every code point, beside a letter, a digit, punctuation and spaces.
  for (std::int32_t c = 1; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    if (c > 0x32000 && c < 0xE0000) continue;  // not assigned
    std::string text = "a";
    for (const char* next : {"1", "!", " ", " a", "'", ""}) {
      append_code_point(text, c);
      text += next;
    }
    expect_same(text);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(WordScanner, FindsTheWordsOfGpt2) {
  expect_matches_of_expression(std::string(kGpt2Words));
}

TEST(WordScanner, FindsTheWordsOfLlama3) {
  expect_matches_of_expression(kLlama3);
}

TEST(WordScanner, FindsTheWordsOfQwen2) {
  expect_matches_of_expression(kQwen2);
}

TEST(WordScanner, LeavesOtherExpressionsToPcre2) {
  EXPECT_EQ(word_scanner_for(R"(\s+)"), nullptr);
  EXPECT_EQ(word_scanner_for(kLlama3 + " "), nullptr);
}

}  // namespace
}  // namespace allometer::tokenizer
