// Reads the word back from the letters, by the words there are.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/scrambled_words.hpp"

namespace allometer::tasks {
namespace {

std::string sorted(std::string letters) {
  std::sort(letters.begin(), letters.end());
  return letters;
}

/// Of each multiset of letters the one word.
const std::map<std::string, std::string>& words_by_letters() {
  static const std::map<std::string, std::string> words = [] {
    std::map<std::string, std::string> table;
    for (int length = kShortestWord; length <= kLongestWord; ++length) {
      for (const std::string_view word : words_of_length(length)) {
        EXPECT_EQ(word.size(), static_cast<std::size_t>(length)) << word;
        EXPECT_TRUE(
            std::all_of(word.begin(), word.end(), [](char c) { return 'a' <= c && c <= 'z'; }));
        EXPECT_TRUE(table.emplace(sorted(std::string(word)), word).second) << word;
      }
    }
    return table;
  }();
  return words;
}

/// What stands between the instruction's line and " =".
std::string letters_of(const std::string& question) {
  const std::size_t begin = question.find('\n') + 1;
  EXPECT_TRUE(question.ends_with(" ="));
  return question.substr(begin, question.size() - 2 - begin);
}

std::string solve(const std::string& question) {
  std::string letters = letters_of(question);
  std::erase_if(letters, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0; });
  const auto found = words_by_letters().find(sorted(letters));
  return found == words_by_letters().end() ? "" : found->second;
}

/// Were the letters moved as the instruction says?
void expect_form(const std::string& form, const std::string& letters, const std::string& word) {
  EXPECT_NE(letters, word);
  if (form == "reversed") {
    EXPECT_EQ(std::string(letters.rbegin(), letters.rend()), word);
  } else if (form == "cycle") {
    EXPECT_NE((letters + letters).find(word), std::string::npos) << letters;
  } else if (form == "insertion") {
    EXPECT_EQ(letters.size(), 2 * word.size() - 1) << letters;
    for (std::size_t i = 0; i < word.size(); ++i) EXPECT_EQ(letters[2 * i], word[i]) << letters;
  } else {
    EXPECT_EQ(letters.front(), word.front()) << letters;
    if (form == "anagram1" || word.size() > 5) {
      EXPECT_EQ(letters.back(), word.back()) << letters;
    }
    if (form == "anagram2" && word.size() > 5) {
      EXPECT_EQ(letters.substr(0, 2), word.substr(0, 2));
      EXPECT_EQ(letters.substr(letters.size() - 2), word.substr(word.size() - 2));
    }
  }
}

TEST(WordScramblingGenerator, IsSolvedFromItsText) {
  const std::string arguments = "lengths: [4, 5, 6, 7, 8]";
  const Dataset test = expect_splits_never_meet("word_scrambling", arguments);
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  std::set<std::string> forms;
  std::set<std::string> words;
  for (const auto& document : test.documents) {
    const std::string question = document.at("question");
    const std::string answer = document.at("answer");
    EXPECT_EQ(answer, solve(question)) << document;
    EXPECT_EQ(answer.size(), document.at("difficulty").get<std::size_t>());
    expect_form(document.at("form"), letters_of(question), answer);
    forms.insert(document.at("form"));
    words.insert(answer);
    const std::vector<std::string> choices = document.at("choices");
    EXPECT_EQ(choices.at(document.at("gold").get<std::size_t>()), answer);
    EXPECT_EQ(std::set<std::string>(choices.begin(), choices.end()).size(), 4U) << document;
    for (const std::string& choice : choices) EXPECT_EQ(choice.size(), answer.size()) << document;
  }
  EXPECT_EQ(forms.size(), 5U);
  for (const auto& document : generate("word_scrambling", arguments, Split::train, 500).documents) {
    EXPECT_FALSE(words.contains(document.at("answer"))) << document;
  }
}

TEST(WordScramblingGenerator, EveryFormAloneIsAsEveryFormIs) {
  for (const std::string form : {"cycle", "anagram1", "anagram2", "insertion", "reversed"}) {
    const Dataset test =
        generate("word_scrambling", "{lengths: [6, 8], forms: " + form + "}", Split::test, 100);
    for (const auto& document : test.documents) {
      EXPECT_EQ(document.at("form"), form);
      EXPECT_EQ(document.at("answer"), solve(document.at("question"))) << document;
    }
  }
}

TEST(WordScramblingGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("word_scrambling", "{}", Split::test, 10).digest.hex(),
            "d03875fa8176c9919169baf3dc8b7c1e7ff50c8f98c283e3b78292441bc76f7a");
}

}  // namespace
}  // namespace allometer::tasks
