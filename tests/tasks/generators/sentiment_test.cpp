#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"
#include "tasks/temporary_directory.hpp"
#include "tasks/words_of_spans.hpp"

namespace allometer::tasks {
namespace {

const std::set<std::string> kGood{"great",     "lovely",  "nice",       "fun",
                                  "wonderful", "amazing", "delightful", "perfect"};
const std::set<std::string> kBad{"awful",    "ugly",     "boring",   "nasty",
                                 "terrible", "horrible", "dreadful", "stupid"};

/// Reads the words of the text from the last to the first: the first opinion met counts, unless
/// "not" stands before it.
std::string solve(const std::string& question) {
  const std::string text = question.substr(0, question.find('\n'));
  const std::regex word("[A-Za-z]+");
  std::vector<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it)
    words.push_back(it->str());
  for (std::size_t i = words.size(); i-- > 1;) {
    if (!kGood.contains(words[i]) && !kBad.contains(words[i])) continue;
    const bool is_good = kGood.contains(words[i]) != (words[i - 1] == "not");
    return is_good ? "good" : "bad";
  }
  return "";
}

TEST(Sentiment, SplitsNeverMeetAndAnswersAreBalancedAndSolved) {
  const Dataset test = expect_splits_never_meet("sentiment", "{}");
  expect_solved(test, solve);
  for (int level = 1; level <= 3; ++level) {
    const Dataset of_level = of_difficulty(test, level);
    EXPECT_GT(of_level.documents.size(), 3000U);
    expect_balanced(of_level, "gold");
  }
}

TEST(Sentiment, RationalesAreTheWordsThatDecide) {
  for (const auto& document : generate("sentiment", "{}", Split::test, 600).documents) {
    const std::string text = document["text"];
    const std::vector<std::string> words = words_of_spans(document, "text", "rationale");
    const int level = document["difficulty"];
    ASSERT_EQ(words.size(), level == 1 ? 1U : 2U) << document;
    if (level > 1) {
      EXPECT_EQ(words[0], level == 2 ? "not" : "but");
    }
    const bool is_good_word = kGood.contains(words.back());
    EXPECT_TRUE(is_good_word || kBad.contains(words.back())) << document;
    EXPECT_EQ(is_good_word != (level == 2), document["answer"] == "good") << document;
    EXPECT_THAT(document["question"].get<std::string>(), testing::StartsWith(text + "\n"));
    EXPECT_THAT(document["steps"].get<std::string>(),
                testing::EndsWith(" So it was " + document["answer"].get<std::string>() + "."));
  }
}

TEST(Sentiment, ArgumentsAreChecked) {
  EXPECT_THAT(message_of<ConfigError>([] {
                generate("sentiment", "{fewest_neutral: 5, most_neutral: 2}", Split::test, 1);
              }),
              testing::HasSubstr("fewest_neutral is 5, more than most_neutral, which is 2"));
  EXPECT_THROW(generate("sentiment", "{levels: 4}", Split::test, 1), ConfigError);
}

}  // namespace
}  // namespace allometer::tasks
