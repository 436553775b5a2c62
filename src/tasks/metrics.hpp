#pragma once
/// The metrics of lm-evaluation-harness per output type, and the value that each question adds to
/// them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/exact_match.hpp"
#include "tasks/instructions/instruction.hpp"
#include "tasks/task.hpp"

namespace allometer::tasks {

enum class MetricId {
  acc,
  acc_norm,
  acc_bytes,
  acc_mutual_info,
  acc_above_chance,
  brier_score,
  exact_match,
  edit_distance,
  nll,
  perplexity,
  word_perplexity,
  byte_perplexity,
  bits_per_byte,
  nats_per_token,
  preference_acc,
  preference_acc_norm,
  prompt_level_strict_acc,
  inst_level_strict_acc,
  prompt_level_loose_acc,
  inst_level_loose_acc,
};
/// Is it one of IFEval's four, which look at a document's instructions and not at its target?
bool is_about_instructions(MetricId id);

struct MetricDefinition {
  MetricId id = MetricId::acc;
  OutputType output_type = OutputType::multiple_choice;
  bool is_default = false;       ///< computed where a task names no metrics
  std::string_view aggregation;  ///< what lm-evaluation-harness calls it
  bool can_be_guessed = false;   ///< chance is that of picking a choice blindly
  Metric metric;
};

/// nullptr if the output type has no such metric.
const MetricDefinition* find_metric(OutputType type, std::string_view name);
/// In the order of the table.
std::vector<std::string> metric_names(OutputType type, bool only_defaults);

/// Answers to one multiple-choice question, one entry per choice.
struct ChoiceScores {
  std::span<const Response> conditional;
  std::span<const Response>
      unconditional;                     ///< without the question's text; only for acc_mutual_info
  std::span<const std::string> choices;  ///< without the delimiter
  std::span<const int> gold;             ///< choices that count as right; nll takes the first
  double chance = 0;                     ///< of guessing this question; only for acc_above_chance
};
/// `id` is one of multiple_choice's metrics. Ties go to the first choice, as numpy.argmax has it;
/// but a preference is only one where the right choice is strictly better than every other.
MetricValue score_choices(MetricId id, const ChoiceScores& scores);

/// `id` is one of loglikelihood's metrics.
MetricValue score_continuation(MetricId id, const Response& response);

/// `id` is one of loglikelihood_rolling's metrics; `text` is what was scored.
MetricValue score_text(MetricId id, const Response& response, std::string_view text);

/// exact_match: 1 if the generated text equals any of the references; edit_distance: that to the
/// nearest of them. `comparison` says what both ignore.
MetricValue score_generation(MetricId id, const ExactMatch& comparison, std::string_view generated,
                             std::span<const std::string> references);

/// `id` is one of those about instructions. At the level of instructions a question weighs as much
/// as it has of them.
MetricValue score_instructions(MetricId id, const Verdicts& verdicts);

}  // namespace allometer::tasks
