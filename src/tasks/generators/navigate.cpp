/// Instructions for a walk: does it end where it began? The form is that of BIG-Bench Hard's
/// navigate.
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/kinds.hpp"
#include "tasks/generators/plane.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMostSteps = 10;
/// Of a walk that does not end where it began: the end is at most this far off, along each axis.
constexpr int kFarthestEnd = 5;
/// Walks for one document before the draw is given up.
constexpr int kMaxWalks = 20'000;

struct Side {
  std::string_view name;
  Offset offset;
};
/// Of someone who faces north all the time.
constexpr std::array kSides{Side{" forward", {0, 1}}, Side{" backward", {0, -1}},
                            Side{" left", {-1, 0}}, Side{" right", {1, 0}}};

struct Turn {
  std::string_view name;
  int quarters;  ///< clockwise
};
constexpr std::array kTurns{Turn{"Turn left.", 3}, Turn{"Turn right.", 1}, Turn{"Turn around.", 2}};
constexpr std::array<Offset, 4> kHeadings{Offset{0, 1}, Offset{1, 0}, Offset{0, -1}, Offset{-1, 0}};
constexpr std::array<std::string_view, 4> kHeadingNames{"north", "east", "south", "west"};

/// Either a turn or some steps.
struct Instruction {
  const Turn* turn = nullptr;
  std::string_view side;  ///< of steps without turns, else empty
  Offset direction;       ///< of steps, as things stand
  int steps = 0;
  std::size_t heading = 0;  ///< afterwards, an index into kHeadings

  Offset move() const { return direction * steps; }
  std::string text() const {
    if (turn != nullptr) return std::string(turn->name);
    return fmt::format("Take {} step{}{}.", steps, steps == 1 ? "" : "s", side);
  }
};
using Walk = std::vector<Instruction>;

int draw_steps(SplitMix64& random) {
  return 1 + static_cast<int>(random.below(kMostSteps));
}

Walk draw_facing_walk(SplitMix64& random, int length) {
  Walk walk;
  for (int i = 0; i < length; ++i) {
    const Side& side = kSides[random.below(kSides.size())];
    walk.push_back({nullptr, side.name, side.offset, draw_steps(random), 0});
  }
  return walk;
}

/// With at least one turn, and never two turns in a row.
std::optional<Walk> draw_turning_walk(SplitMix64& random, int length) {
  Walk walk;
  std::size_t heading = 0;
  int num_turns = 0;
  for (int i = 0; i < length; ++i) {
    const bool may_turn = walk.empty() || walk.back().turn == nullptr;
    if (may_turn && random.below(2) == 0) {
      const Turn& turn = kTurns[random.below(kTurns.size())];
      heading = (heading + static_cast<std::size_t>(turn.quarters)) % kHeadings.size();
      walk.push_back({&turn, "", {}, 0, heading});
      ++num_turns;
    } else {
      walk.push_back({nullptr, "", kHeadings[heading], draw_steps(random), heading});
    }
  }
  if (num_turns == 0 || num_turns == length) return std::nullopt;
  return walk;
}

Offset end_of(const Walk& walk) {
  Offset end;
  for (const Instruction& instruction : walk) end = end + instruction.move();
  return end;
}

/// Lets one instruction take as many steps as make the walk end at `target`, if it can.
bool lead_to(Walk& walk, Offset target, SplitMix64& random) {
  Instruction& chosen = walk[random.below(walk.size())];
  if (chosen.turn != nullptr) return false;
  const Offset missing = target - end_of(walk) + chosen.move();
  const int steps = missing.x * chosen.direction.x + missing.y * chosen.direction.y;
  if (steps < 1 || steps > kMostSteps || chosen.direction * steps != missing) return false;
  chosen.steps = steps;
  return true;
}

/// The start for a walk that returns, else a place near it.
Offset draw_target(SplitMix64& random, bool returns) {
  Offset target;
  const auto draw = [&] {
    return static_cast<int>(random.below(2 * kFarthestEnd + 1)) - kFarthestEnd;
  };
  while (!returns && target == Offset{}) {
    target.x = draw();
    target.y = draw();
  }
  return target;
}

std::string explain(const Walk& walk, bool turns) {
  std::string steps = turns ? "Start at (0, 0), facing north." : "Start at (0, 0).";
  Offset place;
  for (const Instruction& instruction : walk) {
    place = place + instruction.move();
    steps += fmt::format(" {} ", instruction.text());
    steps += instruction.turn != nullptr
                 ? fmt::format("Now facing {}.", kHeadingNames[instruction.heading])
                 : fmt::format("Now at ({}, {}).", place.x, place.y);
  }
  return steps + (place == Offset{} ? " That is the start." : " That is not the start.");
}

class Navigate final : public Generator {
 public:
  explicit Navigate(GeneratorArguments& arguments)
      : lengths_(arguments.integers("instructions", {4, 5, 6, 7, 8}, 3, 20)) {
    const std::vector<std::string> all{"forward", "turning"};
    for (const std::string& facing : arguments.texts("facing", all, all))
      turns_.push_back(facing == "turning");
  }

  int num_levels() const override { return static_cast<int>(lengths_.size()); }
  int num_answers() const override { return 2; }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  std::vector<int> lengths_;
  std::vector<bool> turns_;  ///< the forms of walks that are drawn: with turns or without
};

/// A walk of `length` instructions that ends at `target`.
std::optional<Walk> draw_walk(SplitMix64& random, int length, bool turns, Offset target) {
  for (int i = 0; i < kMaxWalks; ++i) {
    std::optional<Walk> walk =
        turns ? draw_turning_walk(random, length) : draw_facing_walk(random, length);
    if (walk && lead_to(*walk, target, random)) return walk;
  }
  return std::nullopt;
}

std::optional<nlohmann::json> Navigate::make(Draw draw) const {
  const int length = lengths_[static_cast<std::size_t>(draw.level)];
  const bool turns = turns_[draw.random.below(turns_.size())];
  const bool returns = draw.answer == 0;
  const Offset target = draw_target(draw.random, returns);
  const std::optional<Walk> walk = draw_walk(draw.random, length, turns, target);
  if (!walk) return std::nullopt;
  std::string question = "If you follow these instructions, do you return to the starting point?";
  if (!turns) question += " Always face forward.";
  for (const Instruction& instruction : *walk) question += " " + instruction.text();
  return nlohmann::json{{"question", question},
                        {"choices", {"Yes", "No"}},
                        {"gold", draw.answer},
                        {"answer", returns ? "Yes" : "No"},
                        {"facing", turns ? "turning" : "forward"},
                        {"difficulty", length},
                        {"steps", explain(*walk, turns)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Navigate>(arguments);
}

}  // namespace

const GeneratorKind kNavigate{"navigate", 1, "does a walk end where it began", create};

}  // namespace allometer::tasks
