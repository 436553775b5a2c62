// Maps: the places are found again in what is told or drawn.
#include <cstdlib>
#include <regex>

#include <gtest/gtest.h>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"

namespace allometer::tasks {
namespace {

using Vector = RelativePlaces::Vector;

std::string lowered(std::string name) {
  if (name.size() > 1) name[0] = static_cast<char>(std::tolower(name[0]));
  return name;
}

void read_coordinates(const std::string& text, RelativePlaces& places) {
  static const std::regex place("(The \\w+) is at \\((\\d+), (\\d+)\\)\\.");
  for (std::sregex_iterator m(text.begin(), text.end(), place), end; m != end; ++m)
    places.state(lowered((*m)[1]), "corner", {std::stoi((*m)[2]), std::stoi((*m)[3])});
}

void read_drawing(const std::string& question, RelativePlaces& places) {
  const std::vector<std::string> grid = printed_grid(question);
  for (int row = 0; row < static_cast<int>(grid.size()); ++row) {
    for (int column = 0; column < static_cast<int>(grid.size()); ++column) {
      if (grid[row][column] != '.')
        places.state(std::string(1, grid[row][column]), "corner", {column, -row});
    }
  }
}

Vector read_way(const std::string& text) {
  static const std::regex leg("(\\d+) blocks? (north|south|east|west)");
  Vector way{0, 0};
  for (std::sregex_iterator m(text.begin(), text.end(), leg), end; m != end; ++m) {
    const int blocks = std::stoi((*m)[1]);
    const std::string to = (*m)[2];
    if (to == "north") way.second += blocks;
    if (to == "south") way.second -= blocks;
    if (to == "east") way.first += blocks;
    if (to == "west") way.first -= blocks;
  }
  return way;
}

void read_relations(const std::string& text, RelativePlaces& places) {
  static const std::regex sentence("(The \\w+) is (\\d[\\w ]+) of (the \\w+)\\.");
  for (std::sregex_iterator m(text.begin(), text.end(), sentence), end; m != end; ++m)
    EXPECT_TRUE(places.state(lowered((*m)[1]), (*m)[3], read_way((*m)[2]))) << text;
}

struct Asked {
  bool distance = false;
  Vector way;
};

Asked read(const std::string& question) {
  const std::vector<std::string> lines = lines_of(question);
  RelativePlaces places;
  if (lines[0].find("North is up") != std::string::npos) {
    read_drawing(question, places);
  } else if (lines[0].find("(x, y)") != std::string::npos) {
    read_coordinates(lines[0], places);
  } else {
    read_relations(lines[0], places);
  }
  static const std::regex direction("In which direction is (.+) from (.+)\\?");
  static const std::regex distance(".*How many blocks is the way from (.+) to (.+)\\?");
  std::smatch m;
  if (std::regex_match(lines.back(), m, direction)) return {false, places.way(m[2], m[1])};
  EXPECT_TRUE(std::regex_match(lines.back(), m, distance)) << question;
  return {true, places.way(m[1], m[2])};
}

std::string solve(const std::string& question) {
  const Asked asked = read(question);
  const auto [east, north] = asked.way;
  if (asked.distance) return std::to_string(std::abs(east) + std::abs(north));
  const std::string along = north > 0 ? "north" : north < 0 ? "south" : "";
  const std::string across = east > 0 ? "east" : east < 0 ? "west" : "";
  return along + (along.empty() || across.empty() ? "" : "-") + across;
}

TEST(Map, DirectionsAreFound) {
  const Dataset test = expect_splits_never_meet("map", "{}");
  expect_balanced(test, "answer");
  for (int places = 2; places <= 6; ++places)
    expect_balanced(of_difficulty(test, places), "answer");
  expect_solved(test, solve);
}

TEST(Map, DistancesAreFound) {
  const Dataset test = expect_splits_never_meet("map", "ask: distance");
  expect_balanced(test, "gold");
  expect_balanced(test, "answer");
  for (int places = 2; places <= 6; ++places) expect_balanced(of_difficulty(test, places), "gold");
  expect_solved(test, solve);
}

TEST(Map, IsToldInTheWaysAskedFor) {
  const std::map<std::string, std::string> signs{
      {"coordinates", "(x, y)"}, {"relations", " of the "}, {"drawing", "North is up"}};
  for (const auto& [given, sign] : signs) {
    const Dataset test =
        generate("map", "ask: distance\nplaces: [2, 4, 12]\ngiven: " + given, Split::test, 300);
    expect_solved(test, solve);
    for (const auto& document : test.documents)
      EXPECT_NE(document.at("question").get<std::string>().find(sign), std::string::npos);
  }
}

TEST(Map, StepsTellTheWay) {
  const Dataset test = generate("map", "{}", Split::test, 600);
  for (const auto& document : test.documents) {
    const std::string steps = document.at("steps");
    const std::size_t last = steps.rfind(" From ");
    ASSERT_NE(last, std::string::npos) << steps;
    EXPECT_EQ(read_way(steps.substr(last)), read(document.at("question")).way) << document;
    // The legs on the way there add up to the whole.
    if (document.at("given") == "relations") {
      EXPECT_EQ(read_way(steps.substr(0, last)), read(document.at("question")).way) << document;
    }
  }
}

TEST(Map, IsTheSameOnEveryRun) {
  EXPECT_EQ(generate("map", "{}", Split::test, 40).digest.short_hex(), "22586a593c22");
  EXPECT_EQ(generate("map", "ask: distance", Split::test, 40).digest.short_hex(),
            "3bd8eafcc564");
}

}  // namespace
}  // namespace allometer::tasks
