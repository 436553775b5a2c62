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

}  // namespace allometer::tokenizer
