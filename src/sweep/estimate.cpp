#include "sweep/estimate.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/instruction_set.hpp"
#include "core/progress.hpp"
#include "core/provenance.hpp"
#include "model/backend.hpp"
#include "model/load.hpp"
#include "sweep/node_memory.hpp"
#include "sweep/plan.hpp"
#include "sweep/simulate.hpp"

namespace allometer::sweep {
namespace {

/// Storage that fills the page cache; only the first load of a model on a node pays it.
constexpr double kLoadBytesPerSecond = 500e6;
/// Measured on results files of the shipped tasks: row of the record columns, and per scored
/// continuation, compressed.
constexpr double kBytesPerQuestion = 60;

struct VariantWork {
  int cells = 0;
  std::int64_t questions = 0;
  double tokens = 0;
  double requested_tokens = 0;
  double flops = 0;
  std::int64_t max_sequence = 0;
  bool generates = false;
};

std::string human_count(double count) {
  for (const auto& [unit, size] : {std::pair{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}}) {
    if (count >= size) return fmt::format("{:.1f}{}", count / size, unit);
  }
  return fmt::format("{:.0f}", count);
}

std::vector<VariantWork> work_by_variant(const Plan& plan) {
  std::vector<VariantWork> variants(plan.record.variants.size());
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    if (plan.cell_failure[i]) continue;
    const auto& cell = plan.record.cells[i];
    VariantWork& variant = variants[static_cast<std::size_t>(cell.variant)];
    ++variant.cells;
    variant.questions += cell.num_questions;
    variant.tokens += cell.num_questions * plan.work[i].tokens_per_question;
    variant.requested_tokens += cell.num_questions * plan.work[i].requested_tokens_per_question;
    variant.flops += cell.num_questions * plan.work[i].flops_per_question;
    variant.max_sequence = std::max(variant.max_sequence, plan.work[i].max_sequence);
    variant.generates |=
        plan.record.tasks[static_cast<std::size_t>(cell.task)].output_type == "generate_until";
  }
  return variants;
}

/// Nothing of a model that cannot be used.
VariantMemory memory_of_variant(const Plan& plan, std::size_t variant, const VariantWork& work) {
  const auto& planned = plan.record.variants[variant];
  const auto& model = plan.models[static_cast<std::size_t>(planned.model)];
  if (model.failure) return {};
  return memory_of(model.config, *parse_precision(planned.precision), plan.job.chunk_tokens,
                   work.max_sequence);
}

/// With the budget of generation, where a task generates.
double node_bytes(const Plan& plan, const VariantWork& work, const VariantMemory& memory,
                  int ranks) {
  const std::size_t rank =
      memory.of_rank() + (work.generates ? plan.job.generation_bytes : std::size_t{0});
  return static_cast<double>(memory.weights) + ranks * static_cast<double>(rank);
}

std::string variant_table(const Plan& plan, const std::vector<VariantWork>& variants) {
  std::string text =
      fmt::format("{:<32} {:>6} {:>9} {:>9} {:>9} {:>9} {:>11} {:>11}\n", "variant", "cells",
                  "questions", "tokens", "saved", "FLOPs", "weights", "cache/rank");
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const VariantWork& work = variants[i];
    const VariantMemory memory = memory_of_variant(plan, i, work);
    const double saved = work.requested_tokens > 0 ? 1 - work.tokens / work.requested_tokens : 0;
    text += fmt::format("{:<32} {:>6} {:>9} {:>9} {:>8.0f}% {:>9} {:>11} {:>11}\n",
                        plan.record.variants[i].name, work.cells, work.questions,
                        human_count(work.tokens), 100 * saved, human_count(work.flops),
                        human_bytes(static_cast<double>(memory.weights)),
                        human_bytes(static_cast<double>(memory.cache)));
  }
  return text;
}

/// Question texts stand in the file as they are, once a task; the rest is what an empty file takes.
double texts_bytes(const Plan& plan) {
  double bytes = 400e3;
  for (const auto& task : plan.record.tasks) {
    for (std::size_t i = 0; i < task.question_ids.size(); ++i) {
      bytes += static_cast<double>(task.question_ids[i].size() + task.question_texts[i].size() +
                                   task.question_targets[i].size() + 100);
    }
  }
  return bytes;
}

Node node_of(const EstimateOptions& options) {
  if (options.node_memory_bytes > 0)
    return {"a node", options.node_memory_bytes, options.ranks_per_node};
  return {"this machine", memory_limit_bytes(), options.ranks_per_node};
}

std::string failures(const Plan& plan) {
  std::string text;
  std::map<std::string, int> reasons;
  for (const auto& failure : plan.cell_failure) {
    if (failure) ++reasons[failure->reason];
  }
  for (const auto& [reason, count] : reasons)
    text += fmt::format("{} cells will fail: {}\n", count, reason);
  return text;
}

}  // namespace

std::string estimate_job(const EstimateOptions& options) {
  job::Job job = job::load_job(options.job_file);
  std::vector<PlannedTaskInput> tasks = load_tasks(job);
  const InstructionSet isa = detect_instruction_set();
  model::limit_instruction_set(isa);
  const std::vector<Node> nodes = {node_of(options)};
  std::vector<ModelIdentity> identities;
  for (const auto& model : job.models) {
    auto too_large = find_too_large(job, model, nodes);
    identities.push_back(
        too_large ? identity_of_too_large(model, *std::move(too_large), digest_cache_file(), {})
                  : identify_model(model.path, digest_cache_file()));
  }
  Plan plan = make_plan(std::move(job), std::move(tasks), model::numerics_version(isa), identities);
  fail_cells_beyond_memory(plan, nodes);
  const auto variants = work_by_variant(plan);

  std::map<std::string, double> measured;
  std::vector<double> speed;
  std::vector<double> load_seconds;
  double questions = 0;
  double node_memory = 0;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string& precision = plan.record.variants[i].precision;
    if (options.flops_per_second > 0) measured[precision] = options.flops_per_second;
    if (!measured.contains(precision)) {
      model::set_num_threads(1);
      measured[precision] = model::measure_peak_flops_per_second(*parse_precision(precision));
    }
    speed.push_back(options.efficiency * measured[precision]);
    const VariantMemory memory = memory_of_variant(plan, i, variants[i]);
    load_seconds.push_back(static_cast<double>(memory.weights) / kLoadBytesPerSecond);
    node_memory =
        std::max(node_memory, node_bytes(plan, variants[i], memory, options.ranks_per_node));
    questions += static_cast<double>(variants[i].questions);
  }
  const auto simulation = simulate(
      scheduled_cells(plan), {.world_size = options.ranks, .shard_seconds = plan.job.shard_seconds},
      options.ranks_per_node, speed, load_seconds);
  std::string text = variant_table(plan, variants) + failures(plan);
  text += fmt::format("\n{} cells, {} questions, results file about {}\n", plan.record.cells.size(),
                      human_count(questions),
                      human_bytes(texts_bytes(plan) + kBytesPerQuestion * questions));
  text += fmt::format(
      "memory of a node: up to {} for {} ranks on its largest variant, weights shared ({} are free "
      "here)\n",
      human_bytes(node_memory), options.ranks_per_node,
      human_bytes(static_cast<double>(available_memory_bytes())));
  for (const auto& [precision, flops] : measured) {
    text += fmt::format(
        "one rank: {} at {:.1f} GFLOP/s in matrix products, taken as {:.0f} % of that\n", precision,
        flops * 1e-9, 100 * options.efficiency);
  }
  text +=
      fmt::format("{} ranks, {} a node: about {} in {} shards, ranks busy {:.0f} % of it\n",
                  options.ranks, options.ranks_per_node, format_duration(simulation.wall_seconds),
                  simulation.num_shards, 100 * simulation.busy_share);
  return text;
}

}  // namespace allometer::sweep
