#pragma once
/// What a task file says, checked: lm-evaluation-harness's keys and their defaults.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasks/exact_match.hpp"
#include "tasks/explanation_settings.hpp"
#include "tasks/filters.hpp"
#include "tasks/generators/generator.hpp"
#include "tasks/task.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// A text of the task file that is filled for each document: a template, or the bare name of a
/// field, or an integer.
struct TextSetting {
  std::string text;
  bool is_integer = false;  ///< written as a plain YAML integer: itself, not text
  std::string where;        ///< "file:line: doc_to_text"
};

/// Either one text that gives a list, or a list of texts.
struct ChoiceSetting {
  bool is_list = false;
  std::vector<TextSetting> texts;
};

/// The three texts of a document. What fewshot_config does not override is that of the question.
struct DocumentSettings {
  std::optional<TextSetting> text;
  std::optional<TextSetting> target;
  std::optional<ChoiceSetting> choices;
};

struct DataSettings {
  std::filesystem::path questions;
  /// In place of files; its train split gives the demonstrations unless `samples` does.
  std::shared_ptr<const GeneratedData> generated;
  /// The demonstrations' own file; empty: they come from the questions' file, or from `samples`.
  std::filesystem::path demonstrations;
  /// fewshot_config.samples as the text of a JSON array; empty if not given.
  std::string samples;
  /// lm-evaluation-harness's fewshot_split == test_split (also where both are absent): sampler
  /// lm_eval then draws one demonstration more and drops the question's own document.
  bool same_split = true;
  /// Name of a built-in transform (transforms.hpp); empty: none.
  std::string process_docs;
  std::string process_docs_where;
};

struct MetricSetting {
  std::string name;
  std::optional<bool> higher_is_better;
  ExactMatchOptions exact_match;
  std::string where;  ///< "file:line: "
};

struct TaskSettings {
  std::filesystem::path file;
  std::string name;
  std::string ability;
  std::string summary;  ///< metadata.description
  OutputType output_type = OutputType::generate_until;
  DataSettings data;
  DocumentSettings question;
  DocumentSettings demonstration;
  std::optional<TextSetting> description;  ///< stands before the demonstrations
  std::string target_delimiter = " ";
  std::string fewshot_delimiter = "\n\n";
  std::string demonstration_target_delimiter = " ";
  std::string demonstration_delimiter = "\n\n";
  int num_fewshot = 0;
  Sampler sampler = Sampler::fixed;
  std::vector<std::string> until;
  int max_gen_toks = 256;
  std::vector<MetricSetting> metrics;
  std::vector<FilterSetting> filters;  ///< empty: answers are compared as generated
  std::optional<bool> add_bos_token;
  std::optional<double> chance;
  std::string headline;  ///< key metadata.headline; empty: the first metric
  std::string headline_where;
  std::optional<ExplanationSettings> explanation;

  /// Everything that can change a number, in one fixed form; paths, comments and labels are not in
  /// it.
  std::string canonical_text() const;
};

/// Reads a task file and what it includes into one map; fields of the including file win.
YamlValue read_task_yaml(const std::filesystem::path& file);

/// Throws ConfigError "file:line: ..." for keys and values that are unknown or not supported.
TaskSettings parse_settings(const YamlValue& yaml, const std::filesystem::path& file);

/// Name, ability, summary and card only, for listings; nothing if the file names no task.
struct TaskLabels {
  std::string name;
  std::string ability;
  std::string summary;
  Card card;
};
std::optional<TaskLabels> parse_labels(const YamlValue& yaml);

}  // namespace allometer::tasks
