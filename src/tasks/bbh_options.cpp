#include "tasks/bbh_options.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace allometer::tasks {
namespace {

constexpr std::string_view kHeading = "Options:\n";

/// What is shown of an option, and what a target calls it.
struct Options {
  std::vector<std::string> texts;
  std::vector<std::string> labels;
};

/// Adds one line; false where it is no option, or not the next letter.
bool add_option(std::string_view line, Options& options) {
  const std::string label{'(', static_cast<char>('A' + options.texts.size()), ')'};
  if (line.starts_with(label + " ")) {
    options.texts.emplace_back(line.substr(label.size() + 1));
    options.labels.push_back(label);
  } else if (line.starts_with("- ")) {
    options.texts.emplace_back(line.substr(2));
    options.labels.push_back(options.texts.back());
  } else {
    return false;
  }
  return options.texts.size() <= 26 && !options.texts.back().empty();
}

/// Empty where the text has no heading or a line that is no option.
Options options_of(std::string_view input) {
  const std::size_t heading = input.rfind(kHeading);
  if (heading == std::string_view::npos) return {};
  Options options;
  std::string_view rest = input.substr(heading + kHeading.size());
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!add_option(line, options)) return {};
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return options;
}

std::string text_of(const Dataset& questions, std::size_t at, const char* field) {
  const auto found = questions.documents[at].find(field);
  if (found != questions.documents[at].end() && found->is_string()) return *found;
  throw ConfigError(
      fmt::format("{}bbh_options needs a field '{}' that is text", questions.where(at), field));
}

}  // namespace

Dataset bbh_options(const Dataset& questions) {
  Dataset result = questions;
  for (std::size_t at = 0; at < result.documents.size(); ++at) {
    const Options options = options_of(text_of(questions, at, "input"));
    const std::string target = text_of(questions, at, "target");
    const auto gold = std::find(options.labels.begin(), options.labels.end(), target);
    if (options.labels.size() < 2 || gold == options.labels.end()) {
      throw ConfigError(fmt::format(
          "{}bbh_options needs an input that ends with 'Options:' and at least two lines "
          "'(A) text', '(B) text', ... or '- text', one of which the target '{}' names",
          questions.where(at), target));
    }
    nlohmann::json& document = result.documents[at];
    document["choices"] = options.texts;
    document["labels"] = options.labels;
    document["gold"] = gold - options.labels.begin();
  }
  return result;
}

}  // namespace allometer::tasks
