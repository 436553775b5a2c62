#include "tasks/instructions/families.hpp"

namespace allometer::tasks {
namespace {

Check make_no_comma(InstructionArguments&) {
  return [](const std::string& response) { return response.find(',') == std::string::npos; };
}

constexpr InstructionKind kKinds[] = {{"punctuation:no_comma", make_no_comma}};

}  // namespace

std::span<const InstructionKind> punctuation_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
