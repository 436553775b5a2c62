#include "sweep/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "eval/run_shard.hpp"
#include "model/cost.hpp"
#include "model/load.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::sweep {
namespace {

/// Questions whose prompts are encoded to predict the work of a cell.
constexpr int kSampledQuestions = 64;

results::PlannedMetric plan_metric(const tasks::Metric& metric) {
  return {metric.name,
          std::string(name_of(metric.aggregation)),
          metric.higher_is_better,
          metric.unit,
          metric.long_name,
          metric.has_standard_error,
          metric.chance,
          metric.majority,
          metric.best};
}

int limited_questions(const tasks::Task& task, std::optional<std::int64_t> limit) {
  const std::int64_t all = task.num_questions();
  return static_cast<int>(limit ? std::min(*limit, all) : all);
}

results::PlannedTask plan_task(const tasks::Task& task, int num_questions) {
  results::PlannedTask planned;
  planned.name = task.name();
  planned.ability = task.ability();
  planned.description = task.description();
  planned.output_type = name_of(task.output_type());
  planned.headline = task.headline();
  planned.digest = task.digest();
  for (const tasks::Metric& metric : task.metrics()) planned.metrics.push_back(plan_metric(metric));
  for (int i = 0; i < num_questions; ++i) {
    planned.question_ids.push_back(task.question_id(i));
    planned.question_texts.push_back(task.question_text(i));
    planned.question_targets.push_back(task.question_target(i));
    planned.num_choices.push_back(task.num_choices(i));
    planned.difficulties.push_back(task.difficulty(i));
  }
  return planned;
}

void plan_task_of(PlannedTaskInput& input, std::optional<std::int64_t> limit, Plan& plan) {
  const auto task = task_to_ask(input.task, input.is_preparation, {});
  results::PlannedTask planned;
  try {
    planned = plan_task(*task, limited_questions(*task, limit));
  } catch (const Error& error) {
    planned = plan_task(*task, 0);
    input.failure = InputFailure{error.kind(), error.what()};
  }
  plan.record.tasks.push_back(std::move(planned));
}

/// The job's tasks, then what prepares some of them.
void plan_tasks(Plan& plan) {
  const std::size_t num_tasks = plan.tasks.size();
  for (std::size_t i = 0; i < num_tasks; ++i) {
    const auto& limit = plan.job.tasks[i].limit ? plan.job.tasks[i].limit : plan.job.limit;
    plan_task_of(plan.tasks[i], limit, plan);
  }
  for (std::size_t i = 0; i < num_tasks; ++i) {
    if (!plan.tasks[i].task->preparation({})) continue;
    plan.tasks.push_back({plan.tasks[i].file, plan.tasks[i].task, std::nullopt, true});
    plan_task_of(plan.tasks.back(), std::nullopt, plan);
  }
}

/// The task that prepares this one.
std::int32_t preparing_task(const Plan& plan, std::int32_t task) {
  const auto& prepared = plan.tasks[static_cast<std::size_t>(task)].task;
  const auto found =
      std::find_if(plan.tasks.begin(), plan.tasks.end(), [&](const PlannedTaskInput& input) {
        return input.is_preparation && input.task == prepared;
      });
  ALLOMETER_EXPECT(found != plan.tasks.end());
  return static_cast<std::int32_t>(found - plan.tasks.begin());
}

bool is_beyond_memory(const std::optional<InputFailure>& failure) {
  return failure && failure->kind == kBeyondMemory;
}

void plan_models(Plan& plan, const std::vector<ModelIdentity>& identities) {
  std::map<Digest, std::string> seen;
  for (std::size_t i = 0; i < plan.job.models.size(); ++i) {
    const job::Model& model = plan.job.models[i];
    results::PlannedModel planned;
    planned.name = model.name;
    planned.path = model.path.string();
    planned.family = model.family;
    planned.random_weights = model.random_weights;
    planned.levers = model.levers;
    planned.training_tokens = model.training_tokens.value_or(results::kUnknown);
    planned.digest = identities[i].digest;
    PlannedModelInput input;
    input.path = model.path;
    input.tokenizer = identities[i].tokenizer;
    input.failure = identities[i].failure;
    try {
      input.config = is_beyond_memory(input.failure) ? model::Config::sketch(model.path)
                                                     : model::Config::load(model.path);
      const auto count = model::count_parameters(input.config);
      planned.architecture = input.config.architecture;
      planned.num_parameters = count.total;
      planned.num_parameters_without_embeddings = count.without_embeddings;
      // C = 6 N D (Kaplan et al. 2020, arXiv 2001.08361).
      planned.training_flops = 6 * static_cast<double>(count.total) * planned.training_tokens;
      if (plan.job.chat.apply_template) {
        input.chat_template = std::make_shared<const tokenizer::ChatTemplate>(
            tokenizer::ChatTemplate::load(model.path, plan.job.chat.template_name));
      }
    } catch (const Error& error) {
      if (!input.failure) input.failure = InputFailure{error.kind(), error.what()};
    }
    if (!input.failure || is_beyond_memory(input.failure)) {
      const auto [other, inserted] = seen.emplace(planned.digest, model.name);
      if (!inserted) {
        throw ConfigError(fmt::format(
            "{}:{}: models '{}' and '{}' hold the same weights and tokenizer; keep one of them",
            plan.job.file.string(), model.line, other->second, model.name));
      }
    }
    for (const job::Variant& variant : plan.job.variants) {
      const std::string precision(name_of(variant.precision));
      plan.record.variants.push_back(
          {static_cast<std::int32_t>(i), precision, model.name + "/" + precision});
    }
    plan.record.models.push_back(std::move(planned));
    plan.models.push_back(std::move(input));
  }
}

/// What a cell is: equal text, equal results to the last bit.
Digest cell_digest(const results::PlanRecord& record, const results::PlannedCell& cell,
                   const tasks::ChatSettings& chat) {
  const auto& variant = record.variants[static_cast<std::size_t>(cell.variant)];
  nlohmann::json identity = {
      {"cell", 1},
      {"model", record.models[static_cast<std::size_t>(variant.model)].digest.hex()},
      {"precision", variant.precision},
      {"task", record.tasks[static_cast<std::size_t>(cell.task)].digest.hex()},
      {"shots", cell.num_fewshot},
      {"sampler", cell.sampler},
      {"seed", cell.seed},
      {"questions", cell.num_questions},
      {"numerics", record.numerics},
  };
  // Cells that were asked without keep the digest that they always had.
  if (chat.apply_template || !chat.system_instruction.empty()) {
    identity["chat"] = {chat.apply_template, chat.template_digest, chat.system_instruction,
                        chat.fewshot_as_multiturn};
  }
  // What is made by a cell is decided by what that cell is.
  if (cell.needs)
    identity["needs"] = record.cells[static_cast<std::size_t>(*cell.needs)].digest.hex();
  return sha256(identity.dump());
}

std::optional<InputFailure> failure_of_inputs(const Plan& plan, const results::PlannedCell& cell) {
  const auto& variant = plan.record.variants[static_cast<std::size_t>(cell.variant)];
  const auto& model = plan.models[static_cast<std::size_t>(variant.model)];
  return model.failure ? model.failure : plan.tasks[static_cast<std::size_t>(cell.task)].failure;
}

void add_cell(Plan& plan, results::PlannedCell cell) {
  cell.num_questions = static_cast<std::int32_t>(
      plan.record.tasks[static_cast<std::size_t>(cell.task)].question_ids.size());
  cell.digest = cell_digest(plan.record, cell, prompt_settings(plan, cell).chat);
  plan.cell_failure.push_back(failure_of_inputs(plan, cell));
  plan.record.cells.push_back(std::move(cell));
}

/// The cell that prepares this one, added where it is not there yet: several may need the same.
std::int32_t plan_preparation(Plan& plan, const results::PlannedCell& prepared,
                              const tasks::PromptSettings& settings) {
  results::PlannedCell cell;
  cell.variant = prepared.variant;
  cell.task = preparing_task(plan, prepared.task);
  cell.num_fewshot = settings.num_fewshot;
  cell.seed = settings.seed;
  cell.sampler = name_of(settings.sampler);
  const auto same = [&](const results::PlannedCell& other) {
    return other.variant == cell.variant && other.task == cell.task &&
           other.num_fewshot == cell.num_fewshot && other.seed == cell.seed &&
           other.sampler == cell.sampler;
  };
  const auto& cells = plan.record.cells;
  const auto found = std::find_if(cells.begin(), cells.end(), same);
  const auto index = static_cast<std::int32_t>(found - cells.begin());
  if (found == cells.end()) add_cell(plan, std::move(cell));
  return index;
}

void plan_cells_of(Plan& plan, std::int32_t variant_index, std::int32_t task_index) {
  const job::Job& job = plan.job;
  const auto& variant = plan.record.variants[static_cast<std::size_t>(variant_index)];
  const auto& model = plan.record.models[static_cast<std::size_t>(variant.model)];
  const auto& ref = job.tasks[static_cast<std::size_t>(task_index)];
  const tasks::Task& task = *plan.tasks[static_cast<std::size_t>(task_index)].task;
  const std::vector<int> shots =
      ref.shots ? *ref.shots : job.shots.value_or(std::vector<int>{task.default_num_fewshot()});
  for (const int num_fewshot : shots) {
    for (const std::uint64_t seed : ref.seeds ? *ref.seeds : job.seeds) {
      const job::CellKey key{model.name,  model.family, task.name(),  variant.precision,
                             num_fewshot, seed,         &model.levers};
      if (!job::selects(job, key)) continue;
      results::PlannedCell cell;
      cell.variant = variant_index;
      cell.task = task_index;
      cell.num_fewshot = num_fewshot;
      cell.seed = seed;
      cell.sampler = job.sampler.value_or(std::string(name_of(task.default_sampler())));
      if (const auto needed = task.preparation(prompt_settings(plan, cell)))
        cell.needs = plan_preparation(plan, cell, needed->settings);
      add_cell(plan, std::move(cell));
    }
  }
}

/// Token counts depend on tokenizer, prompts and window, not on the weights: one estimate serves a
/// whole family.
class WorkEstimator {
 public:
  explicit WorkEstimator(const Plan& plan) : plan_(plan) {}

  CellWork estimate(const results::PlannedCell& cell) {
    const auto model = static_cast<std::size_t>(
        plan_.record.variants[static_cast<std::size_t>(cell.variant)].model);
    const model::Config& config = plan_.models[model].config;
    tasks::PromptSettings settings = prompt_settings(plan_, cell);
    settings.chat.render = chat_renderer(plan_.models[model].chat_template);
    const Key key{plan_.models[model].tokenizer,
                  config.max_position_embeddings,
                  cell.task,
                  cell.num_fewshot,
                  cell.sampler,
                  settings.chat.template_digest};
    auto found = estimates_.find(key);
    if (found == estimates_.end()) {
      const int questions = std::min(cell.num_questions, kSampledQuestions);
      const PlannedTaskInput& input = plan_.tasks[static_cast<std::size_t>(cell.task)];
      const auto task = task_to_ask(input.task, input.is_preparation, settings);
      const auto tokens =
          eval::estimate_tokens(*task, settings, 0, questions, tokenizer_of(model), config);
      found = estimates_.emplace(key, Sampled{tokens, std::max(1, questions)}).first;
    }
    const auto& [tokens, questions] = found->second;
    const int middle = static_cast<int>(tokens.max_sequence / 2);
    const model::Flops cost(config);
    const double flops = static_cast<double>(tokens.distinct) * cost.forward(middle) +
                         static_cast<double>(tokens.scored) * cost.head();
    return {flops / questions, static_cast<double>(tokens.distinct) / questions,
            static_cast<double>(tokens.requested) / questions, tokens.max_sequence};
  }

 private:
  using Key = std::tuple<Digest, int, std::int32_t, std::int32_t, std::string, std::string>;
  struct Sampled {
    eval::TokenEstimate tokens;
    int questions = 1;
  };

  const tokenizer::Tokenizer& tokenizer_of(std::size_t model) {
    const PlannedModelInput& input = plan_.models[model];
    auto found = tokenizers_.find(input.tokenizer);
    if (found == tokenizers_.end()) {
      found = tokenizers_.emplace(input.tokenizer, tokenizer::Tokenizer::load(input.path)).first;
    }
    return found->second;
  }

  const Plan& plan_;
  std::map<Digest, tokenizer::Tokenizer> tokenizers_;
  std::map<Key, Sampled> estimates_;
};

void estimate_work(Plan& plan) {
  WorkEstimator estimator(plan);
  plan.work.resize(plan.record.cells.size());
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    if (plan.cell_failure[i]) continue;
    try {
      plan.work[i] = estimator.estimate(plan.record.cells[i]);
    } catch (const Error& error) {
      plan.cell_failure[i] = InputFailure{error.kind(), error.what()};
    }
  }
}

void fail_what_needs_failed(Plan& plan) {
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    const auto& needs = plan.record.cells[i].needs;
    if (!needs || plan.cell_failure[i]) continue;
    const auto& failure = plan.cell_failure[static_cast<std::size_t>(*needs)];
    if (!failure) continue;
    const auto& needed = plan.record.cells[static_cast<std::size_t>(*needs)];
    plan.cell_failure[i] = failure_of_needed(plan.record, needed, failure->reason);
  }
}

}  // namespace

std::string cell_name(const results::PlanRecord& record, const results::PlannedCell& cell) {
  return fmt::format(
      "{} {}, {} shots, seed {}", record.variants[static_cast<std::size_t>(cell.variant)].name,
      record.tasks[static_cast<std::size_t>(cell.task)].name, cell.num_fewshot, cell.seed);
}

InputFailure failure_of_needed(const results::PlanRecord& record,
                               const results::PlannedCell& needed, std::string_view reason) {
  return {std::string(kNeedsFailed),
          fmt::format("the cell that it needs failed, {}: {}", cell_name(record, needed), reason)};
}

std::vector<ScheduledCell> scheduled_cells(const Plan& plan) {
  std::vector<ScheduledCell> cells;
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    const auto& cell = plan.record.cells[i];
    cells.push_back({cell.variant, plan.cell_failure[i] ? 0 : cell.num_questions,
                     std::max(1.0, plan.work[i].flops_per_question), cell.needs});
  }
  for (const auto& cell : plan.record.cells) {
    if (cell.needs) cells[static_cast<std::size_t>(*cell.needs)].is_whole = true;
  }
  return cells;
}

std::shared_ptr<const tasks::Task> task_to_ask(std::shared_ptr<const tasks::Task> task,
                                               bool is_preparation,
                                               const tasks::PromptSettings& settings) {
  if (!is_preparation) return task;
  auto preparation = task->preparation(settings);
  ALLOMETER_EXPECT(preparation.has_value());
  return std::move(preparation->task);
}

tasks::PromptSettings prompt_settings(const Plan& plan, const results::PlannedCell& cell) {
  tasks::PromptSettings settings{cell.num_fewshot, tasks::parse_sampler(cell.sampler).value(),
                                 cell.seed};
  const job::Chat& chat = plan.job.chat;
  settings.chat.apply_template = chat.apply_template;
  settings.chat.template_name = chat.template_name;
  settings.chat.system_instruction = chat.system_instruction;
  settings.chat.fewshot_as_multiturn = chat.fewshot_as_multiturn;
  if (!chat.apply_template) return settings;
  const auto& variant = plan.record.variants[static_cast<std::size_t>(cell.variant)];
  const auto& model = plan.models[static_cast<std::size_t>(variant.model)];
  if (model.chat_template) settings.chat.template_digest = model.chat_template->digest().hex();
  return settings;
}

std::function<std::string(std::span<const tasks::Message>)> chat_renderer(
    std::shared_ptr<const tokenizer::ChatTemplate> chat_template) {
  if (!chat_template) return {};
  return [chat_template = std::move(chat_template)](std::span<const tasks::Message> messages) {
    nlohmann::ordered_json turns = nlohmann::ordered_json::array();
    for (const tasks::Message& message : messages) {
      turns.push_back({{"role", message.role}, {"content", message.content}});
    }
    return chat_template->render({{"messages", turns}, {"add_generation_prompt", true}});
  };
}

Plan make_plan(job::Job job, std::vector<PlannedTaskInput> tasks, const std::string& numerics,
               const std::vector<ModelIdentity>& identities) {
  Plan plan;
  plan.job = std::move(job);
  plan.tasks = std::move(tasks);
  plan.record.job_name = plan.job.name;
  plan.record.job_text = plan.job.text;
  plan.record.job_digest = plan.job.digest();
  plan.record.numerics = numerics;
  plan.record.analysis = plan.job.analysis.to_json();
  const auto num_tasks = static_cast<std::int32_t>(plan.tasks.size());
  plan_tasks(plan);
  plan_models(plan, identities);
  for (std::int32_t variant = 0; variant < std::ssize(plan.record.variants); ++variant) {
    for (std::int32_t task = 0; task < num_tasks; ++task) plan_cells_of(plan, variant, task);
  }
  if (plan.record.cells.empty()) {
    throw ConfigError(plan.job.file.string() +
                      ": the rules of `exclude` and `include` leave no cell");
  }
  estimate_work(plan);
  fail_what_needs_failed(plan);
  return plan;
}

Digest model_digest(const Digest& weights, const Digest& tokenizer) {
  return sha256(weights.hex() + tokenizer.hex());
}

ModelIdentity identify_model(const std::filesystem::path& path,
                             const std::filesystem::path& cache_file) {
  try {
    const Digest weights = model::checkpoint_digest(path, cache_file);
    const Digest tokenizer = tokenizer::Tokenizer::load(path).digest();
    return {model_digest(weights, tokenizer), tokenizer, std::nullopt};
  } catch (const Error& error) {
    return {sha256("unusable checkpoint " + path.string() + ": " + error.what()), Digest{},
            InputFailure{error.kind(), error.what()}};
  }
}

std::filesystem::path digest_cache_file() {
  std::filesystem::path directory;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) {
    directory = cache;
  } else if (const char* home = std::getenv("HOME"); home && *home) {
    directory = std::filesystem::path(home) / ".cache";
  } else {
    return {};
  }
  directory /= "allometer";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error || ::access(directory.c_str(), W_OK) != 0) return {};
  return directory / "digests.jsonl";
}

}  // namespace allometer::sweep
