#include "tasks/instructions/families.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

std::string stripped(const std::string& text) {
  return jinja::strip(text, std::nullopt, jinja::Ends::both);
}

Check make_repeat_prompt(InstructionArguments& arguments) {
  const std::string prompt = jinja::to_lower(stripped(arguments.text("prompt_to_repeat")));
  return [prompt](const std::string& response) {
    return jinja::to_lower(stripped(response)).starts_with(prompt);
  };
}

/// Two unlike texts around "******"; dividers may also stand at either end.
Check make_two_responses(InstructionArguments&) {
  return [](const std::string& response) {
    const std::vector<std::string> pieces = jinja::split(response, "******", -1);
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string answer = stripped(pieces[i]);
      if (!answer.empty()) {
        answers.push_back(std::move(answer));
      } else if (i != 0 && i + 1 != pieces.size()) {
        return false;
      }
    }
    return answers.size() == 2 && answers[0] != answers[1];
  };
}

constexpr InstructionKind kKinds[] = {
    {"combination:repeat_prompt", make_repeat_prompt},
    {"combination:two_responses", make_two_responses},
};

}  // namespace

std::span<const InstructionKind> combination_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
