#pragma once
/// From text requests to token requests, with lm-evaluation-harness's rules for the boundary, BOS and truncation.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/engine.hpp"
#include "model/config.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

/// A loglikelihood request after encoding: tokens as scored, and what was lost on the left.
struct EncodedRequest {
  ScoreRequest request;
  bool truncated = false;
};

/// `add_bos`: a task's own setting, else the tokenizer's.
EncodedRequest encode_loglikelihood(const std::string& context, const std::string& continuation,
                                    const tokenizer::Tokenizer& tokenizer, const model::Config& config,
                                    std::optional<bool> add_bos);

/// Windows of max_position_embeddings tokens that do not overlap, each token scored once, the prefix token first.
std::vector<EncodedRequest> encode_rolling(const std::string& text, const tokenizer::Tokenizer& tokenizer,
                                           const model::Config& config, std::optional<bool> add_bos);

/// The context, cut from the left to max_position_embeddings - max_gen_toks.
struct EncodedPrompt {
  std::vector<std::int32_t> tokens;
  bool truncated = false;
};
EncodedPrompt encode_prompt(const std::string& context, int max_gen_toks, const tokenizer::Tokenizer& tokenizer,
                            const model::Config& config, std::optional<bool> add_bos);

}  // namespace allometer::eval
