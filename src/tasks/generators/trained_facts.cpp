// Recall of common knowledge that the prompt does not state: the opening of a sentence that one
// word completes. Wrong choices are right answers to other questions of the same kind. The level is
// that of the kind: 1 small children's, 2 what is learnt at school. The splits differ in their
// facts, not in how these are asked: what a demonstration tells is never what is tested.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/known_facts.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kChoices = 4;

class TrainedFacts final : public Generator {
 public:
  explicit TrainedFacts(GeneratorArguments& arguments)
      : levels_(arguments.integers("levels", {1, 2}, 1, 2)) {}

  int num_levels() const override { return static_cast<int>(levels_.size()); }
  int num_answers() const override { return static_cast<int>(kChoices); }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int level = levels_[static_cast<std::size_t>(draw.level)];
    const auto [kind, fact] = pick_fact(level, draw.random);
    std::string question =
        fmt::format(fmt::runtime(pick(draw.random, kind->openings)), fact->subject);
    question[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(question[0])));
    std::vector<std::string> wrong = distractors(*kind, *fact, draw.random);
    std::vector<std::string> sorted = wrong;
    std::sort(sorted.begin(), sorted.end());
    nlohmann::json document{{"question", question},
                            {"kind", kind->name},
                            {"key", fmt::format("{}|{}", question, fmt::join(sorted, "|"))},
                            {"split_by", fmt::format("{}/{}", kind->name, fact->subject)},
                            {"difficulty", level}};
    set_choices(document, std::string(fact->value), std::move(wrong), draw.answer);
    return document;
  }

 private:
  /// Every fact of the level is equally likely.
  static std::pair<const KindOfFact*, const KnownFact*> pick_fact(int level, SplitMix64& random) {
    std::vector<std::pair<const KindOfFact*, const KnownFact*>> facts;
    for (const KindOfFact& kind : kinds_of_facts()) {
      if (kind.level != level) continue;
      for (const KnownFact& fact : kind.facts) facts.emplace_back(&kind, &fact);
    }
    return pick(random, facts);
  }

  static std::vector<std::string> distractors(const KindOfFact& kind, const KnownFact& fact,
                                              SplitMix64& random) {
    std::vector<std::string_view> values;
    for (const KnownFact& other : kind.facts) {
      const bool is_new = std::find(values.begin(), values.end(), other.value) == values.end();
      if (is_new && other.value != fact.value) values.push_back(other.value);
    }
    return pick_several(random, values, kChoices - 1);
  }

  std::vector<int> levels_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<TrainedFacts>(arguments);
}

}  // namespace

const GeneratorKind kTrainedFacts{"trained_facts", 1,
                                  "common knowledge that the prompt does not state", create};

}  // namespace allometer::tasks
