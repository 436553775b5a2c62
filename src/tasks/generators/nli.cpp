/// Natural-language inference about people: does a sentence follow from a text, contradict it, or
/// neither? The words that decide are known, so that they are a gold rationale by construction.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

using Words = std::vector<std::string_view>;

enum Label { yes, maybe, no };
constexpr std::array<std::string_view, 3> kLabels{"yes", "maybe", "no"};

const Words kNames{"Tom",  "Anna", "Ben",  "Lily", "Max",  "Mia", "Sam",  "Lucy",
                   "Jack", "Sara", "Tim",  "Emma", "Leo",  "Amy", "Bob",  "Rose",
                   "Dan",  "Kim",  "Adam", "Ella", "Nick", "Zoe", "Paul", "Jane"};

/// Something that one thing alone can be said of: of two different values one excludes the other.
struct Attribute {
  std::string_view statement;  ///< with the name and the value; holds "is", which "not" follows
  Words values;
};

/// Places are the first attribute; those under the open sky stand before those under a roof.
const Words kPlaces{"park",    "garden", "forest", "field", "yard",
                    "kitchen", "school", "shop",   "bath",  "attic"};
constexpr std::size_t kPlacesOutside = 5;

const std::vector<Attribute> kAttributes{
    {"{} is in the {}.", kPlaces},
    {"{} is {}.", {"happy", "sad"}},
    {"{} is {}.", {"hungry", "full"}},
    {"{} is {}.", {"hot", "cold"}},
    {"{} is {}.", {"awake", "asleep"}},
    {"{}'s ball is {}.", {"red", "blue", "green", "white", "black"}},
    {"{}'s hat is {}.", {"red", "blue", "green", "white", "black"}},
    {"{}'s car is {}.", {"red", "blue", "green", "white", "black"}},
};
constexpr std::size_t kPlace = 0;
/// What level 4 asks about; places decide.
const Attribute kSky{"{} is {}.", {"outside", "inside"}};

struct Fact {
  std::string_view name;
  std::size_t attribute = 0;
  std::size_t value = 0;
};

using Spans = std::vector<std::array<std::size_t, 2>>;

/// A sentence and where its value stands, and "not".
struct Sentence {
  std::string text;
  Spans decisive;
};

Sentence say(const Attribute& attribute, std::string_view name, std::size_t value,
             bool is_negated) {
  Sentence sentence;
  const std::string_view word = attribute.values[value];
  sentence.text = fmt::format(fmt::runtime(attribute.statement), name, word);
  if (is_negated) {
    constexpr std::string_view kVerb = " is ";
    const std::size_t at = sentence.text.find(kVerb) + kVerb.size();
    sentence.text.insert(at, "not ");
    sentence.decisive.push_back({at, at + 3});
  }
  const std::size_t begin = sentence.text.rfind(word);
  sentence.decisive.push_back({begin, begin + word.size()});
  return sentence;
}

/// Levels of difficulty: a few facts; more; more and a hypothesis that denies; more and a
/// hypothesis that takes knowing what is outside.
constexpr int kNumLevels = 4;
constexpr std::size_t kFewFacts = 2;
constexpr std::size_t kManyFacts = 5;

class Nli final : public Generator {
 public:
  explicit Nli(GeneratorArguments& arguments)
      : levels_(arguments.integers("levels", {1, 2, 3, 4}, 1, kNumLevels)) {}

  int num_levels() const override { return static_cast<int>(levels_.size()); }
  int num_answers() const override { return static_cast<int>(kLabels.size()); }
  std::optional<nlohmann::json> make(Draw draw) const override;

 private:
  std::vector<int> levels_;
};

/// Facts of which no two are about the same attribute of the same person; the first is the one that
/// the hypothesis is about.
std::vector<Fact> draw_facts(std::size_t count, bool about_places, SplitMix64& random) {
  std::vector<std::string_view> names(kNames);
  random.shuffle(std::span(names));
  names.resize(std::max<std::size_t>(2, count / 2));
  std::vector<Fact> facts;
  while (facts.size() < count) {
    const bool is_first = facts.empty();
    Fact fact{names[random.below(names.size())], random.below(kAttributes.size()), 0};
    if (is_first && about_places) fact.attribute = kPlace;
    fact.value = random.below(kAttributes[fact.attribute].values.size());
    const bool is_known = std::any_of(facts.begin(), facts.end(), [&](const Fact& other) {
      return other.name == fact.name && other.attribute == fact.attribute;
    });
    if (!is_known) facts.push_back(fact);
  }
  return facts;
}

/// A value of the hypothesis's attribute that makes the label true, negated or not.
std::size_t draw_value(std::size_t stated, std::size_t num_values, bool follows, bool is_negated,
                       SplitMix64& random) {
  // What is stated, said again, follows; denied, it is contradicted. Another value, the reverse.
  if (follows != is_negated) return stated;
  return (stated + 1 + random.below(num_values - 1)) % num_values;
}

std::optional<nlohmann::json> Nli::make(Draw draw) const {
  SplitMix64& random = draw.random;
  const int level = levels_[static_cast<std::size_t>(draw.level)];
  const bool is_negated = level == 3;
  const bool about_sky = level == 4;
  std::vector<Fact> facts = draw_facts(level == 1 ? kFewFacts : kManyFacts, about_sky, random);
  const Fact key = facts.front();

  const Attribute& asked = about_sky ? kSky : kAttributes[key.attribute];
  std::size_t value = random.below(asked.values.size());
  if (draw.answer == maybe) {
    // Whoever the hypothesis is about is known, but for something else.
    Fact& other = facts.front();
    other.attribute = random.below(kAttributes.size());
    other.value = random.below(kAttributes[other.attribute].values.size());
    const auto same = [&](const Fact& fact) {
      return fact.name == key.name && fact.attribute == other.attribute;
    };
    if (other.attribute == key.attribute || std::count_if(facts.begin(), facts.end(), same) > 1)
      return std::nullopt;
  } else {
    const std::size_t stated = about_sky ? (key.value < kPlacesOutside ? 0 : 1) : key.value;
    value = draw_value(stated, asked.values.size(), draw.answer == yes, is_negated, random);
  }

  const Fact decisive = facts.front();
  random.shuffle(std::span(facts));
  std::string premise;
  Spans rationale;
  std::string reason = "The text does not say it.";
  for (const Fact& fact : facts) {
    if (!premise.empty()) premise += ' ';
    const Sentence sentence = say(kAttributes[fact.attribute], fact.name, fact.value, false);
    if (draw.answer != maybe && fact.name == decisive.name &&
        fact.attribute == decisive.attribute) {
      for (const auto& [begin, end] : sentence.decisive)
        rationale.push_back({premise.size() + begin, premise.size() + end});
      reason = sentence.text;
    }
    premise += sentence.text;
  }
  const Sentence hypothesis = say(asked, key.name, value, is_negated);
  const std::string_view answer = kLabels[static_cast<std::size_t>(draw.answer)];
  return nlohmann::json{
      {"premise", premise},
      {"hypothesis", hypothesis.text},
      {"question", fmt::format("{}\nIs it true that \"{}\"?", premise, hypothesis.text)},
      {"answer", answer},
      {"choices", kLabels},
      {"gold", draw.answer},
      {"difficulty", level},
      {"rationale", rationale},
      {"hypothesis_rationale", hypothesis.decisive},
      {"steps", fmt::format("{} So the answer is {}.", reason, answer)}};
}

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Nli>(arguments);
}

}  // namespace

const GeneratorKind kNli{"nli", 1, "does a sentence about people follow from a text?", create};

}  // namespace allometer::tasks
