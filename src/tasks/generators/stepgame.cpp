/// StepGame (Shi, Zhang, Lipani 2022, "StepGame: a new benchmark for robust multi-hop spatial
/// reasoning in texts"): relations of neighbours in a chain, and the question how its ends lie.
#include <array>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/plane.hpp"
#include "tasks/generators/sentence.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMostHops = 10;
constexpr std::string_view kNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Chains for one document before the draw is given up.
constexpr int kMaxChains = 10'000;

struct Relation {
  std::string_view name;
  Offset offset;
  std::string_view phrase;  ///< "A is PHRASE B"
  std::string_view clock;   ///< "A is CLOCK", B being the middle of a clock
  std::string_view way;     ///< "go WAY from B to come to A"
};
/// The choices, in their order. One place holds two things in the last of them only, which has no
/// clock and no way.
constexpr std::array kRelations{
    Relation{"left", {-1, 0}, "to the left of", "at 9 o'clock", "left"},
    Relation{"right", {1, 0}, "to the right of", "at 3 o'clock", "right"},
    Relation{"above", {0, 1}, "above", "at 12 o'clock", "up"},
    Relation{"below", {0, -1}, "below", "at 6 o'clock", "down"},
    Relation{"upper-left", {-1, 1}, "to the upper left of", "between 10 and 11", "up and left"},
    Relation{"upper-right", {1, 1}, "to the upper right of", "between 1 and 2", "up and right"},
    Relation{"lower-left", {-1, -1}, "to the lower left of", "between 7 and 8", "down and left"},
    Relation{"lower-right", {1, -1}, "to the lower right of", "between 4 and 5", "down and right"},
    Relation{"overlap", {0, 0}, "at the same place as", "", ""},
};

const Relation& relation_to(Offset offset) {
  const Offset signs = signs_of(offset);
  for (const Relation& relation : kRelations) {
    if (relation.offset == signs) return relation;
  }
  ALLOMETER_EXPECT(false);
  return kRelations.back();
}

/// One of the eight directions: things overlap only in what follows from them, as in the paper.
Offset draw_move(SplitMix64& random) {
  return kRelations[random.below(kRelations.size() - 1)].offset;
}

/// Place `subject` is at place `reference` + `offset`.
struct Statement {
  int subject = 0;
  int reference = 0;
  Offset offset;
};

/// One of several sentences that say the same.
std::string sentence(const Relation& relation, char subject, char reference, std::uint64_t form) {
  const bool is_overlap = relation.clock.empty();
  switch (form) {
    case 0:
      return fmt::format("{} is {} {}.", subject, relation.phrase, reference);
    case 1:
      return fmt::format("{} lies {} {}.", subject, relation.phrase, reference);
    case 2:
      return fmt::format("{} {} there is {}.", capitalized(std::string(relation.phrase)), reference,
                         subject);
    case 3:
      if (is_overlap) return fmt::format("{} and {} share one place.", subject, reference);
      return fmt::format("Go {} from {} to come to {}.", relation.way, reference, subject);
    default:
      if (is_overlap) return fmt::format("Where {} is, there is {} too.", reference, subject);
      return fmt::format("If {} is the middle of a clock, {} is {}.", reference, subject,
                         relation.clock);
  }
}
constexpr std::uint64_t kNumForms = 5;

/// What is told: statements about places that are numbered from 0, the chain's first.
class Story {
 public:
  explicit Story(const std::vector<Offset>& moves) {
    for (const Offset move : moves) extend(num_places_ - 1, move);
  }

  int num_places() const { return num_places_; }
  const std::vector<Statement>& statements() const { return statements_; }

  /// A second way between two neighbours of the chain, over a new place.
  void support(SplitMix64& random, const std::vector<Offset>& moves) {
    const std::size_t hop = random.below(moves.size());
    for (;;) {
      const Offset there = draw_move(random);
      const Offset back = moves[hop] - there;
      if (back == Offset{} || signs_of(back) != back) continue;
      const int between = num_places_;
      extend(static_cast<int>(hop), there);
      statements_.push_back({static_cast<int>(hop) + 1, between, back});
      return;
    }
  }
  /// New places that lead from `from` to nowhere: one or two.
  void branch(SplitMix64& random, int from) {
    const std::uint64_t length = 1 + random.below(2);
    for (std::uint64_t i = 0; i < length; ++i) {
      const int place = num_places_;
      extend(from, draw_move(random));
      from = place;
    }
  }
  /// Two or three new places that nothing ties to the chain.
  void add_island(SplitMix64& random) {
    const int first = num_places_++;
    branch(random, first);
  }

 private:
  /// A new place beside `from`.
  void extend(int from, Offset offset) { statements_.push_back({num_places_++, from, offset}); }

  int num_places_ = 1;
  std::vector<Statement> statements_;
};

class Stepgame final : public Generator {
 public:
  explicit Stepgame(GeneratorArguments& arguments)
      : hops_(arguments.integers("hops", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1, kMostHops)),
        is_varied_(arguments.text("wording", "varied", {"plain", "varied"}) == "varied") {
    for (const std::string& noise :
         arguments.texts("noise", {}, {"supporting", "disconnected", "irrelevant"})) {
      supporting_ = supporting_ || noise == "supporting";
      disconnected_ = disconnected_ || noise == "disconnected";
      irrelevant_ = irrelevant_ || noise == "irrelevant";
    }
  }

  int num_levels() const override { return static_cast<int>(hops_.size()); }
  int num_answers() const override { return static_cast<int>(kRelations.size()); }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  Story make_story(SplitMix64& random, const std::vector<Offset>& moves) const;
  std::string tell(SplitMix64& random, std::vector<Statement> statements,
                   std::string_view names) const;

  std::vector<int> hops_;
  bool is_varied_;
  bool supporting_ = false;
  bool disconnected_ = false;
  bool irrelevant_ = false;
};

/// Moves of the chain whose sum points to `wanted`. A single hop is the answer itself, which is the
/// only case of a statement that two things overlap.
std::optional<std::vector<Offset>> draw_moves(SplitMix64& random, int hops, Offset wanted) {
  if (hops == 1) return std::vector{wanted};
  std::vector<Offset> moves(static_cast<std::size_t>(hops));
  for (int i = 0; i < kMaxChains; ++i) {
    for (Offset& move : moves) move = draw_move(random);
    const Offset sum = std::accumulate(moves.begin(), moves.end(), Offset{});
    if (signs_of(sum) == wanted) return moves;
  }
  return std::nullopt;
}

Story Stepgame::make_story(SplitMix64& random, const std::vector<Offset>& moves) const {
  Story story(moves);
  if (supporting_) story.support(random, moves);
  if (irrelevant_) story.branch(random, static_cast<int>(random.below(moves.size() + 1)));
  if (disconnected_) story.add_island(random);
  return story;
}

/// In an order that is drawn, each seen from either of its two places.
std::string Stepgame::tell(SplitMix64& random, std::vector<Statement> statements,
                           std::string_view names) const {
  random.shuffle(std::span(statements));
  std::string text;
  for (Statement& statement : statements) {
    if (random.below(2) == 0) {
      std::swap(statement.subject, statement.reference);
      statement.offset = statement.offset * -1;
    }
    text +=
        sentence(relation_to(statement.offset), names[static_cast<std::size_t>(statement.subject)],
                 names[static_cast<std::size_t>(statement.reference)],
                 is_varied_ ? random.below(kNumForms) : 0) +
        (&statement == &statements.back() ? "" : " ");
  }
  return text;
}

std::string explain(const std::vector<Offset>& moves, std::string_view names) {
  std::string steps = fmt::format("{} is at (0, 0).", names[0]);
  Offset place;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    place = place + moves[i];
    steps += fmt::format(" {} is {} {}: ({}, {}).", names[i + 1], relation_to(moves[i]).phrase,
                         names[i], place.x, place.y);
  }
  return steps;
}

std::optional<nlohmann::json> Stepgame::make(Draw draw) const {
  const int hops = hops_[static_cast<std::size_t>(draw.level)];
  const Relation& wanted = kRelations[static_cast<std::size_t>(draw.answer)];
  const auto moves = draw_moves(draw.random, hops, wanted.offset);
  if (!moves) return std::nullopt;
  const Story story = make_story(draw.random, *moves);
  std::string names(kNames);
  draw.random.shuffle(std::span(names));
  ALLOMETER_EXPECT(static_cast<std::size_t>(story.num_places()) <= names.size());
  const std::string text = tell(draw.random, story.statements(), names);
  std::vector<std::string_view> choices;
  for (const Relation& relation : kRelations) choices.push_back(relation.name);
  return nlohmann::json{{"question", fmt::format("{}\nWhat is the relation of {} to {}?", text,
                                                 names[static_cast<std::size_t>(hops)], names[0])},
                        {"choices", choices},
                        {"gold", draw.answer},
                        {"answer", wanted.name},
                        {"difficulty", hops},
                        {"steps", explain(*moves, names)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Stepgame>(arguments);
}

}  // namespace

const GeneratorKind kStepgame{"stepgame", 1, "how two things lie to one another, over 1 to 10 hops",
                              create};

}  // namespace allometer::tasks
