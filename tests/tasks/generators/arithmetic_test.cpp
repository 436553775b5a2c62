// Solves every question from its text.
#include <cstdio>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"

namespace allometer::tasks {
namespace {

/// "What is 12 plus 7?" -> "19"
std::string solve(const std::string& question, std::size_t& digits) {
  unsigned long long a = 0;
  unsigned long long b = 0;
  char operation[8] = "";
  EXPECT_EQ(std::sscanf(question.c_str(), "What is %llu %7s %llu?", &a, operation, &b), 3);
  digits = std::to_string(b).size();
  EXPECT_EQ(digits, std::to_string(a).size()) << question;
  const std::string name = operation;
  if (name == "plus") return std::to_string(a + b);
  if (name == "minus") return std::to_string(static_cast<long long>(a) - static_cast<long long>(b));
  EXPECT_EQ(name, "times") << question;
  return std::to_string(a * b);
}

TEST(ArithmeticGenerator, IsSolvedFromItsText) {
  const Dataset test = expect_splits_never_meet("arithmetic", "digits: [2, 3, 4]");
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  std::map<std::size_t, int> ranks;
  for (const auto& document : test.documents) {
    std::size_t digits = 0;
    const std::string answer = solve(document.at("question"), digits);
    EXPECT_EQ(document.at("answer"), answer) << document;
    EXPECT_EQ(document.at("difficulty"), digits) << document;
    const std::vector<std::string> choices = document.at("choices");
    ASSERT_EQ(choices.size(), 4U);
    std::size_t smaller = 0;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      EXPECT_EQ(choices[i] == answer, i == document.at("gold").get<std::size_t>()) << document;
      smaller += std::stoll(choices[i]) < std::stoll(answer) ? 1 : 0;
    }
    ++ranks[smaller];
  }
  // Neither the smallest nor the middle of the choices is the likelier one.
  ASSERT_EQ(ranks.size(), 4U);
  for (const auto& [rank, count] : ranks) EXPECT_NEAR(count, 2500, 150) << rank;
}

TEST(ArithmeticGenerator, NineDigitsStillFit) {
  const Dataset test = generate("arithmetic", "{digits: 9, operations: times}", Split::test, 200);
  for (const auto& document : test.documents) {
    std::size_t digits = 0;
    EXPECT_EQ(document.at("answer"), solve(document.at("question"), digits));
  }
}

TEST(ArithmeticGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("arithmetic", "{}", Split::test, 6).digest.hex(),
            "2f6f3006918f4d9339528976adefb7e0a869c4929ab4be79dbbe5d8d33c23d23");
}

}  // namespace
}  // namespace allometer::tasks
