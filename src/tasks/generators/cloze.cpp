// A short story whose last word is missing; only what was said further up decides it. Four things
// of one kind are in the story and are the choices. The level is the number of sentences between
// what decides and the gap (after the Children's Book Test, Hill et al. 2016, arXiv 1511.02301,
// with texts of our own).
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/small_world_words.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kCast = 4;  ///< pairs in a story, and choices

/// Pairs of an owner and what is asked for: each pair is told in one sentence.
struct Plot {
  const char* opening;  ///< {0} the first owner
  const char* pair;     ///< {0} owner, {1} answer
  const char* closing;  ///< {0} the owner asked about; the answer comes next
  std::span<const std::string_view> owners;
  std::span<const std::string_view> answers;
};

const std::vector<Plot>& plots() {
  static const std::vector<Plot> table{
      {"It was a big day, and {0} had a party.", "{0} came with a {1}.",
       "At night, {0} went home and forgot the", kPeople, kThings},
      {"The children wanted to hide their things, and {0} had an idea.",
       "{0} hid a coin in the {1}.", "The next day, {0} found the coin again in the", kPeople,
       kContainers},
      {"All the friends went out to play with {0}.", "{0} ran to the {1}.",
       "It got dark, and mother found {0} in the", kPeople, kPlaces},
      {"There was a farm, and {0} was the oldest animal there.", "{0} was a {1}.",
       "The farmer gave some food to {0}, the good old", kAnimalNames, kAnimals},
      {"The friends sat down to eat with {0}.", "{0} wanted {1}.",
       "So mother went to the shop, and {0} was happy with the", kPeople, kFoods},
  };
  return table;
}

/// Sentences that say nothing about any pair.
constexpr auto kFillers = std::to_array<const char*>(
    {"The sun was warm.", "A soft wind blew.", "They laughed a lot.", "Far away a bell rang.",
     "Then it rained a little.", "Everyone sang a song.", "Nobody was sad.",
     "The day was long and bright.", "A bird flew over the house.", "They told many stories.",
     "The grass was green.", "It was time for a rest."});

class Cloze final : public Generator {
 public:
  explicit Cloze(GeneratorArguments& arguments)
      : gaps_(arguments.integers("sentences_between", {0, 2, 4, 8}, 0,
                                 static_cast<int>(kFillers.size()))) {}

  int num_levels() const override { return static_cast<int>(gaps_.size()); }
  int num_answers() const override { return static_cast<int>(kCast); }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int between = gaps_[static_cast<std::size_t>(draw.level)];
    const Plot& plot = pick(draw.random, plots());
    const std::vector<std::string> owners = pick_several(draw.random, plot.owners, kCast);
    std::vector<std::string> answers = pick_several(draw.random, plot.answers, kCast);
    const std::size_t asked = draw.random.below(kCast);
    std::vector<std::string> sentences{
        fmt::format(fmt::runtime(plot.opening), owners[draw.random.below(kCast)])};
    for (std::size_t i = 0; i < kCast; ++i) {
      sentences.push_back(fmt::format(fmt::runtime(plot.pair), owners[i], answers[i]));
    }
    for (std::string& filler :
         pick_several(draw.random, kFillers, static_cast<std::size_t>(between))) {
      sentences.push_back(std::move(filler));
    }
    sentences.push_back(fmt::format(fmt::runtime(plot.closing), owners[asked]));
    nlohmann::json document{{"question", fmt::format("{}", fmt::join(sentences, " "))},
                            {"difficulty", between}};
    const std::string answer = answers[asked];
    std::erase(answers, answer);
    draw.random.shuffle(std::span(answers));
    set_choices(document, answer, std::move(answers), draw.answer);
    return document;
  }

 private:
  std::vector<int> gaps_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Cloze>(arguments);
}

}  // namespace

const GeneratorKind kCloze{"cloze", 1, "the missing last word of a story that the story decides",
                           create};

}  // namespace allometer::tasks
