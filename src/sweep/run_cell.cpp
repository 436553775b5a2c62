#include "sweep/run_cell.hpp"

#include <chrono>
#include <map>
#include <new>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/fault_point.hpp"
#include "core/provenance.hpp"
#include "eval/run_shard.hpp"
#include "model/load.hpp"
#include "results/job_record.hpp"
#include "sweep/plan.hpp"
#include "tokenizer/chat_template.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::sweep {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a preparation makes of its answers. Its cell is one shard, so that they are all here.
std::string artifact_of(const tasks::Task& task,
                        const std::vector<results::QuestionRecord>& records) {
  ALLOMETER_EXPECT(task.num_questions() == static_cast<int>(records.size()));
  std::vector<std::vector<tasks::MetricValue>> answers;
  for (const results::QuestionRecord& record : records) {
    auto& answer = answers.emplace_back();
    for (std::size_t i = 0; i < record.metric_value.size(); ++i)
      answer.push_back({record.metric_value[i], record.metric_weight[i]});
  }
  return task.artifact(answers);
}

}  // namespace

void remove_stale_weights() {
  for (const auto& directory : model::shared_directories()) {
    model::remove_stale_packed_weights(directory);
  }
}

struct CellRunner::Loaded {
  std::int32_t variant = -1;
  std::int32_t model_index = -1;
  std::unique_ptr<tokenizer::Tokenizer> tokenizer;
  std::shared_ptr<const tokenizer::ChatTemplate> chat_template;  ///< once a cell applied it
  std::unique_ptr<model::CausalModel> model;
  std::map<std::int32_t, std::shared_ptr<const tasks::Task>> tasks;
};

CellRunner::CellRunner(const SetupMessage& setup, std::string host, int rank,
                       std::function<void()> on_progress)
    : setup_(setup),
      host_(std::move(host)),
      rank_(rank),
      on_progress_(std::move(on_progress)),
      loaded_(std::make_unique<Loaded>()) {}
CellRunner::~CellRunner() = default;

void CellRunner::hold_variant(const Assignment& assignment) {
  if (loaded_->variant == assignment.variant) return;
  const auto& variant = setup_.variants.at(static_cast<std::size_t>(assignment.variant));
  const auto& model = setup_.models.at(static_cast<std::size_t>(variant.model));
  // The old weights go first: two large models need not fit side by side.
  loaded_->model.reset();
  loaded_->variant = -1;
  // And what no rank of the node holds any more goes from its shared memory.
  remove_stale_weights();
  if (loaded_->model_index != variant.model) {
    loaded_->tokenizer.reset();
    loaded_->chat_template.reset();
    loaded_->model_index = -1;
    loaded_->tokenizer =
        std::make_unique<tokenizer::Tokenizer>(tokenizer::Tokenizer::load(model.path));
    loaded_->model_index = variant.model;
  }
  model::LoadOptions options;
  options.precision = parse_precision(variant.precision).value();
  options.instruction_set = parse_instruction_set(setup_.instruction_set).value();
  options.digest = Digest::from_hex(model.digest);
  options.max_rows = setup_.chunk_tokens;
  const auto config = model::Config::load(model.path);
  options.shared_directory =
      model::choose_shared_directory(model::packed_bytes(config, options.precision));
  loaded_->model = model::load_model(model.path, options);
  loaded_->variant = assignment.variant;
}

void CellRunner::hold_chat_template(const Assignment& assignment) {
  if (loaded_->chat_template) return;
  const auto& variant = setup_.variants.at(static_cast<std::size_t>(assignment.variant));
  const std::string& path = setup_.models.at(static_cast<std::size_t>(variant.model)).path;
  const tasks::ChatSettings& chat = assignment.settings.chat;
  auto loaded = tokenizer::ChatTemplate::load(path, chat.template_name);
  if (loaded.digest().hex() != chat.template_digest) {
    throw ConfigError("the chat template of " + path +
                      " changed while the sweep ran: start the job again");
  }
  loaded_->chat_template = std::make_shared<const tokenizer::ChatTemplate>(std::move(loaded));
}

std::shared_ptr<const tasks::Task> CellRunner::hold_task(const Assignment& assignment) {
  const auto& source = setup_.tasks.at(static_cast<std::size_t>(assignment.task));
  auto& held = loaded_->tasks[assignment.task];
  const bool is_new = !held;
  if (is_new) held = tasks::load_task(source.file);
  auto task = task_to_ask(held, source.is_preparation, assignment.settings);
  if (is_new && task->digest().hex() != source.digest) {
    held.reset();
    throw ConfigError(source.file +
                      " or its data changed while the sweep ran: start the job again");
  }
  return task;
}

ResultMessage CellRunner::run(const Assignment& assignment) {
  const auto fail = [&](std::string kind, std::string reason) {
    results::FailureRecord failure{Digest::from_hex(assignment.cell_digest), std::move(kind),
                                   std::move(reason), host_, rank_};
    return ResultMessage{assignment.lease.id, true, failure.encode(), 0};
  };
  try {
    results::ShardResult shard;
    shard.cell = Digest::from_hex(assignment.cell_digest);
    shard.begin = assignment.lease.begin;
    shard.end = assignment.lease.end;
    shard.attempt = assignment.lease.attempt;
    shard.rank = rank_;
    shard.host = host_;

    fault_point(assignment.cell_name);
    reset_peak_resident_bytes();
    const auto load_start = Clock::now();
    hold_variant(assignment);
    const auto task = hold_task(assignment);
    tasks::PromptSettings settings = assignment.settings;
    if (settings.chat.apply_template) {
      hold_chat_template(assignment);
      settings.chat.render = chat_renderer(loaded_->chat_template);
    }
    shard.cost.load_seconds = seconds_since(load_start);

    const auto joules_before = energy_.joules();
    const auto start = Clock::now();
    eval::Engine engine(*loaded_->model,
                        {setup_.chunk_tokens, static_cast<std::size_t>(setup_.generation_bytes)});
    engine.on_chunk([this] {
      fault_point("mid_shard");
      on_progress_();
    });
    shard.records = eval::run_questions(*task, settings, shard.begin, shard.end,
                                        *loaded_->tokenizer, loaded_->model->config(), engine);
    if (setup_.tasks[static_cast<std::size_t>(assignment.task)].is_preparation)
      shard.artifact = artifact_of(*task, shard.records);
    shard.cost.wall_seconds = seconds_since(start);
    const auto joules_after = energy_.joules();
    // The counters are the node's; its ranks are taken to share it evenly.
    if (joules_before && joules_after) {
      shard.cost.energy_joules = (*joules_after - *joules_before) / setup_.ranks_on_node;
    }
    shard.cost.tokens_computed = engine.counters().tokens_computed;
    shard.cost.tokens_requested = engine.counters().tokens_requested;
    shard.cost.flops = engine.counters().flops;
    shard.cost.peak_memory_bytes = peak_resident_bytes();
    return {assignment.lease.id, false, shard.encode(), shard.cost.wall_seconds};
  } catch (const Error& error) {
    return fail(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(
        "io",
        fmt::format(
            "out of memory on {} ({:.1f} GiB available); use fewer ranks per node or a smaller "
            "engine.generation_memory",
            host_, static_cast<double>(available_memory_bytes()) / (1 << 30)));
  }
}

}  // namespace allometer::sweep
