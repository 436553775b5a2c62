#pragma once
/// Explanations of a multiple-choice task's predictions: a round of the perturbations of many
/// questions is one token trie.

#include <span>
#include <vector>

#include "eval/engine.hpp"
#include "eval/run_shard.hpp"
#include "results/record.hpp"
#include "tasks/explanation_settings.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

/// What is asked and who answers.
struct ExplanationContext {
  const tasks::Task& task;  ///< with an explanation
  const tasks::PromptSettings& settings;
  const tokenizer::Tokenizer& tokenizer;
  const model::Config& config;
};

/// Explains the questions of the records and appends to each the metrics of its explanation, and to
/// `generated` the explanation as JSON (docs/results_schema.md). Nothing in it depends on which
/// questions are explained together. Throws ConfigError where the explained fields are not in the
/// prompt, and as TextUnits; with the question's id in the message.
void add_explanations(const ExplanationContext& context, Engine& engine,
                      std::span<results::QuestionRecord> records);

/// Tokens that explaining the questions [begin, end) will need, from a few masks of a few
/// questions.
TokenEstimate estimate_explanations(const ExplanationContext& context, int begin, int end);

}  // namespace allometer::eval
