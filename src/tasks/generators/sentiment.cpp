/// A short text with an opinion in it: is it a good or a bad one? The words that decide are known,
/// so that they are a gold rationale by construction.
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::array<std::string_view, 2> kLabels{"good", "bad"};

/// Opinions, by label.
const std::array<Words, 2> kOpinions{
    Words{"great", "lovely", "nice", "fun", "wonderful", "amazing", "delightful", "perfect"},
    Words{"awful", "ugly", "boring", "nasty", "terrible", "horrible", "dreadful", "stupid"}};

const Words kThings{"cake", "book",  "game",  "song", "movie", "dinner", "party", "trip",
                    "show", "soup",  "dance", "hat",  "story", "lesson", "race",  "gift",
                    "play", "dress", "walk",  "bed",  "toy",   "pie",    "day",   "room"};

const Words kNames{"Tom",  "Anna", "Ben",  "Lily", "Max",  "Mia", "Sam",  "Lucy",
                   "Jack", "Sara", "Tim",  "Emma", "Leo",  "Amy", "Bob",  "Rose",
                   "Dan",  "Kim",  "Adam", "Ella", "Nick", "Zoe", "Paul", "Jane"};

/// Sentences without an opinion.
const Words kNeutral{"{} came in the morning.",    "{} was there with a friend.",
                     "{} had a bag and a cup.",    "{} sat on a chair.",
                     "{} walked down the street.", "{} lives in a house by the road.",
                     "{} saw a bird in a tree.",   "{} went home at six.",
                     "{} opened the door.",        "{} put on a coat."};

std::string_view pick(const Words& words, SplitMix64& random) {
  return words[random.below(words.size())];
}

/// How an opinion is told; in the order of difficulty.
enum class Form { plain, negated, turned };
constexpr int kNumForms = 3;

/// A sentence and the words of it that decide.
struct Opinion {
  std::string text;
  std::vector<std::string> decisive;  ///< in the order of the text
};

Opinion tell(Form form, int label, std::string_view thing, SplitMix64& random) {
  const auto says = static_cast<std::size_t>(label);
  const std::string_view word = pick(kOpinions[says], random);
  const std::string_view opposite = pick(kOpinions[1 - says], random);
  switch (form) {
    case Form::plain:
      return {fmt::format("{} said the {} was {}.", pick(kNames, random), thing, word),
              {std::string(word)}};
    case Form::negated:
      return {fmt::format("{} said the {} was not {}.", pick(kNames, random), thing, opposite),
              {"not", std::string(opposite)}};
    case Form::turned:
      return {fmt::format("{} thought the {} would be {}, but in the end it was {}.",
                          pick(kNames, random), thing, opposite, word),
              {"but", std::string(word)}};
  }
  return {};
}

class Sentiment final : public Generator {
 public:
  explicit Sentiment(GeneratorArguments& arguments)
      : forms_(arguments.integers("levels", {1, 2, 3}, 1, kNumForms)),
        least_(static_cast<int>(arguments.integer("fewest_neutral", 1, 1, 20))),
        most_(static_cast<int>(arguments.integer("most_neutral", 4, 1, 20))) {
    if (least_ > most_) {
      throw ConfigError(fmt::format("{}fewest_neutral is {}, more than most_neutral, which is {}",
                                    arguments.where("fewest_neutral"), least_, most_));
    }
  }

  int num_levels() const override { return static_cast<int>(forms_.size()); }
  int num_answers() const override { return static_cast<int>(kLabels.size()); }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int level = forms_[static_cast<std::size_t>(draw.level)];
    const std::string_view thing = pick(kThings, draw.random);
    const Opinion opinion = tell(static_cast<Form>(level - 1), draw.answer, thing, draw.random);

    const std::uint64_t span = static_cast<std::uint64_t>(most_ - least_) + 1;
    const std::uint64_t neutral = static_cast<std::uint64_t>(least_) + draw.random.below(span);
    const std::uint64_t place = draw.random.below(neutral + 1);
    std::string text;
    std::vector<std::array<std::size_t, 2>> rationale;
    for (std::uint64_t i = 0; i <= neutral; ++i) {
      if (i > 0) text += ' ';
      if (i != place) {
        text += fmt::format(fmt::runtime(pick(kNeutral, draw.random)), pick(kNames, draw.random));
        continue;
      }
      // From the end: what decides stands behind what is taken back.
      std::size_t end = text.size() + opinion.text.size();
      text += opinion.text;
      for (auto word = opinion.decisive.rbegin(); word != opinion.decisive.rend(); ++word) {
        const std::size_t begin = text.rfind(*word, end - word->size());
        rationale.insert(rationale.begin(), {begin, begin + word->size()});
        end = begin;
      }
    }
    const std::string_view answer = kLabels[static_cast<std::size_t>(draw.answer)];
    return nlohmann::json{{"text", text},
                          {"thing", thing},
                          {"question", fmt::format("{}\nWas the {} good or bad?", text, thing)},
                          {"answer", answer},
                          {"choices", kLabels},
                          {"gold", draw.answer},
                          {"difficulty", level},
                          {"rationale", rationale},
                          {"steps", fmt::format("{} So it was {}.", opinion.text, answer)}};
  }

 private:
  std::vector<int> forms_;
  int least_;
  int most_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Sentiment>(arguments);
}

}  // namespace

const GeneratorKind kSentiment{"sentiment", 1, "an opinion in a short text: good or bad?", create};

}  // namespace allometer::tasks
