#pragma once
/// The job file: what a sweep runs, checked as a whole before any work.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/precision.hpp"

namespace allometer::job {

/// One entry of `models`, globs expanded: one checkpoint.
struct Model {
  std::string name;  ///< unique in the job; that of the directory or GGUF file unless given
  std::filesystem::path path;
  std::string family;
  bool random_weights = false;  ///< key `random: true`: labelled wherever its numbers appear
  std::map<std::string, std::string> levers;
  std::optional<double> training_tokens;  ///< that the checkpoint has seen
  int line = 0;                           ///< in the job file, for messages
};

struct TaskRef {
  std::string name;                       ///< looked up in task directories, or
  std::filesystem::path file;             ///< a task file
  std::optional<std::vector<int>> shots;  ///< overrides the job's
  std::optional<std::vector<std::uint64_t>> seeds;
  std::optional<std::int64_t> limit;
  int line = 0;
};

struct Variant {
  Precision precision = Precision::f32;
  int line = 0;
};

/// A condition on a cell: every key given must match. Keys: model (glob), family, task (glob),
/// precision, shots, seed, and any lever.
struct Rule {
  std::map<std::string, std::vector<std::string>> match;
  int line = 0;
};

/// Keys `apply_chat_template`, `system_instruction` and `fewshot_as_multiturn`, as the options of
/// lm-evaluation-harness.
struct Chat {
  bool apply_template = false;
  std::string template_name;  ///< empty: each checkpoint's default one
  std::string system_instruction;
  bool fewshot_as_multiturn = false;

  bool operator==(const Chat&) const = default;
};

struct Analysis {
  double confidence = 0.95;
  int bootstrap_draws = 10000;
  std::uint64_t seed = 0;
  /// The size axis: "without_embeddings", "total", "training_flops" or "training_tokens".
  std::string size = "without_embeddings";
  /// Change of the rescaled score (0 guessing, 1 perfect) for ten-fold size that is worth speaking
  /// of: a slope that is surely smaller is called flat.
  double smallest_effect = 0.05;
  /// Ability or task that others are compared with.
  std::string contrast = "contrast";
  std::map<std::string, std::string> reference;  ///< level of a lever that others are compared with
  bool hierarchical = false;   ///< bootstrap over families, models and questions too
  bool mixed_model = false;    ///< mixed logistic model of every question's answers
  bool item_response = false;  ///< how few questions would do
  struct Density {
    std::string family;  ///< of the reference models
    std::string loss;    ///< TASK/METRIC
    std::string score;   ///< TASK/METRIC
  };
  std::optional<Density> density;  ///< capacity density of every model

  /// One JSON object, as the plan keeps it; settings that are as by default and newer than the
  /// first are left out.
  std::string to_json() const;
};

struct Job {
  std::filesystem::path file;
  std::string text;  ///< the file as read
  std::string name;
  std::vector<Model> models;
  std::vector<std::filesystem::path> task_directories;
  std::vector<TaskRef> tasks;
  std::vector<Variant> variants;          ///< default: one, f32
  std::optional<std::vector<int>> shots;  ///< default: each task's num_fewshot
  std::vector<std::uint64_t> seeds;       ///< default: {0}
  std::optional<std::string> sampler;     ///< default: each task's
  std::optional<std::int64_t> limit;      ///< first n questions of each task
  Chat chat;
  std::vector<Rule> exclude;     ///< cells that match any are dropped
  std::vector<Rule> include;     ///< if given, cells that match none are dropped
  std::filesystem::path output;  ///< empty: must come from -o
  Analysis analysis;
  int chunk_tokens = 256;  ///< key `engine.chunk_tokens`
  std::size_t generation_bytes = std::size_t{1}
                                 << 30;  ///< key `engine.generation_memory`, as 512MiB
  double shard_seconds = 20;             ///< key `engine.shard_seconds`: aimed-at length of a shard

  /// Name, models, tasks, levers, settings: not formatting or comments.
  Digest digest() const;
};

/// Reads and checks a job file. Relative paths are taken from the file's directory; ${NAME} is an
/// environment variable. Throws one ConfigError that lists every mistake as "file:line: message",
/// with a suggestion for unknown keys.
Job load_job(const std::filesystem::path& file);

/// Throws a ConfigError that lists every rule that matches nothing in the job: silently it would
/// drop, or keep, expensive cells. Not part of load_job, since a battery's tasks are not known
/// there.
void check_rules(const Job& job);

/// What of a cell a rule can see.
struct CellKey {
  std::string model;
  std::string family;
  std::string task;
  std::string precision;
  int shots = 0;
  std::uint64_t seed = 0;
  const std::map<std::string, std::string>* levers = nullptr;
};
bool matches(const Rule& rule, const CellKey& key);
/// exclude and include together: does the job hold this cell?
bool selects(const Job& job, const CellKey& key);

/// Shell-style pattern with * ? [..].
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace allometer::job
