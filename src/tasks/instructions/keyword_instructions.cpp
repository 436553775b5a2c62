#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "tasks/instructions/families.hpp"
#include "tasks/instructions/words.hpp"
#include "tasks/task_regex.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

/// std::function wants what it holds to be copied.
using SharedRegexes = std::shared_ptr<const std::vector<TaskRegex>>;

/// Patterns stand in documents as they are, unescaped; all are without regard to case.
const std::string kIgnoreCase = "(?i)";

/// One regular expression per text of an argument, with `boundary` on both sides.
SharedRegexes regexes(InstructionArguments& arguments, const char* name,
                      const std::string& boundary) {
  auto list = std::make_shared<std::vector<TaskRegex>>();
  for (const std::string& text : arguments.texts(name))
    list->emplace_back(kIgnoreCase + boundary + text + boundary, arguments.where(name));
  return list;
}

/// Every keyword is found somewhere, also inside words.
Check make_existence(InstructionArguments& arguments) {
  const SharedRegexes keywords = regexes(arguments, "keywords", "");
  return [keywords](const std::string& response) {
    for (const TaskRegex& keyword : *keywords) {
      if (!keyword.is_in(response)) return false;
    }
    return true;
  };
}

Check make_forbidden_words(InstructionArguments& arguments) {
  const SharedRegexes words = regexes(arguments, "forbidden_words", "\\b");
  return [words](const std::string& response) {
    for (const TaskRegex& word : *words) {
      if (word.is_in(response)) return false;
    }
    return true;
  };
}

/// Counts matches inside words too.
Check make_frequency(InstructionArguments& arguments) {
  const std::string keyword =
      jinja::strip(arguments.text("keyword"), std::nullopt, jinja::Ends::both);
  const auto regex =
      std::make_shared<const TaskRegex>(kIgnoreCase + keyword, arguments.where("keyword"));
  const Threshold threshold = arguments.threshold("relation", "frequency");
  return [regex, threshold](const std::string& response) {
    return threshold.holds_for(regex->count(response));
  };
}

Check make_letter_frequency(InstructionArguments& arguments) {
  const std::string given = jinja::strip(arguments.text("letter"), std::nullopt, jinja::Ends::both);
  const std::u32string letter = jinja::code_points_of(jinja::to_lower(given));
  if (letter.size() != 1) {
    throw ConfigError(arguments.where("letter") + "must be a single character, not '" + given +
                      "'");
  }
  const Threshold threshold = arguments.threshold("let_relation", "let_frequency");
  return [c = letter[0], threshold](const std::string& response) {
    const std::u32string text = jinja::code_points_of(jinja::to_lower(response));
    return threshold.holds_for(std::count(text.begin(), text.end(), c));
  };
}

/// Our own: the words, without regard to case, one after the other with anything in between.
Check make_order(InstructionArguments& arguments) {
  std::vector<std::string> words;
  for (const std::string& text : arguments.texts("words")) {
    words.push_back(jinja::to_lower(text));
    if (word_runs(words.back()) != std::vector{words.back()})
      throw ConfigError(arguments.where("words") + "'" + text + "' must be a single word");
  }
  return [words](const std::string& response) {
    std::size_t found = 0;
    for (const std::string& word : word_runs(jinja::to_lower(response))) {
      if (found < words.size() && word == words[found]) ++found;
    }
    return found == words.size();
  };
}

constexpr InstructionKind kKinds[] = {
    {"keywords:existence", make_existence}, {"keywords:forbidden_words", make_forbidden_words},
    {"keywords:frequency", make_frequency}, {"keywords:letter_frequency", make_letter_frequency},
    {"keywords:order", make_order},
};

}  // namespace

std::span<const InstructionKind> keyword_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
