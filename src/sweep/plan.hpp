#pragma once
/// From a job to its grid: every cell with its identity, its work and, where an input is unusable,
/// the reason.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "job/job.hpp"
#include "model/config.hpp"
#include "results/job_record.hpp"
#include "sweep/schedule.hpp"
#include "tasks/task.hpp"
#include "tokenizer/chat_template.hpp"

namespace allometer::sweep {

/// Kind of the failure of cells that need more memory than a node has.
inline constexpr std::string_view kBeyondMemory = "memory";
/// Kind of the failure of cells that need another one, which failed.
inline constexpr std::string_view kNeedsFailed = "needs";

/// Why a model or a task of the job cannot be used; each of its cells fails with this.
struct InputFailure {
  std::string kind;  ///< Error::kind(), or kBeyondMemory
  std::string reason;
};

struct PlannedModelInput {
  std::filesystem::path path;
  Digest tokenizer;
  model::Config config;  ///< meaningless where there is a failure
  /// Where the job applies one.
  std::shared_ptr<const tokenizer::ChatTemplate> chat_template;
  std::optional<InputFailure> failure;
};

struct PlannedTaskInput {
  std::filesystem::path file;
  std::shared_ptr<const tasks::Task> task;
  std::optional<InputFailure> failure;
  /// What is asked is the task's preparation, not the task itself. Such inputs stand behind those
  /// of the job.
  bool is_preparation = false;
};

/// What the questions of a cell need on average, from a sample of them.
struct CellWork {
  double flops_per_question = 0;
  double tokens_per_question = 0;            ///< distinct trie nodes
  double requested_tokens_per_question = 0;  ///< one pass per request
  std::int64_t max_sequence = 0;
};

/// The grid. `record` is what the journal and the results file keep; the vectors beside it have its
/// order.
struct Plan {
  job::Job job;
  results::PlanRecord record;
  std::vector<PlannedModelInput> models;
  std::vector<PlannedTaskInput> tasks;
  std::vector<CellWork> work;                             ///< per cell
  std::vector<std::optional<InputFailure>> cell_failure;  ///< per cell
};

/// Digest and tokenizer digest of a checkpoint, or why there is none; computed by whoever the
/// caller chooses.
struct ModelIdentity {
  Digest digest;     ///< of weights and tokenizer
  Digest tokenizer;  ///< of the tokenizer alone
  std::optional<InputFailure> failure;
};

/// The grid as the scheduler sees it; cells that cannot be computed have no questions.
std::vector<ScheduledCell> scheduled_cells(const Plan& plan);
/// "stories-50k/f32 story_cloze, 2 shots, seed 0"
std::string cell_name(const results::PlanRecord& record, const results::PlannedCell& cell);
/// Why a cell failed that needs `needed`.
InputFailure failure_of_needed(const results::PlanRecord& record,
                               const results::PlannedCell& needed, std::string_view reason);

/// The task, or its preparation for these settings.
std::shared_ptr<const tasks::Task> task_to_ask(std::shared_ptr<const tasks::Task> task,
                                               bool is_preparation,
                                               const tasks::PromptSettings& settings);
/// All that decides a cell's prompts, but for the artifact that it needs and the function that
/// renders chats.
tasks::PromptSettings prompt_settings(const Plan& plan, const results::PlannedCell& cell);
/// What ChatSettings::render is for this template; empty without one.
std::function<std::string(std::span<const tasks::Message>)> chat_renderer(
    std::shared_ptr<const tokenizer::ChatTemplate> chat_template);

/// Where shipped tasks are found when the job names no directory: $ALLOMETER_TASKS, beside the
/// program, or installed.
std::vector<std::filesystem::path> default_task_directories();

/// The job's tasks, found and loaded; all their mistakes in one ConfigError, and those of rules
/// that match nothing. In `job` the batteries give way to their tasks. Cheap beside the
/// checkpoints: do it first.
std::vector<PlannedTaskInput> load_tasks(job::Job& job);

/// `tasks` are those of load_tasks; `identities` has one entry per job.models. Throws ConfigError
/// for what is wrong with the job as a whole (the same checkpoint twice, no cell left).
Plan make_plan(job::Job job, std::vector<PlannedTaskInput> tasks, const std::string& numerics,
               const std::vector<ModelIdentity>& identities);

/// ModelIdentity::digest of the digests of both parts.
Digest model_digest(const Digest& weights, const Digest& tokenizer);

/// The checkpoint's bytes and the tokenizer's, in one digest; a failure where either cannot be
/// read.
ModelIdentity identify_model(const std::filesystem::path& path,
                             const std::filesystem::path& cache_file);

/// $XDG_CACHE_HOME/allometer/digests.jsonl or ~/.cache/allometer/digests.jsonl; empty where neither
/// can be written.
std::filesystem::path digest_cache_file();

}  // namespace allometer::sweep
