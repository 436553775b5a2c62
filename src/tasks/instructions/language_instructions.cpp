#include <algorithm>

#include "core/error.hpp"
#include "tasks/instructions/detect_language.hpp"
#include "tasks/instructions/families.hpp"

namespace allometer::tasks {
namespace {

/// A text in which no language can be found counts as following.
Check make_response_language(InstructionArguments& arguments) {
  const std::string wanted = arguments.text("language");
  const std::span<const std::string_view> codes = language_codes();
  if (std::find(codes.begin(), codes.end(), wanted) == codes.end()) {
    throw ConfigError(arguments.where("language") + "'" + wanted +
                      "' is none of the codes of langdetect (en, de, zh-cn, ...)");
  }
  return [wanted](const std::string& response) {
    return detect_language(response).value_or(wanted) == wanted;
  };
}

constexpr InstructionKind kKinds[] = {{"language:response_language", make_response_language}};

}  // namespace

std::span<const InstructionKind> language_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
