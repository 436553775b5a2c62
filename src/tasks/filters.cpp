#include "tasks/filters.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/python_text.hpp"
#include "tasks/spelling.hpp"
#include "tasks/yaml_read.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

using Function = FilterStep::Function;
using nlohmann::json;

constexpr int kMaxGroup = 1'000'000;
constexpr std::size_t kMaxChoices = 26;  ///< A to Z

struct NamedFunction {
  const char* name;
  Function function;
  std::vector<std::string> arguments;
};

const std::vector<NamedFunction>& functions() {
  static const std::vector<NamedFunction> table{
      {"regex", Function::regex, {"regex_pattern", "group_select", "fallback"}},
      {"multi_choice_regex",
       Function::multi_choice_regex,
       {"regex_pattern", "group_select", "fallback", "ignore_case", "ignore_punctuation",
        "regexes_to_ignore"}},
      {"remove_whitespace", Function::remove_whitespace, {}},
      {"lowercase", Function::lowercase, {}},
      {"uppercase", Function::uppercase, {}},
      {"map", Function::map, {"mapping_dict", "default_value"}},
      {"take_first", Function::take_first, {}},
  };
  return table;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const NamedFunction& function : functions()) names.emplace_back(function.name);
  return names;
}

std::string_view name_of(Function function) {
  const auto same = [&](const NamedFunction& named) { return named.function == function; };
  return std::find_if(functions().begin(), functions().end(), same)->name;
}

const NamedFunction& find_function(const YamlValue& value) {
  const std::string name = read_text(value, "function");
  if (name == "take_first_k" || name == "majority_vote") {
    throw ConfigError(fmt::format(
        "{}the function {} chooses among several generated answers, and there is one: generation "
        "is greedy; use take_first",
        value.where(), name));
  }
  for (const NamedFunction& function : functions()) {
    if (name == function.name) return function;
  }
  const std::vector<std::string> names = function_names();
  throw ConfigError(fmt::format("{}the filter function '{}' is unknown{} Supported: {}",
                                value.where(), name, did_you_mean(name, names),
                                fmt::join(names, ", ")));
}

void read_mapping(const YamlValue& entry, FilterStep& step) {
  const YamlValue* mapping = find_set(entry, "mapping_dict");
  if (mapping == nullptr) return;
  if (mapping->kind != YamlValue::Kind::map) {
    throw ConfigError(mapping->where() + "mapping_dict must be a map from text to text");
  }
  for (const YamlField& field : mapping->fields) {
    step.mapping_dict[field.key] = read_text(field.value, "mapping_dict");
  }
}

FilterStep read_step(const YamlValue& entry) {
  const YamlValue* name =
      entry.kind == YamlValue::Kind::map ? find_set(entry, "function") : nullptr;
  if (name == nullptr) {
    throw ConfigError(entry.where() + "each step of a filter is a map with the key 'function'");
  }
  const NamedFunction& named = find_function(*name);
  std::vector<std::string> known = named.arguments;
  known.insert(known.begin(), "function");
  require_known(entry, fmt::format("the filter function {}", named.name), known);
  FilterStep step;
  step.function = named.function;
  step.where = entry.where();
  const auto text = [&](const char* key, std::string& into) {
    if (const YamlValue* value = find_set(entry, key)) into = read_text(*value, key);
  };
  const auto flag = [&](const char* key, bool& into) {
    if (const YamlValue* value = find_set(entry, key)) into = read_bool(*value, key);
  };
  text("regex_pattern", step.regex_pattern);
  text("fallback", step.fallback);
  text("default_value", step.default_value);
  flag("ignore_case", step.ignore_case);
  flag("ignore_punctuation", step.ignore_punctuation);
  if (const YamlValue* value = find_set(entry, "group_select")) {
    step.group_select =
        static_cast<int>(read_integer(*value, "group_select", -kMaxGroup, kMaxGroup));
  }
  if (const YamlValue* value = find_set(entry, "regexes_to_ignore")) {
    step.regexes_to_ignore = read_texts(*value, "regexes_to_ignore");
  }
  read_mapping(entry, step);
  return step;
}

FilterSetting read_filter(const YamlValue& entry) {
  static const std::vector<std::string> known{"name", "filter"};
  if (entry.kind != YamlValue::Kind::map) {
    throw ConfigError(entry.where() + "each entry of filter_list is a map with the key 'filter'");
  }
  require_known(entry, "a filter", known);
  FilterSetting setting;
  if (const YamlValue* name = find_set(entry, "name")) setting.name = read_text(*name, "name");
  const YamlValue* steps = find_set(entry, "filter");
  if (steps == nullptr || steps->kind != YamlValue::Kind::list || steps->items.empty()) {
    throw ConfigError(entry.where() + "'filter' must be a list of at least one function");
  }
  for (const YamlValue& item : steps->items) {
    if (!setting.steps.empty() && setting.steps.back().function == Function::take_first) {
      throw ConfigError(
          item.where() +
          "take_first must be the last function: what follows would see single characters in "
          "lm-evaluation-harness");
    }
    setting.steps.push_back(read_step(item));
  }
  return setting;
}

/// A match as RegexFilter shows it; nothing where there is none. findall gives tuples where a
/// pattern has several groups, of which the first that is not empty counts.
std::optional<std::string> select_match(const TaskRegex& regex, const FilterStep& step,
                                        const std::string& text) {
  const std::vector<std::vector<std::string>> found = regex.find_all(text);
  const auto count = static_cast<std::ptrdiff_t>(found.size());
  const std::ptrdiff_t at = step.group_select < 0 ? count + step.group_select : step.group_select;
  // The reference fails on an index that is out of range; here there is no match.
  if (at < 0 || at >= count) return std::nullopt;
  const std::vector<std::string>& groups = found[static_cast<std::size_t>(at)];
  const auto match = groups.size() == 1 ? groups.begin()
                                        : std::find_if(groups.begin(), groups.end(),
                                                       [](auto& group) { return !group.empty(); });
  if (match == groups.end()) return std::nullopt;
  return jinja::strip(*match, std::nullopt, jinja::Ends::both);
}

/// re.escape for what is put between "|".
std::string escaped(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    const bool is_special = static_cast<unsigned char>(c) < 0x80 &&
                            std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_';
    if (is_special) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::vector<std::string> choices_of(const json& document, const std::string& where) {
  const auto field = document.find("choices");
  const bool is_list =
      field != document.end() && field->is_array() &&
      std::all_of(field->begin(), field->end(), [](const json& c) { return c.is_string(); });
  if (!is_list || field->size() > kMaxChoices) {
    throw ConfigError(fmt::format(
        "{}multi_choice_regex needs a field 'choices' in every document: a list of at most {} "
        "texts, which are called A, B, C, ...",
        where, kMaxChoices));
  }
  return field->get<std::vector<std::string>>();
}

/// "(A)" for choice 0.
std::string letter_of(std::size_t choice) {
  return {'(', static_cast<char>('A' + choice), ')'};
}

/// MultiChoiceRegexFilter.apply: the pattern; else the text of a choice; else ":" and a letter.
std::string choose(const TaskRegex& pattern, const std::vector<TaskRegex>& regexes_to_ignore,
                   const FilterStep& step, const std::string& text, const json& document) {
  const auto plain = [&](std::string from) {
    for (const TaskRegex& regex : regexes_to_ignore) from = regex.removed_from(from);
    if (step.ignore_case) from = lower(from);
    return step.ignore_punctuation ? without_unicode_punctuation(from) : from;
  };
  if (const auto match = select_match(pattern, step, text); match && !match->empty()) return *match;

  const std::vector<std::string> choices = choices_of(document, step.where);
  std::map<std::string, std::string> letters;
  std::vector<std::string> texts;
  std::string alternatives;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string shown = plain(jinja::strip(choices[i], std::nullopt, jinja::Ends::both));
    texts.push_back(escaped(shown));
    letters[shown] = letter_of(i);
    alternatives += (i == 0 ? "" : "|") + std::string(1, letter_of(i)[1]);
  }
  const TaskRegex by_text(fmt::format("{}", fmt::join(texts, "|")), step.where);
  if (const auto match = select_match(by_text, step, plain(text)); match && !match->empty()) {
    const auto letter = letters.find(*match);
    return letter == letters.end() ? *match : letter->second;
  }
  const TaskRegex by_letter(":[\\s]*(" + alternatives + ")", step.where);
  if (const auto match = select_match(by_letter, step, text); match && !match->empty()) {
    return "(" + *match + ")";
  }
  return step.fallback;
}

}  // namespace

std::vector<FilterSetting> read_filters(const YamlValue& task) {
  const YamlValue* list = find_set(task, "filter_list");
  if (list == nullptr) return {};
  if (list->kind != YamlValue::Kind::list || list->items.empty()) {
    throw ConfigError(list->where() +
                      "filter_list must be a list of filters, each a map of name and filter");
  }
  std::vector<FilterSetting> filters;
  for (const YamlValue& entry : list->items) {
    filters.push_back(read_filter(entry));
    const std::string& name = filters.back().name;
    if (name.empty() && list->items.size() > 1) {
      throw ConfigError(entry.where() +
                        "of several filters each needs a name, which stands behind its metrics'");
    }
    const auto same = [&](const FilterSetting& other) { return other.name == name; };
    if (std::count_if(filters.begin(), filters.end(), same) > 1) {
      throw ConfigError(fmt::format("{}the filter {} is listed twice", entry.where(), name));
    }
  }
  return filters;
}

json canonical(const std::vector<FilterSetting>& filters) {
  json list = json::array();
  for (const FilterSetting& filter : filters) {
    json steps = json::array();
    for (const FilterStep& step : filter.steps) {
      steps.push_back({name_of(step.function), step.regex_pattern, step.group_select, step.fallback,
                       step.ignore_case, step.ignore_punctuation, step.regexes_to_ignore,
                       step.mapping_dict, step.default_value});
    }
    list.push_back({filter.name, std::move(steps)});
  }
  return list;
}

AnswerFilter::AnswerFilter(FilterSetting setting) : name_(std::move(setting.name)) {
  for (FilterStep& step : setting.steps) {
    Step& ready = steps_.emplace_back();
    if (step.function == Function::regex || step.function == Function::multi_choice_regex) {
      ready.pattern.emplace_back(step.regex_pattern, step.where + "regex_pattern: ");
    }
    for (const std::string& pattern : step.regexes_to_ignore) {
      ready.regexes_to_ignore.emplace_back(pattern, step.where + "regexes_to_ignore: ");
    }
    ready.setting = std::move(step);
  }
}

std::string AnswerFilter::metric_suffix() const {
  return name_.empty() || name_ == "none" ? std::string() : "," + name_;
}

std::string AnswerFilter::apply(std::string_view generated, const json& document) const {
  std::string text = repaired_utf8(generated);
  for (const Step& step : steps_) text = apply(step, text, document);
  return text;
}

std::string AnswerFilter::apply(const Step& step, const std::string& text,
                                const json& document) const {
  const FilterStep& setting = step.setting;
  switch (setting.function) {
    case Function::regex:
      return select_match(step.pattern.front(), setting, text).value_or(setting.fallback);
    case Function::multi_choice_regex:
      return choose(step.pattern.front(), step.regexes_to_ignore, setting, text, document);
    case Function::remove_whitespace:
      return text.starts_with(' ') ? text.substr(1) : text;
    case Function::lowercase:
      return lower(text);
    case Function::uppercase:
      return jinja::to_upper(text);
    case Function::map: {
      const auto found = setting.mapping_dict.find(text);
      return found == setting.mapping_dict.end() ? setting.default_value : found->second;
    }
    case Function::take_first:
      break;
  }
  return text;
}

}  // namespace allometer::tasks
