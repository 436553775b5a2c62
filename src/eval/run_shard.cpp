#include "eval/run_shard.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/contract.hpp"
#include "eval/encode_requests.hpp"
#include "eval/explain_questions.hpp"
#include "eval/generated_text.hpp"
#include "eval/question_error.hpp"
#include "eval/token_trie.hpp"

namespace allometer::eval {
namespace {

/// Where the answer to a text request comes from: token requests [first, first + count) of its
/// kind.
struct Source {
  tasks::Request::Kind kind = tasks::Request::Kind::loglikelihood;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// A question and its requests as tokens.
struct Asked {
  std::vector<Source> sources;  ///< one per request of the task
  std::int32_t context_tokens = 0;
  bool truncated = false;
};

/// Everything that a range of questions asks of the engine.
struct Batch {
  std::vector<Asked> questions;
  std::vector<ScoreRequest> to_score;
  std::vector<GenerateRequest> to_generate;
  std::vector<std::unique_ptr<StopWatch>> watches;  ///< one per entry of to_generate
};

/// Turns the requests of questions into tokens.
class Encoder {
 public:
  Encoder(const tasks::Task& task, const tasks::PromptSettings& settings,
          const tokenizer::Tokenizer& tokenizer, const model::Config& config)
      : task_(task), settings_(settings), tokenizer_(tokenizer), config_(config) {
    add_end_token(tokenizer.eos_id());
    add_end_token(config.eos_token_id);
  }

  Batch encode(int begin, int end) {
    ALLOMETER_EXPECT(0 <= begin && begin <= end && end <= task_.num_questions());
    batch_ = Batch();
    for (int question = begin; question < end; ++question) {
      with_question_named(task_, question, [&] { encode_question(question); });
    }
    return std::move(batch_);
  }

 private:
  void add_end_token(std::optional<std::int32_t> id) {
    if (!id || std::find(end_tokens_.begin(), end_tokens_.end(), *id) != end_tokens_.end()) return;
    end_tokens_.push_back(*id);
    if (*id < tokenizer_.vocab_size()) {
      end_texts_.push_back(tokenizer_.decode({&end_tokens_.back(), 1}, tokenizer::SkipSpecial::no));
    }
  }

  void encode_question(int question) {
    Asked asked;
    for (const tasks::Request& request : task_.requests(question, settings_)) {
      int context_tokens = 0;
      if (request.kind == tasks::Request::Kind::generate) {
        context_tokens = add_prompt(request, asked);
      } else {
        context_tokens = add_scored(request, asked);
      }
      if (asked.sources.size() == 1) asked.context_tokens = context_tokens;
    }
    batch_.questions.push_back(std::move(asked));
  }

  int add_scored(const tasks::Request& request, Asked& asked) {
    std::vector<EncodedRequest> windows;
    if (request.kind == tasks::Request::Kind::rolling) {
      windows = encode_rolling(request.continuation, tokenizer_, config_, task_.add_bos_token());
    } else {
      windows.push_back(encode_loglikelihood(request.context, request.continuation, tokenizer_,
                                             config_, task_.add_bos_token()));
    }
    asked.sources.push_back({request.kind, batch_.to_score.size(), windows.size()});
    const int context_tokens = windows.empty() ? 0 : windows.front().request.num_context;
    for (EncodedRequest& window : windows) {
      asked.truncated = asked.truncated || window.truncated;
      batch_.to_score.push_back(std::move(window.request));
    }
    return context_tokens;
  }

  int add_prompt(const tasks::Request& request, Asked& asked) {
    EncodedPrompt prompt = encode_prompt(request.context, request.max_gen_toks, tokenizer_, config_,
                                         task_.add_bos_token());
    const int context_tokens = static_cast<int>(prompt.tokens.size());
    asked.truncated = asked.truncated || prompt.truncated;
    asked.sources.push_back({request.kind, batch_.to_generate.size(), 1});
    std::vector<std::string> stops = request.until;
    stops.insert(stops.end(), end_texts_.begin(), end_texts_.end());
    batch_.watches.push_back(std::make_unique<StopWatch>(tokenizer_, std::move(stops)));
    StopWatch* const watch = batch_.watches.back().get();
    batch_.to_generate.push_back(
        {std::move(prompt.tokens), request.max_gen_toks, end_tokens_,
         [watch](TokenSpan tokens) { return watch->is_finished(tokens); }});
    return context_tokens;
  }

  const tasks::Task& task_;
  const tasks::PromptSettings& settings_;
  const tokenizer::Tokenizer& tokenizer_;
  const model::Config& config_;
  std::vector<std::int32_t> end_tokens_;
  std::vector<std::string> end_texts_;
  Batch batch_;
};

tasks::Response scored_response(const Source& source, const Batch& batch,
                                const std::vector<Score>& scores) {
  tasks::Response response;
  response.is_greedy = true;
  for (std::size_t i = source.first; i < source.first + source.count; ++i) {
    const ScoreRequest& request = batch.to_score[i];
    response.log_likelihood += scores[i].log_likelihood;
    response.is_greedy = response.is_greedy && scores[i].is_greedy;
    response.num_tokens += static_cast<std::int32_t>(request.tokens.size()) - request.num_context;
  }
  return response;
}

/// Nodes of the trie from which at least one request scores a token.
std::int64_t count_scored_rows(const TokenTrie& trie, std::span<const ScoreRequest> requests) {
  std::vector<char> is_scored(
      static_cast<std::size_t>(trie.max_depth()));  // along the path of the branch at hand
  std::int64_t count = 0;
  for (const TokenTrie::Branch& branch : trie.branches()) {
    std::fill(is_scored.begin() + branch.shared, is_scored.begin() + branch.length, 0);
    for (int depth = requests[branch.sequence].num_context - 1; depth < branch.length; ++depth) {
      count += is_scored[depth] == 0 ? 1 : 0;
      is_scored[depth] = 1;
    }
  }
  return count;
}

results::QuestionRecord to_record(const tasks::Task& task, int question, const Asked& asked,
                                  const std::vector<tasks::Response>& responses) {
  results::QuestionRecord record;
  record.question = question;
  record.context_tokens = asked.context_tokens;
  record.truncated = asked.truncated ? 1 : 0;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    record.log_likelihood.push_back(responses[i].log_likelihood);
    record.is_greedy.push_back(responses[i].is_greedy ? 1 : 0);
    record.num_tokens.push_back(responses[i].num_tokens);
    if (asked.sources[i].kind == tasks::Request::Kind::generate)
      record.generated.push_back(responses[i].text);
  }
  for (const tasks::MetricValue& metric : task.score(question, responses)) {
    record.metric_value.push_back(metric.value);
    record.metric_weight.push_back(metric.weight);
  }
  return record;
}

}  // namespace

std::vector<results::QuestionRecord> run_questions(const tasks::Task& task,
                                                   const tasks::PromptSettings& settings, int begin,
                                                   int end, const tokenizer::Tokenizer& tokenizer,
                                                   const model::Config& config, Engine& engine) {
  const Batch batch = Encoder(task, settings, tokenizer, config).encode(begin, end);
  const std::vector<Score> scores = engine.score(batch.to_score);
  const std::vector<std::vector<std::int32_t>> generated = engine.generate(batch.to_generate);

  std::vector<results::QuestionRecord> records;
  for (int question = begin; question < end; ++question) {
    const Asked& asked = batch.questions[question - begin];
    std::vector<tasks::Response> responses;
    for (const Source& source : asked.sources) {
      if (source.kind == tasks::Request::Kind::generate) {
        tasks::Response response;
        response.num_tokens = static_cast<std::int32_t>(generated[source.first].size());
        response.text = batch.watches[source.first]->text_of(generated[source.first]);
        responses.push_back(std::move(response));
      } else {
        responses.push_back(scored_response(source, batch, scores));
      }
    }
    with_question_named(task, question,
                        [&] { records.push_back(to_record(task, question, asked, responses)); });
  }
  if (task.explanation() != nullptr)
    add_explanations({task, settings, tokenizer, config}, engine, records);
  return records;
}

TokenEstimate estimate_scores(std::span<const ScoreRequest> requests) {
  TokenEstimate estimate;
  std::vector<TokenSpan> sequences;
  for (const ScoreRequest& request : requests) {
    const auto size = static_cast<std::int64_t>(request.tokens.size());
    estimate.requested += size - 1;
    estimate.max_sequence = std::max(estimate.max_sequence, size - 1);
    sequences.emplace_back(request.tokens);
  }
  const TokenTrie scored(std::move(sequences), Inputs::all_but_last);
  estimate.distinct = scored.num_nodes();
  estimate.scored = count_scored_rows(scored, requests);
  return estimate;
}

TokenEstimate estimate_tokens(const tasks::Task& task, const tasks::PromptSettings& settings,
                              int begin, int end, const tokenizer::Tokenizer& tokenizer,
                              const model::Config& config) {
  const Batch batch = Encoder(task, settings, tokenizer, config).encode(begin, end);
  TokenEstimate estimate = estimate_scores(batch.to_score);

  std::vector<TokenSpan> sequences;
  for (const GenerateRequest& request : batch.to_generate) {
    if (request.max_new_tokens == 0) continue;
    // Of the new tokens the last is not read; how many there will be is not known, so all are
    // counted.
    const std::int64_t decoded = request.max_new_tokens - 1;
    const auto size = static_cast<std::int64_t>(request.tokens.size());
    estimate.requested += size + decoded;
    estimate.distinct += decoded;
    estimate.scored += decoded;
    estimate.max_sequence = std::max(estimate.max_sequence, size + decoded);
    sequences.emplace_back(request.tokens);
  }
  const TokenTrie prompts(std::move(sequences), Inputs::all);
  estimate.distinct += prompts.num_nodes();
  for (const TokenTrie::Branch& branch : prompts.branches())
    estimate.scored += branch.shared < branch.length ? 1 : 0;
  if (task.explanation() == nullptr) return estimate;
  const TokenEstimate explained =
      estimate_explanations({task, settings, tokenizer, config}, begin, end);
  estimate.requested += explained.requested;
  estimate.distinct += explained.distinct;
  estimate.scored += explained.scored;
  estimate.max_sequence = std::max(estimate.max_sequence, explained.max_sequence);
  return estimate;
}

}  // namespace allometer::eval
