/// allometer score: log-likelihoods of continuations.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/checkpoint.hpp"
#include "cli/commands.hpp"
#include "cli/json_lines.hpp"
#include "cli/options.hpp"
#include "core/log.hpp"
#include "eval/encode_requests.hpp"
#include "eval/engine.hpp"

namespace allometer::cli {
namespace {

/// Requests that share one token trie. More share more; the results do not depend on it.
constexpr std::size_t kRequestsPerCall = 4096;

Options declare() {
  Options options("score",
                  "Reads lines {\"context\": ..., \"continuation\": ...} and prints each line with "
                  "its keys kept and "
                  "\"log_likelihood\" (nats, summed over the continuation), \"is_greedy\" and "
                  "\"num_tokens\" added. "
                  "Boundary, BOS and truncation are those of lm-evaluation-harness: blanks at the "
                  "end of the context "
                  "move to the continuation, and a context that is too long is cut from the left.");
  options.argument("MODEL", Options::Presence::required, "a checkpoint directory or a GGUF file")
      .argument("REQUESTS", Options::Presence::required, "a JSONL file ('-': standard input)");
  declare_compute_options(options);
  options.example(
      "allometer score models/smollm2-135m requests.jsonl --precision bf16 > scores.jsonl",
      "requests.jsonl holds lines like {\"context\": \"The sky is\", \"continuation\": \" blue\"}");
  return options;
}

/// Requests of one call, and the lines they came from.
struct Batch {
  std::vector<nlohmann::ordered_json> lines;
  std::vector<eval::ScoreRequest> requests;
};

eval::ScoreRequest encode_line(const nlohmann::ordered_json& line, const std::string& where,
                               const tokenizer::Tokenizer& tokenizer, const model::Config& config) {
  const std::string context = text_field(line, "context", where);
  const std::string continuation = text_field(line, "continuation", where);
  try {
    eval::EncodedRequest encoded =
        eval::encode_loglikelihood(context, continuation, tokenizer, config, std::nullopt);
    if (encoded.truncated)
      log::warning(where + ": longer than the model's context; cut from the left");
    return std::move(encoded.request);
  } catch (const ConfigError& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
}

void print_scores(Batch& batch, eval::Engine& engine) {
  const std::vector<eval::Score> scores = engine.score(batch.requests);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    nlohmann::ordered_json& line = batch.lines[i];
    line["log_likelihood"] = scores[i].log_likelihood;
    line["is_greedy"] = scores[i].is_greedy;
    line["num_tokens"] =
        batch.requests[i].tokens.size() - static_cast<std::size_t>(batch.requests[i].num_context);
    print_json_line(line);
  }
  batch = {};
}

}  // namespace

int run_score(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const Compute compute = compute_options(options);
  const std::filesystem::path path = checkpoint_path(options, "MODEL");
  const std::filesystem::path file = options.input_path("REQUESTS");
  const auto tokenizer = tokenizer::Tokenizer::load(path);
  const auto model = load_checkpoint(path, compute);
  eval::Engine engine(*model, {});

  Batch batch;
  try {
    for_each_json_line(file, [&](nlohmann::ordered_json& line, const std::string& where) {
      batch.requests.push_back(encode_line(line, where, tokenizer, model->config()));
      batch.lines.push_back(std::move(line));
      if (batch.lines.size() == kRequestsPerCall) print_scores(batch, engine);
    });
  } catch (const FormatError&) {
    // The lines before the bad one have their scores.
    print_scores(batch, engine);
    throw;
  }
  print_scores(batch, engine);
  return kDone;
}

}  // namespace allometer::cli
