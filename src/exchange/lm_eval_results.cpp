#include "exchange/lm_eval_results.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "exchange/json_text.hpp"

namespace allometer::exchange {
namespace {

constexpr std::string_view kStandardError = "_stderr";
/// Counts that no evaluation reaches; beyond it a number is a mistake.
constexpr double kMostQuestions = 1e9;

/// "acc,none" is the metric acc; "exact_match,strict-match" keeps its filter.
struct MetricKey {
  std::string metric;
  std::string filter;  ///< empty in old files

  std::string name() const {
    return filter.empty() || filter == "none" ? metric : metric + "," + filter;
  }
  std::string standard_error_key() const {
    std::string key = metric;
    key += kStandardError;
    return filter.empty() ? key : key + "," + filter;
  }
};

MetricKey split_key(const std::string& key) {
  const std::size_t comma = key.find(',');
  if (comma == std::string::npos) return {key, ""};
  return {key.substr(0, comma), key.substr(comma + 1)};
}

/// The value of KEY in "KEY=VALUE,OTHER=...", as the harness takes model arguments.
std::optional<std::string> find_argument(std::string_view arguments, std::string_view key) {
  while (!arguments.empty()) {
    const std::string_view argument = arguments.substr(0, arguments.find(','));
    if (argument.size() > key.size() && argument.starts_with(key) && argument[key.size()] == '=') {
      return std::string(argument.substr(key.size() + 1));
    }
    arguments.remove_prefix(std::min(argument.size() + 1, arguments.size()));
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(const Json& root, const std::filesystem::path& file) : root_(root), file_(file) {}

  ReportedRun read() {
    const Json* results = find_member(root_, "results");
    if (results == nullptr || !results->is_object()) {
      fail("results",
           "must be an object of tasks; is this a results file of lm-evaluation-harness?");
    }
    run_.file = file_;
    run_.model = model_name();
    if (const Json* count = find_path(root_, {"config", "model_num_parameters"})) {
      if (count->is_number() && count->get<double>() > 0 && count->get<double>() < 1e18) {
        run_.facts.num_parameters = std::llround(count->get<double>());
      }
    }
    const std::set<std::string> groups = group_names();
    for (const auto& [task, metrics] : results->items()) {
      if (groups.contains(task)) {
        run_.left_out.push_back(
            fmt::format("{}: results.{}: a group; its tasks count", file_.string(), task));
        continue;
      }
      read_task(task, metrics);
    }
    if (run_.cells.empty()) fail("results", "holds no task with a number");
    return std::move(run_);
  }

 private:
  [[noreturn]] void fail(std::string_view path, std::string_view problem) const {
    throw FormatError(fmt::format("{}: {}: {}", file_.string(), path, problem));
  }

  /// What the harness calls the model: the newest key first.
  std::string model_name() const {
    if (const Json* name = find_member(root_, "model_name")) {
      if (name->is_string() && !name->get<std::string>().empty()) return name->get<std::string>();
    }
    // As the harness itself does, an adapter before the model that it sits on.
    constexpr std::array<std::string_view, 6> kKeys = {"peft",  "delta", "pretrained",
                                                       "model", "path",  "engine"};
    const Json* arguments = find_path(root_, {"config", "model_args"});
    for (const std::string_view key : kKeys) {
      if (arguments == nullptr) break;
      if (arguments->is_string()) {
        const auto& text = arguments->get_ref<const std::string&>();
        if (auto value = find_argument(text, key); value && !value->empty()) return *value;
      }
      const Json* value = find_member(*arguments, key);
      if (value != nullptr && value->is_string() && !value->get<std::string>().empty())
        return value->get<std::string>();
    }
    return file_.stem().string();
  }

  std::set<std::string> group_names() const {
    std::set<std::string> names;
    if (const Json* groups = find_member(root_, "groups"); groups && groups->is_object()) {
      for (const auto& [name, group] : groups->items()) names.insert(name);
    }
    if (const Json* groups = find_member(root_, "group_subtasks"); groups && groups->is_object()) {
      for (const auto& [name, tasks] : groups->items()) {
        if (tasks.is_array() && !tasks.empty()) names.insert(name);
      }
    }
    return names;
  }

  /// A whole number at `value`, or nothing where there is none ("N/A", null, absent).
  std::optional<std::int32_t> whole_number(const Json* value, std::string_view path) const {
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double number = value->get<double>();
    if (!(number >= 0) || number > kMostQuestions || number != std::floor(number)) {
      fail(path, fmt::format("is {}, but must be a whole number", json_text(*value)));
    }
    return static_cast<std::int32_t>(number);
  }

  std::optional<std::int32_t> num_fewshot(const std::string& task) const {
    if (auto shots = whole_number(find_path(root_, {"n-shot", task}), "n-shot." + task))
      return shots;
    if (auto shots = whole_number(find_path(root_, {"configs", task, "num_fewshot"}),
                                  "configs." + task + ".num_fewshot")) {
      return shots;
    }
    return whole_number(find_path(root_, {"config", "num_fewshot"}), "config.num_fewshot");
  }

  std::string text_or_number(const Json* value) const {
    if (value == nullptr || value->is_null()) return {};
    return value->is_string() ? value->get<std::string>() : json_text(*value);
  }

  void read_task(const std::string& task, const Json& metrics) {
    const std::string path = "results." + task;
    if (task.empty()) fail(path, "a task without a name");
    if (!metrics.is_object()) fail(path, "must be an object of metrics");
    ReportedCell cell{fmt::format("{}: {}", file_.string(), path), task};
    cell.num_fewshot = num_fewshot(task);
    cell.num_questions = whole_number(find_path(root_, {"n-samples", task, "effective"}),
                                      "n-samples." + task + ".effective");
    const Json* seed = find_path(root_, {"config", "fewshot_seed"});
    if (seed != nullptr && seed->is_number_unsigned()) cell.seed = seed->get<std::uint64_t>();
    cell.version = text_or_number(find_path(root_, {"versions", task}));
    cell.output_type = text_or_number(find_path(root_, {"configs", task, "output_type"}));
    for (const auto& [key, value] : metrics.items()) read_metric(task, key, value, metrics, cell);
    if (!cell.metrics.empty()) run_.cells.push_back(std::move(cell));
  }

  void read_metric(const std::string& task, const std::string& key, const Json& value,
                   const Json& metrics, ReportedCell& cell) {
    const MetricKey parts = split_key(key);
    // The number of questions stands among the metrics in some versions; alias is a name.
    if (key == "alias" || key == "samples" || key == "sample_len" || parts.metric.empty() ||
        parts.metric.ends_with(kStandardError) || value.is_string()) {
      return;
    }
    const std::string path = fmt::format("results.{}.{}", task, key);
    if (value.is_null()) {
      run_.left_out.push_back(fmt::format("{}: {}: not a finite number", file_.string(), path));
      return;
    }
    if (!value.is_number() || !std::isfinite(value.get<double>())) fail(path, "must be a number");
    ReportedMetric metric{parts.name(), value.get<double>()};
    const std::string error_key = parts.standard_error_key();
    const Json* error = find_member(metrics, error_key);
    if (error != nullptr && error->is_number()) {
      metric.standard_error = error->get<double>();
      if (!(metric.standard_error >= 0) || !std::isfinite(metric.standard_error)) {
        fail(fmt::format("results.{}.{}", task, error_key), "a standard error is 0 or more");
      }
    } else if (error != nullptr && !error->is_null() && !error->is_string()) {
      fail(fmt::format("results.{}.{}", task, error_key), "must be a number, null or \"N/A\"");
    }
    const Json* direction = find_path(root_, {"higher_is_better", task, parts.metric});
    if (direction != nullptr && direction->is_boolean()) {
      metric.higher_is_better = direction->get<bool>();
    }
    cell.metrics.push_back(std::move(metric));
  }

  const Json& root_;
  const std::filesystem::path& file_;
  ReportedRun run_;
};

}  // namespace

ReportedRun parse_lm_eval_results(std::string_view text, const std::filesystem::path& file) {
  const Json root = parse_json(text, file.string());
  return Reader(root, file).read();
}

}  // namespace allometer::exchange
