#include <algorithm>

#include "tasks/instructions/detect_language.hpp"
#include "tasks/instructions/families.hpp"
#include "tasks/instructions/words.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

/// A text in which no language can be found counts as English.
bool is_english(const std::string& text) {
  return detect_language(text).value_or("en") == "en";
}

Check make_capital_word_frequency(InstructionArguments& arguments) {
  const Threshold threshold = arguments.threshold("capital_relation", "capital_frequency");
  return [threshold](const std::string& response) {
    const std::vector<std::string> words = treebank_words(response);
    return threshold.holds_for(std::count_if(words.begin(), words.end(), jinja::is_upper_text));
  };
}

Check make_english_capital(InstructionArguments&) {
  return [](const std::string& response) {
    return jinja::is_upper_text(response) && is_english(response);
  };
}

Check make_english_lowercase(InstructionArguments&) {
  return [](const std::string& response) {
    return jinja::is_lower_text(response) && is_english(response);
  };
}

constexpr InstructionKind kKinds[] = {
    {"change_case:capital_word_frequency", make_capital_word_frequency},
    {"change_case:english_capital", make_english_capital},
    {"change_case:english_lowercase", make_english_lowercase},
};

}  // namespace

std::span<const InstructionKind> case_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
