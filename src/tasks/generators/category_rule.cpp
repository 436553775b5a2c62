// A sentence with one thing in it, to be labelled by the kind of the thing: animal, food, tool or
// clothes. Beside the true names of the kinds a document has labels without meaning, and
// the true names each moved on by one, for demonstrations that contradict what a model knows (Wei
// et al. 2023, arXiv 2303.03846). The level is the number of sentences around that do not matter.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/small_world_words.hpp"

namespace allometer::tasks {
namespace {

constexpr int kKinds = 4;
constexpr std::array<std::string_view, kKinds> kNames{"animal", "food", "tool", "clothes"};
/// Of no language; none begins like another or like what it stands for.
constexpr std::array<std::string_view, kKinds> kNonsense{"dax", "wug", "blick", "fep"};

constexpr auto kAnimalWords = std::to_array<std::string_view>(
    {"dog", "cat", "horse", "cow", "goat", "duck", "rabbit", "mouse", "sheep", "pig", "hen",
     "parrot", "fox", "bear", "frog", "lion"});
constexpr auto kFoodWords = std::to_array<std::string_view>(
    {"cake", "pie", "sandwich", "pancake", "cookie", "soup", "salad", "pizza", "bun", "muffin",
     "stew", "waffle", "sausage", "pudding", "bagel", "pretzel"});
constexpr auto kToolWords = std::to_array<std::string_view>(
    {"hammer", "saw", "drill", "spade", "rake", "shovel", "wrench", "chisel", "screwdriver",
     "ladder", "broom", "mop", "brush", "ruler", "file", "crowbar"});
constexpr auto kClothesWords = std::to_array<std::string_view>(
    {"hat", "coat", "scarf", "shirt", "dress", "jacket", "sock", "glove", "sweater", "skirt", "cap",
     "belt", "vest", "cloak", "mitten", "tie"});
constexpr std::array<std::span<const std::string_view>, kKinds> kWords{kAnimalWords, kFoodWords,
                                                                       kToolWords, kClothesWords};

constexpr auto kVerbs =
    std::to_array<std::string_view>({"saw", "found", "drew", "wanted", "lost", "liked"});
/// True of any day, and of nothing that is labelled.
constexpr auto kRemarks = std::to_array<std::string_view>(
    {"It was late.", "The sun was out.", "It rained a lot.", "The day was long.",
     "It was very quiet.", "The sky was grey."});

class CategoryRule final : public Generator {
 public:
  explicit CategoryRule(GeneratorArguments& arguments)
      : remarks_(arguments.integers("remarks", {0, 1, 2}, 0, 4)) {}

  int num_levels() const override { return static_cast<int>(remarks_.size()); }
  int num_answers() const override { return kKinds; }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int remarks = remarks_[static_cast<std::size_t>(draw.level)];
    std::vector<std::string> sentences =
        pick_several(draw.random, kRemarks, static_cast<std::size_t>(remarks));
    const std::string told =
        fmt::format("{} {} a {} in the {}.", pick(draw.random, kPeople), pick(draw.random, kVerbs),
                    pick(draw.random, kWords[static_cast<std::size_t>(draw.answer)]),
                    pick(draw.random, kPlaces));
    const auto place = static_cast<std::ptrdiff_t>(draw.random.below(sentences.size() + 1));
    sentences.insert(sentences.begin() + place, told);
    return nlohmann::json{{"question", fmt::format("{}", fmt::join(sentences, " "))},
                          {"key", told},
                          {"answer", kNames[static_cast<std::size_t>(draw.answer)]},
                          {"choices", kNames},
                          {"nonsense", kNonsense},
                          {"gold", draw.answer},
                          {"flipped", (draw.answer + 1) % kKinds},
                          {"difficulty", remarks}};
  }

 private:
  std::vector<int> remarks_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<CategoryRule>(arguments);
}

}  // namespace

const GeneratorKind kCategoryRule{
    "category_rule", 1, "sentences to be labelled by the kind of the thing in them", create};

}  // namespace allometer::tasks
