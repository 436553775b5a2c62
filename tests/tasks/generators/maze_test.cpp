// Mazes: the printed maze is solved by relaxing distances until nothing changes, from the start
// where the generator searches from the goal.
#include <algorithm>
#include <map>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using Cell = std::pair<int, int>;

const std::map<std::string, Cell> kSteps{
    {"up", {-1, 0}}, {"down", {1, 0}}, {"left", {0, -1}}, {"right", {0, 1}}};

struct Printed {
  std::vector<Cell> open;
  Cell start;
  Cell goal;
};

Printed read(const std::string& question) {
  const std::vector<std::string> grid = printed_grid(question);
  Printed maze;
  int num_ends = 0;
  for (int row = 0; row < static_cast<int>(grid.size()); ++row) {
    for (int column = 0; column < static_cast<int>(grid.size()); ++column) {
      const char cell = grid[row][column];
      if (cell == 'X') continue;
      maze.open.emplace_back(row, column);
      if (cell == 'S') maze.start = {row, column};
      if (cell == 'G') maze.goal = {row, column};
      num_ends += cell == 'S' || cell == 'G';
    }
  }
  EXPECT_EQ(num_ends, 2) << question;
  return maze;
}

/// Steps from `from` to every open cell.
std::map<Cell, int> distances(const Printed& maze, Cell from) {
  constexpr int kFar = 1'000'000;
  std::map<Cell, int> distance;
  for (const Cell& cell : maze.open) distance[cell] = kFar;
  distance[from] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Cell& cell : maze.open) {
      for (const auto& [name, step] : kSteps) {
        const auto next = distance.find({cell.first + step.first, cell.second + step.second});
        if (next == distance.end() || next->second + 1 >= distance[cell]) continue;
        distance[cell] = next->second + 1;
        changed = true;
      }
    }
  }
  return distance;
}

std::string solve_length(const std::string& question) {
  const Printed maze = read(question);
  return std::to_string(distances(maze, maze.start).at(maze.goal));
}

/// All first steps of shortest ways, joined by blanks.
std::string solve_step(const std::string& question) {
  const Printed maze = read(question);
  const std::map<Cell, int> from_start = distances(maze, maze.start);
  std::string names;
  for (const auto& [name, step] : kSteps) {
    const Cell next{maze.start.first + step.first, maze.start.second + step.second};
    if (!from_start.contains(next)) continue;
    if (distances(maze, next).at(maze.goal) + 1 == from_start.at(maze.goal))
      names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

TEST(Maze, FirstStepIsTheOnlyOneOfAShortestWay) {
  const Dataset test = expect_splits_never_meet("maze", "{}");
  expect_balanced(test, "answer");
  for (const int size : {5, 7, 9}) expect_balanced(of_difficulty(test, size), "answer");
  expect_solved(test, solve_step);
}

TEST(Maze, StartIsNoDeadEndAndGoalIsNotNear) {
  const Dataset test = generate("maze", "{}", Split::test, 1000);
  for (const auto& document : test.documents) {
    const Printed maze = read(document.at("question"));
    const std::map<Cell, int> from_start = distances(maze, maze.start);
    EXPECT_GE(from_start.at(maze.goal), 3) << document;
    EXPECT_GE(std::count_if(maze.open.begin(), maze.open.end(),
                            [&](Cell cell) { return from_start.at(cell) == 1; }),
              2)
        << document;
    EXPECT_EQ(printed_grid(document.at("question")).size(), document.at("difficulty"));
  }
}

TEST(Maze, LengthIsThatOfAShortestWay) {
  const Dataset test = expect_splits_never_meet("maze", "ask: path_length");
  expect_balanced(test, "gold");
  for (const int size : {5, 7, 9}) {
    expect_balanced(of_difficulty(test, size), "gold");
    expect_balanced(of_difficulty(test, size), "answer");
  }
  expect_solved(test, solve_length);
}

TEST(Maze, MostHaveMoreThanOneWayRound) {
  const Dataset test = generate("maze", "{}", Split::test, 300);
  int num_loops = 0;
  for (const auto& document : test.documents) {
    const Printed maze = read(document.at("question"));
    int num_edges = 0;
    for (const Cell& cell : maze.open) {
      for (const Cell& other : maze.open) {
        num_edges += std::abs(cell.first - other.first) + std::abs(cell.second - other.second) == 1;
      }
    }
    num_loops += num_edges / 2 >= static_cast<int>(maze.open.size());
  }
  EXPECT_GT(num_loops, 150);
}

TEST(Maze, StepsWalkFromStartToGoal) {
  const Dataset test = generate("maze", "ask: path_length\nspaced: false", Split::test, 300);
  expect_solved(test, solve_length);
  for (const auto& document : test.documents) {
    const Printed maze = read(document.at("question"));
    const std::string steps = document.at("steps");
    Cell cell = maze.start;
    int length = 0;
    const std::regex name("up|down|left|right");
    for (std::sregex_iterator m(steps.begin(), steps.end(), name), end; m != end; ++m, ++length) {
      const Cell step = kSteps.at(m->str());
      cell = {cell.first + step.first, cell.second + step.second};
      EXPECT_TRUE(std::find(maze.open.begin(), maze.open.end(), cell) != maze.open.end()) << steps;
    }
    EXPECT_EQ(cell, maze.goal) << document;
    EXPECT_EQ(std::to_string(length), document.at("answer")) << document;
  }
}

TEST(Maze, IsTheSameOnEveryRun) {
  EXPECT_EQ(generate("maze", "{}", Split::test, 40).digest.short_hex(), "763218d651ce");
  EXPECT_EQ(generate("maze", "ask: path_length", Split::test, 40).digest.short_hex(),
            "060bd23f23fc");
}

TEST(Maze, RefusesWhatIsTooSmall) {
  EXPECT_THAT(message_of<ConfigError>([] { generate("maze", "sizes: [4]", Split::test, 1); }),
              testing::HasSubstr("5 to 25"));
}

}  // namespace
}  // namespace allometer::tasks
