#pragma once
/// One shard of one cell: prompts -> requests -> token trie -> scores -> records.

#include <functional>
#include <span>
#include <vector>

#include "eval/engine.hpp"
#include "results/record.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

/// Records of questions [begin, end), in order. Nothing in them depends on begin, end or the
/// engine's options. Errors of the task or the tokenizer come through as they are, with the
/// question's id in the message.
std::vector<results::QuestionRecord> run_questions(const tasks::Task& task,
                                                   const tasks::PromptSettings& settings, int begin,
                                                   int end, const tokenizer::Tokenizer& tokenizer,
                                                   const model::Config& config, Engine& engine);

/// Tokens that the questions [begin, end) will need, for the cost model: by encoding their prompts,
/// without a model.
struct TokenEstimate {
  std::int64_t requested = 0;  ///< one forward pass per request
  std::int64_t distinct = 0;   ///< nodes of the token trie of the whole range
  std::int64_t scored = 0;     ///< rows at the LM head
  std::int64_t max_sequence = 0;
};
/// Of requests that are scored as one trie.
TokenEstimate estimate_scores(std::span<const ScoreRequest> requests);
TokenEstimate estimate_tokens(const tasks::Task& task, const tasks::PromptSettings& settings,
                              int begin, int end, const tokenizer::Tokenizer& tokenizer,
                              const model::Config& config);

}  // namespace allometer::eval
