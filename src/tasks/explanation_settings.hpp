#pragma once
/// What a task file says under `explanation`: which text of a question is explained, by which
/// method, and what its explanations are measured by. The explaining itself is eval's.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tasks/task.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// Numbers that an explanation adds to the metrics of its task.
enum class ExplanationMetricId {
  comprehensiveness,
  sufficiency,
  aopc_comprehensiveness,
  aopc_sufficiency,
  tau_leave_one_out,
  local_r2,
  token_iou,
  token_f1,
  auprc,
  vsi,
  csi,
};

/// Faithfulness is given as it is, divided by the probability of the explained class, and less that
/// of a random ranking.
enum class RelativeTo { nothing, probability, random };

struct ExplanationMetric {
  ExplanationMetricId id = ExplanationMetricId::comprehensiveness;
  RelativeTo relative_to = RelativeTo::nothing;
  Metric metric;
};

struct ExplanationSettings {
  /// Fields of the document whose texts are explained, as one text.
  std::vector<std::string> fields;
  std::string method = "lime";       ///< one of explanation_methods()
  std::string selection = "auto";    ///< LIME's: none, highest_weights, forward_selection, auto
  int num_samples = 0;               ///< 0: the method's own default
  int num_features = 10;             ///< that a selection keeps, and that stability compares
  bool units_are_tokens = false;     ///< of the model's tokenizer; else words between white space
  bool bag_of_words = true;          ///< equal units are one feature, removed together
  std::optional<std::string> replacement;  ///< stands for a removed unit; nothing: it is left out
  std::vector<std::string> rationale;      ///< one field of byte spans per explained field, or none
  double share = 0;        ///< of the units that count as the explanation; 0: as many as are gold
  int repeats = 1;         ///< runs with other random numbers, for the stability
  std::uint64_t seed = 0;  ///< of all that is drawn, with the task's name and the question's id

  /// Everything that can change a number.
  nlohmann::json canonical() const;
  /// In the order in which they follow the task's other metrics.
  std::vector<ExplanationMetric> metrics() const;
};

const std::vector<std::string>& explanation_methods();

/// `map`: the value of `explanation`. Throws ConfigError "file:line: ..." for what is unknown, out
/// of bounds, or means nothing to the method.
ExplanationSettings parse_explanation(const YamlValue& map);

}  // namespace allometer::tasks
