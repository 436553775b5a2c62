#pragma once
/// A task: questions with fixed ids, how they are asked as text, and how answers become numbers.
/// Text in, text and numbers out: nothing here knows tokens or models. Semantics are those of
/// lm-evaluation-harness.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/digest.hpp"
#include "tasks/battery.hpp"

namespace allometer::tasks {

enum class OutputType { multiple_choice, loglikelihood, loglikelihood_rolling, generate_until };
std::string_view name_of(OutputType type);

/// How the demonstrations of a few-shot prompt are drawn.
enum class Sampler {
  first_n,       ///< the first n documents of the pool
  fixed,         ///< one draw per (task, seed): every question shares the prefix
  per_question,  ///< from (task, seed, question id)
  lm_eval,       ///< the draws of lm-evaluation-harness run as one process: Python's Random(seed),
                 ///< documents in order
};
std::string_view name_of(Sampler sampler);
std::optional<Sampler> parse_sampler(std::string_view name);

/// One turn of a conversation.
struct Message {
  std::string role;
  std::string content;
};

/// lm-evaluation-harness's --apply_chat_template, --system_instruction and --fewshot_as_multiturn.
struct ChatSettings {
  bool apply_template = false;
  std::string template_name;    ///< of several; empty: the one named "default"
  std::string template_digest;  ///< of the model's template, in hex
  /// Stands before the description, as the system's message where a template is applied.
  std::string system_instruction;
  /// A demonstration is a turn of the user and one of the assistant; else all are in the user's.
  bool fewshot_as_multiturn = false;
  /// Makes a conversation's text, the assistant's turn opened; there where apply_template is.
  std::function<std::string(std::span<const Message>)> render;
};

/// What of a cell decides its prompts.
struct PromptSettings {
  int num_fewshot = 0;
  Sampler sampler = Sampler::fixed;
  std::uint64_t seed = 0;
  ChatSettings chat{};
  /// What the task's preparation has made; empty where there is none, or not yet.
  std::string artifact{};
};

/// One thing asked of the engine, as text.
struct Request {
  enum class Kind {
    loglikelihood,  ///< of `continuation` after `context`
    rolling,        ///< of the whole of `continuation`
    generate,       ///< greedy text after `context` until one of `until`
  };
  Kind kind = Kind::loglikelihood;
  std::string context;
  std::string continuation;
  std::vector<std::string> until;
  int max_gen_toks = 256;
};

/// The engine's answer to one request.
struct Response {
  double log_likelihood = 0;  ///< nats, summed over num_tokens
  bool is_greedy = false;
  std::int32_t num_tokens = 0;  ///< scored or generated
  std::string text;             ///< generate: cut at the first stop string
};

/// How per-question (value, weight) pairs become one number: f(sum of values / sum of weights).
enum class Aggregation {
  mean,          ///< identity
  exp_negative,  ///< exp(-x): perplexity, word_perplexity, byte_perplexity
  bits,          ///< -x / ln 2: bits_per_byte
  negative,      ///< -x: nats per token
};
double apply(Aggregation aggregation, double ratio);
std::string_view name_of(Aggregation aggregation);

struct Metric {
  std::string name;  ///< as in lm-evaluation-harness: "acc", "acc_norm", "word_perplexity", ...
  Aggregation aggregation = Aggregation::mean;
  bool higher_is_better = true;
  std::string unit = "1";
  std::string long_name;  ///< one plain sentence for the results file
  /// Does lm-evaluation-harness report a standard error? Sample SD / sqrt(n) for a mean, the SD of
  /// bootstrap draws for perplexity, none for ratios of sums.
  bool has_standard_error = true;
  /// Expected value of guessing; NaN where there is none.
  double chance = 0;
  /// Value of always giving the commonest answer; NaN where there is none.
  double majority = std::numeric_limits<double>::quiet_NaN();
  /// Value of a perfect model: 1 for shares, 0 for most losses; NaN where there is none.
  double best = std::numeric_limits<double>::quiet_NaN();
};

/// One question's share of a metric. NaN value: not defined for this question.
struct MetricValue {
  double value = 0;
  double weight = 1;
};

struct ExplanationSettings;  // explanation_settings.hpp

/// A text of a question that an explanation takes apart.
struct ExplainedText {
  std::string text;
  /// Byte ranges [begin, end) of the gold rationale; nothing where this question has none.
  std::optional<std::vector<std::pair<std::size_t, std::size_t>>> rationale;
};

class Task;

/// A task that another one needs answered first, and the settings to answer it with.
struct Preparation {
  std::shared_ptr<const Task> task;
  PromptSettings settings;
};

/// Immutable after loading; methods may be called from several threads at once.
class Task {
 public:
  virtual ~Task() = default;

  virtual const std::string& name() const = 0;
  /// Key `metadata.ability`, else the first `tag`, else the name.
  virtual const std::string& ability() const = 0;
  /// One line for tables (key `metadata.description`).
  virtual const std::string& description() const = 0;
  virtual OutputType output_type() const = 0;
  virtual int num_questions() const = 0;
  virtual int default_num_fewshot() const = 0;
  virtual Sampler default_sampler() const = 0;
  virtual const std::vector<Metric>& metrics() const = 0;
  /// The metric that speaks for the task where abilities are compared: key `metadata.headline`,
  /// else the first; "none" for a control, which speaks for no ability.
  virtual std::string headline() const { return metrics().front().name; }
  /// Never changes for a question: its `id` field if the data have one, else "<row number in the
  /// file>".
  virtual std::string question_id(int question) const = 0;
  /// What the results file stores about a question: its text without demonstrations, and its gold
  /// answer (empty for rolling). Empty where the document lacks what they need: requests() then
  /// says what.
  virtual std::string question_text(int question) const = 0;
  virtual std::string question_target(int question) const = 0;
  /// Number of answer choices (0 where there are none, or where they cannot be filled).
  virtual int num_choices(int question) const = 0;

  /// On the task's own scale, as hops or digits: the document's field `difficulty`; NaN without
  /// one.
  virtual double difficulty(int question) const = 0;

  /// The requests of a question. For multiple choice one per choice in order, then, if
  /// acc_mutual_info is asked for, one per choice without context; else one, and where the metric
  /// nll is asked for of generated answers, one that scores the target. Throws ConfigError
  /// naming file, row and field when a template cannot be filled, and for demonstrations that are
  /// more than the pool has or that a rolling task cannot take. With a chat template the context is
  /// its text and target_delimiter is empty; rolling texts stay as they are. Sampler lm_eval takes
  /// settings.seed as Python's seed; lm-evaluation-harness's own default is 1234.
  virtual std::vector<Request> requests(int question, const PromptSettings& settings) const = 0;
  /// One MetricValue per entry of metrics(), but for those of an explanation; responses in the
  /// order of requests.
  virtual std::vector<MetricValue> score(int question,
                                         std::span<const Response> responses) const = 0;

  /// How the predictions of a multiple-choice task are explained; nullptr: they are not. If they
  /// are, the metrics of the explanation stand last in metrics(), and score() leaves them out: they
  /// need more than one round of answers (eval/explain_questions.hpp).
  virtual const ExplanationSettings* explanation() const { return nullptr; }
  /// The texts that are explained, one per field. Throws ConfigError naming file, row and field.
  virtual std::vector<ExplainedText> explained_texts(int question) const;
  /// As requests, one per choice, with other texts in place of the explained ones: one entry per
  /// entry of `texts`, which holds a text per field.
  virtual std::vector<std::vector<Request>> perturbed_requests(
      int question, std::span<const std::vector<std::string>> texts,
      const PromptSettings& settings) const;

  /// What the task file says, but for labels and paths, and every byte of its data: part of a
  /// cell's identity.
  virtual Digest digest() const = 0;
  /// What must be answered before questions can be asked with these settings; nothing for most
  /// tasks. Its task is the same for all settings.
  virtual std::optional<Preparation> preparation(const PromptSettings&) const {
    return std::nullopt;
  }
  /// What the answers to all questions of a preparation amount to: PromptSettings::artifact of the
  /// task that it prepares. The argument has the score()s of its questions in order. Empty for any
  /// other task. Throws FormatError where the answers allow none.
  virtual std::string artifact(std::span<const std::vector<MetricValue>>) const { return {}; }

  /// Does the tokenizer's BOS stand before every context? Nothing: as the tokenizer's own settings
  /// say (key `metadata.add_bos_token`).
  virtual std::optional<bool> add_bos_token() const = 0;
};

/// Loads one task file (YAML with lm-evaluation-harness's keys). Relative dataset paths are taken
/// from the file's directory; ${NAME} in a path is an environment variable. Throws ConfigError with
/// "file:line: " in front for the task file, FormatError with "file:row: " for its data, IoError
/// for files that cannot be read. A field that only some documents lack is not an error here:
/// requests() of those questions throws.
std::shared_ptr<const Task> load_task(const std::filesystem::path& yaml_file);

/// What a task measures and how, in plain English: keys `metadata.card.protocol`, `.source` and
/// `.formula`. Any of them may be empty.
struct Card {
  std::string protocol;
  std::string source;
  std::string formula;
};

/// Finds tasks and batteries by name in directories of *.yaml files and the directories in them.
class TaskLibrary {
 public:
  /// Later directories win. Files are only parsed for their names here; those that name no task are
  /// there to be included by others. Throws ConfigError for a name given twice in one directory.
  explicit TaskLibrary(std::span<const std::filesystem::path> directories);

  struct Entry {
    std::string name;
    std::string ability;
    std::string description;
    std::filesystem::path file;
    Card card;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Battery>& batteries() const { return batteries_; }
  /// nullptr if unknown.
  const Entry* find(std::string_view name) const;
  const Battery* find_battery(std::string_view name) const;
  /// Names of tasks and batteries that look like `name`, for messages.
  std::vector<std::string> suggestions(std::string_view name) const;

 private:
  void add_directory(const std::filesystem::path& directory);

  std::vector<Entry> entries_;
  std::vector<Battery> batteries_;
};

}  // namespace allometer::tasks
