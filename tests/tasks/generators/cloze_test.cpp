// Fills every gap from the story alone: the sentence that pairs the owner with the missing word.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"

namespace allometer::tasks {
namespace {

std::vector<std::string> sentences_of(const std::string& text) {
  std::vector<std::string> sentences;
  std::size_t begin = 0;
  for (std::size_t end = text.find(". "); end != std::string::npos; end = text.find(". ", begin)) {
    sentences.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  sentences.push_back(text.substr(begin));
  return sentences;
}

/// How a closing sentence names its owner, and how the story pairs an owner with a word.
struct Reading {
  std::string before;  ///< the owner, in the last sentence
  std::string after;   ///< the owner, in the last sentence
  std::string verb;    ///< between owner and word
};

std::string solve(const std::string& question) {
  static const std::array<Reading, 5> readings{{
      {"At night, ", " went home and forgot the", " came with a "},
      {"The next day, ", " found the coin again in the", " hid a coin in the "},
      {"It got dark, and mother found ", " in the", " ran to the "},
      {"The farmer gave some food to ", ", the good old", " was a "},
      {"So mother went to the shop, and ", " was happy with the", " wanted "},
  }};
  const std::vector<std::string> sentences = sentences_of(question);
  const std::string& last = sentences.back();
  for (const Reading& reading : readings) {
    if (!last.starts_with(reading.before) || !last.ends_with(reading.after)) continue;
    const std::string owner = last.substr(
        reading.before.size(), last.size() - reading.before.size() - reading.after.size());
    std::vector<std::string> found;
    for (const std::string& sentence : sentences) {
      const std::string opening = owner + reading.verb;
      if (sentence.starts_with(opening)) found.push_back(sentence.substr(opening.size()));
    }
    EXPECT_EQ(found.size(), 1U) << question;
    return found.empty() ? "" : found.front();
  }
  return "no reading fits";
}

TEST(ClozeGenerator, IsSolvedFromItsText) {
  const Dataset test = expect_splits_never_meet("cloze", "sentences_between: [0, 2, 4, 8]");
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  for (const auto& document : test.documents) {
    const std::string question = document.at("question");
    EXPECT_EQ(document.at("answer"), solve(question)) << document;
    // The opening, four pairs and the gap are there always.
    EXPECT_EQ(sentences_of(question).size(), document.at("difficulty").get<std::size_t>() + 6);
    const std::vector<std::string> choices = document.at("choices");
    EXPECT_EQ(choices.at(document.at("gold").get<std::size_t>()), document.at("answer"));
    EXPECT_EQ(std::count(choices.begin(), choices.end(), document.at("answer")), 1) << document;
    for (const std::string& choice : choices) {
      EXPECT_NE(question.find(choice), std::string::npos) << choice << document;
    }
  }
}

TEST(ClozeGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("cloze", "{}", Split::test, 6).digest.hex(),
            "0de7158dba9dec3f2a8a0d810e9762a807352ee725bccd4472d623d61e47ab77");
}

}  // namespace
}  // namespace allometer::tasks
