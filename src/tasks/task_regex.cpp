#include "tasks/task_regex.hpp"

#include <utility>

#include "core/error.hpp"
#include "template/value.hpp"

namespace allometer::tasks {
namespace {

/// Runs `body`; what the expression cannot do becomes an error of the task file.
template <class Body>
auto with_place(const std::string& where, Body&& body) {
  try {
    return body();
  } catch (const jinja::Failure& failure) {
    throw ConfigError(where + failure.what());
  }
}

}  // namespace

TaskRegex::TaskRegex(const std::string& pattern, std::string where)
    : where_(std::move(where)),
      regex_(with_place(where_, [&] { return jinja::PythonRegex(pattern); })) {}

std::vector<std::vector<std::string>> TaskRegex::find_all(const std::string& text) const {
  return with_place(where_, [&] { return regex_.find_all(text); });
}

std::string TaskRegex::removed_from(const std::string& text) const {
  return with_place(where_, [&] { return regex_.removed_from(text); });
}

bool TaskRegex::is_in(const std::string& text) const {
  return with_place(where_, [&] { return jinja::PythonRegex::Matches(regex_, text).next(); });
}

std::int64_t TaskRegex::count(const std::string& text) const {
  return static_cast<std::int64_t>(split(text).size()) - 1;
}

std::vector<std::string> TaskRegex::split(const std::string& text) const {
  return with_place(where_, [&] {
    std::vector<std::string> pieces;
    std::size_t at = 0;
    for (jinja::PythonRegex::Matches matches(regex_, text); matches.next(); at = matches.end())
      pieces.push_back(text.substr(at, matches.begin() - at));
    pieces.push_back(text.substr(at));
    return pieces;
  });
}

}  // namespace allometer::tasks
