#include "exchange/assemble.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"
#include "exchange/json_text.hpp"
#include "exchange/known_metric.hpp"
#include "exchange/question_count.hpp"

namespace allometer::exchange {
namespace {

/// What stands for the number format of a model that somebody else ran, and for its sampler.
constexpr const char* kPublished = "published";
/// Two statements of one number agree if they differ by less than this share of it.
constexpr double kAgreement = 1e-6;

bool agree(double a, double b) {
  return std::abs(a - b) <= kAgreement * std::max({1e-3, std::abs(a), std::abs(b)});
}

/// "meta-llama/Llama-2-7b-hf" is Llama-2-7b-hf.
std::string short_name(const std::string& model) {
  std::string_view name = model;
  while (name.ends_with('/')) name.remove_suffix(1);
  return std::string(name.substr(name.find_last_of('/') + 1));
}

/// Model, task, demonstrations, seed.
using CellKey = std::tuple<std::string, std::string, std::int32_t, std::uint64_t>;

/// A task as all its entries of the sidecar together have it.
TaskRule task_rule(const Sidecar& sidecar, const std::string& task) {
  TaskRule all;
  const auto take = [](auto& mine, const auto& theirs) {
    if (theirs) mine = theirs;
  };
  const auto take_numbers = [&](MetricNumber& mine, const MetricNumber& theirs) {
    take(mine.of_shares, theirs.of_shares);
    for (const auto& [metric, value] : theirs.of_metric) mine.of_metric[metric] = value;
  };
  for (const TaskRule& rule : sidecar.tasks) {
    if (!rule.match(task)) continue;
    all.match.line = rule.match.line;
    take(all.exclude, rule.exclude);
    take(all.ability, rule.ability);
    take(all.description, rule.description);
    take(all.headline, rule.headline);
    take(all.num_questions, rule.num_questions);
    take(all.num_fewshot, rule.num_fewshot);
    take_numbers(all.chance, rule.chance);
    take_numbers(all.best, rule.best);
    for (const auto& [metric, value] : rule.higher_is_better) all.higher_is_better[metric] = value;
  }
  return all;
}

double number_for(const MetricNumber& number, const std::string& metric, bool is_share,
                  double otherwise) {
  const auto named = number.of_metric.find(metric);
  if (named != number.of_metric.end()) return named->second;
  return number.of_shares && is_share ? *number.of_shares : otherwise;
}

class Assembler {
 public:
  explicit Assembler(const Sidecar& sidecar) : sidecar_(sidecar) {}

  void add(ReportedRun run) {
    std::move(run.left_out.begin(), run.left_out.end(), std::back_inserter(out_.left_out));
    const std::string file = run.file.filename().string();
    std::optional<std::int32_t> shots;
    for (const FileRule& rule : sidecar_.files) {
      if (!rule.match(file)) continue;
      if (rule.exclude) return leave_out(run.file.string(), *rule.exclude);
      if (rule.model) run.model = *rule.model;
      if (rule.num_fewshot) shots = rule.num_fewshot;
    }
    const auto facts = facts_of(run);
    if (!facts) return;
    add_model(*facts, run);
    for (ReportedCell& cell : run.cells) add_cell(*facts->name, shots, std::move(cell));
  }

  Assembled finish() {
    throw_if_unknown();
    if (cells_.empty()) {
      throw ConfigError(
          fmt::format("nothing is left to import: {}",
                      out_.left_out.empty() ? "the files hold no results" : out_.left_out.front()));
    }
    plan_models();
    for (const std::string& task : task_order_) plan_task(task);
    throw_if_unknown();
    for (const auto& [key, cell] : cells_) plan_cell(key, cell);
    choose_size();
    return std::move(out_);
  }

 private:
  struct Model {
    ModelFacts facts;
    std::string reported;        ///< as the file calls it
    std::filesystem::path file;  ///< the first that tells of it
    std::int32_t index = 0;      ///< in the plan
  };

  struct Task {
    TaskRule rule;
    std::string version;
    std::string version_where;
    std::string output_type;
    std::vector<std::string> metrics;
    std::map<std::string, std::string> aggregations;  ///< of metrics of answers
    std::map<std::string, bool> higher_is_better;     ///< as files say
    std::vector<const ReportedCell*> cells;
    std::map<std::int64_t, std::int32_t> question;  ///< by number of the document
    std::int32_t num_questions = 0;                 ///< 0: unknown
    std::int32_t index = 0;
  };

  void leave_out(const std::string& what, const std::string& reason) {
    out_.left_out.push_back(fmt::format("{}: {}", what, reason));
  }

  static bool is_about(const ModelRule& rule, const ReportedRun& run) {
    return rule.match(run.model) || (!run.one_of_many && rule.match(run.file.filename().string()));
  }

  /// Nothing if the sidecar leaves the model out.
  std::optional<ModelFacts> facts_of(const ReportedRun& run) {
    ModelFacts facts = run.facts;
    for (const ModelRule& rule : sidecar_.models) {
      if (!is_about(rule, run)) continue;
      if (rule.exclude) {
        leave_out(run.model, *rule.exclude);
        return std::nullopt;
      }
      facts.update(rule.facts);
    }
    if (!facts.name) facts.name = short_name(run.model);
    if (facts.name->empty())
      throw FormatError(fmt::format("{}: a model without a name", run.file.string()));
    return facts;
  }

  void add_model(const ModelFacts& facts, const ReportedRun& run) {
    const auto [found, is_new] = models_.try_emplace(*facts.name);
    Model& model = found->second;
    if (is_new) {
      model_order_.push_back(*facts.name);
      model = {facts, run.model, run.file, 0};
      if (!facts.family)
        unknown_.insert(fmt::format("family of model '{}' ({})", *facts.name, run.model));
      if (!facts.num_parameters) {
        unknown_.insert(fmt::format("num_parameters of model '{}' ({})", *facts.name, run.model));
      }
      return;
    }
    if (model.facts == facts && (sidecar_names(run) || model.reported == run.model)) return;
    throw FormatError(fmt::format(
        "{} and {} both tell of a model '{}' (there called '{}' and '{}'), but not the same of it: "
        "give "
        "them different names in the sidecar ('name'), or the same family, size and levers",
        model.file.string(), run.file.string(), *facts.name, model.reported, run.model));
  }

  /// Does an entry of the sidecar name this run's model?
  bool sidecar_names(const ReportedRun& run) const {
    return std::any_of(sidecar_.models.begin(), sidecar_.models.end(), [&](const ModelRule& rule) {
      return rule.facts.name && is_about(rule, run);
    });
  }

  void add_cell(const std::string& model, std::optional<std::int32_t> shots, ReportedCell cell) {
    const auto [found, is_new] = tasks_.try_emplace(cell.task);
    Task& task = found->second;
    if (is_new) {
      task.rule = task_rule(sidecar_, cell.task);
      if (task.rule.exclude) {
        leave_out("task " + cell.task, *task.rule.exclude);
      } else {
        task_order_.push_back(cell.task);
      }
    }
    if (task.rule.exclude) return;
    if (task.rule.num_fewshot) shots = task.rule.num_fewshot;
    if (!shots) shots = cell.num_fewshot;
    if (!shots) {
      unknown_.insert(fmt::format("num_fewshot of {}", cell.where));
      return;
    }
    check_version(task, cell);
    const CellKey key{model, cell.task, *shots, cell.seed.value_or(0)};
    const auto [other, is_first] = cells_.try_emplace(key, std::move(cell));
    if (!is_first) unite(other->second, std::move(cell));
  }

  void check_version(Task& task, const ReportedCell& cell) {
    if (task.output_type.empty()) task.output_type = cell.output_type;
    if (cell.version.empty()) return;
    if (task.version.empty()) {
      task.version = cell.version;
      task.version_where = cell.where;
    } else if (task.version != cell.version) {
      throw FormatError(
          fmt::format("{} is version {} of task '{}', {} is version {}: their numbers do not "
                      "compare; leave one of "
                      "the files out",
                      cell.where, cell.version, cell.task, task.version_where, task.version));
    }
  }

  /// A results file and the samples of the same run are one cell; the same numbers twice are too.
  static void unite(ReportedCell& cell, ReportedCell other) {
    if (cell.answers && other.answers) {
      throw FormatError(
          fmt::format("{} and {} hold the answers of the same model to the same task; "
                      "leave one of them out",
                      cell.where, other.where));
    }
    for (const ReportedMetric& metric : other.metrics) {
      const auto same = std::find_if(cell.metrics.begin(), cell.metrics.end(),
                                     [&](const auto& mine) { return mine.name == metric.name; });
      if (same == cell.metrics.end()) {
        cell.metrics.push_back(metric);
      } else if (!agree(same->value, metric.value)) {
        throw FormatError(
            fmt::format("{} and {} tell of the same model and task, but not the same {}: {} and "
                        "{}; leave one of "
                        "them out, or give the models different names in the sidecar",
                        cell.where, other.where, metric.name, same->value, metric.value));
      }
    }
    if (other.answers) cell.answers = std::move(other.answers);
    if (!cell.num_questions) cell.num_questions = other.num_questions;
  }

  void throw_if_unknown() const {
    if (unknown_.empty()) return;
    constexpr std::size_t kMostShown = 20;
    std::string text =
        sidecar_.file.empty()
            ? "some things must be said in a sidecar (--models FILE.yaml, docs/importing.md):"
            : fmt::format("{}: the sidecar must say some things more (docs/importing.md):",
                          sidecar_.file.string());
    std::size_t shown = 0;
    for (const std::string& what : unknown_) {
      if (shown++ == kMostShown) {
        text += fmt::format("\n  (and {} more)", unknown_.size() - kMostShown);
        break;
      }
      text += "\n  " + what;
    }
    throw ConfigError(text);
  }

  void plan_models() {
    std::sort(model_order_.begin(), model_order_.end(), [&](const auto& a, const auto& b) {
      const ModelFacts& left = models_.at(a).facts;
      const ModelFacts& right = models_.at(b).facts;
      return std::tie(*left.family, *left.num_parameters) <
             std::tie(*right.family, *right.num_parameters);
    });
    for (const std::string& name : model_order_) {
      Model& model = models_.at(name);
      model.index = static_cast<std::int32_t>(out_.plan.models.size());
      results::PlannedModel planned;
      planned.name = name;
      planned.path = model.file.string();
      planned.family = *model.facts.family;
      planned.num_parameters = *model.facts.num_parameters;
      planned.num_parameters_without_embeddings =
          model.facts.num_parameters_without_embeddings.value_or(0);
      planned.levers = model.facts.levers;
      planned.training_tokens = model.facts.training_tokens.value_or(results::kUnknown);
      planned.training_flops = model.facts.training_flops.value_or(results::kUnknown);
      planned.digest = sha256(json_text({{"published model", name},
                                         {"family", planned.family},
                                         {"num_parameters", planned.num_parameters},
                                         {"levers", planned.levers}}));
      out_.plan.models.push_back(std::move(planned));
      out_.plan.variants.push_back({model.index, kPublished, name + "/" + kPublished});
    }
  }

  // --- tasks

  void plan_task(const std::string& name) {
    Task& task = tasks_.at(name);
    for (const auto& [key, cell] : cells_) {
      if (std::get<1>(key) == name) task.cells.push_back(&cell);
    }
    gather_metrics(task);
    task.index = static_cast<std::int32_t>(out_.plan.tasks.size());
    results::PlannedTask planned;
    planned.name = name;
    planned.ability = task.rule.ability.value_or("");
    planned.description = task.rule.description.value_or("");
    planned.output_type = task.output_type.empty() ? "unknown" : task.output_type;
    planned.digest = sha256(json_text({{"published task", name}, {"version", task.version}}));
    for (const std::string& metric : task.metrics)
      planned.metrics.push_back(plan_metric(name, task, metric));
    planned.headline = headline_of(name, task);
    gather_questions(task, planned);
    task.num_questions = count_questions(name, task);
    out_.plan.tasks.push_back(std::move(planned));
  }

  /// Answers give their metrics; of a metric that only the results file of a cell has, answers
  /// would be missing.
  void gather_metrics(Task& task) {
    const auto add = [&](const std::string& metric) {
      if (std::find(task.metrics.begin(), task.metrics.end(), metric) == task.metrics.end()) {
        task.metrics.push_back(metric);
      }
    };
    for (const ReportedCell* cell : task.cells) {
      if (cell->answers) {
        for (const AnsweredMetric& metric : cell->answers->metrics) {
          add(metric.name);
          task.aggregations.try_emplace(metric.name, metric.aggregation);
        }
      }
      for (const ReportedMetric& metric : cell->metrics) {
        if (!cell->answers) add(metric.name);
        if (metric.higher_is_better)
          task.higher_is_better.try_emplace(metric.name, *metric.higher_is_better);
      }
    }
  }

  results::PlannedMetric plan_metric(const std::string& name, const Task& task,
                                     const std::string& metric) {
    const KnownMetric known = known_metric(metric);
    results::PlannedMetric planned;
    planned.name = metric;
    const auto aggregation = task.aggregations.find(metric);
    planned.aggregation =
        aggregation == task.aggregations.end() ? known.aggregation : aggregation->second;
    planned.unit = known.unit;
    planned.long_name = known.long_name;
    planned.has_standard_error = known.has_standard_error;
    planned.chance = number_for(task.rule.chance, metric, known.is_share, results::kUnknown);
    planned.majority = results::kUnknown;
    planned.best = number_for(task.rule.best, metric, known.is_share, known.best);
    planned.higher_is_better = direction_of(name, task, metric, known);
    return planned;
  }

  bool direction_of(const std::string& name, const Task& task, const std::string& metric,
                    const KnownMetric& known) {
    const auto& said = task.rule.higher_is_better;
    if (const auto found = said.find(metric); found != said.end()) return found->second;
    if (const auto found = said.find(""); found != said.end()) return found->second;
    const auto& reported = task.higher_is_better;
    if (const auto found = reported.find(metric); found != reported.end()) return found->second;
    if (known.higher_is_better) return *known.higher_is_better;
    unknown_.insert(fmt::format("higher_is_better of metric '{}' of task '{}'", metric, name));
    return true;
  }

  std::string headline_of(const std::string& name, const Task& task) const {
    const auto has = [&](const std::string& metric) {
      return std::find(task.metrics.begin(), task.metrics.end(), metric) != task.metrics.end();
    };
    if (!task.rule.headline) return has("acc") ? "acc" : "";
    if (*task.rule.headline == "none" || has(*task.rule.headline)) return *task.rule.headline;
    throw ConfigError(fmt::format("{}:{}: headline '{}' is no metric of task '{}'; there are: {}",
                                  sidecar_.file.string(), task.rule.match.line, *task.rule.headline,
                                  name, fmt::join(task.metrics, ", ")));
  }

  /// The questions of every model's answers together; the same document must be the same text.
  void gather_questions(Task& task, results::PlannedTask& planned) {
    struct Question {
      const Answers* answers = nullptr;
      std::size_t row = 0;
    };
    std::map<std::int64_t, Question> questions;
    for (const ReportedCell* cell : task.cells) {
      if (!cell->answers) continue;
      const Answers& answers = *cell->answers;
      for (std::size_t i = 0; i < answers.ids.size(); ++i) {
        const auto [found, is_new] =
            questions.try_emplace(std::stoll(answers.ids[i]), Question{&answers, i});
        const Question& first = found->second;
        if (first.answers->texts[first.row] == answers.texts[i] &&
            first.answers->targets[first.row] == answers.targets[i]) {
          continue;
        }
        throw FormatError(
            fmt::format("{} and {} asked different questions: doc_id {} is not the same document; "
                        "import them into "
                        "different files",
                        first.answers->file.string(), answers.file.string(), answers.ids[i]));
      }
    }
    for (const auto& [number, question] : questions) {
      task.question[number] = static_cast<std::int32_t>(planned.question_ids.size());
      const auto& record = question.answers->records[question.row];
      planned.question_ids.push_back(std::to_string(number));
      planned.question_texts.push_back(question.answers->texts[question.row]);
      planned.question_targets.push_back(question.answers->targets[question.row]);
      const std::size_t choices = record.generated.empty() ? record.log_likelihood.size() : 0;
      planned.num_choices.push_back(choices > 1 ? static_cast<std::int32_t>(choices) : 0);
    }
  }

  std::int32_t count_questions(const std::string& name, const Task& task) {
    std::vector<ShareEstimate> estimates;
    for (const ReportedCell* cell : task.cells) {
      for (const ReportedMetric& metric : cell->metrics) {
        if (known_metric(metric.name).is_share)
          estimates.push_back({metric.value, metric.standard_error});
      }
    }
    const std::int32_t derived = questions_behind(estimates);
    const std::int32_t stated = task.rule.num_questions.value_or(0);
    if (stated > 0 && derived > 0 && stated != derived) {
      out_.notes.push_back(
          fmt::format("task {}: the sidecar says {} questions, the standard errors say {}", name,
                      stated, derived));
    }
    return stated > 0 ? stated : derived;
  }

  // --- cells

  void plan_cell(const CellKey& key, const ReportedCell& cell) {
    const auto& [model, task_name, shots, seed] = key;
    const Task& task = tasks_.at(task_name);
    results::PlannedCell planned;
    planned.variant = models_.at(model).index;
    planned.task = task.index;
    planned.num_fewshot = shots;
    planned.seed = seed;
    planned.sampler = kPublished;
    Json identity = {
        {"published cell", 1},
        {"model", out_.plan.models[static_cast<std::size_t>(planned.variant)].digest.hex()},
        {"task", out_.plan.tasks[static_cast<std::size_t>(task.index)].digest.hex()},
        {"shots", shots},
        {"seed", seed}};
    if (cell.answers) {
      add_answers(cell, task, planned, identity);
    } else {
      add_published(cell, task, planned, identity);
    }
    out_.plan.cells.push_back(std::move(planned));
  }

  void add_published(const ReportedCell& cell, const Task& task, results::PlannedCell& planned,
                     Json& identity) {
    planned.num_questions = cell.num_questions.value_or(task.num_questions);
    results::PublishedRecord record;
    for (const ReportedMetric& metric : cell.metrics) {
      results::PublishedValue value;
      value.metric = metric.name;
      value.value = metric.value;
      value.num_questions = planned.num_questions;
      value.standard_error = metric.standard_error;
      if (std::isnan(value.standard_error) && known_metric(metric.name).is_share) {
        value.standard_error = standard_error_of_share(metric.value, planned.num_questions);
      }
      identity["values"].push_back(
          {metric.name, metric.value, number_or_null(value.standard_error)});
      record.values.push_back(std::move(value));
    }
    planned.digest = sha256(json_text(identity));
    record.cell = planned.digest;
    out_.published.push_back(std::move(record));
  }

  static Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }

  void add_answers(const ReportedCell& cell, const Task& task, results::PlannedCell& planned,
                   Json& identity) {
    const Answers& answers = *cell.answers;
    check_agreement(cell);
    const auto& metrics = out_.plan.tasks[static_cast<std::size_t>(task.index)].metrics;
    std::vector<results::QuestionRecord> records;
    for (std::size_t i = 0; i < answers.records.size(); ++i) {
      records.push_back(answers.records[i]);
      records.back().question = task.question.at(std::stoll(answers.ids[i]));
      arrange(answers, metrics, records.back());
    }
    // The first questions of the task, all of them, are a cell of their own; gaps leave it
    // unfinished.
    const bool is_prefix = records.back().question + 1 == static_cast<std::int32_t>(records.size());
    planned.num_questions =
        static_cast<std::int32_t>(is_prefix ? records.size() : task.question.size());
    identity["answers"] = sha256(answers_text(records)).hex();
    planned.digest = sha256(json_text(identity));
    add_shards(planned.digest, std::move(records));
  }

  /// Metrics in the order of the task's.
  static void arrange(const Answers& answers, const std::vector<results::PlannedMetric>& metrics,
                      results::QuestionRecord& record) {
    std::vector<double> values, weights;
    for (const results::PlannedMetric& metric : metrics) {
      const auto found =
          std::find_if(answers.metrics.begin(), answers.metrics.end(),
                       [&](const AnsweredMetric& other) { return other.name == metric.name; });
      const auto at = static_cast<std::size_t>(found - answers.metrics.begin());
      const bool has = found != answers.metrics.end();
      values.push_back(has ? record.metric_value[at] : results::kUnknown);
      weights.push_back(has ? record.metric_weight[at] : results::kUnknown);
    }
    record.metric_value = std::move(values);
    record.metric_weight = std::move(weights);
  }

  /// What tells one set of answers from another.
  static std::string answers_text(const std::vector<results::QuestionRecord>& records) {
    results::ShardResult all;
    std::string text;
    for (const results::QuestionRecord& record : records) {
      all.begin = record.question;
      all.end = record.question + 1;
      all.records = {record};
      text += all.encode();
    }
    return text;
  }

  /// One shard for each range without a gap. Costs are unknown.
  void add_shards(const Digest& cell, std::vector<results::QuestionRecord> records) {
    for (results::QuestionRecord& record : records) {
      if (out_.shards.empty() || out_.shards.back().cell != cell ||
          out_.shards.back().end != record.question) {
        results::ShardResult& shard = out_.shards.emplace_back();
        shard.cell = cell;
        shard.begin = shard.end = record.question;
        shard.host = "elsewhere";
        shard.cost.wall_seconds = results::kUnknown;
      }
      ++out_.shards.back().end;
      out_.shards.back().records.push_back(std::move(record));
    }
  }

  /// What the results file of the run says, and what its samples add up to.
  void check_agreement(const ReportedCell& cell) {
    const Answers& answers = *cell.answers;
    for (std::size_t m = 0; m < answers.metrics.size(); ++m) {
      double values = 0;
      double weights = 0;
      for (const results::QuestionRecord& record : answers.records) {
        if (std::isnan(record.metric_value[m])) continue;
        values += record.metric_value[m];
        weights += record.metric_weight[m];
      }
      const double found = aggregate(answers.metrics[m].aggregation, values / weights);
      for (const ReportedMetric& metric : cell.metrics) {
        if (metric.name != answers.metrics[m].name || agree(metric.value, found)) continue;
        throw FormatError(
            fmt::format("{}: its answers make {} {}, but {} says {}: the two are not of the same "
                        "run; leave one of "
                        "them out",
                        answers.file.string(), metric.name, found, cell.where, metric.value));
      }
    }
    for (const ReportedMetric& metric : cell.metrics) {
      if (std::none_of(answers.metrics.begin(), answers.metrics.end(),
                       [&](const auto& other) { return other.name == metric.name; })) {
        leave_out(fmt::format("{}: {}", cell.where, metric.name),
                  "the samples of the run have no value of it for each question");
      }
    }
  }

  /// Where nobody knows the parameters without embeddings, all of them are the size.
  void choose_size() {
    const auto& models = out_.plan.models;
    const bool known = std::all_of(models.begin(), models.end(), [](const auto& model) {
      return model.num_parameters_without_embeddings > 0;
    });
    out_.plan.analysis = known ? "{}" : R"({"size": "total"})";
    if (!known) {
      out_.notes.push_back(
          "size is the number of all parameters, since that without embeddings is not "
          "known of every model");
    }
  }

  const Sidecar& sidecar_;
  Assembled out_;
  std::map<std::string, Model> models_;
  std::vector<std::string> model_order_;
  std::map<std::string, Task> tasks_;
  std::vector<std::string> task_order_;
  std::map<CellKey, ReportedCell> cells_;
  std::set<std::string> unknown_;
};

}  // namespace

Assembled assemble(std::vector<ReportedRun> runs, const Sidecar& sidecar) {
  Assembler assembler(sidecar);
  for (ReportedRun& run : runs) assembler.add(std::move(run));
  return assembler.finish();
}

}  // namespace allometer::exchange
