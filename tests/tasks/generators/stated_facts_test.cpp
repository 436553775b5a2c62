// Answers every question by finding the fact in the passage.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"

namespace allometer::tasks {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// What follows the opening that the question ends with, up to the full stop.
std::string solve(const std::string& question) {
  const std::size_t line = question.find('\n');
  const std::string passage = " " + question.substr(0, line);
  const std::string opening = " " + question.substr(question.find('?') + 2) + " ";
  EXPECT_EQ(count_of(passage, opening), 1U) << question;
  const std::size_t begin = passage.find(opening) + opening.size();
  return passage.substr(begin, passage.find('.', begin) - begin);
}

TEST(StatedFactsGenerator, IsSolvedFromItsText) {
  const Dataset test = expect_splits_never_meet("stated_facts", "facts: [2, 4, 8, 16]");
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  int other_facts = 0;
  for (const auto& document : test.documents) {
    const std::string question = document.at("question");
    EXPECT_EQ(document.at("answer"), solve(question)) << document;
    EXPECT_EQ(count_of(question, "."), document.at("difficulty").get<std::size_t>()) << document;
    const std::vector<std::string> choices = document.at("choices");
    EXPECT_EQ(choices.at(document.at("gold").get<std::size_t>()), document.at("answer"));
    EXPECT_EQ(std::count(choices.begin(), choices.end(), document.at("answer")), 1) << document;
    const std::string passage = question.substr(0, question.find('\n'));
    for (const std::string& choice : choices) {
      other_facts += document.at("difficulty") == 16 && passage.find(choice) != std::string::npos;
    }
  }
  // With sixteen facts most wrong choices are said of someone else.
  EXPECT_GT(other_facts, 2500 * 3);
}

TEST(StatedFactsGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("stated_facts", "{}", Split::test, 6).digest.hex(),
            "320225bb922498ceb72e0187670501865c7a65952c8ac3b54d3353614c850696");
}

}  // namespace
}  // namespace allometer::tasks
