#include "tasks/settings.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "tasks/data_settings.hpp"
#include "tasks/metrics.hpp"
#include "tasks/spelling.hpp"
#include "tasks/transforms.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMaxIncludes = 16;
constexpr int kMaxFewshot = 10'000;
constexpr int kMaxGeneratedTokens = 1 << 20;

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys{"task",
                                             "include",
                                             "dataset_path",
                                             "fewshot_path",
                                             "dataset_kwargs",
                                             "generator",
                                             "generator_args",
                                             "training_split",
                                             "validation_split",
                                             "test_split",
                                             "fewshot_split",
                                             "process_docs",
                                             "prompt_choice",
                                             "description",
                                             "explanation",
                                             "doc_to_text",
                                             "doc_to_target",
                                             "doc_to_choice",
                                             "output_type",
                                             "num_fewshot",
                                             "fewshot_delimiter",
                                             "fewshot_config",
                                             "target_delimiter",
                                             "generation_kwargs",
                                             "filter_list",
                                             "metric_list",
                                             "repeats",
                                             "tag",
                                             "group",
                                             "task_alias",
                                             "metadata",
                                             "should_decontaminate",
                                             "doc_to_decontamination_query"};
  return keys;
}

/// Keys of lm-evaluation-harness that would change the numbers and are not supported, with what to
/// do instead.
struct Unsupported {
  const char* key;
  const char* advice;
};
constexpr Unsupported kUnsupported[] = {
    {"dataset_name",
     "dataset_path names a local file, and a configuration is chosen when the file is made "
     "(analysis/fetch_dataset.py --config)"},
    {"gen_prefix", "write the text at the end of doc_to_text"},
    {"process_results", "only the built-in metrics are computed"},
    {"custom_dataset", "write the documents to a JSONL file and name it in dataset_path"},
    {"use_prompt", "write the prompt in doc_to_text"},
    {"doc_to_image", "only text is supported"},
    {"doc_to_audio", "only text is supported"},
    {"unsafe_code", "no code of a task is ever run"},
    {"aggregate_metric_list", "this is a group; name its tasks in the job file"},
    {"preset", "write the texts in doc_to_text, doc_to_target and doc_to_choice"},
    {"scorer", "only the built-in metrics are computed"},
    {"multiple_inputs", "let doc_to_text give the index of the right context among doc_to_choice"},
    {"multiple_targets", "let doc_to_target give a list"},
};

std::vector<std::string> names_of_output_types() {
  return {"multiple_choice", "loglikelihood", "loglikelihood_rolling", "generate_until"};
}

void require_supported_keys(const YamlValue& yaml) {
  for (const YamlField& field : yaml.fields) {
    for (const Unsupported& unsupported : kUnsupported) {
      if (field.key != unsupported.key || field.value.kind == YamlValue::Kind::null) continue;
      throw ConfigError(fmt::format("{}:{}: {} is not supported: {}", field.value.file->string(),
                                    field.line, field.key, unsupported.advice));
    }
  }
  require_known(yaml, "a task file", known_keys());
}

/// Reads doc_to_text and its kin: text, or a plain integer.
std::optional<TextSetting> read_setting(const YamlValue& map, const char* key) {
  const YamlValue* value = find_set(map, key);
  if (value == nullptr) return std::nullopt;
  return TextSetting{read_text(*value, key), is_plain_integer(*value), value->where() + key};
}

std::optional<ChoiceSetting> read_choices(const YamlValue& map) {
  constexpr const char* kKey = "doc_to_choice";
  const YamlValue* value = find_set(map, kKey);
  if (value == nullptr) return std::nullopt;
  ChoiceSetting choices;
  const auto add = [&](const YamlValue& item) {
    choices.texts.push_back({read_text(item, kKey), false, item.where() + kKey});
  };
  choices.is_list = value->kind != YamlValue::Kind::scalar;
  if (!choices.is_list) add(*value);
  for (const YamlValue& item : value->items) add(item);
  for (const YamlField& field : value->fields) add(field.value);
  if (choices.texts.empty()) throw ConfigError(value->where() + "doc_to_choice has no choices");
  return choices;
}

DocumentSettings read_document(const YamlValue& map) {
  return {read_setting(map, "doc_to_text"), read_setting(map, "doc_to_target"), read_choices(map)};
}

OutputType read_output_type(const YamlValue& yaml) {
  const YamlValue* value = find_set(yaml, "output_type");
  if (value == nullptr) return OutputType::generate_until;
  const std::string name = read_text(*value, "output_type");
  for (const OutputType type : {OutputType::multiple_choice, OutputType::loglikelihood,
                                OutputType::loglikelihood_rolling, OutputType::generate_until}) {
    if (name == name_of(type)) return type;
  }
  throw ConfigError(fmt::format("{}output_type '{}' is unknown{} Supported: {}", value->where(),
                                name, did_you_mean(name, names_of_output_types()),
                                fmt::join(names_of_output_types(), ", ")));
}

Sampler read_sampler(const YamlValue& value) {
  const std::string name = read_text(value, "sampler");
  // "default" is lm-evaluation-harness's own name for it.
  if (name == "default") return Sampler::lm_eval;
  if (const std::optional<Sampler> sampler = parse_sampler(name)) return *sampler;
  throw ConfigError(fmt::format(
      "{}sampler '{}' is unknown. Supported: first_n, fixed, per_question, lm_eval (also as "
      "\"default\")",
      value.where(), name));
}

void read_fewshot(const YamlValue& yaml, TaskSettings& settings) {
  if (const YamlValue* value = find_set(yaml, "num_fewshot")) {
    settings.num_fewshot = static_cast<int>(read_integer(*value, "num_fewshot", 0, kMaxFewshot));
  }
  if (const YamlValue* value = find_set(yaml, "target_delimiter")) {
    settings.target_delimiter = read_text(*value, "target_delimiter");
  }
  if (const YamlValue* value = find_set(yaml, "fewshot_delimiter")) {
    settings.fewshot_delimiter = read_text(*value, "fewshot_delimiter");
  }
  settings.demonstration_target_delimiter = settings.target_delimiter;
  settings.demonstration_delimiter = settings.fewshot_delimiter;
  settings.demonstration = settings.question;

  const YamlValue* config = find_set(yaml, "fewshot_config");
  if (config == nullptr) return;
  static const std::vector<std::string> known{
      "sampler",          "samples",          "split",
      "doc_to_text",      "doc_to_target",    "doc_to_choice",
      "target_delimiter", "fewshot_delimiter"};
  require_known(*config, "fewshot_config", known);
  if (const YamlValue* value = find_set(*config, "sampler"))
    settings.sampler = read_sampler(*value);
  if (const YamlValue* value = find_set(*config, "target_delimiter")) {
    settings.demonstration_target_delimiter = read_text(*value, "target_delimiter");
  }
  if (const YamlValue* value = find_set(*config, "fewshot_delimiter")) {
    settings.demonstration_delimiter = read_text(*value, "fewshot_delimiter");
  }
  const DocumentSettings overrides = read_document(*config);
  if (overrides.text) settings.demonstration.text = overrides.text;
  if (overrides.target) settings.demonstration.target = overrides.target;
  if (overrides.choices) settings.demonstration.choices = overrides.choices;
}

void read_generation(const YamlValue& yaml, TaskSettings& settings) {
  settings.until = {settings.fewshot_delimiter};
  const YamlValue* config = find_set(yaml, "generation_kwargs");
  if (config == nullptr) return;
  if (settings.output_type != OutputType::generate_until) {
    throw ConfigError(
        fmt::format("{}generation_kwargs needs output_type: generate_until, this task has {}",
                    config->where(), name_of(settings.output_type)));
  }
  static const std::vector<std::string> known{"until", "max_gen_toks", "do_sample", "temperature"};
  require_known(*config, "generation_kwargs", known);
  if (const YamlValue* value = find_set(*config, "until")) {
    settings.until = read_texts(*value, "until");
    if (std::find(settings.until.begin(), settings.until.end(), "") != settings.until.end()) {
      throw ConfigError(value->where() +
                        "until: an empty stop string would end every answer before it begins");
    }
  }
  if (const YamlValue* value = find_set(*config, "max_gen_toks")) {
    settings.max_gen_toks =
        static_cast<int>(read_integer(*value, "max_gen_toks", 1, kMaxGeneratedTokens));
  }
  const YamlValue* sample = find_set(*config, "do_sample");
  if (sample != nullptr && read_bool(*sample, "do_sample")) {
    throw ConfigError(sample->where() + "do_sample must be false: generation is greedy");
  }
  const YamlValue* temperature = find_set(*config, "temperature");
  if (temperature != nullptr && read_number(*temperature, "temperature") != 0) {
    throw ConfigError(temperature->where() + "temperature must be 0: generation is greedy");
  }
}

ExactMatchOptions read_exact_match(const YamlValue& entry) {
  ExactMatchOptions options;
  const auto flag = [&](const char* key) {
    const YamlValue* value = find_set(entry, key);
    return value != nullptr && read_bool(*value, key);
  };
  options.ignore_case = flag("ignore_case");
  options.ignore_punctuation = flag("ignore_punctuation");
  options.ignore_numbers = flag("ignore_numbers");
  if (const YamlValue* value = find_set(entry, "regexes_to_ignore")) {
    options.regexes_to_ignore = read_texts(*value, "regexes_to_ignore");
  }
  return options;
}

MetricSetting read_metric(const YamlValue& entry, OutputType type) {
  static const std::vector<std::string> plain{"metric", "aggregation", "higher_is_better"};
  static const std::vector<std::string> exact{
      "metric",         "aggregation",      "higher_is_better", "ignore_case", "ignore_punctuation",
      "ignore_numbers", "regexes_to_ignore"};
  const YamlValue* name = entry.kind == YamlValue::Kind::map ? find_set(entry, "metric") : nullptr;
  if (name == nullptr)
    throw ConfigError(entry.where() + "each entry of metric_list is a map with the key 'metric'");
  MetricSetting setting;
  setting.where = entry.where();
  setting.name = read_text(*name, "metric");
  const MetricDefinition* definition = find_metric(type, setting.name);
  const std::vector<std::string> names = metric_names(type, false);
  if (definition == nullptr) {
    throw ConfigError(fmt::format("{}output_type {} has no metric '{}'{} Supported: {}",
                                  name->where(), name_of(type), setting.name,
                                  did_you_mean(setting.name, names), fmt::join(names, ", ")));
  }
  const bool takes_options = type == OutputType::generate_until &&
                             definition->id != MetricId::nll &&
                             !is_about_instructions(definition->id);
  require_known(entry, "the metric " + setting.name, takes_options ? exact : plain);
  if (const YamlValue* value = find_set(entry, "aggregation")) {
    if (read_text(*value, "aggregation") != definition->aggregation) {
      throw ConfigError(fmt::format("{}{} is aggregated by '{}' here, not by '{}'", value->where(),
                                    setting.name, definition->aggregation, value->text));
    }
  }
  if (const YamlValue* value = find_set(entry, "higher_is_better")) {
    setting.higher_is_better = read_bool(*value, "higher_is_better");
  }
  setting.exact_match = read_exact_match(entry);
  return setting;
}

void read_metrics(const YamlValue& yaml, TaskSettings& settings) {
  const YamlValue* list = find_set(yaml, "metric_list");
  if (list == nullptr) {
    for (std::string& name : metric_names(settings.output_type, true)) {
      settings.metrics.push_back(
          {std::move(name), std::nullopt, {}, settings.file.string() + ": "});
    }
    return;
  }
  if (list->kind != YamlValue::Kind::list || list->items.empty()) {
    throw ConfigError(list->where() + "metric_list must be a list of at least one metric");
  }
  for (const YamlValue& entry : list->items) {
    settings.metrics.push_back(read_metric(entry, settings.output_type));
    const auto same = [&](const MetricSetting& other) {
      return other.name == settings.metrics.back().name;
    };
    if (std::count_if(settings.metrics.begin(), settings.metrics.end(), same) > 1) {
      throw ConfigError(fmt::format("{}the metric {} is listed twice", entry.where(),
                                    settings.metrics.back().name));
    }
  }
}

void read_metadata(const YamlValue& yaml, TaskSettings& settings) {
  const YamlValue* metadata = find_set(yaml, "metadata");
  if (metadata == nullptr) return;
  if (metadata->kind != YamlValue::Kind::map)
    throw ConfigError(metadata->where() + "metadata must be a map");
  if (const YamlValue* value = find_set(*metadata, "add_bos_token")) {
    settings.add_bos_token = read_bool(*value, "metadata.add_bos_token");
  }
  if (const YamlValue* value = find_set(*metadata, "headline")) {
    settings.headline = read_text(*value, "metadata.headline");
    settings.headline_where = value->where();
  }
  if (const YamlValue* value = find_set(*metadata, "chance")) {
    settings.chance = read_number(*value, "metadata.chance");
    if (!(*settings.chance >= 0 && *settings.chance <= 1)) {
      throw ConfigError(value->where() + "metadata.chance must lie between 0 and 1");
    }
  }
}

void read_explanation(const YamlValue& yaml, TaskSettings& settings) {
  const YamlValue* value = find_set(yaml, "explanation");
  if (value == nullptr) return;
  if (settings.output_type != OutputType::multiple_choice) {
    throw ConfigError(
        fmt::format("{}explanation needs output_type: multiple_choice, this task has {}",
                    value->where(), name_of(settings.output_type)));
  }
  settings.explanation = parse_explanation(*value);
}

/// What each output type cannot do without.
void require_texts(const YamlValue& yaml, TaskSettings& settings) {
  const std::string where = settings.file.string() + ":" + std::to_string(yaml.line) + ": ";
  const auto need = [&](bool given, const char* key) {
    if (given) return;
    throw ConfigError(
        fmt::format("{}output_type {} needs {}", where, name_of(settings.output_type), key));
  };
  const bool is_choice = settings.output_type == OutputType::multiple_choice;
  need(settings.output_type == OutputType::loglikelihood_rolling ||
           settings.question.text.has_value(),
       "doc_to_text");
  const auto needs_target = [&](const MetricSetting& metric) {
    return !is_about_instructions(find_metric(settings.output_type, metric.name)->id);
  };
  need(settings.question.target.has_value() ||
           std::none_of(settings.metrics.begin(), settings.metrics.end(), needs_target),
       "doc_to_target");
  need(!is_choice || settings.question.choices.has_value(), "doc_to_choice");
  if (settings.output_type == OutputType::loglikelihood_rolling && settings.num_fewshot > 0) {
    throw ConfigError(
        where + "output_type loglikelihood_rolling takes no demonstrations; num_fewshot must be 0");
  }
  if (!settings.filters.empty() && settings.output_type != OutputType::generate_until) {
    throw ConfigError(
        fmt::format("{}filter_list needs output_type: generate_until, this task has {}", where,
                    name_of(settings.output_type)));
  }
  if (settings.question.choices && (settings.output_type == OutputType::loglikelihood ||
                                    settings.output_type == OutputType::loglikelihood_rolling)) {
    throw ConfigError(fmt::format("{}output_type {} has no choices; remove doc_to_choice", where,
                                  name_of(settings.output_type)));
  }
}

/// For `metadata`, the one key that is merged field by field, and its maps likewise: what tasks of
/// a kind have in common is said once.
void add_absent_fields(YamlValue& map, const YamlValue& base) {
  if (map.kind != YamlValue::Kind::map || base.kind != YamlValue::Kind::map) return;
  for (const YamlField& field : base.fields) {
    const auto own = std::find_if(map.fields.begin(), map.fields.end(),
                                  [&](const YamlField& one) { return one.key == field.key; });
    if (own == map.fields.end()) {
      map.fields.push_back(field);
    } else {
      add_absent_fields(own->value, field.value);
    }
  }
}

YamlValue read_task_yaml(const std::filesystem::path& file, int depth) {
  YamlValue yaml = parse_yaml(io::read_text(file), file);
  if (yaml.kind != YamlValue::Kind::map)
    throw ConfigError(yaml.where() + "a task file is a map of keys and values");
  const YamlValue* include = find_set(yaml, "include");
  if (include == nullptr) return yaml;
  if (depth >= kMaxIncludes)
    throw ConfigError(include->where() + "include: files include each other in a circle");

  YamlValue merged = yaml;
  const auto merge = [&](const YamlValue& name) {
    const std::filesystem::path base = read_path(name, "include");
    if (!std::filesystem::is_regular_file(base)) {
      throw ConfigError(fmt::format("{}include: there is no file {}", name.where(), base.string()));
    }
    for (YamlField& field : read_task_yaml(base, depth + 1).fields) {
      const auto own = std::find_if(merged.fields.begin(), merged.fields.end(),
                                    [&](const YamlField& one) { return one.key == field.key; });
      if (field.key == "include") continue;
      if (own == merged.fields.end()) {
        merged.fields.push_back(std::move(field));
      } else if (field.key == "metadata") {
        add_absent_fields(own->value, field.value);
      }
    }
  };
  // Of several, the first has the last word.
  if (include->kind == YamlValue::Kind::list) {
    for (const YamlValue& name : include->items) merge(name);
  } else {
    merge(*include);
  }
  return merged;
}

nlohmann::json canonical(const std::optional<TextSetting>& setting) {
  if (!setting) return nullptr;
  return nlohmann::json{setting->text, setting->is_integer};
}

nlohmann::json canonical(const DocumentSettings& document) {
  nlohmann::json choices = nullptr;
  if (document.choices) {
    choices = nlohmann::json::array({document.choices->is_list});
    for (const TextSetting& text : document.choices->texts) choices.push_back(text.text);
  }
  return {{"text", canonical(document.text)},
          {"target", canonical(document.target)},
          {"choices", choices}};
}

}  // namespace

YamlValue read_task_yaml(const std::filesystem::path& file) {
  return read_task_yaml(file, 0);
}

namespace {

Card read_card(const YamlValue& card) {
  static const std::vector<std::string> known{"protocol", "source", "formula"};
  require_known(card, "metadata.card", known);
  const auto text = [&](const char* key) {
    const YamlValue* value = find_set(card, key);
    return value == nullptr ? std::string() : read_text(*value, key);
  };
  return {text("protocol"), text("source"), text("formula")};
}

}  // namespace

std::optional<TaskLabels> parse_labels(const YamlValue& yaml) {
  const YamlValue* task = find_set(yaml, "task");
  if (task == nullptr || task->kind != YamlValue::Kind::scalar) return std::nullopt;
  TaskLabels labels{read_text(*task, "task"), {}, {}, {}};
  labels.ability = labels.name;
  for (const char* key : {"group", "tag"}) {
    const YamlValue* value = find_set(yaml, key);
    if (value == nullptr) continue;
    const std::vector<std::string> names = read_texts(*value, key);
    if (!names.empty()) labels.ability = names.front();
  }
  const YamlValue* metadata = find_set(yaml, "metadata");
  if (metadata == nullptr || metadata->kind != YamlValue::Kind::map) return labels;
  if (const YamlValue* value = find_set(*metadata, "ability"))
    labels.ability = read_text(*value, "metadata.ability");
  if (const YamlValue* value = find_set(*metadata, "description")) {
    labels.summary = read_text(*value, "metadata.description");
  }
  if (const YamlValue* card = find_set(*metadata, "card")) labels.card = read_card(*card);
  return labels;
}

TaskSettings parse_settings(const YamlValue& yaml, const std::filesystem::path& file) {
  require_supported_keys(yaml);
  TaskSettings settings;
  settings.file = file;
  const std::optional<TaskLabels> labels = parse_labels(yaml);
  if (!labels || labels->name.empty())
    throw ConfigError(file.string() + ":1: the key 'task' must name the task");
  settings.name = labels->name;
  settings.ability = labels->ability;
  settings.summary = labels->summary;
  settings.output_type = read_output_type(yaml);
  settings.question = read_document(yaml);
  settings.description = read_setting(yaml, "description");
  read_fewshot(yaml, settings);
  read_generation(yaml, settings);
  read_metrics(yaml, settings);
  settings.filters = read_filters(yaml);
  read_metadata(yaml, settings);
  read_explanation(yaml, settings);
  require_texts(yaml, settings);
  if (const YamlValue* repeats = find_set(yaml, "repeats")) read_integer(*repeats, "repeats", 1, 1);
  settings.data = parse_data_settings(yaml);
  return settings;
}

std::string TaskSettings::canonical_text() const {
  nlohmann::json metric_list = nlohmann::json::array();
  for (const MetricSetting& metric : metrics) {
    const ExactMatchOptions& exact = metric.exact_match;
    metric_list.push_back({metric.name,
                           metric.higher_is_better.has_value()
                               ? nlohmann::json(*metric.higher_is_better)
                               : nlohmann::json(),
                           exact.regexes_to_ignore, exact.ignore_case, exact.ignore_punctuation,
                           exact.ignore_numbers});
  }
  nlohmann::json text{
      {"task", name},
      {"output_type", name_of(output_type)},
      {"question", canonical(question)},
      {"demonstration", canonical(demonstration)},
      {"description", canonical(description)},
      {"delimiters",
       {target_delimiter, fewshot_delimiter, demonstration_target_delimiter,
        demonstration_delimiter}},
      {"generation", {until, max_gen_toks}},
      {"metrics", metric_list},
      {"add_bos_token", add_bos_token ? nlohmann::json(*add_bos_token) : nlohmann::json()},
      {"samples", data.samples},
      {"same_split", data.same_split},
      {"process_docs", data.process_docs},
      {"process_docs_revision",
       data.process_docs.empty() ? 0 : find_transform(data.process_docs)->revision},
  };
  // A task without filters keeps the identity that it had before there were any.
  if (!filters.empty()) text["filters"] = canonical(filters);
  if (explanation) text["explanation"] = explanation->canonical();
  return text.dump();
}

}  // namespace allometer::tasks
