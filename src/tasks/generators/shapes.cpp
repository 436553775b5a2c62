/// Which shape does an SVG path draw? The form is that of BIG-Bench Hard's geometric_shapes.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

/// The choices, in their order: the alphabet's, as in BIG-Bench Hard.
enum class Shape {
  circle,
  heptagon,
  hexagon,
  kite,
  line,
  octagon,
  pentagon,
  rectangle,
  sector,
  triangle
};
constexpr std::array<std::string_view, 10> kShapeNames{
    "circle",  "heptagon", "hexagon",   "kite",   "line",
    "octagon", "pentagon", "rectangle", "sector", "triangle"};

/// Shapes lie in a square of 100 by 100, this far from its sides.
constexpr double kMargin = 2;
constexpr double kCanvas = 100;
/// Corners are as sharp as that at least (sine of the angle that the pen turns by), sides as long.
constexpr double kLeastTurn = 0.3;
constexpr double kLeastSide = 9;

struct Point {
  double x = 0;
  double y = 0;
  Point operator+(Point other) const { return {x + other.x, y + other.y}; }
  Point operator-(Point other) const { return {x - other.x, y - other.y}; }
  Point operator*(double factor) const { return {x * factor, y * factor}; }
};

double cross(Point a, Point b) {
  return a.x * b.y - a.y * b.x;
}
double length(Point a) {
  return std::sqrt(a.x * a.x + a.y * a.y);
}

/// The point of the unit circle after `turns` of a full turn, |turns| <= 3. By power series and not
/// by the library's sine, whose last digit differs between machines: documents must not.
Point on_circle(double turns) {
  const double angle = 2 * std::numbers::pi * (turns - std::floor(turns + 0.5));
  Point sum;
  double term = 1;
  constexpr int kTerms = 30;  // pi^30 / 30! < 1e-17
  for (int power = 0; power < kTerms; power += 2) {
    const double sign = power % 4 == 0 ? 1 : -1;
    sum.x += sign * term;
    term *= angle / (power + 1);
    sum.y += sign * term;
    term *= angle / (power + 2);
  }
  return sum;
}

double uniform(SplitMix64& random, double from, double to) {
  return from + (to - from) * random.uniform();
}

/// A side, or an arc of a circle around `centre` from `first` on by `sweep` (in turns, positive
/// towards y).
struct Stroke {
  Point from;
  Point to;
  double radius = 0;  ///< 0: a straight line
  Point centre;
  double first = 0;
  double sweep = 0;

  static Stroke arc(Point centre, double radius, double first, double sweep) {
    return {centre + on_circle(first) * radius,
            centre + on_circle(first + sweep) * radius,
            radius,
            centre,
            first,
            sweep};
  }
};
using Strokes = std::vector<Stroke>;

/// The strokes from each point to the next.
Strokes lines_through(const std::vector<Point>& points) {
  Strokes strokes;
  for (std::size_t i = 1; i < points.size(); ++i)
    strokes.push_back({points[i - 1], points[i], 0, {}, 0, 0});
  return strokes;
}

Strokes closed(std::vector<Point> corners) {
  corners.push_back(corners.front());
  return lines_through(corners);
}

/// Does the pen turn enough at each corner, and is each side long enough, to be told from what is
/// no corner?
bool is_clear(const std::vector<Point>& corners) {
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Point in = corners[(i + 1) % corners.size()] - corners[i];
    const Point out = corners[(i + 2) % corners.size()] - corners[(i + 1) % corners.size()];
    if (length(in) < kLeastSide) return false;
    if (std::abs(cross(in, out)) < kLeastTurn * length(in) * length(out)) return false;
  }
  return true;
}

/// Corners around a centre, each in a slice of its own: the sides never cross.
std::optional<Strokes> draw_polygon(SplitMix64& random, int num_corners) {
  const double radius = uniform(random, 25, 46);
  std::vector<Point> corners;
  for (int i = 0; i < num_corners; ++i) {
    const double turns = (i + uniform(random, -0.25, 0.25)) / num_corners;
    corners.push_back(on_circle(turns) * (radius * uniform(random, 0.65, 1)));
  }
  if (!is_clear(corners)) return std::nullopt;
  return closed(corners);
}

/// With sides of clearly unlike length: no square, which some would call a kite.
Strokes draw_rectangle(SplitMix64& random) {
  const double width = uniform(random, 30, 60);
  const double height = width * uniform(random, 0.35, 0.8);
  return closed({{0, 0}, {width, 0}, {width, height}, {0, height}});
}

/// Two pairs of equal sides that meet, one pair clearly longer: no rhombus.
Strokes draw_kite(SplitMix64& random) {
  const double half_width = uniform(random, 12, 25);
  const double top = uniform(random, 10, 20);
  const double bottom = top * uniform(random, 1.5, 2.5);
  return closed({{0, top}, {half_width, 0}, {0, -bottom}, {-half_width, 0}});
}

Strokes draw_circle(SplitMix64& random) {
  const double radius = uniform(random, 10, 40);
  const double first = random.uniform();
  const double share = uniform(random, 0.35, 0.45);
  return {Stroke::arc({}, radius, first, share), Stroke::arc({}, radius, first + share, 1 - share)};
}

Strokes draw_sector(SplitMix64& random) {
  const double first = random.uniform();
  // Not half a circle, whose two straight sides would be one.
  const double share =
      random.below(2) == 0 ? uniform(random, 0.12, 0.42) : uniform(random, 0.58, 0.88);
  const Stroke arc = Stroke::arc({}, uniform(random, 15, 40), first, share);
  return {{{}, arc.from, 0, {}, 0, 0}, arc, {arc.to, {}, 0, {}, 0, 0}};
}

std::optional<Strokes> draw_shape(SplitMix64& random, Shape shape) {
  switch (shape) {
    case Shape::circle:
      return draw_circle(random);
    case Shape::kite:
      return draw_kite(random);
    case Shape::line:
      return lines_through({{0, 0}, {uniform(random, 20, 80), 0}});
    case Shape::rectangle:
      return draw_rectangle(random);
    case Shape::sector:
      return draw_sector(random);
    case Shape::triangle:
      return draw_polygon(random, 3);
    case Shape::pentagon:
      return draw_polygon(random, 5);
    case Shape::hexagon:
      return draw_polygon(random, 6);
    case Shape::heptagon:
      return draw_polygon(random, 7);
    case Shape::octagon:
      return draw_polygon(random, 8);
  }
  return std::nullopt;
}

/// The same strokes drawn from the end to the start.
void reverse(Strokes& strokes) {
  std::reverse(strokes.begin(), strokes.end());
  for (Stroke& stroke : strokes) {
    std::swap(stroke.from, stroke.to);
    stroke.first += stroke.sweep;
    stroke.sweep = -stroke.sweep;
  }
}

/// Turned by a random angle and moved to a random place of the canvas; nothing if it is too large.
std::optional<Strokes> place(SplitMix64& random, Strokes strokes) {
  const double turns = random.uniform();
  const Point axis = on_circle(turns);
  const auto turn = [&](Point& point) {
    point = {point.x * axis.x - point.y * axis.y, point.x * axis.y + point.y * axis.x};
  };
  Point least{kCanvas, kCanvas};
  Point most{-kCanvas, -kCanvas};
  const auto include = [&](Point point, double margin) {
    least = {std::min(least.x, point.x - margin), std::min(least.y, point.y - margin)};
    most = {std::max(most.x, point.x + margin), std::max(most.y, point.y + margin)};
  };
  for (Stroke& stroke : strokes) {
    turn(stroke.from);
    turn(stroke.to);
    turn(stroke.centre);
    stroke.first += turns;
    include(stroke.from, 0);
    include(stroke.to, 0);
    if (stroke.radius > 0) include(stroke.centre, stroke.radius);
  }
  const Point free = Point{kCanvas - 2 * kMargin, kCanvas - 2 * kMargin} - (most - least);
  if (free.x < 0 || free.y < 0) return std::nullopt;
  const double right = random.uniform() * free.x;
  const Point shift = Point{kMargin + right, kMargin + random.uniform() * free.y} - least;
  for (Stroke& stroke : strokes) {
    stroke.from = stroke.from + shift;
    stroke.to = stroke.to + shift;
    stroke.centre = stroke.centre + shift;
  }
  return strokes;
}

double length(const Stroke& stroke) {
  return stroke.radius > 0 ? 2 * std::numbers::pi * stroke.radius * std::abs(stroke.sweep)
                           : length(stroke.to - stroke.from);
}

/// Where to cut, as a share of the stroke. Not into half a circle, whose centre lies in the middle
/// of two points that are rounded.
double draw_share(SplitMix64& random, double sweep) {
  const auto is_half = [](double turns) { return std::abs(std::abs(turns) - 0.5) < 0.04; };
  for (;;) {
    const double share = uniform(random, 0.35, 0.65);
    if (!is_half(sweep * share) && !is_half(sweep * (1 - share))) return share;
  }
}

/// One stroke made two, at a point between its ends, if it is not too short.
void cut(SplitMix64& random, Strokes& strokes) {
  const std::size_t at = random.below(strokes.size());
  const Stroke whole = strokes[at];
  if (length(whole) < kLeastSide) return;
  const double share = draw_share(random, whole.sweep);
  Stroke first = whole;
  Stroke second = whole;
  first.sweep *= share;
  second.first += first.sweep;
  second.sweep -= first.sweep;
  first.to = whole.radius > 0 ? whole.centre + on_circle(second.first) * whole.radius
                              : whole.from + (whole.to - whole.from) * share;
  second.from = first.to;
  strokes[at] = first;
  strokes.insert(strokes.begin() + static_cast<std::ptrdiff_t>(at) + 1, second);
}

enum class Breaks {
  none,    ///< one line without lifting the pen
  lifted,  ///< the pen is lifted between some strokes
  cut,     ///< and some strokes are made of two
};
const std::vector<std::string> kBreaksNames{"none", "lifted", "cut"};

class Shapes final : public Generator {
 public:
  explicit Shapes(GeneratorArguments& arguments)
      : decimals_(static_cast<int>(arguments.integer("decimals", 2, 1, 4))) {
    for (const std::string& name : arguments.texts("breaks", kBreaksNames, kBreaksNames)) {
      const auto found = std::find(kBreaksNames.begin(), kBreaksNames.end(), name);
      breaks_.push_back(static_cast<Breaks>(found - kBreaksNames.begin()));
    }
  }

  int num_levels() const override { return static_cast<int>(breaks_.size()); }
  int num_answers() const override { return static_cast<int>(kShapeNames.size()); }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  std::string point(Point at) const {
    return fmt::format("{:.{}f},{:.{}f}", at.x, decimals_, at.y, decimals_);
  }
  std::string command(const Stroke& stroke) const;
  std::string explain(Shape shape, const Strokes& strokes) const;
  std::string path(SplitMix64& random, const Strokes& strokes, Breaks breaks) const;

  std::vector<Breaks> breaks_;
  int decimals_;
};

/// L and A as the SVG specification has them (section 9.3.8: the flags of an arc).
std::string Shapes::command(const Stroke& stroke) const {
  if (stroke.radius == 0) return "L " + point(stroke.to);
  return fmt::format("A {} 0 {},{} {}", point({stroke.radius, stroke.radius}),
                     std::abs(stroke.sweep) > 0.5 ? 1 : 0, stroke.sweep > 0 ? 1 : 0,
                     point(stroke.to));
}

std::string Shapes::path(SplitMix64& random, const Strokes& strokes, Breaks breaks) const {
  std::string text;
  for (const Stroke& stroke : strokes) {
    const bool lifts = !text.empty() && breaks != Breaks::none && random.below(2) == 0;
    if (text.empty() || lifts) text += (text.empty() ? "M " : " M ") + point(stroke.from);
    text += " " + command(stroke);
  }
  return text;
}

/// `strokes` before any of them was cut.
std::string Shapes::explain(Shape shape, const Strokes& strokes) const {
  if (shape == Shape::circle) return "All arcs have one centre and go once around it.";
  if (shape == Shape::line) return "All points lie on one straight line.";
  if (shape == Shape::sector)
    return "Two straight sides meet in a point, and an arc around that point joins their ends.";
  std::string steps = "The path is closed. It turns at";
  for (const Stroke& stroke : strokes) steps += " " + point(stroke.from);
  steps += fmt::format(", which makes {} corners.", strokes.size());
  if (shape == Shape::rectangle) steps += " All of them are right angles.";
  if (shape == Shape::kite) steps += " The sides are equal in two pairs that meet.";
  return steps;
}

std::optional<nlohmann::json> Shapes::make(Draw draw) const {
  const Breaks breaks = breaks_[static_cast<std::size_t>(draw.level)];
  const auto shape = static_cast<Shape>(draw.answer);
  std::optional<Strokes> strokes = draw_shape(draw.random, shape);
  if (strokes) strokes = place(draw.random, *std::move(strokes));
  if (!strokes) return std::nullopt;
  // A closed path may begin anywhere.
  if (shape != Shape::line)
    std::rotate(strokes->begin(),
                strokes->begin() + static_cast<std::ptrdiff_t>(draw.random.below(strokes->size())),
                strokes->end());
  if (draw.random.below(2) == 0) reverse(*strokes);
  const std::string steps = explain(shape, *strokes);
  const std::uint64_t num_cuts = breaks == Breaks::cut ? 1 + draw.random.below(3) : 0;
  for (std::uint64_t i = 0; i < num_cuts; ++i) cut(draw.random, *strokes);
  return nlohmann::json{{"question", fmt::format("This SVG path element <path d=\"{}\"/> draws a",
                                                 path(draw.random, *strokes, breaks))},
                        {"choices", kShapeNames},
                        {"gold", draw.answer},
                        {"answer", kShapeNames[static_cast<std::size_t>(draw.answer)]},
                        {"difficulty", static_cast<int>(breaks) + 1},
                        {"steps", steps}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Shapes>(arguments);
}

}  // namespace

const GeneratorKind kShapes{"shapes", 1, "which shape an SVG path draws", create};

}  // namespace allometer::tasks
