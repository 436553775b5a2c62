#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/fault_point.hpp"
#include "io/atomic_file.hpp"
#include "io/hdf5.hpp"
#include "results/merged_grid.hpp"
#include "results/netcdf_name.hpp"
#include "results/results_file.hpp"
#include "results/store.hpp"

namespace allometer::results {
namespace {

using io::ColumnInfo;
using io::ColumnType;
using io::Hdf5Column;
using io::Hdf5Group;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// One column's values from a list of things.
template <class T, class Things, class Get>
std::vector<T> gather(const Things& things, Get get) {
  std::vector<T> values;
  values.reserve(things.size());
  for (const auto& thing : things) values.push_back(static_cast<T>(get(thing)));
  return values;
}

template <class T>
using Values = std::vector<T>;
using Texts = std::vector<std::string>;

ColumnInfo flags(std::string name, std::string long_name, std::string meanings, int count) {
  std::vector<std::int16_t> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<std::int16_t>(i));
  return {std::move(name),
          std::move(long_name),
          "1",
          {{"flag_values", values}, {"flag_meanings", std::move(meanings)}}};
}

/// A measured column: NaN, or the integer's own fill, where nothing was measured.
ColumnInfo measured(std::string name, std::string long_name, std::string units) {
  return {std::move(name), std::move(long_name), std::move(units), {}, true};
}

std::string to_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Which rows of `dimension` belong to each row of this one: the CF count of a contiguous ragged
/// array, and its start.
void write_ragged(Hdf5Group& job, const std::string& of, const std::string& dimension,
                  const Values<std::int32_t>& sizes, bool unlimited = false) {
  Values<std::int64_t> starts;
  std::int64_t next = 0;
  for (const std::int32_t size : sizes) {
    starts.push_back(next);
    next += size;
  }
  job.write_column({dimension + "_row_size",
                    fmt::format("number of rows of {} that belong to this {}", dimension, of),
                    "1",
                    {{"sample_dimension", dimension}}},
                   of, sizes, unlimited);
  job.write_column(
      {dimension + "_row_start", fmt::format("first row of {} of this {}", dimension, of)}, of,
      starts, unlimited);
}

// --- the grid

void write_models(Hdf5Group& job, const MergedGrid& grid) {
  const auto& models = grid.models;
  const auto text = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "model", gather<std::string>(models, get));
  };
  text("model", "name of the checkpoint", [](auto* model) { return model->name; });
  text("model_family", "models trained alike", [](auto* model) { return model->family; });
  text("model_architecture", "architecture", [](auto* model) { return model->architecture; });
  text("model_path", "where the checkpoint lay", [](auto* model) { return model->path; });
  text("model_digest", "SHA-256 of the checkpoint",
       [](auto* model) { return model->digest.hex(); });
  job.write_column({"num_parameters", "number of parameters"}, "model",
                   gather<std::int64_t>(models, [](auto* model) { return model->num_parameters; }));
  job.write_column({"num_parameters_without_embeddings",
                    "number of parameters without token embeddings and output head"},
                   "model", gather<std::int64_t>(models, [](auto* model) {
                     return model->num_parameters_without_embeddings;
                   }));
  job.write_column(measured("model_training_tokens", "tokens seen in training", "1"), "model",
                   gather<double>(models, [](auto* model) { return model->training_tokens; }));
  job.write_column(
      measured("model_training_flops", "floating-point operations spent in training", "1"), "model",
      gather<double>(models, [](auto* model) { return model->training_flops; }));
  job.write_column(
      flags("model_random_weights", "are the weights random, so that scores mean nothing",
            "trained random", 2),
      "model", gather<std::int16_t>(models, [](auto* model) { return model->random_weights; }));
  std::set<std::string> levers;
  for (const auto* model : models) {
    for (const auto& [key, value] : model->levers) levers.insert(key);
  }
  std::set<std::string> taken;
  for (const std::string& lever : levers) {
    std::string name = "model_lever_" + column_name(lever);
    while (!taken.insert(name).second) name += '_';
    job.write_column({name,
                      fmt::format("lever '{}' of the model; empty if it has none", lever),
                      "",
                      {{"lever", lever}}},
                     "model", gather<std::string>(models, [&](auto* model) {
                       const auto found = model->levers.find(lever);
                       return found == model->levers.end() ? std::string() : found->second;
                     }));
  }
}

void write_variants(Hdf5Group& job, const MergedGrid& grid) {
  const auto& variants = grid.variants;
  job.write_column({"variant", "model with its inference-time levers"}, "variant",
                   gather<std::string>(variants, [](auto& variant) { return variant.name; }));
  job.write_column({"variant_model_index", "row of the model"}, "variant",
                   gather<std::int32_t>(variants, [](auto& variant) { return variant.model; }));
  job.write_column({"variant_precision", "number format of weights and activations"}, "variant",
                   gather<std::string>(variants, [](auto& variant) { return variant.precision; }));
}

void write_metrics(Hdf5Group& job, const MergedGrid& grid) {
  std::vector<const PlannedMetric*> metrics;
  Texts labels;
  Values<std::int32_t> sizes;
  for (const PlannedTask* task : grid.tasks) {
    sizes.push_back(static_cast<std::int32_t>(task->metrics.size()));
    for (const PlannedMetric& metric : task->metrics) {
      metrics.push_back(&metric);
      labels.push_back(task->name + "/" + metric.name);
    }
  }
  write_ragged(job, "task", "metric", sizes);
  const auto text = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "metric", gather<std::string>(metrics, get));
  };
  const auto flag = [&](ColumnInfo info, auto get) {
    job.write_column(info, "metric", gather<std::int16_t>(metrics, get));
  };
  job.write_column({"metric", "task and metric"}, "metric", labels);
  text("metric_name", "name as in lm-evaluation-harness",
       [](auto* metric) { return metric->name; });
  text("metric_long_name", "what the metric measures",
       [](auto* metric) { return metric->long_name; });
  text("metric_unit", "unit of the aggregate", [](auto* metric) { return metric->unit; });
  text("metric_aggregation", "how values and weights of questions become one number",
       [](auto* metric) { return metric->aggregation; });
  flag(flags("metric_higher_is_better", "direction of improvement",
             "lower_is_better higher_is_better", 2),
       [](auto* metric) { return metric->higher_is_better; });
  flag(flags("metric_has_standard_error", "does lm-evaluation-harness give a standard error",
             "no yes", 2),
       [](auto* metric) { return metric->has_standard_error; });
  job.write_column(measured("metric_chance", "expected value of guessing", "1"), "metric",
                   gather<double>(metrics, [](auto* metric) { return metric->chance; }));
  job.write_column(measured("metric_majority", "value of always giving the commonest answer", "1"),
                   "metric",
                   gather<double>(metrics, [](auto* metric) { return metric->majority; }));
  job.write_column(measured("metric_best", "value of a perfect model", "1"), "metric",
                   gather<double>(metrics, [](auto* metric) { return metric->best; }));
}

void write_questions(Hdf5Group& job, const MergedGrid& grid) {
  const auto each = [&](const char* name, const char* meaning, auto list) {
    Texts values;
    for (const PlannedTask* task : grid.tasks) {
      values.insert(values.end(), (task->*list).begin(), (task->*list).end());
    }
    job.write_column({name, meaning}, "question", values);
  };
  Values<std::int32_t> sizes, tasks, choices;
  Values<double> difficulties;
  for (std::size_t i = 0; i < grid.tasks.size(); ++i) {
    const PlannedTask& task = *grid.tasks[i];
    sizes.push_back(static_cast<std::int32_t>(task.question_ids.size()));
    tasks.insert(tasks.end(), task.question_ids.size(), static_cast<std::int32_t>(i));
    choices.insert(choices.end(), task.num_choices.begin(), task.num_choices.end());
    difficulties.insert(difficulties.end(), task.difficulties.begin(), task.difficulties.end());
    difficulties.resize(tasks.size(), std::numeric_limits<double>::quiet_NaN());
  }
  job.add_dimension("question", static_cast<std::int64_t>(tasks.size()));
  write_ragged(job, "task", "question", sizes);
  each("question_id", "id within its task", &PlannedTask::question_ids);
  job.write_column({"question_task_index", "row of the task"}, "question", tasks);
  each("question_text", "the question without demonstrations", &PlannedTask::question_texts);
  each("question_target", "the right answer", &PlannedTask::question_targets);
  job.write_column({"question_num_choices", "number of answer choices, 0 where there are none"},
                   "question", choices);
  job.write_column(
      measured("question_difficulty", "difficulty on the task's own scale, as hops or digits", "1"),
      "question", difficulties);
}

void write_tasks(Hdf5Group& job, const MergedGrid& grid) {
  const auto text = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "task", gather<std::string>(grid.tasks, get));
  };
  text("task", "name of the task", [](auto* task) { return task->name; });
  text("task_ability", "ability that the task measures", [](auto* task) { return task->ability; });
  text("task_description", "what is asked", [](auto* task) { return task->description; });
  text("task_output_type", "kind of request", [](auto* task) { return task->output_type; });
  text("task_headline", "the metric that speaks for the task, empty: its first",
       [](auto* task) { return task->headline; });
  text("task_digest", "SHA-256 of the task's text and data",
       [](auto* task) { return task->digest.hex(); });
  std::map<std::string, std::int32_t> abilities;
  for (const PlannedTask* task : grid.tasks) ++abilities[task->ability];
  job.write_column({"ability", "name of the ability"}, "ability",
                   gather<std::string>(abilities, [](auto& entry) { return entry.first; }));
  job.write_column({"ability_num_tasks", "tasks that measure it"}, "ability",
                   gather<std::int32_t>(abilities, [](auto& entry) { return entry.second; }));
  write_metrics(job, grid);
  write_questions(job, grid);
}

// --- cells

/// What the journals hold of each host.
class Machines {
 public:
  explicit Machines(const std::vector<MachineRecord>& records) {
    for (const MachineRecord& record : records) by_host_[record.host] = &record;
  }
  /// FLOP/s of one rank; NaN where it was not measured.
  double peak(const std::string& host, const std::string& precision) const {
    const auto machine = by_host_.find(host);
    if (machine == by_host_.end()) return kNaN;
    const auto rate = machine->second->flops_per_second.find(precision);
    return rate == machine->second->flops_per_second.end() || !(rate->second > 0) ? kNaN
                                                                                  : rate->second;
  }
  std::string energy_source(const std::string& host) const {
    const auto machine = by_host_.find(host);
    return machine == by_host_.end() ? "unmeasured: nothing is known of host " + host
                                     : machine->second->energy_source;
  }

 private:
  std::map<std::string, const MachineRecord*> by_host_;
};

CellStatus status_of(const PlannedCell& cell, const CellState& state) {
  if (state.failure) return CellStatus::failed;
  if (!state.published.empty()) return CellStatus::done;
  const std::int32_t done = state.questions_done();
  if (done > 0 && done >= cell.num_questions) return CellStatus::done;
  return done > 0 ? CellStatus::partial : CellStatus::planned;
}

std::string reason_of(const CellState& state) {
  if (!state.failure) return {};
  const FailureRecord& failure = *state.failure;
  return fmt::format("{} (kind: {}, host {}, rank {})", failure.reason, failure.kind, failure.host,
                     failure.rank);
}

Cost total_cost(const CellState& state) {
  Cost cost;
  for (const ShardLocation& shard : state.shards) cost += shard.cost;
  return cost;
}

/// FLOP/s that the ranks of a cell's shards could have made: mean over its wall time; NaN if any
/// was not measured.
double peak_of(const CellState& state, const std::string& precision, const Machines& machines) {
  double work = 0;
  double seconds = 0;
  for (const ShardLocation& shard : state.shards) {
    if (shard.cost.wall_seconds == 0) continue;
    work += shard.cost.wall_seconds * machines.peak(shard.host, precision);
    seconds += shard.cost.wall_seconds;
  }
  return seconds > 0 ? work / seconds : kNaN;
}

std::string energy_status_of(const CellState& state, const Cost& cost, const Machines& machines) {
  if (state.shards.empty()) return "unmeasured: nothing was computed";
  std::set<std::string> sources;
  for (const ShardLocation& shard : state.shards) {
    const std::string source = machines.energy_source(shard.host);
    const bool is_reason = source.rfind("unmeasured", 0) == 0;
    if (is_reason != cost.energy_joules.has_value()) sources.insert(source);
  }
  if (sources.empty()) {
    return cost.energy_joules ? "measured" : "unmeasured: the counter could not be read every time";
  }
  return fmt::format("{}", fmt::join(sources, "; "));
}

struct CellColumns {
  Texts status_reason, artifact, energy_status;
  Values<std::int16_t> status;
  Values<std::int32_t> questions_done;
  std::vector<Cost> costs;
  Values<double> peaks;
};

const CellState& state_of(const JournalIndex& index, const PlannedCell& cell) {
  static const CellState kNothing{};
  const auto found = index.cells().find(cell.digest);
  return found == index.cells().end() ? kNothing : found->second;
}

CellColumns collect_cells(const JournalIndex& index, const MergedGrid& grid) {
  const Machines machines(index.machines());
  CellColumns columns;
  for (const PlannedCell& cell : grid.cells) {
    const CellState& state = state_of(index, cell);
    const std::string& precision = grid.variants[static_cast<std::size_t>(cell.variant)].precision;
    const Cost cost = total_cost(state);
    columns.status.push_back(static_cast<std::int16_t>(status_of(cell, state)));
    columns.status_reason.push_back(reason_of(state));
    columns.artifact.push_back(state.artifact);
    columns.questions_done.push_back(state.questions_done());
    columns.energy_status.push_back(energy_status_of(state, cost, machines));
    columns.peaks.push_back(peak_of(state, precision, machines));
    columns.costs.push_back(cost);
  }
  return columns;
}

void write_cell_identity(Hdf5Group& job, const MergedGrid& grid) {
  const auto& cells = grid.cells;
  const auto variant_of = [&](const PlannedCell& cell) -> const PlannedVariant& {
    return grid.variants[static_cast<std::size_t>(cell.variant)];
  };
  const auto text = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "cell", gather<std::string>(cells, get), true);
  };
  const auto number = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "cell", gather<std::int32_t>(cells, get), true);
  };
  job.add_dimension("cell", static_cast<std::int64_t>(cells.size()), true);
  text("cell_model", "name of the model", [&](auto& cell) {
    return grid.models[static_cast<std::size_t>(variant_of(cell).model)]->name;
  });
  text("cell_variant", "name of the variant", [&](auto& cell) { return variant_of(cell).name; });
  text("cell_task", "name of the task",
       [&](auto& cell) { return grid.tasks[static_cast<std::size_t>(cell.task)]->name; });
  number("num_fewshot", "number of demonstrations", [](auto& cell) { return cell.num_fewshot; });
  job.write_column({"seed", "seed of the demonstrations; from 2^63 on it reads as negative"},
                   "cell", gather<std::int64_t>(cells, [](auto& cell) { return cell.seed; }), true);
  text("sampler", "how demonstrations are drawn", [](auto& cell) { return cell.sampler; });
  number("cell_model_index", "row of the model",
         [&](auto& cell) { return variant_of(cell).model; });
  number("cell_variant_index", "row of the variant", [](auto& cell) { return cell.variant; });
  number("cell_task_index", "row of the task", [](auto& cell) { return cell.task; });
  number("num_questions", "questions of the cell", [](auto& cell) { return cell.num_questions; });
  number("cell_needs_index",
         "row of the cell whose artifact decides how the questions are asked, -1 if there is none",
         [](auto& cell) { return cell.needs.value_or(-1); });
  text("cell_digest", "SHA-256 of all that decides the cell's results",
       [](auto& cell) { return cell.digest.hex(); });
  job.write_column(
      flags("in_job", "is the cell part of the job as it stands", "not_in_job in_job", 2), "cell",
      gather<std::int16_t>(cells, [](auto& cell) { return cell.in_job; }), true);
}

void write_cell_costs(Hdf5Group& job, const CellColumns& cells) {
  // Answers that others published come without costs: their time is NaN.
  const auto known = [&](std::size_t i) {
    return cells.questions_done[i] > 0 && !std::isnan(cells.costs[i].wall_seconds);
  };
  const auto number = [&](const char* name, const char* meaning, const char* units, auto get) {
    Values<double> values;
    for (std::size_t i = 0; i < cells.costs.size(); ++i) {
      values.push_back(known(i) ? get(cells.costs[i], cells.peaks[i]) : kNaN);
    }
    job.write_column(measured(name, meaning, units), "cell", values, true);
  };
  const auto count = [&](const char* name, const char* meaning, const char* units, auto get) {
    Values<std::int64_t> values;
    for (std::size_t i = 0; i < cells.costs.size(); ++i) {
      values.push_back(known(i) ? get(cells.costs[i]) : io::kMissingInt64);
    }
    job.write_column(measured(name, meaning, units), "cell", values, true);
  };
  number("wall_seconds", "rank-seconds of computing, summed over shards", "s",
         [](const Cost& cost, double) { return cost.wall_seconds; });
  number("load_seconds", "rank-seconds of packing or attaching weights, not in wall_seconds", "s",
         [](const Cost& cost, double) { return cost.load_seconds; });
  count("tokens_computed", "rows of forward passes", "1",
        [](const Cost& cost) { return cost.tokens_computed; });
  count("tokens_requested", "rows that one forward pass per request would have had", "1",
        [](const Cost& cost) { return cost.tokens_requested; });
  count("tokens_saved", "tokens_requested less tokens_computed", "1",
        [](const Cost& cost) { return cost.tokens_requested - cost.tokens_computed; });
  number(
      "tokens_per_second", "tokens_computed per rank-second", "s-1", [](const Cost& cost, double) {
        return cost.wall_seconds > 0 ? static_cast<double>(cost.tokens_computed) / cost.wall_seconds
                                     : kNaN;
      });
  number("flops", "floating-point operations of the model, two per multiply-add", "1",
         [](const Cost& cost, double) { return cost.flops; });
  number("flops_per_second_peak",
         "matrix-product rate of one rank, all of its node's ranks busy, measured at start", "s-1",
         [](const Cost&, double peak) { return peak; });
  number("mfu", "model FLOPs utilisation: flops / (wall_seconds x flops_per_second_peak)", "1",
         [](const Cost& cost, double peak) {
           return cost.wall_seconds > 0 ? cost.flops / cost.wall_seconds / peak : kNaN;
         });
  count("peak_memory_bytes", "largest resident set of a rank", "byte",
        [](const Cost& cost) { return cost.peak_memory_bytes; });
  number("energy_joules", "energy of the ranks' share of the node's counters", "J",
         [](const Cost& cost, double) { return cost.energy_joules.value_or(kNaN); });
  job.write_column({"energy_status", "source of energy_joules, or why it is unmeasured"}, "cell",
                   cells.energy_status, true);
}

void write_cells(Hdf5Group& job, const JournalIndex& index, const MergedGrid& grid) {
  const CellColumns cells = collect_cells(index, grid);
  write_cell_identity(job, grid);
  job.write_column(flags("status", "how far the cell came", "planned partial done failed", 4),
                   "cell", cells.status, true);
  job.write_column({"status_reason", "why the cell failed"}, "cell", cells.status_reason, true);
  job.write_column({"questions_done", "questions with a result"}, "cell", cells.questions_done,
                   true);
  job.write_column({"cell_artifact",
                    "what the cell made for the cells that need it, as the chosen prompt; empty if "
                    "it makes nothing"},
                   "cell", cells.artifact, true);
  write_ragged(job, "cell", "record", cells.questions_done, true);
  write_cell_costs(job, cells);
}

// --- records

/// What a question's value is, and how the values become the metric.
std::string value_meaning(const PlannedMetric& metric) {
  const std::string ratio = fmt::format("sum({0}) / sum({0}_weight)", column_name(metric.name));
  std::string formula = ratio;
  if (metric.aggregation == "exp_negative") formula = "exp(-" + ratio + ")";
  if (metric.aggregation == "bits") formula = "-" + ratio + " / ln 2";
  if (metric.aggregation == "negative") formula = "-" + ratio;
  const char* const what = metric.aggregation == "mean" ? "value of the question"
                                                        : "log-likelihood of the question, nats";
  return fmt::format("{}: {}; of a cell: {}", metric.long_name, what, formula);
}

/// The per-question columns, one record at a time.
class RecordColumns {
 public:
  RecordColumns(Hdf5Group job, const MergedGrid& grid, std::int64_t num_records)
      : job_(std::move(job)) {
    job_.add_dimension("record", num_records, true);
    job_.add_dimension("request", 0, true);
    job_.add_dimension("generation", 0, true);
    std::int32_t first = 0;
    for (const PlannedTask* task : grid.tasks) {
      first_question_.push_back(first);
      first += static_cast<std::int32_t>(task->question_ids.size());
    }
    create_columns();
    create_metric_columns(grid);
  }

  void append(std::int32_t cell, std::int32_t task, const QuestionRecord& record) {
    column("record_cell").append(cell);
    column("record_question")
        .append(first_question_[static_cast<std::size_t>(task)] + record.question);
    column("context_tokens").append(record.context_tokens);
    column("truncated").append(record.truncated);
    append_ragged("request", record.log_likelihood.size(), num_requests_);
    append_ragged("generation", record.generated.size(), num_generations_);
    for (const double value : record.log_likelihood) column("log_likelihood").append(value);
    for (const std::int16_t value : record.is_greedy) column("is_greedy").append(value);
    for (const std::int32_t value : record.num_tokens) column("num_tokens").append(value);
    for (const std::string& text : record.generated) column("generated").append(text);
    const auto& order = metric_of_column_[static_cast<std::size_t>(task)];
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool has = order[i] >= 0;
      const auto metric = static_cast<std::size_t>(has ? order[i] : 0);
      metric_values_[i].append(has ? record.metric_value[metric] : kNaN);
      metric_weights_[i].append(has ? record.metric_weight[metric] : kNaN);
    }
  }

  void finish() {
    for (auto& [name, column] : columns_) column.finish();
    for (Hdf5Column& column : metric_values_) column.finish();
    for (Hdf5Column& column : metric_weights_) column.finish();
    job_.resize_dimension("request", num_requests_);
    job_.resize_dimension("generation", num_generations_);
  }

 private:
  Hdf5Column& column(const char* name) { return columns_.find(name)->second; }

  void create(const ColumnInfo& info, const char* dimension, ColumnType type) {
    columns_.emplace(info.name, job_.create_column(info, dimension, type));
  }

  void create_ragged(const std::string& dimension) {
    create({dimension + "_row_size",
            fmt::format("number of rows of {} that belong to this record", dimension),
            "1",
            {{"sample_dimension", dimension}}},
           "record", ColumnType::int32);
    create({dimension + "_row_start", fmt::format("first row of {} of this record", dimension)},
           "record", ColumnType::int64);
  }

  void create_columns() {
    create({"record_cell", "row of the cell"}, "record", ColumnType::int32);
    create({"record_question", "row of the question"}, "record", ColumnType::int32);
    create({"context_tokens", "tokens of the first request's context, after truncation"}, "record",
           ColumnType::int32);
    create(flags("truncated", "did any request lose tokens on the left", "no yes", 2), "record",
           ColumnType::int16);
    create_ragged("request");
    create_ragged("generation");
    create(
        measured("log_likelihood", "natural log-likelihood of the scored tokens of a request", "1"),
        "request", ColumnType::float64);
    create(flags("is_greedy", "is every scored token the likeliest one", "no yes", 2), "request",
           ColumnType::int16);
    create({"num_tokens", "tokens scored or generated"}, "request", ColumnType::int32);
    create({"generated", "generated text, cut at the first stop string"}, "generation",
           ColumnType::text);
  }

  void create_metric_columns(const MergedGrid& grid) {
    std::map<std::string, const PlannedMetric*> metrics;
    for (const PlannedTask* task : grid.tasks) {
      for (const PlannedMetric& metric : task->metrics) metrics.emplace(metric.name, &metric);
    }
    for (const auto& [metric, description] : metrics) {
      std::string name = column_name(metric);
      while (job_.has(name) || job_.has(name + "_weight")) name += '_';
      ColumnInfo value = measured(name, value_meaning(*description), "1");
      value.attributes = {{"metric", metric}, {"aggregation", description->aggregation}};
      ColumnInfo weight = measured(name + "_weight", "weight of the question in " + metric, "1");
      weight.attributes = {{"metric_weight", metric}};
      metric_values_.push_back(job_.create_column(value, "record", ColumnType::float64));
      metric_weights_.push_back(job_.create_column(weight, "record", ColumnType::float64));
    }
    for (const PlannedTask* task : grid.tasks) {
      auto& order = metric_of_column_.emplace_back();
      for (const auto& column : metrics) {
        const auto found =
            std::find_if(task->metrics.begin(), task->metrics.end(),
                         [&](const PlannedMetric& other) { return other.name == column.first; });
        order.push_back(
            found == task->metrics.end() ? -1 : static_cast<int>(found - task->metrics.begin()));
      }
    }
  }

  void append_ragged(const std::string& dimension, std::size_t size, std::int64_t& total) {
    columns_.find(dimension + "_row_size")->second.append(static_cast<std::int32_t>(size));
    columns_.find(dimension + "_row_start")->second.append(total);
    total += static_cast<std::int64_t>(size);
  }

  Hdf5Group job_;
  std::map<std::string, Hdf5Column, std::less<>> columns_;
  std::vector<Hdf5Column> metric_values_, metric_weights_;  ///< by metric name
  std::vector<std::vector<int>> metric_of_column_;          ///< [task][column], -1: not its metric
  std::vector<std::int32_t> first_question_;                ///< [task], in `question`
  std::int64_t num_requests_ = 0;
  std::int64_t num_generations_ = 0;
};

/// A shard must fit the plan that it is exported under.
void check_shard(const ShardResult& shard, const PlannedCell& cell, const PlannedTask& task) {
  const auto questions =
      std::min(cell.num_questions, static_cast<std::int32_t>(task.question_ids.size()));
  const auto fits = [&](const QuestionRecord& record) {
    return record.question < questions && record.metric_value.size() == task.metrics.size();
  };
  if (std::all_of(shard.records.begin(), shard.records.end(), fits)) return;
  throw FormatError(
      fmt::format("cell {} (task {}): the journal's results do not fit the plan's questions or "
                  "metrics; move the journal directory away and run the job again",
                  cell.digest.short_hex(), task.name));
}

void write_records(Hdf5Group& job, const JournalIndex& index, const MergedGrid& grid) {
  std::int64_t num_records = 0;
  for (const PlannedCell& cell : grid.cells) num_records += state_of(index, cell).questions_done();
  RecordColumns columns(job, grid, num_records);
  for (std::size_t i = 0; i < grid.cells.size(); ++i) {
    const PlannedCell& cell = grid.cells[i];
    for (const ShardLocation& location : state_of(index, cell).shards) {
      const ShardResult shard = index.load(location);
      check_shard(shard, cell, *grid.tasks[static_cast<std::size_t>(cell.task)]);
      for (const QuestionRecord& record : shard.records) {
        columns.append(static_cast<std::int32_t>(i), cell.task, record);
      }
    }
  }
  columns.finish();
}

/// What others reported of cells whose questions are not known.
void write_published(Hdf5Group& job, const JournalIndex& index, const MergedGrid& grid) {
  Values<std::int32_t> cells, questions;
  Texts metrics;
  Values<double> values, errors;
  for (std::size_t i = 0; i < grid.cells.size(); ++i) {
    for (const PublishedValue& published : state_of(index, grid.cells[i]).published) {
      cells.push_back(static_cast<std::int32_t>(i));
      metrics.push_back(published.metric);
      values.push_back(published.value);
      errors.push_back(published.standard_error);
      questions.push_back(published.num_questions);
    }
  }
  job.add_dimension("published", static_cast<std::int64_t>(cells.size()));
  job.write_column({"published_cell_index", "row of the cell"}, "published", cells);
  job.write_column({"published_metric", "name of the metric"}, "published", metrics);
  job.write_column(measured("published_value", "aggregate as it was reported", "1"), "published",
                   values);
  job.write_column(
      measured("published_standard_error", "its standard error as it was reported", "1"),
      "published", errors);
  job.write_column({"published_num_questions", "questions behind it, 0 where that is not known"},
                   "published", questions);
}

// --- provenance

void write_starts(Hdf5Group& job, const JournalIndex& index) {
  std::vector<StartRecord> starts = index.starts();
  std::stable_sort(starts.begin(), starts.end(),
                   [](const auto& a, const auto& b) { return a.start < b.start; });
  const auto text = [&](const char* name, const char* meaning, auto get) {
    job.write_column({name, meaning}, "start", gather<std::string>(starts, get));
  };
  const auto finish_of = [&](const StartRecord& start) {
    const auto& all = index.finishes();
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const FinishRecord& finish) {
      return finish.start == start.start;
    });
    return found == all.rend() ? FinishRecord{0, "", "", kNaN, kNaN} : *found;
  };
  job.add_dimension("start", static_cast<std::int64_t>(starts.size()));
  job.write_column({"start_number", "counts the starts of the job"}, "start",
                   gather<std::int32_t>(starts, [](auto& start) { return start.start; }));
  text("start_time", "when it started, UTC", [](auto& start) { return start.time; });
  text("finish_time", "when it ended in good order, UTC; empty if it did not",
       [&](auto& start) { return finish_of(start).time; });
  text("outcome", "how it ended; empty if it was killed",
       [&](auto& start) { return finish_of(start).outcome; });
  job.write_column(
      measured("start_wall_seconds", "from start to end", "s"), "start",
      gather<double>(starts, [&](auto& start) { return finish_of(start).wall_seconds; }));
  job.write_column(
      measured("coordination_cpu_seconds", "CPU time of rank 0's coordinating thread", "s"),
      "start", gather<double>(starts, [&](auto& start) {
        return finish_of(start).coordination_cpu_seconds;
      }));
  text("start_version", "version of Allometer", [](auto& start) { return start.version; });
  text("start_git_revision", "revision of its source",
       [](auto& start) { return start.git_revision; });
  text("start_argv", "command line, a JSON list", [](auto& start) { return to_json(start.argv); });
  text("start_hosts", "host of each rank, a JSON list",
       [](auto& start) { return to_json(start.hosts); });
  text("start_mpi", "MPI library", [](auto& start) { return start.mpi; });
  text("start_onednn", "oneDNN version", [](auto& start) { return start.onednn; });
  text("start_hdf5", "HDF5 version", [](auto& start) { return start.hdf5; });
  text("start_cpu", "CPU of rank 0", [](auto& start) { return start.cpu; });
  text("start_slurm", "SLURM_* variables, a JSON object",
       [](auto& start) { return to_json(start.slurm); });
}

void write_machines(Hdf5Group& job, const JournalIndex& index) {
  const auto& machines = index.machines();
  job.add_dimension("machine", static_cast<std::int64_t>(machines.size()));
  job.write_column({"machine_host", "node"}, "machine",
                   gather<std::string>(machines, [](auto& machine) { return machine.host; }));
  job.write_column({"machine_ranks", "ranks on the node"}, "machine",
                   gather<std::int32_t>(machines, [](auto& machine) { return machine.ranks; }));
  job.write_column(
      {"machine_threads_per_rank", "threads of each rank"}, "machine",
      gather<std::int32_t>(machines, [](auto& machine) { return machine.threads_per_rank; }));
  job.write_column(
      {"machine_energy_source", "counters that were read, or why none could be"}, "machine",
      gather<std::string>(machines, [](auto& machine) { return machine.energy_source; }));
  std::set<std::string> precisions;
  for (const MachineRecord& machine : machines) {
    for (const auto& [precision, rate] : machine.flops_per_second) precisions.insert(precision);
  }
  for (const std::string& precision : precisions) {
    ColumnInfo info = measured(
        "machine_flops_per_second_" + column_name(precision),
        "matrix-product rate of one rank in " + precision + ", all of the node's ranks busy",
        "s-1");
    info.attributes = {{"precision", precision}};
    job.write_column(info, "machine", gather<double>(machines, [&](auto& machine) {
                       const auto rate = machine.flops_per_second.find(precision);
                       return rate == machine.flops_per_second.end() ? kNaN : rate->second;
                     }));
  }
}

void write_job_attributes(Hdf5Group& job, const JournalIndex& index) {
  const PlanRecord& plan = *index.plan();
  const auto attribute = [&](const char* name, const std::string& text) {
    job.set_attribute(name, text);
  };
  attribute("job_name", plan.job_name);
  attribute("job_text", plan.job_text);
  attribute("job_digest", plan.job_digest.hex());
  attribute("numerics", plan.numerics);
  attribute("analysis", plan.analysis);
  job.set_attribute("journal_damaged_bytes", index.damaged_bytes());
  if (index.starts().empty()) return;
  const StartRecord& last = index.starts().back();
  attribute("allometer_version", last.version);
  attribute("git_revision", last.git_revision);
  attribute("argv", to_json(last.argv));
  attribute("hosts", to_json(last.hosts));
  attribute("mpi", last.mpi);
  attribute("onednn", last.onednn);
  attribute("hdf5", last.hdf5);
  attribute("cpu", last.cpu);
  attribute("slurm", to_json(last.slurm));
}

void write_file(const JournalIndex& index, const MergedGrid& grid,
                const std::filesystem::path& path, const std::filesystem::path& output) {
  io::Hdf5File file = io::Hdf5File::create(path, output);
  {
    Hdf5Group root = file.root();
    root.set_attribute("Conventions", "CF-1.8");
    root.set_attribute("title", "Allometer results of the job " + index.plan()->job_name);
    root.set_attribute("schema_version", kSchemaVersion);
    Hdf5Group job = root.create_group(group_name(index.plan()->job_name));
    write_job_attributes(job, index);
    write_models(job, grid);
    write_variants(job, grid);
    write_tasks(job, grid);
    write_cells(job, index, grid);
    write_records(job, index, grid);
    write_published(job, index, grid);
    write_starts(job, index);
    write_machines(job, index);
  }
  file.close();
}

}  // namespace

void write_results_file(const JournalIndex& index, const std::filesystem::path& output) {
  const MergedGrid grid = merge_plans(index);
  io::replace_file(output, [&](const std::filesystem::path& temporary) {
    write_file(index, grid, temporary, output);
    fault_point("before_rename");
  });
  fault_point("after_rename");
}

}  // namespace allometer::results
