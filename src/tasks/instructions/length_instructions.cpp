#include <algorithm>

#include "core/error.hpp"
#include "tasks/instructions/families.hpp"
#include "tasks/instructions/sentences.hpp"
#include "tasks/instructions/words.hpp"
#include "tasks/task_regex.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

bool is_blank(const std::string& text) {
  return jinja::strip(text, std::nullopt, jinja::Ends::both).empty();
}

Check make_number_sentences(InstructionArguments& arguments) {
  const Threshold threshold = arguments.threshold("relation", "num_sentences");
  return [threshold](const std::string& response) {
    return threshold.holds_for(static_cast<std::int64_t>(sentences_of(response).size()));
  };
}

Check make_number_words(InstructionArguments& arguments) {
  const Threshold threshold = arguments.threshold("relation", "num_words");
  return [threshold](const std::string& response) {
    return threshold.holds_for(static_cast<std::int64_t>(word_runs(response).size()));
  };
}

/// Paragraphs between dividers "***". A blank one counts for nothing at either end, and breaks the
/// format elsewhere.
Check make_number_paragraphs(InstructionArguments& arguments) {
  const std::int64_t wanted = arguments.integer("num_paragraphs", 1);
  return [wanted](const std::string& response) {
    static const TaskRegex divider("\\s?\\*\\*\\*\\s?", "");
    const std::vector<std::string> paragraphs = divider.split(response);
    auto count = static_cast<std::int64_t>(paragraphs.size());
    for (std::size_t i = 0; i < paragraphs.size(); ++i) {
      if (!is_blank(paragraphs[i])) continue;
      if (i != 0 && i + 1 != paragraphs.size()) return false;
      --count;
    }
    return count == wanted;
  };
}

/// The first word of a paragraph, lower-cased, up to the first mark of punctuation.
std::u32string first_word_of(const std::string& paragraph) {
  std::string word = jinja::split(paragraph, std::nullopt, 1).front();
  word = jinja::strip(word, "'", jinja::Ends::left);
  word = jinja::strip(word, "\"", jinja::Ends::left);
  std::u32string letters;
  for (const char32_t c : jinja::code_points_of(word)) {
    if (std::u32string_view(U".,?!'\"").find(c) != std::u32string_view::npos) break;
    letters += jinja::code_points_of(jinja::to_lower(jinja::utf8_of({&c, 1})));
  }
  return letters;
}

/// Paragraphs between blank lines ("\n\n"). Blank ones do not count, but keep their place: with one
/// in front, the second paragraph is the first with text.
Check make_nth_paragraph_first_word(InstructionArguments& arguments) {
  const std::int64_t wanted = arguments.integer("num_paragraphs", 1);
  const std::int64_t nth = arguments.integer("nth_paragraph", 1);
  if (nth > wanted) {
    throw ConfigError(arguments.where("nth_paragraph") + std::to_string(nth) +
                      " is more than num_paragraphs, " + std::to_string(wanted));
  }
  const std::u32string word = jinja::code_points_of(jinja::to_lower(arguments.text("first_word")));
  return [wanted, nth, word](const std::string& response) {
    const std::vector<std::string> paragraphs = jinja::split(response, "\n\n", -1);
    const auto count = std::count_if(paragraphs.begin(), paragraphs.end(),
                                     [](const std::string& text) { return !is_blank(text); });
    if (count != wanted) return false;
    const std::string& paragraph = paragraphs[static_cast<std::size_t>(nth - 1)];
    return !is_blank(paragraph) && first_word_of(paragraph) == word;
  };
}

constexpr InstructionKind kKinds[] = {
    {"length_constraints:nth_paragraph_first_word", make_nth_paragraph_first_word},
    {"length_constraints:number_paragraphs", make_number_paragraphs},
    {"length_constraints:number_sentences", make_number_sentences},
    {"length_constraints:number_words", make_number_words},
};

}  // namespace

std::span<const InstructionKind> length_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
