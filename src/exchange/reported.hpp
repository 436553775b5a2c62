#pragma once
/// What a file of somebody else's results says, before the sidecar names models and tasks.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/record.hpp"

namespace allometer::exchange {

/// What is told of a model; what is not there is unknown.
struct ModelFacts {
  std::optional<std::string> name;
  std::optional<std::string> family;
  std::optional<std::int64_t> num_parameters;
  std::optional<std::int64_t> num_parameters_without_embeddings;
  std::map<std::string, std::string> levers;
  std::optional<double> training_tokens;
  std::optional<double> training_flops;

  /// Takes over what `other` tells.
  void update(const ModelFacts& other);
  bool operator==(const ModelFacts&) const = default;
};

struct ReportedMetric {
  std::string name;  ///< "acc"; with a filter other than "none": "exact_match,strict-match"
  double value = 0;  ///< finite
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: not reported
  std::optional<bool> higher_is_better{};
};

/// A metric of the questions' answers: how values and weights become one number.
struct AnsweredMetric {
  std::string name;
  std::string aggregation;  ///< as in PlannedMetric
};

/// What a model answered to each question of a task.
struct Answers {
  std::filesystem::path file;
  std::vector<std::string> ids;      ///< of the questions, in their order
  std::vector<std::string> texts;    ///< the document, as JSON
  std::vector<std::string> targets;  ///< the right answer
  std::vector<AnsweredMetric> metrics;
  /// In the order of ids; metric_value and metric_weight in the order of metrics, NaN where a line
  /// lacks the metric; `question` counts from 0.
  std::vector<results::QuestionRecord> records;
};

/// One task of one model with one number of demonstrations.
struct ReportedCell {
  std::string where;  ///< "file: results.TASK" or "file:line", for messages
  std::string task;
  std::optional<std::int32_t> num_fewshot{};
  std::optional<std::int32_t> num_questions{};
  std::optional<std::uint64_t> seed{};
  std::string version{};      ///< of the task, as the file states it; empty if it does not
  std::string output_type{};  ///< empty if unknown
  std::vector<ReportedMetric> metrics{};
  std::optional<Answers> answers{};
};

/// One model of one file.
struct ReportedRun {
  std::filesystem::path file;
  std::string model;  ///< as the file calls it: "EleutherAI/pythia-70m"
  /// Is the model one of several in the file, so that the file's name says nothing of it?
  bool one_of_many = false;
  ModelFacts facts;
  std::vector<ReportedCell> cells;
  std::vector<std::string> left_out;  ///< what was passed over, each with its reason
};

}  // namespace allometer::exchange
