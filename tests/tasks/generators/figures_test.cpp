// Figures: the order in the question, carried out cell by cell on the printed figure, gives one of
// the choices and no other.
#include <set>

#include <gtest/gtest.h>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"

namespace allometer::tasks {
namespace {

/// Where the cell (row, column) of a figure of n rows goes.
std::pair<int, int> moved(const std::string& order, int row, int column, int n) {
  const int last = n - 1;
  if (order == "Turn it by 90 degrees clockwise.") return {column, last - row};
  if (order == "Turn it by 180 degrees.") return {last - row, last - column};
  if (order == "Turn it by 270 degrees clockwise.") return {last - column, row};
  EXPECT_EQ(order, "Mirror it from left to right.");
  return {row, last - column};
}

std::string solve(const std::string& question, bool spaced) {
  const std::vector<std::string> figure = printed_grid(question);
  const std::string order = lines_of(question).back();
  const int n = static_cast<int>(figure.size());
  std::set<std::pair<int, int>> filled;
  for (int row = 0; row < n; ++row) {
    for (int column = 0; column < n; ++column) {
      if (figure[row][column] == 'X') filled.insert(moved(order, row, column, n));
    }
  }
  std::string image;
  for (int row = 0; row < n; ++row) {
    for (int column = 0; column < n; ++column) {
      if (spaced && column > 0) image += ' ';
      image += filled.contains({row, column}) ? 'X' : '.';
    }
    if (row < n - 1) image += '\n';
  }
  return image;
}

TEST(Figures, AreSolvedByMovingTheirCells) {
  const Dataset test = expect_splits_never_meet("figures", "{}");
  expect_balanced(test, "gold");
  expect_balanced(test, "transform");
  for (int size = 4; size <= 6; ++size) {
    expect_balanced(of_difficulty(test, size), "gold");
    expect_balanced(of_difficulty(test, size), "transform");
  }
  expect_solved(test, [](const std::string& question) { return solve(question, true); });
}

TEST(Figures, ChoicesAreFourDifferentOnes) {
  const Dataset test = generate("figures", "sizes: [3, 4]", Split::test, 1000);
  for (const auto& document : test.documents) {
    const std::vector<std::string> choices = document.at("choices");
    EXPECT_EQ(std::set<std::string>(choices.begin(), choices.end()).size(), 4U) << document;
  }
}

TEST(Figures, CanBePrintedWithoutBlanksAndWithFewerTransforms) {
  const Dataset test =
      generate("figures", "spaced: false\ntransforms: [mirror, turn_90]", Split::test, 400);
  expect_solved(test, [](const std::string& question) { return solve(question, false); });
  std::set<std::string> transforms;
  for (const auto& document : test.documents) {
    transforms.insert(document.at("transform"));
    EXPECT_EQ(document.at("answer").get<std::string>().find(' '), std::string::npos) << document;
  }
  EXPECT_EQ(transforms, (std::set<std::string>{"mirror", "turn_90"}));
}

TEST(Figures, StepsSpellOutTheAnswerRowByRow) {
  const Dataset test = generate("figures", "{}", Split::test, 300);
  for (const auto& document : test.documents) {
    std::string rows;
    const std::string steps = document.at("steps");
    for (std::size_t at = steps.find(": "); at != std::string::npos;
         at = steps.find(": ", at + 1)) {
      const std::size_t size = document.at("difficulty").get<std::size_t>() * 2 - 1;
      rows += (rows.empty() ? "" : "\n") + steps.substr(at + 2, size);
    }
    EXPECT_EQ(rows, document.at("answer")) << steps;
  }
}

TEST(Figures, AreTheSameOnEveryRun) {
  EXPECT_EQ(generate("figures", "{}", Split::test, 40).digest.short_hex(), "3631029e8fd9");
}

}  // namespace
}  // namespace allometer::tasks
