#pragma once
/// What an action that must fail says.

#include <string>

#include "core/error.hpp"

namespace allometer::tokenizer {

/// "KIND: MESSAGE" of the error that `action` throws.
template <class Action>
std::string error_text(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(error.kind()) + ": " + error.what();
  }
  return "no error";
}

/// The message of the FormatError that `action` throws.
template <class Action>
std::string format_error_of(Action action) {
  try {
    action();
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no FormatError";
}

}  // namespace allometer::tokenizer
