// Recall of what the prompt itself says: so many plain facts about people, things and animals, then
// one question. Wrong choices are what the other facts of the same kind say, so that only the
// right pairing answers it. The level is the number of facts.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/small_world_words.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kChoices = 4;

/// A kind of fact: how it is said and asked, and from what it is made.
struct Relation {
  const char* fact;      ///< {0} the subject, {1} the value
  const char* question;  ///< {0} the subject
  std::span<const std::string_view> subjects;
  std::span<const std::string_view> values;
};

const std::vector<Relation>& relations() {
  static const std::vector<Relation> table{
      {"{0} has the {1}.", "What does {0} have? {0} has the", kPeople, kThings},
      {"{0} likes {1}.", "What does {0} like? {0} likes", kPeople, kFoods},
      {"{0} is in the {1}.", "Where is {0}? {0} is in the", kPeople, kPlaces},
      {"The {0} is in the {1}.", "Where is the {0}? The {0} is in the", kThings, kContainers},
      {"The {0} is called {1}.", "What is the {0} called? The {0} is called", kAnimals,
       kAnimalNames},
  };
  return table;
}

class StatedFacts final : public Generator {
 public:
  explicit StatedFacts(GeneratorArguments& arguments)
      : counts_(arguments.integers("facts", {2, 4, 8, 16}, 1, kMaxFacts)) {}

  int num_levels() const override { return static_cast<int>(counts_.size()); }
  int num_answers() const override { return static_cast<int>(kChoices); }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const auto count = static_cast<std::size_t>(counts_[static_cast<std::size_t>(draw.level)]);
    const std::vector<Fact> facts = facts_of(count, draw.random);
    const Fact& asked = pick(draw.random, facts);
    const Relation& relation = relations()[asked.relation];
    std::vector<std::string> sentences;
    for (const Fact& fact : facts) {
      sentences.push_back(
          fmt::format(fmt::runtime(relations()[fact.relation].fact), fact.subject, fact.value));
    }
    nlohmann::json document{
        {"question", fmt::format("{}\n{}", fmt::join(sentences, " "),
                                 fmt::format(fmt::runtime(relation.question), asked.subject))},
        {"difficulty", count}};
    set_choices(document, asked.value, distractors(asked, facts, draw.random), draw.answer);
    return document;
  }

 private:
  static constexpr int kMaxFacts = 40;

  struct Fact {
    std::size_t relation = 0;
    std::string subject;
    std::string value;
  };

  /// Facts of random kinds in random order; within a kind no subject and no value stands twice.
  static std::vector<Fact> facts_of(std::size_t count, SplitMix64& random) {
    std::vector<Fact> pool;
    for (std::size_t at = 0; at < relations().size(); ++at) {
      const Relation& relation = relations()[at];
      const std::size_t size = std::min(relation.subjects.size(), relation.values.size());
      const std::vector<std::string> subjects = pick_several(random, relation.subjects, size);
      const std::vector<std::string> values = pick_several(random, relation.values, size);
      for (std::size_t i = 0; i < size; ++i) pool.push_back({at, subjects[i], values[i]});
    }
    random.shuffle(std::span(pool));
    pool.resize(count);
    return pool;
  }

  /// Values of the other facts of the same kind first, then others that the kind may have.
  static std::vector<std::string> distractors(const Fact& asked, const std::vector<Fact>& facts,
                                              SplitMix64& random) {
    const auto values = relations()[asked.relation].values;
    std::vector<std::string> stated;
    std::vector<std::string> unstated(values.begin(), values.end());
    std::erase(unstated, asked.value);
    for (const Fact& fact : facts) {
      if (fact.relation != asked.relation || fact.value == asked.value) continue;
      stated.push_back(fact.value);
      std::erase(unstated, fact.value);
    }
    random.shuffle(std::span(stated));
    random.shuffle(std::span(unstated));
    stated.insert(stated.end(), unstated.begin(), unstated.end());
    stated.resize(kChoices - 1);
    random.shuffle(std::span(stated));
    return stated;
  }

  std::vector<int> counts_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<StatedFacts>(arguments);
}

}  // namespace

const GeneratorKind kStatedFacts{"stated_facts", 1, "recall of facts that the prompt states",
                                 create};

}  // namespace allometer::tasks
