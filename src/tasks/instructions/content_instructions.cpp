#include <memory>

#include "tasks/instructions/families.hpp"
#include "tasks/task_regex.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

/// Matches of \[.*?\]: a bracket opened and closed in one line.
std::int64_t num_placeholders(const std::string& text) {
  std::int64_t count = 0;
  bool is_open = false;
  for (const char c : text) {
    if (c == '\n') is_open = false;
    if (c == '[') is_open = true;
    if (c != ']' || !is_open) continue;
    ++count;
    is_open = false;
  }
  return count;
}

Check make_number_placeholders(InstructionArguments& arguments) {
  const Threshold threshold{Threshold::Relation::at_least,
                            arguments.integer("num_placeholders", 0)};
  return [threshold](const std::string& response) {
    return threshold.holds_for(num_placeholders(response));
  };
}

/// The marker anywhere, without regard to case; the two usual ones may have blanks inside, others
/// are regular expressions.
Check make_postscript(InstructionArguments& arguments) {
  const std::string marker =
      jinja::strip(arguments.text("postscript_marker"), std::nullopt, jinja::Ends::both);
  std::string pattern = jinja::to_lower(marker);
  if (marker == "P.S.") pattern = "p\\.\\s?s\\.";
  if (marker == "P.P.S") pattern = "p\\.\\s?p\\.\\s?s";
  const auto regex =
      std::make_shared<const TaskRegex>(pattern, arguments.where("postscript_marker"));
  return [regex](const std::string& response) { return regex->is_in(jinja::to_lower(response)); };
}

constexpr InstructionKind kKinds[] = {
    {"detectable_content:number_placeholders", make_number_placeholders},
    {"detectable_content:postscript", make_postscript},
};

}  // namespace

std::span<const InstructionKind> content_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
