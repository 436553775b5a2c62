#include "exchange/sidecar.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "io/atomic_file.hpp"
#include "job/job.hpp"
#include "job/map_reader.hpp"
#include "job/yaml.hpp"

namespace allometer::exchange {
namespace {

using job::MapReader;
using job::YamlNode;

constexpr double kHuge = 1e40;
constexpr job::IntegerRange kQuestions{1, 1'000'000'000};
constexpr job::IntegerRange kShots{0, 1'000'000};

class Reader {
 public:
  Reader(Sidecar& sidecar, job::Mistakes& mistakes) : sidecar_(sidecar), mistakes_(mistakes) {}

  void read(const YamlNode& root) {
    // An empty file says nothing, which is allowed.
    if (root.kind == YamlNode::Kind::null) return;
    const MapReader top(root, "", {"name", "models", "files", "tasks", "table"}, mistakes_);
    sidecar_.name = top.text("name").value_or("");
    for (const YamlNode& node : top.list("models")) read_model(node);
    for (const YamlNode& node : top.list("files")) read_file(node);
    for (const YamlNode& node : top.list("tasks")) read_task(node);
    if (const YamlNode* node = top.find("table")) read_table(*node);
  }

 private:
  Match read_match(const MapReader& map) {
    Match match{map.line(), map.texts("match").value_or(std::vector<std::string>{})};
    if (map.find("match") == nullptr) {
      mistakes_.add(map.line(),
                    "an entry without 'match': say which names it is about, as "
                    "match: \"pythia-*\"");
    }
    return match;
  }

  std::optional<std::int64_t> count(const MapReader& map, std::string_view key) {
    const auto value = map.real(key, 0, 1e18);
    return value ? std::optional(static_cast<std::int64_t>(std::llround(*value))) : std::nullopt;
  }

  std::map<std::string, std::string> words(const MapReader& map, std::string_view key) {
    std::map<std::string, std::string> result;
    const YamlNode* node = map.find(key);
    if (node == nullptr) return result;
    if (node->kind != YamlNode::Kind::map) {
      map.mistake(*node, key, "a map of 'name: value'");
      return result;
    }
    for (const auto& [name, value] : node->entries) {
      if (value.kind != YamlNode::Kind::scalar || value.scalar.empty() || name.scalar.empty()) {
        mistakes_.add(value.line, fmt::format("{}: '{}' is {}: expected one word or number",
                                              map.title(key), name.scalar, describe(value)));
        continue;
      }
      result.emplace(name.scalar, value.scalar);
    }
    return result;
  }

  void read_model(const YamlNode& node) {
    const MapReader map(
        node, "models",
        {"match", "exclude", "name", "family", "num_parameters",
         "num_parameters_without_embeddings", "levers", "training_tokens", "training_flops"},
        mistakes_);
    ModelRule rule{read_match(map)};
    rule.exclude = map.text("exclude");
    rule.facts.name = map.text("name");
    rule.facts.family = map.text("family");
    rule.facts.num_parameters = count(map, "num_parameters");
    rule.facts.num_parameters_without_embeddings = count(map, "num_parameters_without_embeddings");
    rule.facts.levers = words(map, "levers");
    rule.facts.training_tokens = map.real("training_tokens", 0, kHuge);
    rule.facts.training_flops = map.real("training_flops", 0, kHuge);
    sidecar_.models.push_back(std::move(rule));
  }

  void read_file(const YamlNode& node) {
    const MapReader map(node, "files", {"match", "exclude", "model", "num_fewshot"}, mistakes_);
    FileRule rule{read_match(map)};
    rule.exclude = map.text("exclude");
    rule.model = map.text("model");
    rule.num_fewshot = small(map, "num_fewshot", kShots);
    sidecar_.files.push_back(std::move(rule));
  }

  static std::optional<std::int32_t> small(const MapReader& map, std::string_view key,
                                           job::IntegerRange range) {
    const auto value = map.integer(key, range);
    return value ? std::optional(static_cast<std::int32_t>(*value)) : std::nullopt;
  }

  /// "0.25", or {acc: 0.25, acc_norm: 0.25}.
  MetricNumber read_metric_number(const MapReader& map, std::string_view key) {
    MetricNumber result;
    const YamlNode* node = map.find(key);
    if (node == nullptr) return result;
    if (node->kind == YamlNode::Kind::scalar) {
      result.of_shares = job::parse_real(node->scalar);
      if (!result.of_shares) map.mistake(*node, key, "a number");
      return result;
    }
    for (const auto& [metric, text] : words(map, key)) {
      const auto value = job::parse_real(text);
      if (!value) {
        mistakes_.add(node->line, fmt::format("{}: '{}' of '{}' is not a number", map.title(key),
                                              text, metric));
      } else {
        result.of_metric[metric] = *value;
      }
    }
    return result;
  }

  /// "true", or {acc: true, perplexity: false}.
  std::map<std::string, bool> read_direction(const MapReader& map) {
    std::map<std::string, bool> result;
    const YamlNode* node = map.find("higher_is_better");
    if (node == nullptr) return result;
    if (node->kind == YamlNode::Kind::scalar) {
      if (const auto value = map.boolean("higher_is_better")) result[""] = *value;
      return result;
    }
    for (const auto& [metric, text] : words(map, "higher_is_better")) {
      if (text != "true" && text != "false") {
        mistakes_.add(node->line, fmt::format("{}: '{}' of '{}': expected true or false",
                                              map.title("higher_is_better"), text, metric));
      }
      result[metric] = text == "true";
    }
    return result;
  }

  void read_task(const YamlNode& node) {
    const MapReader map(node, "tasks",
                        {"match", "exclude", "ability", "description", "headline", "num_questions",
                         "num_fewshot", "chance", "best", "higher_is_better"},
                        mistakes_);
    TaskRule rule{read_match(map)};
    rule.exclude = map.text("exclude");
    rule.ability = map.text("ability");
    rule.description = map.text("description");
    rule.headline = map.text("headline");
    rule.num_questions = small(map, "num_questions", kQuestions);
    rule.num_fewshot = small(map, "num_fewshot", kShots);
    rule.chance = read_metric_number(map, "chance");
    rule.best = read_metric_number(map, "best");
    rule.higher_is_better = read_direction(map);
    sidecar_.tasks.push_back(std::move(rule));
  }

  /// "Model Size (B)", or {column: Model Size (B), times: 1e9}.
  std::optional<NumberColumn> read_number_column(const MapReader& map, std::string_view key) {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return std::nullopt;
    if (node->kind == YamlNode::Kind::scalar) return NumberColumn{node->scalar};
    const MapReader column(*node, std::string(key), {"column", "times"}, mistakes_);
    const auto name = column.text("column");
    if (!name) {
      mistakes_.add(node->line, fmt::format("{}: expected 'column', the heading of a column, and "
                                            "perhaps 'times'",
                                            map.title(key)));
      return std::nullopt;
    }
    return NumberColumn{*name, column.real("times", 0, kHuge).value_or(1)};
  }

  void read_score(const YamlNode& node, std::set<std::string>& seen) {
    const MapReader map(node, "scores", {"column", "task", "metric", "times", "standard_error"},
                        mistakes_);
    ScoreColumn score;
    score.line = map.line();
    const auto column = map.text("column");
    if (!column)
      mistakes_.add(map.line(), "a score without 'column': name the heading of a column");
    score.column = column.value_or("");
    score.task = map.text("task").value_or(score.column);
    score.metric = map.text("metric").value_or(score.metric);
    score.times = map.real("times", 0, kHuge).value_or(1);
    score.standard_error = map.text("standard_error");
    if (column && !seen.insert(score.task + "\n" + score.metric).second) {
      mistakes_.add(map.line(),
                    fmt::format("metric '{}' of task '{}' is given by two columns: keep "
                                "one, or name another metric",
                                score.metric, score.task));
    }
    sidecar_.table->scores.push_back(std::move(score));
  }

  void read_table(const YamlNode& node) {
    const MapReader map(node, "table",
                        {"model", "family", "num_parameters", "num_parameters_without_embeddings",
                         "training_tokens", "training_flops", "levers", "scores"},
                        mistakes_);
    TableMap& table = sidecar_.table.emplace();
    table.line = map.line();
    const auto model = map.text("model");
    if (!model)
      mistakes_.add(map.line(), "'table' must name the column of the models: model: HEADING");
    table.model = model.value_or("");
    table.family = map.text("family");
    table.num_parameters = read_number_column(map, "num_parameters");
    table.num_parameters_without_embeddings =
        read_number_column(map, "num_parameters_without_embeddings");
    table.training_tokens = read_number_column(map, "training_tokens");
    table.training_flops = read_number_column(map, "training_flops");
    table.levers = words(map, "levers");
    std::set<std::string> seen;
    for (const YamlNode& score : map.list("scores")) read_score(score, seen);
    if (map.find("scores") == nullptr) {
      mistakes_.add(map.line(),
                    "'table' must list the columns of results: scores: [{column: ...}]");
    }
  }

  Sidecar& sidecar_;
  job::Mistakes& mistakes_;
};

}  // namespace

bool Match::operator()(std::string_view name) const {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return job::glob_match(pattern, name); });
}

Sidecar parse_sidecar(std::string_view text, const std::filesystem::path& file) {
  Sidecar sidecar;
  sidecar.file = file;
  sidecar.text = text;
  job::Mistakes mistakes(file);
  const YamlNode root = job::parse_yaml(text, mistakes);
  Reader(sidecar, mistakes).read(root);
  mistakes.throw_if_any();
  return sidecar;
}

Sidecar load_sidecar(const std::filesystem::path& file) {
  return parse_sidecar(io::read_text(file), file);
}

}  // namespace allometer::exchange
