#pragma once
/// filter_list: how the answer is extracted from a generated text before it is compared, as
/// lm-evaluation-harness does (lm_eval/filters).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tasks/task_regex.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// One function of a filter and its arguments.
struct FilterStep {
  enum class Function {
    regex,               ///< one match of regex_pattern, stripped; `fallback` where there is none
    multi_choice_regex,  ///< the same, or the letter of the choice whose text stands in the answer
    remove_whitespace,   ///< drops one blank at the front
    lowercase,
    uppercase,
    map,         ///< looks the whole text up
    take_first,  ///< the first of several answers: there is one
  };
  Function function = Function::take_first;
  std::string regex_pattern = "#### (\\-?[0-9\\.\\,]+)";
  int group_select = 0;  ///< which of the matches; negative: counted from the end
  std::string fallback = "[invalid]";
  /// multi_choice_regex: what is done to answer and choices before the choices' texts are sought.
  bool ignore_case = false;
  bool ignore_punctuation = false;  ///< Unicode's categories P*
  std::vector<std::string> regexes_to_ignore;
  std::map<std::string, std::string> mapping_dict;
  /// Of texts that mapping_dict has not. lm-evaluation-harness has None here, which it cannot
  /// compare with a target.
  std::string default_value = "[invalid]";
  std::string where;  ///< "file:line: "
};

struct FilterSetting {
  std::string name;  ///< stands behind the metric's: "exact_match,NAME"; empty: nothing does
  std::vector<FilterStep> steps;
};

/// Reads the key filter_list; empty where the task has none. Throws ConfigError "file:line: ..."
/// for functions and arguments that are unknown, for those that need several generated answers, and
/// for two filters of one name.
std::vector<FilterSetting> read_filters(const YamlValue& task);

/// Everything of the filters that can change a number, in one fixed form.
nlohmann::json canonical(const std::vector<FilterSetting>& filters);

/// A filter made ready. Immutable; may be used from several threads at once.
class AnswerFilter {
 public:
  /// Throws ConfigError for a regular expression that is malformed.
  explicit AnswerFilter(FilterSetting setting);

  /// Empty, or "," and the filter's name: what stands behind a metric's name.
  std::string metric_suffix() const;

  /// The answer that a generated text gives. multi_choice_regex takes the field `choices` of the
  /// document, a list of texts. Throws ConfigError where the document has no such list, and for a
  /// regular expression that takes too long on the text.
  std::string apply(std::string_view generated, const nlohmann::json& document) const;

 private:
  struct Step {
    FilterStep setting;
    std::vector<TaskRegex> pattern;            ///< one, for the functions that have one
    std::vector<TaskRegex> regexes_to_ignore;  ///< of multi_choice_regex
  };
  std::string apply(const Step& step, const std::string& text,
                    const nlohmann::json& document) const;

  std::string name_;
  std::vector<Step> steps_;
};

}  // namespace allometer::tasks
