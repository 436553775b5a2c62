// A made-up word and what a hidden rule makes of it, as "fato -> otaf". The level is the number of
// letters. Words are made up so that none is known from training; the outputs of rival rules are of
// one length wherever they can be.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "tasks/generators/hidden_rule.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

constexpr std::array<Rivals, 3> kFamilies{{
    // One letter.
    {"first_letter", "second_letter", "last_letter", "second_to_last_letter"},
    // As many letters as the word.
    {"reverse", "rotate", "swap_ends", "next_letter"},
    {"upper_case", "double", "remove_vowels", "capitalize"},
}};
constexpr std::string_view kConsonants = "bcdfghjklmnpqrstvwxyz";
constexpr std::string_view kVowels = "aeiou";

char upper(char letter) {
  return static_cast<char>(letter - 'a' + 'A');
}

std::string apply_to_letters(std::string_view rule, std::string word) {
  const std::size_t size = word.size();
  if (rule == "first_letter") return word.substr(0, 1);
  if (rule == "second_letter") return word.substr(1, 1);
  if (rule == "last_letter") return word.substr(size - 1);
  if (rule == "second_to_last_letter") return word.substr(size - 2, 1);
  if (rule == "reverse") return {word.rbegin(), word.rend()};
  if (rule == "rotate") return word.substr(1) + word[0];
  if (rule == "double") return word + word;
  if (rule == "swap_ends") std::swap(word.front(), word.back());
  if (rule == "capitalize") word.front() = upper(word.front());
  if (rule == "remove_vowels")
    std::erase_if(word, [](char letter) { return kVowels.find(letter) != std::string_view::npos; });
  for (char& letter : word) {
    if (rule == "upper_case") letter = upper(letter);
    if (rule == "next_letter") letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
  }
  return word;
}

class StringMapping final : public Generator {
 public:
  explicit StringMapping(GeneratorArguments& arguments)
      : lengths_(arguments.integers("lengths", {4, 5, 6}, 4, 12)),
        rule_(arguments.text("rule", "reverse", rule_names(kFamilies))) {}

  int num_levels() const override { return static_cast<int>(lengths_.size()); }
  int num_answers() const override { return kRivals; }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int length = lengths_[static_cast<std::size_t>(draw.level)];
    const std::string word = make_word(length, draw.random);
    const auto [family, rule] = find_rule(kFamilies, rule_);
    std::array<std::string, kRivals> outputs;
    for (std::size_t i = 0; i < kRivals; ++i)
      outputs[i] = apply_to_letters(kFamilies[family][i], word);
    return hidden_rule_document(word, outputs, rule, length, draw);
  }

 private:
  /// Consonants and vowels by turns, beginning with either, so that it can be spoken.
  static std::string make_word(int length, SplitMix64& random) {
    std::string word;
    bool is_vowel = random.below(2) == 0;
    for (int i = 0; i < length; ++i, is_vowel = !is_vowel)
      word += pick(random, is_vowel ? kVowels : kConsonants);
    return word;
  }

  std::vector<int> lengths_;
  std::string rule_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<StringMapping>(arguments);
}

}  // namespace

const GeneratorKind kStringMapping{
    "string_mapping", 1, "made-up words and what a hidden rule makes of their letters", create};

}  // namespace allometer::tasks
