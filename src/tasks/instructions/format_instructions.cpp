#include <algorithm>
#include <memory>

#include "tasks/instructions/families.hpp"
#include "tasks/instructions/python_json.hpp"
#include "tasks/task_regex.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

std::string stripped(std::string_view text) {
  return jinja::strip(text, std::nullopt, jinja::Ends::both);
}

/// Lines that begin with "-", and those with "*" but not "**". A "*" at the end of a line takes the
/// next line along, as IFEval's pattern does.
Check make_number_bullet_lists(InstructionArguments& arguments) {
  const std::int64_t wanted = arguments.integer("num_bullets", 0);
  return [wanted](const std::string& response) {
    // Possessive, so that a long run of blank lines takes one step per line and not its square.
    static const TaskRegex stars("(?m)^\\s*+\\*[^*].*$", "");
    static const TaskRegex dashes("(?m)^\\s*+-.*$", "");
    return stars.count(response) + dashes.count(response) == wanted;
  };
}

Check make_constrained_response(InstructionArguments&) {
  return [](const std::string& response) {
    constexpr const char* kOptions[] = {"My answer is yes.", "My answer is no.",
                                        "My answer is maybe."};
    return std::any_of(std::begin(kOptions), std::end(kOptions), [&](const char* option) {
      return response.find(option) != std::string::npos;
    });
  };
}

/// Spans \*[^\n*]*\* (num_stars 1) or \*\*[^\n*]*\*\* (2) with text in them.
std::int64_t num_spans(const std::string& text, std::size_t num_stars) {
  const std::string mark(num_stars, '*');
  std::int64_t count = 0;
  std::size_t at = text.find(mark);
  while (at != std::string::npos) {
    const std::size_t begin = at + num_stars;
    const std::size_t end = text.find_first_of("*\n", begin);
    if (end == std::string::npos) break;
    if (text.compare(end, num_stars, mark) != 0) {
      at = text.find(mark, at + 1);
      continue;
    }
    if (!stripped(std::string_view(text).substr(begin, end - begin)).empty()) ++count;
    at = text.find(mark, end + num_stars);
  }
  return count;
}

/// Spans between single stars and between double ones; in "**a**" the former are blank, so that it
/// counts once.
Check make_number_highlighted_sections(InstructionArguments& arguments) {
  const Threshold threshold{Threshold::Relation::at_least, arguments.integer("num_highlights", 0)};
  return [threshold](const std::string& response) {
    return threshold.holds_for(num_spans(response, 1) + num_spans(response, 2));
  };
}

/// The splitter, a regular expression, with a number after it.
Check make_multiple_sections(InstructionArguments& arguments) {
  const std::string splitter =
      jinja::strip(arguments.text("section_spliter"), std::nullopt, jinja::Ends::both);
  const auto regex = std::make_shared<const TaskRegex>("\\s?" + splitter + "\\s?\\d+\\s?",
                                                       arguments.where("section_spliter"));
  const Threshold threshold{Threshold::Relation::at_least, arguments.integer("num_sections", 0)};
  return [regex, threshold](const std::string& response) {
    return threshold.holds_for(regex->count(response));
  };
}

/// The whole response, which a fence of markdown may surround.
Check make_json_format(InstructionArguments&) {
  return [](const std::string& response) {
    std::string text = stripped(response);
    for (const std::string_view fence : {"```json", "```Json", "```JSON", "```"}) {
      if (text.starts_with(fence)) text.erase(0, fence.size());
    }
    if (text.ends_with("```")) text.resize(text.size() - 3);
    return is_python_json(stripped(text));
  };
}

/// <<[^\n]+>> with more than angle brackets and blanks in it. In one line the pattern takes all
/// from the first "<<" to the last ">>".
bool has_title(std::string_view line) {
  const std::size_t begin = line.find("<<");
  const std::size_t end = line.rfind(">>");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 3)
    return false;
  const std::string title(line.substr(begin, end + 2 - begin));
  return !stripped(
              jinja::strip(jinja::strip(title, "<", jinja::Ends::left), ">", jinja::Ends::right))
              .empty();
}

Check make_title(InstructionArguments&) {
  return [](const std::string& response) {
    const std::vector<std::string> lines = jinja::split(response, "\n", -1);
    return std::any_of(lines.begin(), lines.end(), has_title);
  };
}

constexpr InstructionKind kKinds[] = {
    {"detectable_format:constrained_response", make_constrained_response},
    {"detectable_format:json_format", make_json_format},
    {"detectable_format:multiple_sections", make_multiple_sections},
    {"detectable_format:number_bullet_lists", make_number_bullet_lists},
    {"detectable_format:number_highlighted_sections", make_number_highlighted_sections},
    {"detectable_format:title", make_title},
};

}  // namespace

std::span<const InstructionKind> format_instructions() {
  return kKinds;
}

}  // namespace allometer::tasks
