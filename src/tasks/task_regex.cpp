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

}  // namespace allometer::tasks
