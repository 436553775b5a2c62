#pragma once
/// The comparison behind exact_match, as huggingface/evaluate and lm-evaluation-harness define it.

#include <string>
#include <string_view>
#include <vector>

#include "tasks/task_regex.hpp"

namespace allometer::tasks {

struct ExactMatchOptions {
  std::vector<std::string>
      regexes_to_ignore;  ///< removed from both texts first, in order (PCRE2, Unicode classes)
  bool ignore_case = false;
  bool ignore_punctuation = false;  ///< the ASCII punctuation of Python's string.punctuation
  bool ignore_numbers = false;      ///< 0-9
};

/// Immutable; may be used from several threads at once.
class ExactMatch {
 public:
  /// Throws ConfigError, beginning with `where`, for a regular expression that does not compile.
  ExactMatch(const ExactMatchOptions& options, const std::string& where);

  /// A text after all that is to be ignored has been removed. Throws ConfigError for a regular
  /// expression that takes too long on it.
  std::string normalized(std::string_view text) const;
  bool matches(std::string_view prediction, std::string_view reference) const {
    return normalized(prediction) == normalized(reference);
  }

 private:
  ExactMatchOptions options_;
  std::vector<TaskRegex> regexes_;
};

}  // namespace allometer::tasks
