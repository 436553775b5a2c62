#include "tasks/explanation_settings.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/spelling.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMaxSamples = 1'000'000;
constexpr int kMaxFeatures = 1'000'000;
constexpr int kMaxRepeats = 1000;

std::string read_one_of(const YamlValue& value, std::string_view key,
                        const std::vector<std::string>& allowed) {
  std::string name = read_text(value, key);
  if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return name;
  throw ConfigError(fmt::format("{}{} '{}' is unknown{} There are: {}", value.where(), key, name,
                                did_you_mean(name, allowed), fmt::join(allowed, ", ")));
}

/// Refuses a key that means something to other methods only.
void require_method(const YamlValue& map, const char* key, const ExplanationSettings& settings,
                    const std::vector<std::string>& methods) {
  const YamlValue* value = find_set(map, key);
  if (value == nullptr) return;
  if (std::find(methods.begin(), methods.end(), settings.method) != methods.end()) return;
  throw ConfigError(fmt::format("{}{} means nothing to method: {}; it is for {}", value->where(),
                                key, settings.method, fmt::join(methods, ", ")));
}

void read_method(const YamlValue& map, ExplanationSettings& settings) {
  if (const YamlValue* value = find_set(map, "method"))
    settings.method = read_one_of(*value, "method", explanation_methods());
  require_method(map, "num_samples", settings, {"lime", "shap"});
  require_method(map, "selection", settings, {"lime"});
  require_method(map, "repeats", settings, {"lime", "shap", "random"});
  if (const YamlValue* value = find_set(map, "num_samples"))
    settings.num_samples = static_cast<int>(read_integer(*value, "num_samples", 1, kMaxSamples));
  if (const YamlValue* value = find_set(map, "selection")) {
    settings.selection =
        read_one_of(*value, "selection", {"none", "highest_weights", "forward_selection", "auto"});
  }
  if (const YamlValue* value = find_set(map, "num_features"))
    settings.num_features = static_cast<int>(read_integer(*value, "num_features", 1, kMaxFeatures));
  if (const YamlValue* value = find_set(map, "repeats"))
    settings.repeats = static_cast<int>(read_integer(*value, "repeats", 1, kMaxRepeats));
  if (const YamlValue* value = find_set(map, "seed")) {
    settings.seed = static_cast<std::uint64_t>(
        read_integer(*value, "seed", 0, std::numeric_limits<long long>::max()));
  }
}

void read_units(const YamlValue& map, ExplanationSettings& settings) {
  if (const YamlValue* value = find_set(map, "units"))
    settings.units_are_tokens = read_one_of(*value, "units", {"words", "tokens"}) == "tokens";
  settings.bag_of_words = !settings.units_are_tokens;
  if (const YamlValue* value = find_set(map, "bag_of_words"))
    settings.bag_of_words = read_bool(*value, "bag_of_words");
  if (const YamlValue* value = find_set(map, "replacement")) {
    settings.replacement = read_text(*value, "replacement");
    if (settings.replacement->empty()) {
      throw ConfigError(value->where() +
                        "replacement is the text that stands for a removed unit; without the key, "
                        "units are left out");
    }
  }
}

void read_rationale(const YamlValue& map, ExplanationSettings& settings) {
  if (const YamlValue* value = find_set(map, "rationale")) {
    settings.rationale = read_texts(*value, "rationale");
    if (settings.rationale.size() != settings.fields.size()) {
      throw ConfigError(fmt::format(
          "{}rationale names {} fields of spans, and {} fields are explained; each needs its own",
          value->where(), settings.rationale.size(), settings.fields.size()));
    }
  }
  const YamlValue* share = find_set(map, "share");
  if (share == nullptr) return;
  settings.share = read_number(*share, "share");
  if (!(settings.share > 0 && settings.share <= 1))
    throw ConfigError(share->where() + "share must lie above 0 and not above 1");
  if (settings.rationale.empty())
    throw ConfigError(share->where() + "share is for explanations with a rationale");
}

Metric metric_named(std::string name, bool higher_is_better, std::string long_name) {
  Metric metric;
  metric.name = std::move(name);
  metric.higher_is_better = higher_is_better;
  metric.long_name = std::move(long_name);
  metric.chance = std::numeric_limits<double>::quiet_NaN();
  if (higher_is_better) metric.best = 1;  // shares of a probability, and overlaps
  return metric;
}

/// A measure of faithfulness in its three forms.
void add_faithfulness(ExplanationMetricId id, const std::string& name, bool higher_is_better,
                      const std::string& sentence, std::vector<ExplanationMetric>& metrics) {
  metrics.push_back(
      {id, RelativeTo::nothing, metric_named(name, higher_is_better, sentence + ".")});
  metrics.push_back({id, RelativeTo::probability,
                     metric_named(name + "_relative", higher_is_better,
                                  sentence + ", divided by the probability before.")});
  metrics.push_back({id, RelativeTo::random,
                     metric_named(name + "_over_random", higher_is_better,
                                  sentence + ", less that of a random ranking.")});
}

}  // namespace

const std::vector<std::string>& explanation_methods() {
  static const std::vector<std::string> names{"lime", "shap", "exact_shapley", "occlusion",
                                              "random"};
  return names;
}

ExplanationSettings parse_explanation(const YamlValue& map) {
  static const std::vector<std::string> known{
      "field",        "method",      "selection", "num_samples", "num_features", "units",
      "bag_of_words", "replacement", "rationale", "share",       "repeats",      "seed"};
  if (map.kind != YamlValue::Kind::map)
    throw ConfigError(map.where() + "explanation is a map with at least the key 'field'");
  require_known(map, "explanation", known);
  ExplanationSettings settings;
  const YamlValue* field = find_set(map, "field");
  if (field == nullptr)
    throw ConfigError(map.where() + "explanation: field must name the text that is explained");
  settings.fields = read_texts(*field, "field");
  if (settings.fields.empty()) throw ConfigError(field->where() + "field names no field");
  read_method(map, settings);
  read_units(map, settings);
  read_rationale(map, settings);
  return settings;
}

nlohmann::json ExplanationSettings::canonical() const {
  return {{"fields", fields},
          {"method", method},
          {"selection", selection},
          {"samples", num_samples},
          {"features", num_features},
          {"tokens", units_are_tokens},
          {"bag", bag_of_words},
          {"replacement", replacement ? nlohmann::json(*replacement) : nlohmann::json()},
          {"rationale", rationale},
          {"share", share},
          {"repeats", repeats},
          {"seed", seed}};
}

std::vector<ExplanationMetric> ExplanationSettings::metrics() const {
  using enum ExplanationMetricId;
  std::vector<ExplanationMetric> all;
  add_faithfulness(comprehensiveness, "comprehensiveness", true,
                   "Fall of the predicted class's probability without the top 10, 30 and 50 % of "
                   "the features, mean",
                   all);
  add_faithfulness(sufficiency, "sufficiency", false,
                   "Fall of the predicted class's probability with only the top 10, 30 and 50 % of "
                   "the features, mean",
                   all);
  add_faithfulness(aopc_comprehensiveness, "aopc_comprehensiveness", true,
                   "Fall of the predicted class's probability without the top 1, 5, 10, 20 and 50 "
                   "% of the features, mean",
                   all);
  add_faithfulness(aopc_sufficiency, "aopc_sufficiency", false,
                   "Fall of the predicted class's probability with only the top 1, 5, 10, 20 and "
                   "50 % of the features, mean",
                   all);
  const auto add = [&](ExplanationMetricId id, const char* name, const char* sentence) {
    all.push_back({id, RelativeTo::nothing, metric_named(name, true, sentence)});
  };
  if (method != "occlusion") {
    add(tau_leave_one_out, "tau_leave_one_out",
        "Kendall's tau-b of the weights with the falls from leaving out one feature each.");
  }
  if (method == "lime") {
    add(local_r2, "local_r2",
        "Weighted R2 of the linear model on the perturbed texts around the question.");
  }
  if (!rationale.empty()) {
    add(token_iou, "token_iou",
        "Words in common of the top features and the gold rationale, over the words of either.");
    add(token_f1, "token_f1", "F1 of the top features against the gold rationale.");
    add(auprc, "auprc",
        "Area under the precision-recall curve of the weights against the gold rationale.");
  }
  if (repeats > 1) {
    add(vsi, "vsi", "Share of the top features that repeated explanations have in common.");
    add(csi, "csi",
        "Share of pairs of repeated explanations whose intervals of a feature's weight overlap.");
  }
  return all;
}

}  // namespace allometer::tasks
