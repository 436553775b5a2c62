#include "results/job_record.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace allometer::results {
namespace {

using nlohmann::json;

/// Bytes that are not UTF-8 (a path, an argument) become U+FFFD: a record must never fail for them.
std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Reads the members of one JSON object and names the one that is missing or of the wrong kind.
class Reader {
 public:
  Reader(const json& object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) fail("is not a JSON object");
  }

  std::string text(const char* key) const {
    const json& value = member(key);
    if (!value.is_string()) fail(fmt::format("'{}' is not a string", key));
    return value.get<std::string>();
  }
  template <class T>
  T integer(const char* key) const {
    return to_integer<T>(member(key), key);
  }
  bool flag(const char* key) const {
    const json& value = member(key);
    if (!value.is_boolean()) fail(fmt::format("'{}' is neither true nor false", key));
    return value.get<bool>();
  }
  double number(const char* key) const { return to_number(member(key), key); }
  std::vector<double> numbers(const char* key) const {
    std::vector<double> numbers;
    for (const json& value : list(key)) numbers.push_back(to_number(value, key));
    return numbers;
  }
  Digest digest(const char* key) const { return Digest::from_hex(text(key)); }
  const json& list(const char* key) const {
    const json& value = member(key);
    if (!value.is_array()) fail(fmt::format("'{}' is not a list", key));
    return value;
  }
  const json& object(const char* key) const {
    const json& value = member(key);
    if (!value.is_object()) fail(fmt::format("'{}' is not an object", key));
    return value;
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> result;
    for (const json& value : list(key)) {
      if (!value.is_string()) fail(fmt::format("'{}' holds something that is not a string", key));
      result.push_back(value.get<std::string>());
    }
    return result;
  }
  std::vector<std::int32_t> integers(const char* key) const {
    std::vector<std::int32_t> result;
    for (const json& value : list(key)) result.push_back(to_integer<std::int32_t>(value, key));
    return result;
  }
  std::map<std::string, std::string> text_map(const char* key) const {
    std::map<std::string, std::string> result;
    for (const auto& [name, value] : object(key).items()) {
      if (!value.is_string()) fail(fmt::format("'{}.{}' is not a string", key, name));
      result[name] = value.get<std::string>();
    }
    return result;
  }
  /// An index into a list of `size` elements.
  std::int32_t index(const char* key, std::size_t size) const {
    const auto value = integer<std::int32_t>(key);
    if (value < 0 || static_cast<std::size_t>(value) >= size) {
      fail(fmt::format("'{}' is {}, but there are {}", key, value, size));
    }
    return value;
  }
  [[noreturn]] void fail(std::string_view problem) const {
    throw FormatError(fmt::format("{}: {}", what_, problem));
  }

 private:
  const json& member(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(fmt::format("'{}' is missing", key));
    return *found;
  }
  /// null stands for NaN, which JSON does not have.
  double to_number(const json& value, const char* key) const {
    if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!value.is_number()) fail(fmt::format("'{}' is not a number", key));
    return value.get<double>();
  }
  template <class T>
  T to_integer(const json& value, const char* key) const {
    const bool fits = value.is_number_unsigned()
                          ? value.get<std::uint64_t>() <=
                                static_cast<std::uint64_t>(std::numeric_limits<T>::max())
                          : value.is_number_integer() && std::is_signed_v<T> &&
                                value.get<std::int64_t>() >=
                                    static_cast<std::int64_t>(std::numeric_limits<T>::min());
    if (!fits) fail(fmt::format("'{}' is not an integer that fits", key));
    return value.get<T>();
  }

  const json& object_;
  std::string_view what_;
};

/// Nesting beyond this is nothing that encode() writes.
constexpr int kMaxDepth = 8;

json parse(std::string_view bytes, std::string_view what) {
  const auto check_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) throw FormatError(fmt::format("{}: nested too deeply", what));
    return true;
  };
  try {
    return json::parse(bytes, check_depth);
  } catch (const json::exception& error) {
    throw FormatError(fmt::format("{}: not valid JSON ({})", what, error.what()));
  }
}

json number_or_null(double value) {
  return std::isnan(value) ? json() : json(value);
}

json encode_model(const PlannedModel& model) {
  return {{"name", model.name},
          {"path", model.path},
          {"family", model.family},
          {"architecture", model.architecture},
          {"num_parameters", model.num_parameters},
          {"num_parameters_without_embeddings", model.num_parameters_without_embeddings},
          {"random_weights", model.random_weights},
          {"levers", model.levers},
          {"digest", model.digest.hex()},
          {"training_tokens", number_or_null(model.training_tokens)},
          {"training_flops", number_or_null(model.training_flops)}};
}

PlannedModel decode_model(const json& value) {
  const Reader in(value, "plan record, model");
  PlannedModel model;
  model.name = in.text("name");
  model.path = in.text("path");
  model.family = in.text("family");
  model.architecture = in.text("architecture");
  model.num_parameters = in.integer<std::int64_t>("num_parameters");
  model.num_parameters_without_embeddings =
      in.integer<std::int64_t>("num_parameters_without_embeddings");
  model.random_weights = in.flag("random_weights");
  model.levers = in.text_map("levers");
  model.digest = in.digest("digest");
  model.training_tokens = in.number("training_tokens");
  model.training_flops = in.number("training_flops");
  return model;
}

json encode_metric(const PlannedMetric& metric) {
  return {{"name", metric.name},
          {"aggregation", metric.aggregation},
          {"higher_is_better", metric.higher_is_better},
          {"unit", metric.unit},
          {"long_name", metric.long_name},
          {"has_standard_error", metric.has_standard_error},
          {"chance", number_or_null(metric.chance)},
          {"majority", number_or_null(metric.majority)},
          {"best", number_or_null(metric.best)}};
}

PlannedMetric decode_metric(const json& value) {
  const Reader in(value, "plan record, metric");
  PlannedMetric metric;
  metric.name = in.text("name");
  metric.aggregation = in.text("aggregation");
  metric.higher_is_better = in.flag("higher_is_better");
  metric.unit = in.text("unit");
  metric.long_name = in.text("long_name");
  metric.has_standard_error = in.flag("has_standard_error");
  metric.chance = in.number("chance");
  metric.majority = in.number("majority");
  metric.best = in.number("best");
  return metric;
}

json encode_task(const PlannedTask& task) {
  json metrics = json::array();
  for (const PlannedMetric& metric : task.metrics) metrics.push_back(encode_metric(metric));
  json difficulties = json::array();
  for (const double difficulty : task.difficulties)
    difficulties.push_back(number_or_null(difficulty));
  return {{"name", task.name},
          {"ability", task.ability},
          {"description", task.description},
          {"output_type", task.output_type},
          {"headline", task.headline},
          {"metrics", std::move(metrics)},
          {"question_ids", task.question_ids},
          {"question_texts", task.question_texts},
          {"question_targets", task.question_targets},
          {"num_choices", task.num_choices},
          {"difficulties", std::move(difficulties)},
          {"digest", task.digest.hex()}};
}

PlannedTask decode_task(const json& value) {
  const Reader in(value, "plan record, task");
  PlannedTask task;
  task.name = in.text("name");
  task.ability = in.text("ability");
  task.description = in.text("description");
  task.output_type = in.text("output_type");
  task.headline = in.text("headline");
  for (const json& metric : in.list("metrics")) task.metrics.push_back(decode_metric(metric));
  task.question_ids = in.texts("question_ids");
  task.question_texts = in.texts("question_texts");
  task.question_targets = in.texts("question_targets");
  task.num_choices = in.integers("num_choices");
  task.difficulties = in.numbers("difficulties");
  task.digest = in.digest("digest");
  const std::size_t questions = task.question_ids.size();
  if (task.question_texts.size() != questions || task.question_targets.size() != questions ||
      task.num_choices.size() != questions ||
      (!task.difficulties.empty() && task.difficulties.size() != questions)) {
    in.fail(fmt::format("'{}' has lists of questions that differ in length", task.name));
  }
  return task;
}

json encode_cell(const PlannedCell& cell) {
  json value = {
      {"digest", cell.digest.hex()},         {"variant", cell.variant}, {"task", cell.task},
      {"num_fewshot", cell.num_fewshot},     {"seed", cell.seed},       {"sampler", cell.sampler},
      {"num_questions", cell.num_questions}, {"in_job", cell.in_job}};
  if (cell.needs) value["needs"] = *cell.needs;
  return value;
}

PlannedCell decode_cell(const json& value, const PlanRecord& plan) {
  const Reader in(value, "plan record, cell");
  PlannedCell cell;
  cell.digest = in.digest("digest");
  cell.variant = in.index("variant", plan.variants.size());
  cell.task = in.index("task", plan.tasks.size());
  cell.num_fewshot = in.integer<std::int32_t>("num_fewshot");
  cell.seed = in.integer<std::uint64_t>("seed");
  cell.sampler = in.text("sampler");
  // Of a cell that others ran the questions may be known by their number only.
  cell.num_questions = in.integer<std::int32_t>("num_questions");
  if (cell.num_questions < 0) in.fail("'num_questions' is negative");
  cell.in_job = in.flag("in_job");
  // What is needed stands before what needs it.
  if (value.contains("needs")) cell.needs = in.index("needs", plan.cells.size());
  return cell;
}

}  // namespace

std::string PlanRecord::encode() const {
  json root = {
      {"job_name", job_name},      {"job_text", job_text},   {"job_digest", job_digest.hex()},
      {"numerics", numerics},      {"analysis", analysis},   {"models", json::array()},
      {"variants", json::array()}, {"tasks", json::array()}, {"cells", json::array()}};
  for (const PlannedModel& model : models) root["models"].push_back(encode_model(model));
  for (const PlannedVariant& variant : variants) {
    root["variants"].push_back(
        {{"model", variant.model}, {"precision", variant.precision}, {"name", variant.name}});
  }
  for (const PlannedTask& task : tasks) root["tasks"].push_back(encode_task(task));
  for (const PlannedCell& cell : cells) root["cells"].push_back(encode_cell(cell));
  return to_text(root);
}

PlanRecord PlanRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "plan record");
  const Reader in(root, "plan record");
  PlanRecord plan;
  plan.job_name = in.text("job_name");
  plan.job_text = in.text("job_text");
  plan.job_digest = in.digest("job_digest");
  plan.numerics = in.text("numerics");
  plan.analysis = in.text("analysis");
  for (const json& model : in.list("models")) plan.models.push_back(decode_model(model));
  for (const json& value : in.list("variants")) {
    const Reader variant(value, "plan record, variant");
    plan.variants.push_back({variant.index("model", plan.models.size()), variant.text("precision"),
                             variant.text("name")});
  }
  for (const json& task : in.list("tasks")) plan.tasks.push_back(decode_task(task));
  for (const json& cell : in.list("cells")) plan.cells.push_back(decode_cell(cell, plan));
  return plan;
}

std::string StartRecord::encode() const {
  return to_text({{"start", start},
                  {"time", time},
                  {"version", version},
                  {"git_revision", git_revision},
                  {"argv", argv},
                  {"hosts", hosts},
                  {"mpi", mpi},
                  {"onednn", onednn},
                  {"hdf5", hdf5},
                  {"cpu", cpu},
                  {"slurm", slurm}});
}

StartRecord StartRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "start record");
  const Reader in(root, "start record");
  StartRecord record;
  record.start = in.integer<std::int32_t>("start");
  record.time = in.text("time");
  record.version = in.text("version");
  record.git_revision = in.text("git_revision");
  record.argv = in.texts("argv");
  record.hosts = in.texts("hosts");
  record.mpi = in.text("mpi");
  record.onednn = in.text("onednn");
  record.hdf5 = in.text("hdf5");
  record.cpu = in.text("cpu");
  record.slurm = in.text_map("slurm");
  return record;
}

std::string LeaseRecord::encode() const {
  return to_text({{"cell", cell.hex()},
                  {"begin", begin},
                  {"end", end},
                  {"attempt", attempt},
                  {"rank", rank},
                  {"host", host}});
}

LeaseRecord LeaseRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "lease record");
  const Reader in(root, "lease record");
  LeaseRecord record;
  record.cell = in.digest("cell");
  record.begin = in.integer<std::int32_t>("begin");
  record.end = in.integer<std::int32_t>("end");
  if (record.begin < 0 || record.end < record.begin) in.fail("covers no range of questions");
  record.attempt = in.integer<std::int32_t>("attempt");
  record.rank = in.integer<std::int32_t>("rank");
  record.host = in.text("host");
  return record;
}

std::string FailureRecord::encode() const {
  return to_text(
      {{"cell", cell.hex()}, {"kind", kind}, {"reason", reason}, {"host", host}, {"rank", rank}});
}

FailureRecord FailureRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "failure record");
  const Reader in(root, "failure record");
  FailureRecord record;
  record.cell = in.digest("cell");
  record.kind = in.text("kind");
  record.reason = in.text("reason");
  record.host = in.text("host");
  record.rank = in.integer<std::int32_t>("rank");
  return record;
}

std::string PublishedRecord::encode() const {
  json list = json::array();
  for (const PublishedValue& value : values) {
    list.push_back({{"metric", value.metric},
                    {"value", value.value},
                    {"standard_error", number_or_null(value.standard_error)},
                    {"num_questions", value.num_questions}});
  }
  return to_text({{"cell", cell.hex()}, {"values", std::move(list)}});
}

PublishedRecord PublishedRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "published record");
  const Reader in(root, "published record");
  PublishedRecord record;
  record.cell = in.digest("cell");
  for (const json& item : in.list("values")) {
    const Reader value(item, "published record, value");
    record.values.push_back({value.text("metric"), value.number("value"),
                             value.number("standard_error"),
                             value.integer<std::int32_t>("num_questions")});
    if (!std::isfinite(record.values.back().value)) value.fail("'value' is not a finite number");
  }
  return record;
}

std::string MachineRecord::encode() const {
  return to_text({{"host", host},
                  {"ranks", ranks},
                  {"threads_per_rank", threads_per_rank},
                  {"flops_per_second", flops_per_second},
                  {"energy_source", energy_source}});
}

MachineRecord MachineRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "machine record");
  const Reader in(root, "machine record");
  MachineRecord record;
  record.host = in.text("host");
  record.ranks = in.integer<std::int32_t>("ranks");
  record.threads_per_rank = in.integer<std::int32_t>("threads_per_rank");
  const json& rates = in.object("flops_per_second");
  for (const auto& [precision, rate] : rates.items()) {
    record.flops_per_second[precision] =
        Reader(rates, "machine record, flops_per_second").number(precision.c_str());
  }
  record.energy_source = in.text("energy_source");
  return record;
}

std::string FinishRecord::encode() const {
  return to_text({{"start", start},
                  {"time", time},
                  {"outcome", outcome},
                  {"wall_seconds", wall_seconds},
                  {"coordination_cpu_seconds", coordination_cpu_seconds}});
}

FinishRecord FinishRecord::decode(std::string_view bytes) {
  const json root = parse(bytes, "finish record");
  const Reader in(root, "finish record");
  FinishRecord record;
  record.start = in.integer<std::int32_t>("start");
  record.time = in.text("time");
  record.outcome = in.text("outcome");
  record.wall_seconds = in.number("wall_seconds");
  record.coordination_cpu_seconds = in.number("coordination_cpu_seconds");
  return record;
}

}  // namespace allometer::results
