#pragma once
/// Regular expressions of task files and documents: Python's, with errors that name the place.

#include <cstdint>
#include <string>
#include <vector>

#include "template/python_regex.hpp"

namespace allometer::tasks {

/// Immutable; may be used from several threads at once. Texts must be UTF-8.
class TaskRegex {
 public:
  /// `where` ("file:line: key: ") stands before every message. Throws ConfigError for a pattern
  /// that is malformed.
  TaskRegex(const std::string& pattern, std::string where);

  /// re.findall and re.sub(pattern, "", text), as PythonRegex has them. Throw ConfigError for a
  /// pattern that takes too many steps on the text.
  std::vector<std::vector<std::string>> find_all(const std::string& text) const;
  std::string removed_from(const std::string& text) const;
  /// re.search(text) is not None; len(re.findall(text)); re.split(text) of a pattern without
  /// groups. Throw as those above.
  bool is_in(const std::string& text) const;
  std::int64_t count(const std::string& text) const;
  std::vector<std::string> split(const std::string& text) const;

 private:
  std::string where_;
  jinja::PythonRegex regex_;
};

}  // namespace allometer::tasks
