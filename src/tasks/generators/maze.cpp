/// Mazes on a grid of characters: the first step of the shortest way, or its length.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/character_grid.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/number_choices.hpp"

namespace allometer::tasks {
namespace {

constexpr char kWall = 'X';
constexpr char kOpen = '.';
/// Different lengths of a level, in a row.
constexpr int kNumLengths = 8;
/// Shorter ways hide nothing from who looks at the next cell.
constexpr int kShortestWay = 3;
constexpr int kUnreached = -1;

struct Cell {
  int row = 0;
  int column = 0;
};

struct Step {
  std::string_view name;
  int down;
  int right;
};
/// The choices of the next step, in their order.
constexpr std::array kSteps{Step{"up", -1, 0}, Step{"down", 1, 0}, Step{"left", 0, -1},
                            Step{"right", 0, 1}};

Cell after(Cell cell, const Step& step) {
  return {cell.row + step.down, cell.column + step.right};
}

class Maze {
 public:
  /// Carved from solid walls: ways are dug from a random end, never into a second way, and then
  /// some walls are opened, so that there is more than one way to most places.
  Maze(SplitMix64& random, int size) : grid_(square_grid(size, kWall)) {
    dig(random);
    for (int i = 0; i < size; ++i) {
      const Cell cell = draw_cell(random);
      if (!is_open(cell) && num_open_neighbours(cell) >= 2) at(cell) = kOpen;
    }
  }

  int size() const { return static_cast<int>(grid_.size()); }
  CharacterGrid grid() const { return grid_; }
  std::vector<Cell> open_cells() const;
  int num_open_neighbours(Cell cell) const;
  /// Steps from every cell to `goal`, by row and column; kUnreached where there is no way.
  std::vector<std::vector<int>> distances_to(Cell goal) const;

 private:
  bool is_inside(Cell cell) const {
    return cell.row >= 0 && cell.column >= 0 && cell.row < size() && cell.column < size();
  }
  bool is_open(Cell cell) const {
    return is_inside(cell) &&
           grid_[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column)] ==
               kOpen;
  }
  char& at(Cell cell) {
    return grid_[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column)];
  }
  Cell draw_cell(SplitMix64& random) const {
    const auto side = static_cast<std::uint64_t>(size());
    const int row = static_cast<int>(random.below(side));
    return {row, static_cast<int>(random.below(side))};
  }
  void dig(SplitMix64& random);

  CharacterGrid grid_;
};

int Maze::num_open_neighbours(Cell cell) const {
  return static_cast<int>(std::count_if(
      kSteps.begin(), kSteps.end(), [&](const Step& step) { return is_open(after(cell, step)); }));
}

void Maze::dig(SplitMix64& random) {
  std::vector<Cell> ends{draw_cell(random)};
  at(ends.front()) = kOpen;
  while (!ends.empty()) {
    std::vector<Cell> next;
    for (const Step& step : kSteps) {
      const Cell cell = after(ends.back(), step);
      if (is_inside(cell) && !is_open(cell) && num_open_neighbours(cell) == 1) next.push_back(cell);
    }
    if (next.empty()) {
      ends.pop_back();
      continue;
    }
    ends.push_back(next[random.below(next.size())]);
    at(ends.back()) = kOpen;
  }
}

std::vector<Cell> Maze::open_cells() const {
  std::vector<Cell> cells;
  for (int row = 0; row < size(); ++row) {
    for (int column = 0; column < size(); ++column) {
      if (is_open({row, column})) cells.push_back({row, column});
    }
  }
  return cells;
}

std::vector<std::vector<int>> Maze::distances_to(Cell goal) const {
  const auto side = static_cast<std::size_t>(size());
  std::vector<std::vector<int>> distances(side, std::vector<int>(side, kUnreached));
  const auto distance = [&](Cell cell) -> int& {
    return distances[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column)];
  };
  std::vector<Cell> reached{goal};
  distance(goal) = 0;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Cell cell = reached[i];
    for (const Step& step : kSteps) {
      const Cell next = after(cell, step);
      if (!is_open(next) || distance(next) != kUnreached) continue;
      distance(next) = distance(cell) + 1;
      reached.push_back(next);
    }
  }
  return distances;
}

/// The shortest ways from everywhere to one goal.
class Ways {
 public:
  Ways(const Maze& maze, Cell goal) : goal_(goal), distances_(maze.distances_to(goal)) {}

  /// Steps to the goal; kUnreached for walls and outside.
  int length_from(Cell cell) const {
    const int size = static_cast<int>(distances_.size());
    if (cell.row < 0 || cell.column < 0 || cell.row >= size || cell.column >= size)
      return kUnreached;
    return distances_[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column)];
  }
  /// Steps that a shortest way takes from `cell`, as indices into kSteps.
  std::vector<std::size_t> good_steps(Cell cell) const {
    std::vector<std::size_t> steps;
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
      const int there = length_from(after(cell, kSteps[i]));
      if (there != kUnreached && there == length_from(cell) - 1) steps.push_back(i);
    }
    return steps;
  }
  /// The names of the steps of one shortest way.
  std::vector<std::string_view> way_from(Cell cell) const {
    std::vector<std::string_view> names;
    while (length_from(cell) > 0) {
      const Step& step = kSteps[good_steps(cell).front()];
      names.push_back(step.name);
      cell = after(cell, step);
    }
    return names;
  }
  Cell goal() const { return goal_; }

 private:
  Cell goal_;
  std::vector<std::vector<int>> distances_;
};

/// One of the cells from which the way `suits`, each as likely as any other.
template <class Suits>
std::optional<Cell> draw_start(SplitMix64& random, const Maze& maze, Suits suits) {
  std::vector<Cell> starts = maze.open_cells();
  std::erase_if(starts, [&](Cell start) { return !suits(start); });
  if (starts.empty()) return std::nullopt;
  return starts[random.below(starts.size())];
}

class Mazes final : public Generator {
 public:
  explicit Mazes(GeneratorArguments& arguments)
      : sizes_(arguments.integers("sizes", {5, 7, 9}, 5, 25)),
        asks_length_(arguments.text("ask", "next_step", {"next_step", "path_length"}) ==
                     "path_length"),
        spaced_(arguments.flag("spaced", true)) {}

  int num_levels() const override { return static_cast<int>(sizes_.size()); }
  int num_answers() const override {
    return asks_length_ ? kNumLengths * kNumNumberChoices : static_cast<int>(kSteps.size());
  }
  std::optional<nlohmann::json> make(Draw draw) const override {
    const int size = sizes_[static_cast<std::size_t>(draw.level)];
    const Maze maze(draw.random, size);
    const std::vector<Cell> cells = maze.open_cells();
    const Ways ways(maze, cells[draw.random.below(cells.size())]);
    std::optional<nlohmann::json> document =
        asks_length_ ? ask_length(draw, maze, ways) : ask_next_step(draw, maze, ways);
    if (document) (*document)["difficulty"] = size;
    return document;
  }

 private:
  std::optional<nlohmann::json> ask_next_step(Draw& draw, const Maze& maze, const Ways& ways) const;
  std::optional<nlohmann::json> ask_length(Draw& draw, const Maze& maze, const Ways& ways) const;
  std::string question(const Maze& maze, Cell start, Cell goal, std::string_view asked) const;

  std::vector<int> sizes_;
  bool asks_length_;
  bool spaced_;
};

std::string Mazes::question(const Maze& maze, Cell start, Cell goal, std::string_view asked) const {
  CharacterGrid grid = maze.grid();
  grid[static_cast<std::size_t>(start.row)][static_cast<std::size_t>(start.column)] = 'S';
  grid[static_cast<std::size_t>(goal.row)][static_cast<std::size_t>(goal.column)] = 'G';
  return fmt::format("In this maze {} is a wall. Go from S to G, up, down, left or right.\n{}\n{}",
                     kWall, grid_text(grid, spaced_), asked);
}

std::optional<nlohmann::json> Mazes::ask_next_step(Draw& draw, const Maze& maze,
                                                   const Ways& ways) const {
  const auto wanted = static_cast<std::size_t>(draw.answer);
  const std::optional<Cell> start = draw_start(draw.random, maze, [&](Cell cell) {
    return ways.length_from(cell) >= kShortestWay && maze.num_open_neighbours(cell) >= 2 &&
           ways.good_steps(cell) == std::vector<std::size_t>{wanted};
  });
  if (!start) return std::nullopt;
  std::vector<std::string_view> choices;
  for (const Step& step : kSteps) choices.push_back(step.name);
  return nlohmann::json{
      {"question",
       question(maze, *start, ways.goal(), "What is the first step of the shortest way?")},
      {"choices", choices},
      {"gold", draw.answer},
      {"answer", choices[wanted]},
      {"steps", fmt::format("The shortest way is {}. Its first step is {}.",
                            fmt::join(ways.way_from(*start), ", "), choices[wanted])}};
}

std::optional<nlohmann::json> Mazes::ask_length(Draw& draw, const Maze& maze,
                                                const Ways& ways) const {
  const int gold = draw.answer % kNumNumberChoices;
  // From about the width of the maze on, and never below a choice of one step.
  const int length = maze.size() - 1 + draw.answer / kNumNumberChoices;
  const std::optional<Cell> start =
      draw_start(draw.random, maze, [&](Cell cell) { return ways.length_from(cell) == length; });
  if (!start) return std::nullopt;
  return nlohmann::json{{"question", question(maze, *start, ways.goal(),
                                              "How many steps does the shortest way take?")},
                        {"choices", number_choices(length, gold)},
                        {"gold", gold},
                        {"answer", std::to_string(length)},
                        {"steps", fmt::format("The shortest way is {}. That makes {} steps.",
                                              fmt::join(ways.way_from(*start), ", "), length)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Mazes>(arguments);
}

}  // namespace

const GeneratorKind kMaze{
    "maze", 1, "the first step of the shortest way through a maze, or its length", create};

}  // namespace allometer::tasks
