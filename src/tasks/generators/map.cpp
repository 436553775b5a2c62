/// Places on a map: in which direction one lies from another, and how far the way is. The map is
/// told by coordinates, by relations between places, or is drawn.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "tasks/generators/character_grid.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/number_choices.hpp"
#include "tasks/generators/plane.hpp"
#include "tasks/generators/sentence.hpp"

namespace allometer::tasks {
namespace {

/// Blocks from one side of a map to the other, plus one.
constexpr int kExtent = 7;
constexpr int kShortestWay = 3;
/// Different lengths of ways, in a row.
constexpr int kNumLengths = 6;

constexpr std::array<std::string_view, 12> kPlaces{
    "the mill", "the barn", "the pond",   "the shop", "the park",  "the farm",
    "the inn",  "the lake", "the school", "the well", "the tower", "the zoo"};

struct Direction {
  std::string_view name;
  Offset offset;
};
/// The choices, in their order.
constexpr std::array kDirections{
    Direction{"north", {0, 1}},       Direction{"south", {0, -1}},
    Direction{"east", {1, 0}},        Direction{"west", {-1, 0}},
    Direction{"north-east", {1, 1}},  Direction{"north-west", {-1, 1}},
    Direction{"south-east", {1, -1}}, Direction{"south-west", {-1, -1}},
};

std::string_view direction_of(Offset offset) {
  const Offset signs = signs_of(offset);
  for (const Direction& direction : kDirections) {
    if (direction.offset == signs) return direction.name;
  }
  ALLOMETER_EXPECT(false);
  return {};
}

std::string blocks(int count) {
  return fmt::format("{} block{}", count, count == 1 ? "" : "s");
}

/// "3 blocks north and 1 block west".
std::string way_text(Offset offset) {
  std::string text;
  if (offset.y != 0)
    text = fmt::format("{} {}", blocks(std::abs(offset.y)), direction_of({0, offset.y}));
  if (offset.x != 0) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " and ", blocks(std::abs(offset.x)),
                        direction_of({offset.x, 0}));
  }
  return text;
}

int length_of(Offset offset) {
  return std::abs(offset.x) + std::abs(offset.y);
}

struct Place {
  std::string name;
  Offset at;
};

/// Different places, with a drawn map's letters or with names.
std::vector<Place> draw_places(SplitMix64& random, int count, bool letters) {
  std::vector<Offset> spots;
  for (int i = 0; i < kExtent * kExtent; ++i) spots.push_back({i % kExtent, i / kExtent});
  random.shuffle(std::span(spots));
  std::vector<std::string> names(kPlaces.begin(), kPlaces.end());
  if (letters) {
    names.clear();
    for (char letter = 'A'; letter <= 'L'; ++letter) names.emplace_back(1, letter);
  }
  random.shuffle(std::span(names));
  std::vector<Place> places;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    places.push_back({names[i], spots[i]});
  return places;
}

/// What is asked about: the way from one place to another, by their numbers.
struct Pair {
  std::size_t from = 0;
  std::size_t to = 0;
};

/// How a map is told, and how one finds the way of a pair in it.
struct Telling {
  std::string text;
  std::string steps;
};

Telling tell_coordinates(const std::vector<Place>& places, Pair pair) {
  Telling telling{"On this map (x, y) is x blocks east and y blocks north of a corner.", {}};
  for (const Place& place : places)
    telling.text +=
        fmt::format(" {} is at ({}, {}).", capitalized(place.name), place.at.x, place.at.y);
  const Place& from = places[pair.from];
  const Place& to = places[pair.to];
  telling.steps = fmt::format("{} is at ({}, {}). {} is at ({}, {}).", capitalized(from.name),
                              from.at.x, from.at.y, capitalized(to.name), to.at.x, to.at.y);
  return telling;
}

Telling tell_drawing(const std::vector<Place>& places, Pair pair, bool spaced) {
  CharacterGrid grid = square_grid(kExtent, '.');
  const auto row_of = [](const Place& place) { return kExtent - 1 - place.at.y; };
  for (const Place& place : places)
    grid[static_cast<std::size_t>(row_of(place))][static_cast<std::size_t>(place.at.x)] =
        place.name[0];
  Telling telling{"North is up on this map. From one cell to the next it is one block.\n" +
                      grid_text(grid, spaced),
                  {}};
  const auto where = [&](const Place& place) {
    return fmt::format("{} is in row {}, column {}.", place.name, row_of(place) + 1,
                       place.at.x + 1);
  };
  telling.steps = where(places[pair.from]) + " " + where(places[pair.to]);
  return telling;
}

/// The numbers of the places from `from` to `to` in a tree, given as the parent of each place but
/// the first.
std::vector<std::size_t> path_in(const std::vector<std::size_t>& parents, Pair pair) {
  const auto climb = [&](std::size_t place) {
    std::vector<std::size_t> path{place};
    while (path.back() != 0) path.push_back(parents[path.back()]);
    return path;
  };
  std::vector<std::size_t> up = climb(pair.from);
  std::vector<std::size_t> down = climb(pair.to);
  // What both have in common is above the place where they meet.
  while (up.size() > 1 && down.size() > 1 && up[up.size() - 2] == down[down.size() - 2]) {
    up.pop_back();
    down.pop_back();
  }
  up.insert(up.end(), down.rbegin() + 1, down.rend());
  return up;
}

Telling tell_relations(SplitMix64& random, const std::vector<Place>& places, Pair pair) {
  std::vector<std::size_t> parents(places.size());
  std::vector<std::string> sentences;
  for (std::size_t i = 1; i < places.size(); ++i) {
    parents[i] = random.below(i);
    const Place& parent = places[parents[i]];
    sentences.push_back(fmt::format("{} is {} of {}.", capitalized(places[i].name),
                                    way_text(places[i].at - parent.at), parent.name));
  }
  random.shuffle(std::span(sentences));
  Telling telling;
  for (const std::string& sentence : sentences)
    telling.text += (telling.text.empty() ? "" : " ") + sentence;
  const std::vector<std::size_t> path = path_in(parents, pair);
  for (std::size_t i = 1; i < path.size(); ++i) {
    const Place& last = places[path[i - 1]];
    const Place& next = places[path[i]];
    telling.steps += fmt::format("{}From {} go {} to {}.", i == 1 ? "" : " ", last.name,
                                 way_text(next.at - last.at), next.name);
  }
  return telling;
}

class Map final : public Generator {
 public:
  explicit Map(GeneratorArguments& arguments)
      : counts_(arguments.integers("places", {2, 3, 4, 5, 6}, 2, static_cast<int>(kPlaces.size()))),
        asks_distance_(arguments.text("ask", "direction", {"direction", "distance"}) == "distance"),
        spaced_(arguments.flag("spaced", true)) {
    const std::vector<std::string> all{"coordinates", "relations", "drawing"};
    given_ = arguments.texts("given", all, all);
  }

  int num_levels() const override { return static_cast<int>(counts_.size()); }
  int num_answers() const override {
    return asks_distance_ ? kNumLengths * kNumNumberChoices : static_cast<int>(kDirections.size());
  }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  bool suits(Offset way, int answer) const {
    return asks_distance_ ? length_of(way) == kShortestWay + answer / kNumNumberChoices
                          : signs_of(way) == kDirections[static_cast<std::size_t>(answer)].offset;
  }
  std::optional<Pair> draw_pair(Draw& draw, const std::vector<Place>& places) const;
  Telling tell(SplitMix64& random, const std::vector<Place>& places, Pair pair,
               const std::string& given) const;
  nlohmann::json ask(const Place& from, const Place& to, int answer) const;

  std::vector<int> counts_;
  bool asks_distance_;
  bool spaced_;
  std::vector<std::string> given_;
};

std::optional<Pair> Map::draw_pair(Draw& draw, const std::vector<Place>& places) const {
  std::vector<Pair> pairs;
  for (std::size_t from = 0; from < places.size(); ++from) {
    for (std::size_t to = 0; to < places.size(); ++to) {
      if (from != to && suits(places[to].at - places[from].at, draw.answer))
        pairs.push_back({from, to});
    }
  }
  if (pairs.empty()) return std::nullopt;
  return pairs[draw.random.below(pairs.size())];
}

Telling Map::tell(SplitMix64& random, const std::vector<Place>& places, Pair pair,
                  const std::string& given) const {
  if (given == "coordinates") return tell_coordinates(places, pair);
  if (given == "drawing") return tell_drawing(places, pair, spaced_);
  return tell_relations(random, places, pair);
}

/// The question without the map, the choices, and which of them is right.
nlohmann::json Map::ask(const Place& from, const Place& to, int answer) const {
  if (asks_distance_) {
    const int gold = answer % kNumNumberChoices;
    return {{"question",
             fmt::format("Streets run north to south and east to west. How many blocks is the way "
                         "from {} to {}?",
                         from.name, to.name)},
            {"choices", number_choices(length_of(to.at - from.at), gold)},
            {"gold", gold}};
  }
  std::vector<std::string_view> choices;
  for (const Direction& direction : kDirections) choices.push_back(direction.name);
  return {{"question", fmt::format("In which direction is {} from {}?", to.name, from.name)},
          {"choices", choices},
          {"gold", answer}};
}

std::optional<nlohmann::json> Map::make(Draw draw) const {
  const int count = counts_[static_cast<std::size_t>(draw.level)];
  const std::string& given = given_[draw.random.below(given_.size())];
  const std::vector<Place> places = draw_places(draw.random, count, given == "drawing");
  const std::optional<Pair> pair = draw_pair(draw, places);
  if (!pair) return std::nullopt;
  const Place& from = places[pair->from];
  const Place& to = places[pair->to];
  const Offset way = to.at - from.at;
  const Telling telling = tell(draw.random, places, *pair, given);
  std::string steps =
      fmt::format("{} From {} to {} it is {}.", telling.steps, from.name, to.name, way_text(way));
  if (asks_distance_)
    steps += fmt::format(" {} + {} = {}.", std::abs(way.y), std::abs(way.x), length_of(way));
  nlohmann::json document = ask(from, to, draw.answer);
  document["question"] =
      fmt::format("{}\n{}", telling.text, document["question"].get<std::string>());
  document["answer"] = document["choices"][document["gold"].get<std::size_t>()];
  document["given"] = given;
  document["difficulty"] = count;
  document["steps"] = steps;
  return document;
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Map>(arguments);
}

}  // namespace

const GeneratorKind kMap{"map", 1, "the direction or the length of the way between places on a map",
                         create};

}  // namespace allometer::tasks
