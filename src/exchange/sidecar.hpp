#pragma once
/// The sidecar: a YAML file that says of published results what they do not say themselves:
/// families, sizes and levers of the models, abilities and chance levels of the tasks, what a
/// table's columns mean (docs/importing.md).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/reported.hpp"

namespace allometer::exchange {

/// Which names an entry is about: any of its shell patterns.
struct Match {
  int line = 1;
  std::vector<std::string> patterns;

  bool operator()(std::string_view name) const;
};

/// Every entry that matches counts; a later one overrides what an earlier one says.
struct ModelRule {
  Match match;  ///< the model's name as the file has it, or the name of the file
  std::optional<std::string> exclude{};  ///< the reason
  ModelFacts facts{};
};

struct FileRule {
  Match match;  ///< the name of the file
  std::optional<std::string> exclude{};
  std::optional<std::string> model{};
  std::optional<std::int32_t> num_fewshot{};
};

/// A number for every metric that is a share of right answers, or one for each metric that is
/// named.
struct MetricNumber {
  std::optional<double> of_shares{};
  std::map<std::string, double> of_metric{};
};

struct TaskRule {
  Match match;  ///< the task's name
  std::optional<std::string> exclude{};
  std::optional<std::string> ability{};
  std::optional<std::string> description{};
  std::optional<std::string> headline{};
  std::optional<std::int32_t> num_questions{};
  std::optional<std::int32_t> num_fewshot{};
  MetricNumber chance{};
  MetricNumber best{};
  std::map<std::string, bool> higher_is_better{};  ///< by metric; "" of any that is not named
};

/// A number of a table: the column's value times a factor.
struct NumberColumn {
  std::string column;
  double times = 1;
};

struct ScoreColumn {
  int line = 1;
  std::string column;
  std::string task;
  std::string metric = "acc";
  double times = 1;                             ///< 0.01 for percent
  std::optional<std::string> standard_error{};  ///< its column; in the unit of the score
};

/// What the columns of a CSV file are.
struct TableMap {
  int line = 1;
  std::string model;
  std::optional<std::string> family{};
  std::optional<NumberColumn> num_parameters{};
  std::optional<NumberColumn> num_parameters_without_embeddings{};
  std::optional<NumberColumn> training_tokens{};
  std::optional<NumberColumn> training_flops{};
  std::map<std::string, std::string> levers{};  ///< lever to column
  std::vector<ScoreColumn> scores{};
};

struct Sidecar {
  std::filesystem::path file;
  std::string text;  ///< as read
  std::string name;  ///< of the results file's job; empty: not given
  std::vector<ModelRule> models;
  std::vector<FileRule> files;
  std::vector<TaskRule> tasks;
  std::optional<TableMap> table;
};

/// Throws one ConfigError that lists every mistake as "file:line: message".
Sidecar parse_sidecar(std::string_view text, const std::filesystem::path& file);
Sidecar load_sidecar(const std::filesystem::path& file);

}  // namespace allometer::exchange
