// navigate: a walker who reads the instructions ends where the answer says.
#include <complex>
#include <regex>

#include <gtest/gtest.h>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"

namespace allometer::tasks {
namespace {

using Number = std::complex<double>;

const std::string kAsks = "If you follow these instructions, do you return to the starting point?";

/// North is the imaginary unit; a turn multiplies the heading.
std::string solve(const std::string& question) {
  EXPECT_EQ(question.rfind(kAsks, 0), 0U) << question;
  static const std::regex instruction(
      "(Always face forward|Turn (left|right|around)|Take (\\d+) steps?( \\w+)?)\\.");
  Number place = 0;
  Number heading(0, 1);
  std::string rest = question.substr(kAsks.size());
  std::smatch m;
  while (std::regex_search(rest, m, instruction)) {
    EXPECT_EQ(m.prefix(), " ") << question;
    const std::string turn = m[2];
    const std::string side = m[4];
    if (turn == "left") heading *= Number(0, 1);
    if (turn == "right") heading *= Number(0, -1);
    if (turn == "around") heading *= -1;
    Number direction = heading;
    if (side == " backward") direction = -heading;
    if (side == " left") direction = heading * Number(0, 1);
    if (side == " right") direction = heading * Number(0, -1);
    if (m[3].matched) place += direction * static_cast<double>(std::stoi(m[3]));
    rest = m.suffix();
  }
  EXPECT_EQ(rest, "") << question;
  return place == Number(0) ? "Yes" : "No";
}

int num_instructions(const std::string& question) {
  const auto full_stops = std::count(question.begin(), question.end(), '.');
  return static_cast<int>(full_stops) - (question.find("Always") == std::string::npos ? 0 : 1);
}

TEST(Navigate, IsSolvedByWalking) {
  const Dataset test = expect_splits_never_meet("navigate", "{}");
  expect_balanced(test, "answer");
  for (int length = 4; length <= 8; ++length)
    expect_balanced(of_difficulty(test, length), "answer");
  expect_solved(test, solve);
  for (const auto& document : test.documents)
    EXPECT_EQ(num_instructions(document.at("question")), document.at("difficulty")) << document;
}

TEST(Navigate, ReadsTheQuestionsOfBigBenchHardAlike) {
  EXPECT_EQ(solve(kAsks + " Take 8 steps. Turn around. Take 8 steps."), "Yes");
  EXPECT_EQ(solve(kAsks + " Always face forward. Take 1 step right. Take 3 steps left. Take 2 "
                          "steps right."),
            "Yes");
  EXPECT_EQ(solve(kAsks + " Take 1 step. Take 10 steps. Turn right. Turn around."), "No");
}

TEST(Navigate, FacingDecidesTheForm) {
  for (const std::string facing : {"forward", "turning"}) {
    const Dataset test = generate("navigate", "facing: " + facing, Split::test, 600);
    expect_balanced(test, "answer");
    expect_solved(test, solve);
    for (const auto& document : test.documents) {
      const std::string question = document.at("question");
      EXPECT_EQ(question.find("Always face forward.") != std::string::npos, facing == "forward");
      EXPECT_EQ(question.find("Turn ") != std::string::npos, facing == "turning");
    }
  }
}

TEST(Navigate, LongWalksAreFoundToo) {
  expect_solved(generate("navigate", "instructions: [3, 20]", Split::test, 60), solve);
}

TEST(Navigate, IsTheSameOnEveryRun) {
  EXPECT_EQ(generate("navigate", "{}", Split::test, 40).digest.short_hex(), "65876c9909dd");
}

}  // namespace
}  // namespace allometer::tasks
