// Cells: counting the letters of the printed grid.
#include <algorithm>
#include <regex>

#include <gtest/gtest.h>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"

namespace allometer::tasks {
namespace {

std::string solve(const std::string& question) {
  std::smatch m;
  static const std::regex asks("How many times is (.) in the grid\\?");
  const std::string last = lines_of(question).back();
  EXPECT_TRUE(std::regex_match(last, m, asks)) << question;
  const char kind = *m[1].first;
  std::ptrdiff_t count = 0;
  for (const std::string& row : printed_grid(question))
    count += std::count(row.begin(), row.end(), kind);
  return std::to_string(count);
}

TEST(Cells, AreCounted) {
  const Dataset test = expect_splits_never_meet("cells", "{}");
  expect_balanced(test, "gold");
  for (int size = 4; size <= 6; ++size) {
    expect_balanced(of_difficulty(test, size), "gold");
    expect_balanced(of_difficulty(test, size), "answer");
  }
  expect_solved(test, solve);
}

TEST(Cells, SmallGridsAndManyKinds) {
  const Dataset test =
      generate("cells", "sizes: [3, 8]\nkinds: 5\nspaced: false", Split::test, 400);
  expect_solved(test, solve);
  std::string seen;
  for (const auto& document : test.documents) {
    for (const std::string& row : printed_grid(document.at("question"))) seen += row;
    // Numbers of things cannot be below zero.
    EXPECT_GE(std::stoi(document.at("choices")[0].get<std::string>()), 0) << document;
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen, "CLOTX");
}

TEST(Cells, StepsAddUp) {
  const Dataset test = generate("cells", "{}", Split::test, 300);
  for (const auto& document : test.documents) {
    const std::string steps = document.at("steps");
    int sum = 0;
    const std::regex row("ow \\d+ has (\\d+)");
    for (std::sregex_iterator m(steps.begin(), steps.end(), row), end; m != end; ++m)
      sum += std::stoi((*m)[1]);
    EXPECT_EQ(std::to_string(sum), document.at("answer")) << steps;
    EXPECT_NE(steps.find(" = " + std::to_string(sum) + "."), std::string::npos) << steps;
  }
}

TEST(Cells, AreTheSameOnEveryRun) {
  EXPECT_EQ(generate("cells", "{}", Split::test, 40).digest.short_hex(), "4e78849b3d27");
}

}  // namespace
}  // namespace allometer::tasks
