#pragma once
/// Errors that say which question they are about.

#include <string>

#include "core/error.hpp"
#include "tasks/task.hpp"

namespace allometer::eval {

/// Runs `body`; an error of it gets the task and the question in front of its message.
template <class Body>
auto with_question_named(const tasks::Task& task, int question, Body&& body) {
  const auto named = [&](const Error& error) {
    return "task " + task.name() + ", question " + task.question_id(question) + ": " + error.what();
  };
  try {
    return body();
  } catch (const ConfigError& error) {
    throw ConfigError(named(error));
  } catch (const FormatError& error) {
    throw FormatError(named(error));
  } catch (const IoError& error) {
    throw IoError(named(error));
  } catch (const BackendError& error) {
    throw BackendError(named(error));
  }
}

}  // namespace allometer::eval
