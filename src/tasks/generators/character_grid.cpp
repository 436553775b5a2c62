#include "tasks/generators/character_grid.hpp"

#include <algorithm>

namespace allometer::tasks {

CharacterGrid square_grid(int size, char cell) {
  const auto side = static_cast<std::size_t>(size);
  return CharacterGrid(side, std::string(side, cell));
}

std::string row_text(std::string_view row, bool spaced) {
  std::string text;
  for (const char cell : row) {
    if (spaced && !text.empty()) text += ' ';
    text += cell;
  }
  return text;
}

std::string grid_text(const CharacterGrid& grid, bool spaced) {
  std::string text;
  for (const std::string& row : grid) {
    if (!text.empty()) text += '\n';
    text += row_text(row, spaced);
  }
  return text;
}

CharacterGrid turned(const CharacterGrid& grid) {
  const std::size_t size = grid.size();
  CharacterGrid result = grid;
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t column = 0; column < size; ++column)
      result[row][column] = grid[size - 1 - column][row];
  }
  return result;
}

CharacterGrid mirrored(const CharacterGrid& grid) {
  CharacterGrid result = grid;
  for (std::string& row : result) std::reverse(row.begin(), row.end());
  return result;
}

}  // namespace allometer::tasks
