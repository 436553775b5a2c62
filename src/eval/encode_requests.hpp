#pragma once
/// From text requests to token requests, with lm-evaluation-harness's rules for the boundary, BOS
/// and truncation. Its max_length is max_position_embeddings here; its prefix token is the
/// tokenizer's BOS, else its EOS, else those of config.json.

#include <cstdint>
#include <optional>
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

/// `add_bos`: a task's own setting, else the tokenizer's; a text that begins with the prefix
/// token's own text gets none. White space at the end of `context` belongs to the continuation,
/// whose ids are what the joint encoding has beyond the length of the context's. Without a context
/// the prefix token stands for it. Of too many tokens the last max_position_embeddings + 1 are
/// kept. Throws ConfigError for an empty continuation, for one that is longer than
/// max_position_embeddings, and where a prefix token is needed and there is none.
EncodedRequest encode_loglikelihood(const std::string& context, const std::string& continuation,
                                    const tokenizer::Tokenizer& tokenizer,
                                    const model::Config& config, std::optional<bool> add_bos);

/// Windows of max_position_embeddings input tokens in which each token of `text` is scored once,
/// the first of them after the prefix token. Later windows start from the token before those that
/// they score, and the last one, where it scores fewer, from as many more as fit. No windows for a
/// text without tokens.
std::vector<EncodedRequest> encode_rolling(const std::string& text,
                                           const tokenizer::Tokenizer& tokenizer,
                                           const model::Config& config,
                                           std::optional<bool> add_bos);

/// The context, cut from the left to max_position_embeddings - max_gen_toks tokens; the prefix
/// token if it has none. Throws ConfigError if max_gen_toks leaves no room for a context.
struct EncodedPrompt {
  std::vector<std::int32_t> tokens;
  bool truncated = false;
};
EncodedPrompt encode_prompt(const std::string& context, int max_gen_toks,
                            const tokenizer::Tokenizer& tokenizer, const model::Config& config,
                            std::optional<bool> add_bos);

}  // namespace allometer::eval
