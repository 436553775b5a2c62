/// Which figure is the given one, turned or mirrored?
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/character_grid.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

constexpr char kFilled = 'X';
constexpr char kEmpty = '.';
constexpr int kNumChoices = 4;

/// The eight images of a square figure: turned by 0, 90, 180 and 270 degrees, and the mirrored
/// figure turned likewise.
constexpr std::size_t kNumImages = 8;
using Images = std::array<CharacterGrid, kNumImages>;

Images images_of(const CharacterGrid& figure) {
  Images images;
  images[0] = figure;
  images[4] = mirrored(figure);
  for (const std::size_t first : {0, 4}) {
    for (std::size_t i = first + 1; i < first + 4; ++i) images[i] = turned(images[i - 1]);
  }
  return images;
}

struct Transform {
  std::string_view name;
  std::string_view order;  ///< what the question asks for
  std::size_t image;       ///< index into Images
  /// Where row i of n comes from: "column i read up", counted from the first or from the last.
  std::string_view source;
  bool from_last;
  std::string_view reading;
};
constexpr std::array kTransforms{
    Transform{"turn_90", "Turn it by 90 degrees clockwise.", 1, "column", false,
              "from bottom to top"},
    Transform{"turn_180", "Turn it by 180 degrees.", 2, "row", true, "from right to left"},
    Transform{"turn_270", "Turn it by 270 degrees clockwise.", 3, "column", true,
              "from top to bottom"},
    Transform{"mirror", "Mirror it from left to right.", 4, "row", false, "from right to left"},
};

std::vector<std::string> names_of_transforms() {
  std::vector<std::string> names;
  for (const Transform& transform : kTransforms) names.emplace_back(transform.name);
  return names;
}

const Transform& transform_named(const std::string& name) {
  return *std::find_if(kTransforms.begin(), kTransforms.end(),
                       [&](const Transform& transform) { return transform.name == name; });
}

bool all_differ(std::vector<CharacterGrid> figures) {
  std::sort(figures.begin(), figures.end());
  return std::adjacent_find(figures.begin(), figures.end()) == figures.end();
}

CharacterGrid draw_figure(SplitMix64& random, int size) {
  CharacterGrid figure = square_grid(size, kEmpty);
  for (std::string& row : figure) {
    for (char& cell : row) {
      if (random.below(2) == 0) cell = kFilled;
    }
  }
  return figure;
}

/// One filled and one empty cell exchanged.
CharacterGrid altered(CharacterGrid figure, SplitMix64& random) {
  const auto draw_cell = [&](char kind) -> char& {
    for (;;) {
      std::string& row = figure[random.below(figure.size())];
      char& cell = row[random.below(row.size())];
      if (cell == kind) return cell;
    }
  };
  char& filled = draw_cell(kFilled);
  char& empty = draw_cell(kEmpty);
  std::swap(filled, empty);
  return figure;
}

std::string describe(const Transform& transform, const CharacterGrid& image, bool spaced) {
  std::string steps;
  for (std::size_t row = 0; row < image.size(); ++row) {
    steps += fmt::format("{}Row {} is {} {} read {}: {}", row == 0 ? "" : "\n", row + 1,
                         transform.source, transform.from_last ? image.size() - row : row + 1,
                         transform.reading, row_text(image[row], spaced));
  }
  return steps;
}

class Figures final : public Generator {
 public:
  explicit Figures(GeneratorArguments& arguments)
      : sizes_(arguments.integers("sizes", {4, 5, 6}, 3, 20)),
        spaced_(arguments.flag("spaced", true)) {
    const std::vector<std::string> all = names_of_transforms();
    for (const std::string& name : arguments.texts("transforms", all, all))
      transforms_.push_back(&transform_named(name));
  }

  int num_levels() const override { return static_cast<int>(sizes_.size()); }
  int num_answers() const override { return kNumChoices * static_cast<int>(transforms_.size()); }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  std::vector<int> sizes_;
  std::vector<const Transform*> transforms_;
  bool spaced_;
};

/// Three figures that are not the right one: two other images, and an image with two cells
/// exchanged. That is as often the right one as another: of two figures that look alike, one is
/// right no more often than of two others.
std::vector<CharacterGrid> draw_wrong(SplitMix64& random, const Images& images, std::size_t right) {
  std::vector<CharacterGrid> others;
  for (std::size_t i = 0; i < kNumImages; ++i) {
    if (i != right) others.push_back(images[i]);
  }
  random.shuffle(std::span(others));
  const CharacterGrid& twin = random.below(2) == 0 ? images[right] : others[0];
  std::vector<CharacterGrid> wrong{others[0], others[1], altered(twin, random)};
  random.shuffle(std::span(wrong));
  return wrong;
}

std::optional<nlohmann::json> Figures::make(Draw draw) const {
  const int size = sizes_[static_cast<std::size_t>(draw.level)];
  const int gold = draw.answer % kNumChoices;
  const Transform& transform = *transforms_[static_cast<std::size_t>(draw.answer / kNumChoices)];
  const CharacterGrid figure = draw_figure(draw.random, size);
  const Images images = images_of(figure);
  // A figure with a symmetry is its own image, and would make two choices right.
  if (!all_differ({images.begin(), images.end()})) return std::nullopt;
  const CharacterGrid& right = images[transform.image];
  std::vector<CharacterGrid> figures = draw_wrong(draw.random, images, transform.image);
  figures.insert(figures.begin() + gold, right);
  if (!all_differ(figures)) return std::nullopt;
  std::vector<std::string> choices;
  for (const CharacterGrid& choice : figures) choices.push_back(grid_text(choice, spaced_));
  return nlohmann::json{{"question", fmt::format("Look at this figure.\n{}\n{}",
                                                 grid_text(figure, spaced_), transform.order)},
                        {"choices", choices},
                        {"gold", gold},
                        {"answer", choices[static_cast<std::size_t>(gold)]},
                        {"transform", transform.name},
                        {"difficulty", size},
                        {"steps", describe(transform, right, spaced_)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Figures>(arguments);
}

}  // namespace

const GeneratorKind kFigures{"figures", 1, "which figure is the given one, turned or mirrored",
                             create};

}  // namespace allometer::tasks
