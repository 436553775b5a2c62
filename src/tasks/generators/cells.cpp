/// How many cells of a kind are in a grid of characters?
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

constexpr std::string_view kKinds = "XOTLC";
/// Different counts of a level, in a row.
constexpr int kNumCounts = 6;

class Cells final : public Generator {
 public:
  explicit Cells(GeneratorArguments& arguments)
      : sizes_(arguments.integers("sizes", {4, 5, 6}, 3, 20)),
        num_kinds_(static_cast<int>(arguments.integer("kinds", 3, 2, kKinds.size()))),
        spaced_(arguments.flag("spaced", true)) {}

  int num_levels() const override { return static_cast<int>(sizes_.size()); }
  int num_answers() const override { return kNumCounts * kNumNumberChoices; }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  CharacterGrid fill(SplitMix64& random, int size, char kind, int count) const;

  std::vector<int> sizes_;
  int num_kinds_;
  bool spaced_;
};

/// `count` cells of `kind` and any others elsewhere, in an order that is drawn.
CharacterGrid Cells::fill(SplitMix64& random, int size, char kind, int count) const {
  std::string cells(static_cast<std::size_t>(size * size), kind);
  const std::string others = [&] {
    std::string kinds(kKinds.substr(0, static_cast<std::size_t>(num_kinds_)));
    std::erase(kinds, kind);
    return kinds;
  }();
  for (auto cell = cells.begin() + count; cell != cells.end(); ++cell)
    *cell = others[random.below(others.size())];
  random.shuffle(std::span(cells));
  CharacterGrid grid;
  for (int row = 0; row < size; ++row)
    grid.push_back(
        cells.substr(static_cast<std::size_t>(row * size), static_cast<std::size_t>(size)));
  return grid;
}

/// "Row 1 has 2, row 2 has 0, row 3 has 1. 2 + 0 + 1 = 3."
std::string count_by_rows(const CharacterGrid& grid, char kind, int total) {
  std::vector<std::string> rows;
  std::vector<std::ptrdiff_t> counts;
  for (const std::string& row : grid) {
    counts.push_back(std::count(row.begin(), row.end(), kind));
    rows.push_back(
        fmt::format("{} {} has {}", rows.empty() ? "Row" : "row", rows.size() + 1, counts.back()));
  }
  return fmt::format("{}. {} = {}.", fmt::join(rows, ", "), fmt::join(counts, " + "), total);
}

std::optional<nlohmann::json> Cells::make(Draw draw) const {
  const int size = sizes_[static_cast<std::size_t>(draw.level)];
  const int gold = draw.answer % kNumNumberChoices;
  // A third of the cells at least: three, so that no choice is below zero.
  const int count = size * size / 3 + draw.answer / kNumNumberChoices;
  const char kind = kKinds[draw.random.below(static_cast<std::uint64_t>(num_kinds_))];
  const CharacterGrid grid = fill(draw.random, size, kind, count);
  return nlohmann::json{
      {"question", fmt::format("Look at this grid.\n{}\nHow many times is {} in the grid?",
                               grid_text(grid, spaced_), kind)},
      {"choices", number_choices(count, gold)},
      {"gold", gold},
      {"answer", std::to_string(count)},
      {"difficulty", size},
      {"steps", count_by_rows(grid, kind, count)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Cells>(arguments);
}

}  // namespace

const GeneratorKind kCells{"cells", 1, "how many cells of a kind are in a grid of characters",
                           create};

}  // namespace allometer::tasks
