// Words whose letters were moved, to be put right: the five forms of Brown et al. 2020 (arXiv
// 2005.14165, section 3.9.2), whose wording is not theirs. The level is the length of the word. The
// splits differ in their words, so that no demonstration gives an answer away.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/scrambled_words.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kChoices = 4;

const std::vector<std::string>& form_names() {
  static const std::vector<std::string> names{"cycle", "anagram1", "anagram2", "insertion",
                                              "reversed"};
  return names;
}

/// All letters turned round in a circle.
std::string cycled(std::string word, SplitMix64& random) {
  const auto by = static_cast<std::ptrdiff_t>(1 + random.below(word.size() - 1));
  std::rotate(word.begin(), word.begin() + by, word.end());
  return word;
}

/// All letters but the `first` and the `last` ones in random order.
std::string shuffled_inside(std::string word, std::size_t first, std::size_t last,
                            SplitMix64& random) {
  random.shuffle(std::span(word).subspan(first, word.size() - first - last));
  return word;
}

/// A sign or a blank behind every letter but the last.
std::string with_signs(const std::string& word, SplitMix64& random) {
  constexpr std::string_view kSigns = ".,!?-/ ";
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    text += word[i];
    if (i + 1 < word.size()) text += kSigns[random.below(kSigns.size())];
  }
  return text;
}

std::string scrambled(const std::string& form, const std::string& word, SplitMix64& random) {
  if (form == "cycle") return cycled(word, random);
  if (form == "anagram1") return shuffled_inside(word, 1, 1, random);
  if (form == "anagram2") {
    // Two letters at either end stay, and of words too short for that the first one.
    const bool is_long = word.size() > 5;
    return shuffled_inside(word, is_long ? 2 : 1, is_long ? 2 : 0, random);
  }
  if (form == "insertion") return with_signs(word, random);
  return {word.rbegin(), word.rend()};
}

std::string_view instruction_of(const std::string& form) {
  if (form == "insertion") return "Take out every sign to read the word.";
  if (form == "reversed") return "Read the letters from the end to find the word.";
  if (form == "cycle") return "Turn the letters round in a circle to find the word.";
  return "Put the letters in the right order to find the word.";
}

class WordScrambling final : public Generator {
 public:
  explicit WordScrambling(GeneratorArguments& arguments)
      : lengths_(arguments.integers("lengths", {4, 5, 6, 7, 8}, kShortestWord, kLongestWord)),
        forms_(arguments.texts("forms", form_names(), form_names())) {}

  int num_levels() const override { return static_cast<int>(lengths_.size()); }
  int num_answers() const override { return static_cast<int>(kChoices); }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int length = lengths_[static_cast<std::size_t>(draw.level)];
    const std::string& form = pick(draw.random, forms_);
    std::vector<std::string> words = pick_several(draw.random, words_of_length(length), kChoices);
    const std::string word = words.front();
    words.erase(words.begin());
    const std::string letters = scrambled(form, word, draw.random);
    if (letters == word) return std::nullopt;
    nlohmann::json document{{"question", fmt::format("{}\n{} =", instruction_of(form), letters)},
                            {"form", form},
                            {"split_by", word},
                            {"difficulty", length}};
    set_choices(document, word, std::move(words), draw.answer);
    return document;
  }

 private:
  std::vector<int> lengths_;
  std::vector<std::string> forms_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<WordScrambling>(arguments);
}

}  // namespace

const GeneratorKind kWordScrambling{"word_scrambling", 1, "words with their letters moved", create};

}  // namespace allometer::tasks
