#include "results/results_file.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "io/hdf5.hpp"
#include "results/netcdf_name.hpp"
#include "results/record_blocks.hpp"

namespace allometer::results {
namespace {

using io::ColumnInfo;
using io::Hdf5Group;

constexpr const char* kEstimates = "estimates";

/// The one job of a file; root holds nothing else.
std::string job_group_name(const io::Hdf5File& file, const std::filesystem::path& path) {
  const std::vector<std::string> names = file.root().group_names();
  if (names.size() != 1) {
    throw FormatError(fmt::format("{}: holds {} jobs, a results file of Allometer holds one",
                                  path.string(), names.size()));
  }
  return names.front();
}

/// Columns of one dimension, read once and checked to be equally long.
class Rows {
 public:
  Rows(const Hdf5Group& group, std::string dimension, const std::filesystem::path& path)
      : group_(group), dimension_(std::move(dimension)), path_(path) {}

  template <class T>
  std::vector<T> read(const std::string& name) {
    std::vector<T> values = group_.read_column<T>(name);
    if (size_ && values.size() != *size_) {
      throw FormatError(fmt::format("{}: column '{}' has {} rows, others of dimension '{}' have {}",
                                    path_.string(), name, values.size(), dimension_, *size_));
    }
    size_ = values.size();
    return values;
  }
  std::vector<std::string> text(const std::string& name) { return read<std::string>(name); }
  /// Rows of another dimension, each checked to be one of `count`.
  std::vector<std::int32_t> index(const std::string& name, std::size_t count) {
    std::vector<std::int32_t> values = read<std::int32_t>(name);
    for (const std::int32_t value : values) {
      if (value < 0 || static_cast<std::size_t>(value) >= count) {
        throw FormatError(
            fmt::format("{}: column '{}' names row {} of {}", path_.string(), name, value, count));
      }
    }
    return values;
  }
  std::size_t size() const { return size_.value_or(0); }

 private:
  const Hdf5Group& group_;
  std::string dimension_;
  std::filesystem::path path_;
  std::optional<std::size_t> size_;
};

/// Sizes of the parts of a ragged dimension, checked to fill `total` rows.
std::vector<std::int32_t> read_row_sizes(Rows& rows, const std::string& dimension,
                                         std::size_t total, const std::filesystem::path& path) {
  std::vector<std::int32_t> sizes = rows.read<std::int32_t>(dimension + "_row_size");
  std::int64_t sum = 0;
  for (const std::int32_t size : sizes) sum += std::max(size, 0);
  if (sum != static_cast<std::int64_t>(total) ||
      std::any_of(sizes.begin(), sizes.end(), [](std::int32_t size) { return size < 0; })) {
    throw FormatError(fmt::format("{}: column '{}_row_size' does not add up to the {} rows of '{}'",
                                  path.string(), dimension, total, dimension));
  }
  return sizes;
}

void read_models(const Hdf5Group& job, const std::filesystem::path& path, PlanRecord& plan) {
  Rows rows(job, "model", path);
  const auto names = rows.text("model");
  const auto paths = rows.text("model_path");
  const auto families = rows.text("model_family");
  const auto architectures = rows.text("model_architecture");
  const auto digests = rows.text("model_digest");
  const auto parameters = rows.read<std::int64_t>("num_parameters");
  const auto without = rows.read<std::int64_t>("num_parameters_without_embeddings");
  const auto random = rows.read<std::int16_t>("model_random_weights");
  const auto tokens = rows.read<double>("model_training_tokens");
  const auto flops = rows.read<double>("model_training_flops");
  for (std::size_t i = 0; i < names.size(); ++i) {
    plan.models.push_back({names[i],
                           paths[i],
                           families[i],
                           architectures[i],
                           parameters[i],
                           without[i],
                           random[i] != 0,
                           {},
                           Digest::from_hex(digests[i]),
                           tokens[i],
                           flops[i]});
  }
  for (const std::string& column : job.column_names()) {
    if (column.rfind("model_lever_", 0) != 0) continue;
    const auto lever = job.column_text_attribute(column, "lever");
    const auto values = rows.text(column);
    for (std::size_t i = 0; lever && i < values.size(); ++i) {
      if (!values[i].empty()) plan.models[i].levers[*lever] = values[i];
    }
  }
}

void read_variants(const Hdf5Group& job, const std::filesystem::path& path, PlanRecord& plan) {
  Rows rows(job, "variant", path);
  const auto names = rows.text("variant");
  const auto models = rows.index("variant_model_index", plan.models.size());
  const auto precisions = rows.text("variant_precision");
  for (std::size_t i = 0; i < names.size(); ++i) {
    plan.variants.push_back({models[i], precisions[i], names[i]});
  }
}

std::vector<PlannedMetric> read_metrics(const Hdf5Group& job, const std::filesystem::path& path) {
  Rows rows(job, "metric", path);
  const auto names = rows.text("metric_name");
  const auto long_names = rows.text("metric_long_name");
  const auto units = rows.text("metric_unit");
  const auto aggregations = rows.text("metric_aggregation");
  const auto directions = rows.read<std::int16_t>("metric_higher_is_better");
  const auto errors = rows.read<std::int16_t>("metric_has_standard_error");
  const auto chances = rows.read<double>("metric_chance");
  const auto majorities = rows.read<double>("metric_majority");
  const auto best = rows.read<double>("metric_best");
  std::vector<PlannedMetric> metrics;
  for (std::size_t i = 0; i < names.size(); ++i) {
    metrics.push_back({names[i], aggregations[i], directions[i] != 0, units[i], long_names[i],
                       errors[i] != 0, chances[i], majorities[i], best[i]});
  }
  return metrics;
}

void read_tasks(const Hdf5Group& job, const std::filesystem::path& path, PlanRecord& plan) {
  Rows rows(job, "task", path);
  const auto names = rows.text("task");
  const auto abilities = rows.text("task_ability");
  const auto descriptions = rows.text("task_description");
  const auto output_types = rows.text("task_output_type");
  const auto headlines = rows.text("task_headline");
  const auto digests = rows.text("task_digest");
  const std::vector<PlannedMetric> metrics = read_metrics(job, path);
  Rows questions(job, "question", path);
  const auto ids = questions.text("question_id");
  const auto choices = questions.read<std::int32_t>("question_num_choices");
  const auto difficulties = questions.read<double>("question_difficulty");
  const auto num_metrics = read_row_sizes(rows, "metric", metrics.size(), path);
  const auto num_questions = read_row_sizes(rows, "question", ids.size(), path);
  std::ptrdiff_t metric = 0;
  std::ptrdiff_t question = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    PlannedTask task;
    task.name = names[i];
    task.ability = abilities[i];
    task.description = descriptions[i];
    task.output_type = output_types[i];
    task.headline = headlines[i];
    task.digest = Digest::from_hex(digests[i]);
    task.metrics.assign(metrics.begin() + metric, metrics.begin() + metric + num_metrics[i]);
    task.question_ids.assign(ids.begin() + question, ids.begin() + question + num_questions[i]);
    task.num_choices.assign(choices.begin() + question,
                            choices.begin() + question + num_questions[i]);
    task.difficulties.assign(difficulties.begin() + question,
                             difficulties.begin() + question + num_questions[i]);
    metric += num_metrics[i];
    question += num_questions[i];
    plan.tasks.push_back(std::move(task));
  }
}

void read_planned_cells(Rows& rows, PlanRecord& plan) {
  const auto digests = rows.text("cell_digest");
  const auto variants = rows.index("cell_variant_index", plan.variants.size());
  const auto tasks = rows.index("cell_task_index", plan.tasks.size());
  const auto num_fewshot = rows.read<std::int32_t>("num_fewshot");
  const auto seeds = rows.read<std::int64_t>("seed");
  const auto samplers = rows.text("sampler");
  const auto num_questions = rows.read<std::int32_t>("num_questions");
  const auto in_job = rows.read<std::int16_t>("in_job");
  for (std::size_t i = 0; i < digests.size(); ++i) {
    plan.cells.push_back({Digest::from_hex(digests[i]), variants[i], tasks[i], num_fewshot[i],
                          static_cast<std::uint64_t>(seeds[i]), samplers[i], num_questions[i],
                          in_job[i] != 0});
  }
}

CellStatus parse_status(std::int16_t value, const std::filesystem::path& path) {
  if (value < 0 || value > static_cast<std::int16_t>(CellStatus::failed)) {
    throw FormatError(fmt::format("{}: column 'status' holds {}", path.string(), value));
  }
  return static_cast<CellStatus>(value);
}

std::int64_t zero_if_missing(std::int64_t value) {
  return value == io::kMissingInt64 ? 0 : value;
}
double zero_if_missing(double value) {
  return std::isnan(value) ? 0 : value;
}

void read_costs(Rows& rows, std::vector<CellRow>& cells) {
  const auto wall_seconds = rows.read<double>("wall_seconds");
  const auto load_seconds = rows.read<double>("load_seconds");
  const auto computed = rows.read<std::int64_t>("tokens_computed");
  const auto requested = rows.read<std::int64_t>("tokens_requested");
  const auto flops = rows.read<double>("flops");
  const auto peaks = rows.read<double>("flops_per_second_peak");
  const auto memory = rows.read<std::int64_t>("peak_memory_bytes");
  const auto energy = rows.read<double>("energy_joules");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Cost& cost = cells[i].cost;
    cost.wall_seconds = zero_if_missing(wall_seconds[i]);
    cost.load_seconds = zero_if_missing(load_seconds[i]);
    cost.tokens_computed = zero_if_missing(computed[i]);
    cost.tokens_requested = zero_if_missing(requested[i]);
    cost.flops = zero_if_missing(flops[i]);
    cost.peak_memory_bytes = zero_if_missing(memory[i]);
    if (!std::isnan(energy[i])) cost.energy_joules = energy[i];
    cells[i].flops_per_second_peak = zero_if_missing(peaks[i]);
  }
}

std::vector<CellRow> read_cells(Rows& rows, const PlanRecord& plan,
                                const std::filesystem::path& path) {
  const auto status = rows.read<std::int16_t>("status");
  const auto done = rows.read<std::int32_t>("questions_done");
  const auto reasons = rows.text("status_reason");
  std::vector<CellRow> cells(plan.cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i].cell = plan.cells[i];
    cells[i].status = parse_status(status[i], path);
    cells[i].questions_done = done[i];
    cells[i].reason = reasons[i];
  }
  read_costs(rows, cells);
  return cells;
}

std::vector<MachineRecord> read_machines(const Hdf5Group& job, const std::filesystem::path& path) {
  Rows rows(job, "machine", path);
  const auto hosts = rows.text("machine_host");
  const auto ranks = rows.read<std::int32_t>("machine_ranks");
  const auto threads = rows.read<std::int32_t>("machine_threads_per_rank");
  const auto sources = rows.text("machine_energy_source");
  std::vector<MachineRecord> machines;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    machines.push_back({hosts[i], ranks[i], threads[i], {}, sources[i]});
  }
  for (const std::string& column : job.column_names()) {
    if (column.rfind("machine_flops_per_second_", 0) != 0) continue;
    const auto precision = job.column_text_attribute(column, "precision");
    const auto rates = rows.read<double>(column);
    for (std::size_t i = 0; precision && i < rates.size(); ++i) {
      if (!std::isnan(rates[i])) machines[i].flops_per_second[*precision] = rates[i];
    }
  }
  return machines;
}

/// By cell and metric.
using PublishedValues = std::map<std::pair<std::int32_t, std::string>, PublishedValue>;

PublishedValues read_published(const Hdf5Group& job, const std::filesystem::path& path,
                               std::size_t num_cells) {
  Rows rows(job, "published", path);
  const auto cells = rows.index("published_cell_index", num_cells);
  const auto metrics = rows.text("published_metric");
  const auto values = rows.read<double>("published_value");
  const auto errors = rows.read<double>("published_standard_error");
  const auto questions = rows.read<std::int32_t>("published_num_questions");
  PublishedValues published;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    published[{cells[i], metrics[i]}] = {metrics[i], values[i], errors[i], questions[i]};
  }
  return published;
}

/// Column of each metric's values, found by what the column says of itself.
std::map<std::string, std::string> find_metric_columns(const Hdf5Group& job,
                                                       const std::string& attribute) {
  std::map<std::string, std::string> columns;
  for (const std::string& column : job.column_names()) {
    if (const auto metric = job.column_text_attribute(column, attribute)) columns[*metric] = column;
  }
  return columns;
}

}  // namespace

std::string_view name_of(CellStatus status) {
  switch (status) {
    case CellStatus::planned:
      return "planned";
    case CellStatus::partial:
      return "partial";
    case CellStatus::done:
      return "done";
    case CellStatus::failed:
      return "failed";
  }
  return "unknown";
}

struct ResultsFile::Impl {
  std::filesystem::path path;
  io::Hdf5File file;
  Hdf5Group job;
  PlanRecord plan;
  std::vector<CellRow> cells;
  std::vector<MachineRecord> machines;
  std::vector<std::int64_t> first_record;             ///< [cell]
  std::vector<std::int64_t> first_question;           ///< [task]
  std::map<std::string, std::string> value_columns;   ///< by metric
  std::map<std::string, std::string> weight_columns;  ///< by metric
  PublishedValues published;
  mutable RecordBlocks records{job};

  explicit Impl(const std::filesystem::path& file_path)
      : path(file_path),
        file(io::Hdf5File::open(file_path, io::Hdf5File::Mode::read)),
        job(file.root().open_group(job_group_name(file, file_path))) {
    plan.job_name = job.text_attribute("job_name");
    plan.job_text = job.text_attribute("job_text");
    plan.job_digest = Digest::from_hex(job.text_attribute("job_digest"));
    plan.numerics = job.text_attribute("numerics");
    plan.analysis = job.text_attribute("analysis");
    read_models(job, path, plan);
    read_variants(job, path, plan);
    read_tasks(job, path, plan);
    Rows rows(job, "cell", path);
    read_planned_cells(rows, plan);
    cells = read_cells(rows, plan, path);
    first_record = rows.read<std::int64_t>("record_row_start");
    Rows tasks(job, "task", path);
    first_question = tasks.read<std::int64_t>("question_row_start");
    machines = read_machines(job, path);
    published = read_published(job, path, cells.size());
    value_columns = find_metric_columns(job, "metric");
    weight_columns = find_metric_columns(job, "metric_weight");
  }

  /// Columns of a metric's values and weights. Throws FormatError if one is not there.
  std::pair<std::string, std::string> metric_columns(const PlannedMetric& metric) const {
    const auto value = value_columns.find(metric.name);
    const auto weight = weight_columns.find(metric.name);
    if (value == value_columns.end() || weight == weight_columns.end()) {
      throw FormatError(
          fmt::format("{}: there is no column of metric '{}'", path.string(), metric.name));
    }
    return {value->second, weight->second};
  }

  std::vector<std::string> question_column(const std::string& column, std::int32_t task) const {
    const auto row = static_cast<std::size_t>(task);
    const auto count = static_cast<std::int64_t>(plan.tasks.at(row).question_ids.size());
    return job.read_rows<std::string>(column, first_question[row], count);
  }
};

ResultsFile::ResultsFile(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
ResultsFile::~ResultsFile() = default;
ResultsFile::ResultsFile(ResultsFile&&) noexcept = default;

const PlanRecord& ResultsFile::plan() const {
  return impl_->plan;
}
const std::vector<CellRow>& ResultsFile::cells() const {
  return impl_->cells;
}
const std::vector<MachineRecord>& ResultsFile::machines() const {
  return impl_->machines;
}

MetricColumn ResultsFile::metric(std::int32_t cell, std::int32_t metric) const {
  const auto row = static_cast<std::size_t>(cell);
  const CellRow& cell_row = impl_->cells.at(row);
  const auto task = static_cast<std::size_t>(cell_row.cell.task);
  const auto [value_column, weight_column] =
      impl_->metric_columns(impl_->plan.tasks[task].metrics.at(static_cast<std::size_t>(metric)));
  const std::int64_t begin = impl_->first_record[row];
  const std::int64_t count = cell_row.questions_done;
  // A whole cell has every question of its task, in order.
  std::vector<std::int32_t> questions;
  if (count < cell_row.cell.num_questions)
    questions = impl_->job.read_rows<std::int32_t>("record_question", begin, count);
  const auto values = impl_->records.read(value_column, begin, count);
  const auto weights = impl_->records.read(weight_column, begin, count);
  MetricColumn column;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;  // not defined for this question
    column.question.push_back(
        questions.empty() ? static_cast<std::int32_t>(i)
                          : static_cast<std::int32_t>(questions[i] - impl_->first_question[task]));
    column.value.push_back(values[i]);
    column.weight.push_back(weights[i]);
  }
  return column;
}

namespace {

/// The parts of records' rows that lie in a ragged dimension.
class RaggedRows {
 public:
  RaggedRows(const Hdf5Group& job, const std::string& dimension, std::int64_t begin,
             std::int64_t count)
      : job_(job),
        sizes_(job.read_rows<std::int32_t>(dimension + "_row_size", begin, count)),
        first_(count > 0 ? job.read_rows<std::int64_t>(dimension + "_row_start", begin, 1)[0] : 0) {
    for (const std::int32_t size : sizes_) total_ += std::max(size, 0);
  }

  /// Calls set(record, values of it) for a column over the dimension.
  template <class T, class Set>
  void read(const std::string& column, Set set) const {
    const std::vector<T> values = job_.read_rows<T>(column, first_, total_);
    auto next = values.begin();
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const auto end = next + std::max(sizes_[i], 0);
      set(i, std::vector<T>(next, end));
      next = end;
    }
  }

 private:
  const Hdf5Group& job_;
  std::vector<std::int32_t> sizes_;
  std::int64_t first_ = 0;
  std::int64_t total_ = 0;
};

void read_answers(const Hdf5Group& job, std::int64_t begin, std::vector<QuestionRecord>& records) {
  const auto count = static_cast<std::int64_t>(records.size());
  const auto tokens = job.read_rows<std::int32_t>("context_tokens", begin, count);
  const auto truncated = job.read_rows<std::int16_t>("truncated", begin, count);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].context_tokens = tokens[i];
    records[i].truncated = truncated[i];
  }
  const RaggedRows requests(job, "request", begin, count);
  requests.read<double>("log_likelihood", [&](std::size_t i, auto values) {
    records[i].log_likelihood = std::move(values);
  });
  requests.read<std::int16_t>(
      "is_greedy", [&](std::size_t i, auto values) { records[i].is_greedy = std::move(values); });
  requests.read<std::int32_t>(
      "num_tokens", [&](std::size_t i, auto values) { records[i].num_tokens = std::move(values); });
  RaggedRows(job, "generation", begin, count)
      .read<std::string>("generated", [&](std::size_t i, auto values) {
        records[i].generated = std::move(values);
      });
}

}  // namespace

std::vector<QuestionRecord> ResultsFile::records(std::int32_t cell) const {
  const auto row = static_cast<std::size_t>(cell);
  const auto task = static_cast<std::size_t>(impl_->cells.at(row).cell.task);
  const std::int64_t begin = impl_->first_record[row];
  const std::int64_t count = impl_->cells[row].questions_done;
  std::vector<QuestionRecord> records(static_cast<std::size_t>(count));
  const auto questions = impl_->job.read_rows<std::int32_t>("record_question", begin, count);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].question = static_cast<std::int32_t>(questions[i] - impl_->first_question[task]);
  }
  read_answers(impl_->job, begin, records);
  for (const PlannedMetric& metric : impl_->plan.tasks[task].metrics) {
    const auto [value_column, weight_column] = impl_->metric_columns(metric);
    const auto values = impl_->records.read(value_column, begin, count);
    const auto weights = impl_->records.read(weight_column, begin, count);
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].metric_value.push_back(values[i]);
      records[i].metric_weight.push_back(weights[i]);
    }
  }
  return records;
}

std::string ResultsFile::last_start_time() const {
  const auto times = impl_->job.read_column<std::string>("start_time");
  return times.empty() ? std::string() : *std::max_element(times.begin(), times.end());
}

std::vector<std::string> ResultsFile::question_texts(std::int32_t task) const {
  return impl_->question_column("question_text", task);
}
std::vector<std::string> ResultsFile::question_targets(std::int32_t task) const {
  return impl_->question_column("question_target", task);
}

std::optional<PublishedValue> ResultsFile::published(std::int32_t cell, std::int32_t metric) const {
  const CellRow& row = impl_->cells.at(static_cast<std::size_t>(cell));
  const auto& task = impl_->plan.tasks[static_cast<std::size_t>(row.cell.task)];
  const std::string& name = task.metrics.at(static_cast<std::size_t>(metric)).name;
  const auto found = impl_->published.find({cell, name});
  if (found == impl_->published.end()) return std::nullopt;
  return found->second;
}

// --- what the statistics add

namespace {

void write_estimates(Hdf5Group& job, const PlanRecord& plan,
                     const std::vector<ResultsFile::Estimate>& estimates) {
  Hdf5Group group = job.create_group(kEstimates);
  group.set_attribute("title", "aggregates of every cell and metric");
  group.set_attribute("analysis", plan.analysis);
  const auto cell_of = [&](const ResultsFile::Estimate& estimate) -> const PlannedCell& {
    return plan.cells.at(static_cast<std::size_t>(estimate.cell));
  };
  const auto variant_of = [&](const ResultsFile::Estimate& estimate) -> const PlannedVariant& {
    return plan.variants[static_cast<std::size_t>(cell_of(estimate).variant)];
  };
  const auto column = [&](const ColumnInfo& info, auto get) {
    using T = std::decay_t<decltype(get(estimates.front()))>;
    std::vector<T> values;
    for (const ResultsFile::Estimate& estimate : estimates) values.push_back(get(estimate));
    group.write_column<T>(info, "estimate", values);
  };
  using Row = const ResultsFile::Estimate&;
  group.add_dimension("estimate", static_cast<std::int64_t>(estimates.size()));
  column({"cell_index", "row of the cell in the job's group"}, [](Row row) { return row.cell; });
  column({"model_name", "name of the model"}, [&](Row row) {
    return plan.models[static_cast<std::size_t>(variant_of(row).model)].name;
  });
  column({"variant_name", "name of the variant"}, [&](Row row) { return variant_of(row).name; });
  column({"task_name", "name of the task"},
         [&](Row row) { return plan.tasks[static_cast<std::size_t>(cell_of(row).task)].name; });
  column({"num_fewshot", "number of demonstrations"},
         [&](Row row) { return cell_of(row).num_fewshot; });
  column({"seed", "seed of the demonstrations"},
         [&](Row row) { return static_cast<std::int64_t>(cell_of(row).seed); });
  column({"metric_name", "name of the metric"}, [](Row row) { return row.metric; });
  column({"value", "aggregate over the questions", "1", {}, true},
         [](Row row) { return row.estimate; });
  column({"standard_error",
          "as lm-evaluation-harness gives it; NaN where it gives none",
          "1",
          {},
          true},
         [](Row row) { return row.standard_error; });
  column({"ci_low", "lower end of the bootstrap interval over questions", "1", {}, true},
         [](Row row) { return row.ci_low; });
  column({"ci_high", "upper end of the bootstrap interval over questions", "1", {}, true},
         [](Row row) { return row.ci_high; });
  column({"num_questions", "questions that count"}, [](Row row) { return row.num_questions; });
}

/// Rows of a table; every column has as many.
std::size_t num_rows(const AnalysisTable& table) {
  std::set<std::size_t> sizes;
  for (const auto& [name, values] : table.text_columns) sizes.insert(values.size());
  for (const auto& column : table.number_columns) sizes.insert(column.values.size());
  ALLOMETER_EXPECT(sizes.size() <= 1);
  return sizes.empty() ? 0 : *sizes.begin();
}

void write_table(Hdf5Group& job, const AnalysisTable& table) {
  ALLOMETER_EXPECT(table.name == group_name(table.name) && !job.has(table.name));
  // A child's dimension must not carry the name of one of its parent's.
  ALLOMETER_EXPECT(!job.has(table.dimension));
  Hdf5Group group = job.create_group(table.name);
  group.add_dimension(table.dimension, static_cast<std::int64_t>(num_rows(table)));
  for (const auto& [name, values] : table.text_columns) {
    group.write_column<std::string>({name, name}, table.dimension, values);
  }
  for (const auto& column : table.number_columns) {
    group.write_column<double>({column.name, column.long_name, column.unit, {}, true},
                               table.dimension, column.values);
  }
}

}  // namespace

void write_analysis(const std::filesystem::path& path, const PlanRecord& plan,
                    const std::vector<ResultsFile::Estimate>& estimates,
                    const std::vector<AnalysisTable>& tables) {
  io::replace_file(path, [&](const std::filesystem::path& temporary) {
    std::filesystem::copy_file(path, temporary);
    io::Hdf5File file = io::Hdf5File::open(temporary, io::Hdf5File::Mode::extend, path);
    {
      Hdf5Group job = file.root().open_group(job_group_name(file, path));
      for (const std::string& former : job.group_names()) job.remove(former);
      write_estimates(job, plan, estimates);
      for (const AnalysisTable& table : tables) write_table(job, table);
    }
    file.close();
  });
}

}  // namespace allometer::results
