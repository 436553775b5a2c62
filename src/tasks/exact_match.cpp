#include "tasks/exact_match.hpp"

#include "tasks/python_text.hpp"

namespace allometer::tasks {

ExactMatch::ExactMatch(const ExactMatchOptions& options, const std::string& where)
    : options_(options) {
  for (const std::string& pattern : options.regexes_to_ignore)
    regexes_.emplace_back(pattern, where);
}

std::string ExactMatch::normalized(std::string_view text) const {
  std::string kept = repaired_utf8(text);
  for (const TaskRegex& regex : regexes_) kept = regex.removed_from(kept);
  if (options_.ignore_case) kept = lower(kept);
  if (options_.ignore_punctuation) kept = without_punctuation(kept);
  if (options_.ignore_numbers) kept = without_digits(kept);
  return kept;
}

}  // namespace allometer::tasks
