// Shapes: the printed path is read as SVG has it and measured.
#include <cmath>
#include <complex>
#include <numbers>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"

namespace allometer::tasks {
namespace {

using Point = std::complex<double>;

struct Stroke {
  Point from;
  Point to;
  double radius = 0;
  Point centre;
  double angle = 0;  ///< of an arc, radians, positive towards y
};

/// The centre of an arc (SVG 1.1, appendix F.6.5, for equal radii) and its angle.
Stroke arc(Point from, Point to, double radius, bool large, bool sweep) {
  const Point half = (to - from) / 2.0;
  const double height = std::sqrt(std::max(0.0, radius * radius - std::norm(half)));
  const Point aside = half / std::abs(half) * Point(0, large == sweep ? -1 : 1);
  const Point centre = (from + to) / 2.0 + aside * height;
  double angle = std::arg((to - centre) / (from - centre));
  if (sweep && angle < 0) angle += 2 * std::numbers::pi;
  if (!sweep && angle > 0) angle -= 2 * std::numbers::pi;
  return {from, to, radius, centre, angle};
}

Point read_point(const std::string& text) {
  double x = 0;
  double y = 0;
  EXPECT_EQ(std::sscanf(text.c_str(), "%lf,%lf", &x, &y), 2) << text;
  return {x, y};
}

std::string path_in(const std::string& question) {
  std::smatch m;
  static const std::regex form("This SVG path element <path d=\"([^\"]+)\"/> draws a");
  EXPECT_TRUE(std::regex_match(question, m, form)) << question;
  return m[1];
}

std::vector<Stroke> read_path(const std::string& path) {
  std::istringstream words(path);
  std::vector<Stroke> strokes;
  Point pen(-1, -1);
  for (std::string word; words >> word;) {
    std::string point;
    if (word == "M" || word == "L") {
      words >> point;
      const Point to = read_point(point);
      if (word == "L") strokes.push_back({pen, to, 0, {}, 0});
      // What is drawn goes on where it was left.
      if (word == "M" && !strokes.empty()) {
        EXPECT_EQ(pen, to) << path;
      }
      pen = to;
    } else {
      EXPECT_EQ(word, "A") << path;
      std::string radii;
      std::string rotation;
      std::string flags;
      words >> radii >> rotation >> flags >> point;
      const Point radius = read_point(radii);
      EXPECT_EQ(radius.real(), radius.imag()) << path;
      const Point to = read_point(point);
      strokes.push_back(arc(pen, to, radius.real(), flags.at(0) == '1', flags.at(2) == '1'));
      pen = to;
    }
  }
  for (const Stroke& stroke : strokes) {
    for (const Point end : {stroke.from, stroke.to}) {
      EXPECT_TRUE(end.real() >= 0 && end.real() <= 100 && end.imag() >= 0 && end.imag() <= 100)
          << path;
    }
  }
  return strokes;
}

/// The points at which straight strokes, one after another and round again, change direction.
std::vector<Point> corners_of(const std::vector<Stroke>& strokes) {
  std::vector<Point> corners;
  for (std::size_t i = 0; i < strokes.size(); ++i) {
    const Stroke& next = strokes[(i + 1) % strokes.size()];
    const double turn = std::arg((next.to - next.from) / (strokes[i].to - strokes[i].from));
    if (std::abs(turn) > 0.15) corners.push_back(next.from);
  }
  return corners;
}

std::string quadrilateral(const std::vector<Point>& corners) {
  std::vector<Point> sides;
  for (std::size_t i = 0; i < 4; ++i) sides.push_back(corners[(i + 1) % 4] - corners[i]);
  const auto alike = [&](std::size_t a, std::size_t b) {
    return std::abs(std::abs(sides[a]) - std::abs(sides[b])) < 0.4;
  };
  bool right_angles = true;
  for (std::size_t i = 0; i < 4; ++i) {
    const double turn = std::arg(sides[(i + 1) % 4] / sides[i]);
    right_angles = right_angles && std::abs(std::abs(turn) - std::numbers::pi / 2) < 0.03;
  }
  const bool kite = (alike(0, 1) && alike(2, 3)) || (alike(1, 2) && alike(3, 0));
  EXPECT_NE(right_angles, kite);
  return right_angles ? "rectangle" : kite ? "kite" : "quadrilateral";
}

/// A full turn around one centre, or an arc between two radii.
std::string round_shape(const std::vector<Stroke>& strokes) {
  double angle = 0;
  Point centre;
  bool has_arc = false;
  for (const Stroke& stroke : strokes) {
    if (stroke.radius == 0) continue;
    if (has_arc && std::abs(stroke.centre - centre) > 1) return "several arcs";
    if (!has_arc) centre = stroke.centre;
    has_arc = true;
    angle += stroke.angle;
  }
  std::vector<Stroke> straight;
  for (const Stroke& stroke : strokes) {
    if (stroke.radius == 0) straight.push_back(stroke);
  }
  if (straight.empty())
    return std::abs(std::abs(angle) - 2 * std::numbers::pi) < 0.1 ? "circle" : "arc";
  for (const Stroke& stroke : straight) {
    const Point direction = (stroke.to - stroke.from) / std::abs(stroke.to - stroke.from);
    const double off = std::abs(((centre - stroke.from) / direction).imag());
    if (off > 1) return "something with an arc";
  }
  return "sector";
}

std::string solve(const std::string& question) {
  const std::vector<Stroke> strokes = read_path(path_in(question));
  const bool is_closed = std::abs(strokes.front().from - strokes.back().to) < 1e-9;
  bool has_arc = false;
  for (const Stroke& stroke : strokes) has_arc = has_arc || stroke.radius > 0;
  if (!is_closed) {
    // Closing the way back makes two corners of a line, more of anything else.
    std::vector<Stroke> there_and_back = strokes;
    there_and_back.push_back({strokes.back().to, strokes.front().from, 0, {}, 0});
    return !has_arc && corners_of(there_and_back).size() == 2 ? "line" : "open";
  }
  if (has_arc) return round_shape(strokes);
  const std::vector<Point> corners = corners_of(strokes);
  const std::map<std::size_t, std::string> names{
      {3, "triangle"}, {5, "pentagon"}, {6, "hexagon"}, {7, "heptagon"}, {8, "octagon"}};
  if (corners.size() == 4) return quadrilateral(corners);
  return names.contains(corners.size()) ? names.at(corners.size()) : "unknown";
}

TEST(Shapes, AreNamedByMeasuringTheirPaths) {
  const Dataset test = expect_splits_never_meet("shapes", "{}");
  expect_balanced(test, "answer");
  for (int level = 1; level <= 3; ++level) expect_balanced(of_difficulty(test, level), "answer");
  expect_solved(test, solve);
}

TEST(Shapes, OneDecimalIsEnough) {
  expect_solved(generate("shapes", "decimals: 1", Split::test, 3000), solve);
}

TEST(Shapes, SolverReadsTheQuestionsOfBigBenchHardAlike) {
  const auto shape = [](const std::string& path) {
    return solve("This SVG path element <path d=\"" + path + "\"/> draws a");
  };
  EXPECT_EQ(shape("M 12.64,60.32 L 16.36,27.35"), "line");
  EXPECT_EQ(shape("M 30.17,45.97 L 58.79,40.36 L 18.10,15.70 M 18.10,15.70 L 30.17,45.97"),
            "triangle");
  EXPECT_EQ(shape("M 27.58,40.70 L 35.74,22.14 A 20.28,20.28 293.73 0,1 22.12,60.23 L 27.58,40.70"),
            "sector");
  EXPECT_EQ(shape("M 41.00,42.00 L 37.00,34.00 L 41.00,30.00 L 45.00,34.00 L 41.00,42.00"), "kite");
}

TEST(Shapes, StepsListTheCorners) {
  const Dataset test = generate("shapes", "{}", Split::test, 600);
  for (const auto& document : test.documents) {
    const std::vector<Stroke> strokes = read_path(path_in(document.at("question")));
    std::istringstream words(document.at("steps").get<std::string>());
    std::multiset<std::pair<double, double>> listed;
    for (std::string word; words >> word;) {
      if (!std::isdigit(static_cast<unsigned char>(word[0])) || word.size() == 1) continue;
      const Point point = read_point(word);
      listed.emplace(point.real(), point.imag());
    }
    if (listed.empty()) continue;
    std::multiset<std::pair<double, double>> corners;
    for (const Point corner : corners_of(strokes)) corners.emplace(corner.real(), corner.imag());
    EXPECT_EQ(listed, corners) << document;
  }
}

TEST(Shapes, BreaksLiftThePenAndCutSides) {
  const Dataset test = generate("shapes", "{}", Split::test, 1500);
  std::map<int, int> lifts;
  std::map<int, int> most_strokes;
  for (const auto& document : test.documents) {
    const std::string path = path_in(document.at("question"));
    const int level = document.at("difficulty");
    lifts[level] += static_cast<int>(std::count(path.begin(), path.end(), 'M')) - 1;
    if (document.at("answer") == "octagon") {
      most_strokes[level] = std::max(most_strokes[level], static_cast<int>(read_path(path).size()));
    }
  }
  EXPECT_EQ(lifts[1], 0);
  EXPECT_GT(lifts[2], 500);
  EXPECT_GT(lifts[3], 500);
  EXPECT_EQ(most_strokes[1], 8);
  EXPECT_EQ(most_strokes[2], 8);
  EXPECT_EQ(most_strokes[3], 11);
}

TEST(Shapes, AreTheSameOnEveryRun) {
  EXPECT_EQ(generate("shapes", "{}", Split::test, 60).digest.short_hex(), "b49de93f67a3");
}

}  // namespace
}  // namespace allometer::tasks
