#include "tasks/instructions/families.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

std::string stripped(const std::string& text) {
  return jinja::strip(text, std::nullopt, jinja::Ends::both);
}

/// Quotation marks may close the response behind the phrase.
Check make_end_checker(InstructionArguments& arguments) {
  const std::string phrase = jinja::to_lower(stripped(arguments.text("end_phrase")));
  return [phrase](const std::string& response) {
    return jinja::to_lower(jinja::strip(stripped(response), "\"", jinja::Ends::both))
        .ends_with(phrase);
  };
}

Check make_quotation(InstructionArguments&) {
  return [](const std::string& response) {
    const std::string text = stripped(response);
    return text.size() > 1 && text.front() == '"' && text.back() == '"';
  };
}

constexpr InstructionKind kKinds[] = {
    {"startend:end_checker", make_end_checker},
    {"startend:quotation", make_quotation},
};

}  // namespace

std::span<const InstructionKind> start_end_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
