/// allometer generate: greedy continuations.

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/checkpoint.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/json_lines.hpp"
#include "cli/options.hpp"
#include "core/log.hpp"
#include "eval/encode_requests.hpp"
#include "eval/engine.hpp"
#include "eval/generated_text.hpp"

namespace allometer::cli {
namespace {

/// Prompts that are decoded together. The results do not depend on it.
constexpr std::size_t kPromptsPerCall = 256;

Options declare() {
  Options options("generate",
                  "Continues prompts greedily (the most probable token each time; of equals the "
                  "smallest id) and prints "
                  "what follows PROMPT, as a generate_until task sees it. With --jsonl, reads "
                  "{\"prompt\": ...} lines and prints each with \"text\" and "
                  "\"ids\" of the continuation added.");
  options.argument("MODEL", Options::Presence::required, "a checkpoint directory or a GGUF file")
      .argument("PROMPT", Options::Presence::optional, "one prompt")
      .option("jsonl", "FILE", "read {\"prompt\": ...} lines from FILE ('-': standard input)")
      .option("max-new-tokens,n", "N", "stop after N tokens", "40")
      .list("until", "TEXT", "stop before TEXT, and leave it out (may be given several times)")
      .flag("ignore-eos", "go on after the end-of-text token");
  declare_chat_options(options);
  declare_compute_options(options);
  options
      .example("allometer generate models/smollm2-135m 'Once upon a time' -n 60 --until '.'",
               "the rest of a sentence")
      .example("allometer generate models/smollm2-135m --jsonl prompts.jsonl > continued.jsonl",
               "a file of prompts")
      .example("allometer generate models/smollm2-135m-instruct --chat messages.json",
               "the assistant's reply to a conversation");
  return options;
}

/// What one run generates with.
struct Generator {
  const tokenizer::Tokenizer& tokenizer;
  eval::Engine& engine;
  const model::Config& config;
  int max_new_tokens;
  std::vector<std::string> until;
  std::optional<bool> add_bos;  ///< nothing: as the tokenizer's own settings say
  std::vector<std::int32_t> end_tokens;
};

struct Continuation {
  std::string text;
  std::vector<std::int32_t> ids;
};

std::vector<Continuation> continue_prompts(const Generator& generator,
                                           std::span<const std::string> prompts) {
  std::vector<eval::GenerateRequest> requests;
  std::vector<eval::StopWatch> watches(prompts.size(),
                                       eval::StopWatch(generator.tokenizer, generator.until));
  for (const std::string& prompt : prompts) {
    eval::EncodedPrompt encoded = eval::encode_prompt(
        prompt, generator.max_new_tokens, generator.tokenizer, generator.config, generator.add_bos);
    if (encoded.truncated) {
      log::warning("a prompt is longer than the model's context; cut from the left");
    }
    eval::StopWatch& watch = watches[requests.size()];
    const auto is_finished = [&watch](std::span<const std::int32_t> ids) {
      return watch.is_finished(ids);
    };
    requests.push_back(
        {std::move(encoded.tokens), generator.max_new_tokens, generator.end_tokens, is_finished});
  }
  std::vector<std::vector<std::int32_t>> generated = generator.engine.generate(requests);
  std::vector<Continuation> continuations;
  for (std::size_t i = 0; i < generated.size(); ++i) {
    std::string text = watches[i].text_of(generated[i]);
    continuations.push_back({std::move(text), std::move(generated[i])});
  }
  return continuations;
}

void continue_lines(const Generator& generator, std::vector<nlohmann::ordered_json>& lines,
                    std::vector<std::string>& prompts) {
  const std::vector<Continuation> continuations = continue_prompts(generator, prompts);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i]["text"] = continuations[i].text;
    lines[i]["ids"] = continuations[i].ids;
    print_json_line(lines[i]);
  }
  lines.clear();
  prompts.clear();
}

std::vector<std::int32_t> end_tokens(const tokenizer::Tokenizer& tokenizer,
                                     const model::Config& config) {
  std::vector<std::int32_t> ids;
  if (config.eos_token_id) ids.push_back(*config.eos_token_id);
  if (const auto id = tokenizer.eos_id(); id && *id != config.eos_token_id) ids.push_back(*id);
  return ids;
}

}  // namespace

int run_generate(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const bool is_chat = options.given("chat");
  if (options.given("PROMPT") + options.given("jsonl") + is_chat != 1)
    options.fail("give either PROMPT, --jsonl FILE or --chat FILE");
  const Compute compute = compute_options(options);
  const std::filesystem::path path = checkpoint_path(options, "MODEL");
  const std::filesystem::path file = options.given("jsonl") ? options.input_path("jsonl") : "";
  const int max_new_tokens = static_cast<int>(options.integer("max-new-tokens", 1, 1 << 20));
  const std::vector<std::string> until = options.texts("until");
  if (std::find(until.begin(), until.end(), "") != until.end())
    options.fail("--until must not be empty");

  // Before the weights are loaded: a conversation that the template refuses is told at once.
  const std::string prompt =
      is_chat ? rendered_conversation(options, path, true) : options.text("PROMPT");
  const auto tokenizer = tokenizer::Tokenizer::load(path);
  const auto model = load_checkpoint(path, compute);
  eval::Engine engine(*model, {});
  const Generator generator{tokenizer, engine, model->config(), max_new_tokens, until,
                            // A chat template writes BOS itself, where there is one.
                            is_chat ? std::optional<bool>(false) : std::nullopt,
                            options.given("ignore-eos") ? std::vector<std::int32_t>{}
                                                        : end_tokens(tokenizer, model->config())};
  if (is_chat || options.given("PROMPT")) {
    const std::vector<Continuation> continuations = continue_prompts(generator, {&prompt, 1});
    fmt::print("{}\n", continuations.front().text);
    return kDone;
  }
  std::vector<nlohmann::ordered_json> lines;
  std::vector<std::string> prompts;
  for_each_json_line(file, [&](nlohmann::ordered_json& line, const std::string& where) {
    prompts.push_back(text_field(line, "prompt", where));
    lines.push_back(std::move(line));
    if (lines.size() == kPromptsPerCall) continue_lines(generator, lines, prompts);
  });
  continue_lines(generator, lines, prompts);
  return kDone;
}

}  // namespace allometer::cli
