#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "exchange/export.hpp"
#include "exchange/json_text.hpp"
#include "io/atomic_file.hpp"
#include "job/map_reader.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;
using results::PlannedCell;
using results::PlannedMetric;
using results::PlannedModel;
using results::PlannedTask;
using results::PlannedVariant;
using results::QuestionRecord;
using results::ResultsFile;

/// As the harness makes a model's name the name of a directory.
std::string sanitized(const std::string& name) {
  constexpr std::string_view kSpecial = "\"<>:/|\\?*[]";
  std::string result;
  bool inside = false;
  for (const char c : name) {
    const bool special = kSpecial.find(c) != std::string_view::npos;
    if (!special) result += c;
    if (special && !inside) result += "__";
    inside = special;
  }
  return result;
}

/// A metric and the filter that it is of: "exact_match,strict-match" or "acc".
struct MetricKey {
  std::string metric;
  std::string filter;
};

MetricKey split(const std::string& name) {
  const std::size_t comma = name.find(',');
  if (comma == std::string::npos) return {name, "none"};
  return {name.substr(0, comma), name.substr(comma + 1)};
}

Json number_or(double value, Json otherwise) {
  return std::isfinite(value) ? Json(value) : std::move(otherwise);
}

/// Python's str() of a number.
std::string python_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// What the harness ran at once: a variant with some number of demonstrations and one seed.
using RunKey = std::tuple<std::int32_t, std::int32_t, std::uint64_t>;

class Exporter {
 public:
  Exporter(const ResultsFile& file, const std::vector<ResultsFile::Estimate>& estimates,
           fs::path directory)
      : file_(file),
        plan_(file.plan()),
        directory_(std::move(directory)),
        date_(file.last_start_time()) {
    std::replace(date_.begin(), date_.end(), ':', '-');
    if (date_.ends_with('Z')) date_.pop_back();
    if (date_.empty()) date_ = "undated";
    for (const auto& estimate : estimates) estimates_[estimate.cell].push_back(&estimate);
    for (const PlannedVariant& variant : plan_.variants) ++variants_of_[variant.model];
  }

  ExportSummary write() {
    std::map<RunKey, std::vector<std::int32_t>> runs;
    for (const auto& [cell, estimates] : estimates_) {
      const PlannedCell& planned = cell_of(cell);
      // The form has no place for two versions of one task.
      if (!planned.in_job) continue;
      runs[{planned.variant, planned.num_fewshot, planned.seed}].push_back(cell);
    }
    for (const auto& [run, cells] : runs) write_run(run, cells);
    return std::move(summary_);
  }

 private:
  const PlannedCell& cell_of(std::int32_t cell) const {
    return file_.cells()[static_cast<std::size_t>(cell)].cell;
  }
  const PlannedTask& task_of(std::int32_t cell) const {
    return plan_.tasks[static_cast<std::size_t>(cell_of(cell).task)];
  }

  /// A model's own name, unless it was run in several precisions.
  std::string name_of_run(const PlannedVariant& variant) const {
    return variants_of_.at(variant.model) > 1
               ? variant.name
               : plan_.models[static_cast<std::size_t>(variant.model)].name;
  }

  void write_run(const RunKey& run, const std::vector<std::int32_t>& cells) {
    const auto& [variant_index, shots, seed] = run;
    const PlannedVariant& variant = plan_.variants[static_cast<std::size_t>(variant_index)];
    const fs::path folder =
        directory_ / fmt::format("{}_{}shot_seed{}", sanitized(name_of_run(variant)), shots, seed);
    fs::create_directories(folder);
    Json root = describe_run(variant, cells);
    for (const std::int32_t cell : cells) {
      describe_cell(cell, root);
      if (file_.cells()[static_cast<std::size_t>(cell)].questions_done > 0)
        write_samples(folder, cell);
    }
    save(folder / fmt::format("results_{}.json", date_), json_text(root, 2) + "\n");
  }

  void save(const fs::path& path, const std::string& text) {
    io::replace_file(path, text);
    summary_.files.push_back(path);
  }

  Json describe_run(const PlannedVariant& variant, const std::vector<std::int32_t>& cells) const {
    const PlannedModel& model = plan_.models[static_cast<std::size_t>(variant.model)];
    const PlannedCell& first = cell_of(cells.front());
    const std::string name = name_of_run(variant);
    Json root;
    for (const char* key : {"results", "group_subtasks", "configs", "versions", "n-shot",
                            "higher_is_better", "n-samples"}) {
      root[key] = Json::object();
    }
    root["config"] = {{"model", "allometer"},
                      {"model_args", "pretrained=" + name},
                      {"model_num_parameters", model.num_parameters},
                      {"model_dtype", variant.precision},
                      {"fewshot_seed", first.seed}};
    root["git_hash"] = nullptr;
    root["model_source"] = "allometer";
    root["model_name"] = name;
    root["model_name_sanitized"] = sanitized(name);
    root["task_hashes"] = Json::object();
    root["allometer"] = {
        {"job", plan_.job_name},
        {"job_digest", plan_.job_digest.hex()},
        {"numerics", plan_.numerics},
        {"family", model.family},
        {"levers", model.levers},
        {"num_parameters_without_embeddings", model.num_parameters_without_embeddings},
        {"training_tokens", number_or(model.training_tokens, nullptr)},
        {"training_flops", number_or(model.training_flops, nullptr)},
        {"sampler", first.sampler}};
    return root;
  }

  void describe_cell(std::int32_t cell, Json& root) const {
    const PlannedTask& task = task_of(cell);
    Json& results = root["results"][task.name];
    Json directions = Json::object();
    Json metrics = Json::array();
    results["alias"] = task.name;
    for (const ResultsFile::Estimate* estimate : estimates_.at(cell)) {
      if (!std::isfinite(estimate->estimate)) continue;
      const auto [metric, filter] = split(estimate->metric);
      results[metric + "," + filter] = estimate->estimate;
      results[metric + "_stderr," + filter] = number_or(estimate->standard_error, "N/A");
    }
    for (const PlannedMetric& planned : task.metrics) {
      const std::string metric = split(planned.name).metric;
      if (directions.contains(metric)) continue;
      directions[metric] = planned.higher_is_better;
      metrics.push_back({{"metric", metric},
                         {"aggregation", planned.aggregation},
                         {"higher_is_better", planned.higher_is_better}});
    }
    const PlannedCell& planned = cell_of(cell);
    const std::int32_t done = file_.cells()[static_cast<std::size_t>(cell)].questions_done;
    root["group_subtasks"][task.name] = Json::array();
    root["configs"][task.name] = {{"task", task.name},
                                  {"output_type", task.output_type},
                                  {"num_fewshot", planned.num_fewshot},
                                  {"metric_list", std::move(metrics)}};
    root["versions"][task.name] = task.digest.short_hex();
    root["n-shot"][task.name] = planned.num_fewshot;
    root["higher_is_better"][task.name] = std::move(directions);
    root["n-samples"][task.name] = {{"original", planned.num_questions},
                                    {"effective", done > 0 ? done : planned.num_questions}};
  }

  // --- samples

  /// The metrics of each filter, in the order of the task's.
  static std::vector<std::pair<std::string, std::vector<std::size_t>>> filters_of(
      const PlannedTask& task) {
    std::vector<std::pair<std::string, std::vector<std::size_t>>> filters;
    for (std::size_t m = 0; m < task.metrics.size(); ++m) {
      const std::string filter = split(task.metrics[m].name).filter;
      auto found = std::find_if(filters.begin(), filters.end(),
                                [&](const auto& other) { return other.first == filter; });
      if (found == filters.end()) found = filters.insert(filters.end(), {filter, {}});
      found->second.push_back(m);
    }
    return filters;
  }

  void write_samples(const fs::path& folder, std::int32_t cell) {
    const PlannedTask& task = task_of(cell);
    const auto texts = file_.question_texts(cell_of(cell).task);
    const auto targets = file_.question_targets(cell_of(cell).task);
    const std::vector<QuestionRecord> records = file_.records(cell);
    std::string lines;
    for (const auto& [filter, metrics] : filters_of(task)) {
      for (const QuestionRecord& record : records) {
        const auto question = static_cast<std::size_t>(record.question);
        Json line = describe_question(task, question, texts[question], targets[question]);
        describe_answer(task, record, line);
        line["filter"] = filter;
        add_metrics(task, metrics, record, line);
        lines += json_text(line) + "\n";
      }
    }
    summary_.num_records += static_cast<std::int64_t>(records.size());
    // A task's name may hold what a file's must not.
    save(folder / fmt::format("samples_{}_{}.jsonl", sanitized(task.name), date_), lines);
  }

  /// An imported document is JSON already; of our own there is the text.
  static Json describe_question(const PlannedTask& task, std::size_t question,
                                const std::string& text, const std::string& target) {
    Json document;
    try {
      document = parse_json(text, "question");
    } catch (const FormatError&) {
    }
    if (!document.is_object()) document = {{"id", task.question_ids[question]}, {"text", text}};
    const auto number = job::parse_integer(task.question_ids[question]);
    const bool numbered = number && *number >= 0;
    Json line;
    line["doc_id"] = numbered ? *number : static_cast<std::int64_t>(question);
    line["target"] = target;
    line["doc_hash"] = sha256(json_text(document, 2)).hex();
    line["target_hash"] = sha256(target).hex();
    line["doc"] = std::move(document);
    line["arguments"] = Json::object();
    return line;
  }

  static void describe_answer(const PlannedTask& task, const QuestionRecord& record, Json& line) {
    Json responses = Json::array();
    Json filtered = Json::array();
    for (const std::string& text : record.generated) {
      responses.push_back(Json::array({text}));
      filtered.push_back(text);
    }
    const bool rolling = task.output_type == "loglikelihood_rolling";
    for (std::size_t i = 0; record.generated.empty() && i < record.log_likelihood.size(); ++i) {
      Json answer = python_text(record.log_likelihood[i]);
      if (!rolling)
        answer = Json::array({std::move(answer), record.is_greedy[i] != 0 ? "True" : "False"});
      responses.push_back(Json::array({answer}));
      filtered.push_back(std::move(answer));
    }
    line["resps"] = std::move(responses);
    line["filtered_resps"] = std::move(filtered);
    Json likelihoods = Json::array();
    for (const double value : record.log_likelihood)
      likelihoods.push_back(number_or(value, nullptr));
    line["allometer"] = {{"log_likelihood", std::move(likelihoods)},
                         {"num_tokens", record.num_tokens},
                         {"context_tokens", record.context_tokens},
                         {"truncated", record.truncated}};
  }

  /// The sum of a ratio's numerator and denominator stand as a pair, as the harness has them; the
  /// weight of a mean, which it does not have, stands apart.
  static void add_metrics(const PlannedTask& task, const std::vector<std::size_t>& metrics,
                          const QuestionRecord& record, Json& line) {
    Json names = Json::array();
    for (const std::size_t m : metrics) {
      const double value = record.metric_value[m];
      const double weight = record.metric_weight[m];
      const std::string name = split(task.metrics[m].name).metric;
      names.push_back(name);
      if (!std::isfinite(value)) continue;
      if (weight == 1) {
        line[name] = value;
      } else if (task.metrics[m].aggregation != "mean") {
        line[name] = Json::array({value, weight});
      } else {
        line[name] = value;
        line["allometer"]["weights"][name] = weight;
      }
    }
    line["metrics"] = std::move(names);
  }

  const ResultsFile& file_;
  const results::PlanRecord& plan_;
  fs::path directory_;
  std::string date_;  ///< of the last start, as file names have it
  std::map<std::int32_t, std::vector<const ResultsFile::Estimate*>> estimates_;  ///< by cell
  std::map<std::int32_t, int> variants_of_;                                      ///< by model
  ExportSummary summary_;
};

}  // namespace

ExportSummary export_lm_eval(const ResultsFile& file,
                             const std::vector<ResultsFile::Estimate>& estimates,
                             const fs::path& directory) {
  return Exporter(file, estimates, directory).write();
}

}  // namespace allometer::exchange
