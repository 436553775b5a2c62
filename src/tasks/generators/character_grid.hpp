#pragma once
/// Square pictures of characters, as text.

#include <string>
#include <string_view>
#include <vector>

namespace allometer::tasks {

/// Rows from the top, all of the same length.
using CharacterGrid = std::vector<std::string>;

/// `size` rows of `size` times `cell`.
CharacterGrid square_grid(int size, char cell);

/// The cells of one row; with blanks between them tokenizers see each cell by itself.
std::string row_text(std::string_view row, bool spaced);
/// All rows, each on a line; no line break at the end.
std::string grid_text(const CharacterGrid& grid, bool spaced);

/// Turned by 90 degrees, clockwise.
CharacterGrid turned(const CharacterGrid& grid);
/// Left and right exchanged.
CharacterGrid mirrored(const CharacterGrid& grid);

}  // namespace allometer::tasks
