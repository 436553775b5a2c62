#include "job/read_job.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <set>

#include "job/map_reader.hpp"

namespace allometer::job {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostShots = 1000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kOtherRuleKeys[] = {"model",     "family", "task",
                                               "precision", "shots",  "seed"};

/// Names end up in tables, file names and the groups of the results file.
bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte != 0x7F && c != '/';
         });
}

bool is_lever_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class JobReader {
 public:
  JobReader(const fs::path& file, Mistakes& mistakes)
      : directory_(file.parent_path()), mistakes_(mistakes) {
    result_.job.file = file;
  }

  JobText read(std::string text) {
    const YamlNode root = parse_yaml(text, mistakes_);
    result_.job.text = std::move(text);
    // A file that could not be parsed has its mistake already; further ones would be about nothing.
    if (root.kind == YamlNode::Kind::null) {
      if (mistakes_.empty()) {
        mistakes_.add(1, "the file is empty: a job needs at least 'models' and 'tasks'");
      }
      return std::move(result_);
    }
    const MapReader top(
        root, "",
        {"name", "models", "task_directories", "tasks", "variants", "shots", "seeds", "sampler",
         "limit", "apply_chat_template", "system_instruction", "fewshot_as_multiturn", "exclude",
         "include", "output", "analysis", "engine"},
        mistakes_);
    if (root.kind != YamlNode::Kind::map) return std::move(result_);
    read_settings(top);
    read_models(top);
    read_tasks(top);
    read_variants(top);
    read_analysis(top);
    read_engine(top);
    result_.job.exclude = read_rules(top, "exclude");
    result_.job.include = read_rules(top, "include");
    return std::move(result_);
  }

 private:
  void read_settings(const MapReader& top) {
    Job& job = result_.job;
    job.name = top.text("name").value_or(job.file.stem().string());
    if (!is_name(job.name)) {
      const YamlNode* node = top.find("name");
      mistakes_.add(node != nullptr ? node->line : 1,
                    "the job's name '" + job.name +
                        "' has a blank or a '/': it names a group of "
                        "the results file; give another 'name'");
    }
    job.shots = shots_of(top);
    job.limit = top.integer("limit", {1});
    job.seeds = {0};
    if (const auto seeds = top.integers("seeds", {0}))
      job.seeds.assign(seeds->begin(), seeds->end());
    read_sampler(top);
    read_chat(top);
    if (const auto output = top.text("output")) {
      job.output = resolve(*output, top.find("output")->line);
    }
  }

  std::optional<std::vector<int>> shots_of(const MapReader& map) {
    const auto values = map.integers("shots", {0, kMostShots});
    if (!values) return std::nullopt;
    std::vector<int> shots;
    for (const std::int64_t value : *values) shots.push_back(static_cast<int>(value));
    return shots;
  }

  void read_chat(const MapReader& top) {
    Chat& chat = result_.job.chat;
    if (const auto applied = top.text("apply_chat_template")) {
      static constexpr std::string_view kLikeABoolean[] = {"True",  "TRUE",  "yes", "on",  "1",
                                                           "False", "FALSE", "no",  "off", "0"};
      if (std::ranges::find(kLikeABoolean, *applied) != std::end(kLikeABoolean)) {
        top.mistake(*top.find("apply_chat_template"), "apply_chat_template",
                    "true, false or the name of a template");
      }
      chat.apply_template = *applied != "false";
      if (*applied != "true" && chat.apply_template) chat.template_name = *applied;
    }
    chat.system_instruction = top.text("system_instruction").value_or("");
    chat.fewshot_as_multiturn = top.boolean("fewshot_as_multiturn").value_or(chat.apply_template);
    if (chat.fewshot_as_multiturn && !chat.apply_template) {
      top.mistake(*top.find("fewshot_as_multiturn"), "fewshot_as_multiturn",
                  "apply_chat_template beside it: only a chat has turns");
    }
  }

  void read_sampler(const MapReader& top) {
    // The names of tasks::Sampler, which this layer does not see; a test of the sweep holds them
    // together.
    static constexpr std::string_view kSamplers[] = {"first_n", "fixed", "per_question", "lm_eval"};
    const auto sampler = top.text("sampler");
    if (!sampler) return;
    if (std::find(std::begin(kSamplers), std::end(kSamplers), *sampler) == std::end(kSamplers)) {
      top.mistake(*top.find("sampler"), "sampler",
                  "first_n, fixed, per_question or lm_eval" + suggestion(*sampler, kSamplers));
      return;
    }
    result_.job.sampler = sampler;
  }

  void read_models(const MapReader& top) {
    if (top.find("models") == nullptr) {
      mistakes_.add(top.line(),
                    "'models' is missing: list the checkpoints, as 'models: [{path: DIR}]'");
    }
    const std::vector<YamlNode>& entries = top.list("models");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      read_model(entries[i], "models[" + std::to_string(i) + "]");
    }
  }

  void read_model(const YamlNode& node, const std::string& where) {
    const MapReader map(
        node, where, {"path", "name", "family", "random", "levers", "training_tokens"}, mistakes_);
    if (node.kind != YamlNode::Kind::map) return;
    ModelEntry entry;
    entry.line = node.line;
    if (const auto path = map.text("path")) {
      entry.line = map.find("path")->line;
      entry.pattern = resolve(*path, entry.line);
    } else if (map.find("path") == nullptr) {
      mistakes_.add(node.line, "'" + where +
                                   ".path' is missing: the directory of a checkpoint, or a "
                                   "pattern that matches several");
    }
    entry.name = name_of(map, "name");
    entry.family = name_of(map, "family");
    entry.random_weights = map.boolean("random").value_or(false);
    read_levers(map, entry);
    entry.training_tokens = map.real("training_tokens", 0, kInfinity);
    result_.models.push_back(std::move(entry));
  }

  std::optional<std::string> name_of(const MapReader& map, std::string_view key) {
    auto name = map.text(key);
    if (name && !is_name(*name)) {
      map.mistake(*map.find(key), key, "a name without blanks and '/'");
      return std::nullopt;
    }
    return name;
  }

  void read_levers(const MapReader& map, ModelEntry& entry) {
    const YamlNode* node = map.find("levers");
    if (node == nullptr) return;
    if (node->kind != YamlNode::Kind::map) {
      return map.mistake(*node, "levers", "a map, as {tuning: base}");
    }
    for (const auto& [key, value] : node->entries) {
      const std::string title = "lever '" + key.scalar + "'";
      if (!is_lever_name(key.scalar)) {
        mistakes_.add(key.line, title + ": a lever's name has letters, digits and '_' only");
      } else if (std::find(std::begin(kOtherRuleKeys), std::end(kOtherRuleKeys), key.scalar) !=
                 std::end(kOtherRuleKeys)) {
        mistakes_.add(key.line, title + " has a name that rules use already: choose another");
      } else if (value.kind != YamlNode::Kind::scalar || value.scalar.empty()) {
        mistakes_.add(value.line, title + " is " + describe(value) +
                                      ": expected one word or number (a lever is a column of the "
                                      "results)");
      } else {
        entry.levers.emplace(key.scalar, value.scalar);
      }
    }
  }

  void read_tasks(const MapReader& top) {
    if (const auto directories = top.texts("task_directories")) {
      const int line = top.find("task_directories")->line;
      for (const std::string& directory : *directories) {
        result_.job.task_directories.push_back(resolve(directory, line));
      }
    } else if (top.find("task_directories") == nullptr &&
               std::filesystem::is_directory(directory_ / "tasks")) {
      result_.job.task_directories.push_back(directory_ / "tasks");
    }
    if (top.find("tasks") == nullptr) {
      mistakes_.add(top.line(), "'tasks' is missing: list the tasks, as 'tasks: [story_cloze]'");
    }
    const std::vector<YamlNode>& entries = top.list("tasks");
    std::map<std::string, int> first_line;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto task = read_task(entries[i], "tasks[" + std::to_string(i) + "]");
      if (!task) continue;
      const std::string name = task->name.empty() ? task->file.string() : task->name;
      const auto [seen, is_new] = first_line.emplace(name, task->line);
      if (!is_new) {
        mistakes_.add(task->line, "task '" + name + "' is listed twice (first in line " +
                                      std::to_string(seen->second) +
                                      "): one entry can have several 'shots'");
      }
      result_.job.tasks.push_back(*task);
    }
  }

  std::optional<TaskRef> read_task(const YamlNode& node, const std::string& where) {
    TaskRef task;
    task.line = node.line;
    std::optional<std::string> name;
    if (node.kind == YamlNode::Kind::scalar && !node.scalar.empty()) {
      name = node.scalar;
    } else {
      const MapReader map(node, where, {"task", "shots", "seeds", "limit"}, mistakes_);
      if (node.kind != YamlNode::Kind::map) return std::nullopt;
      name = map.text("task");
      if (map.find("task") == nullptr) {
        mistakes_.add(node.line, "'" + where + ".task' is missing: a task's name or file");
      }
      task.shots = shots_of(map);
      task.limit = map.integer("limit", {1});
      if (const auto seeds = map.integers("seeds", {0}))
        task.seeds.emplace(seeds->begin(), seeds->end());
    }
    if (!name) return std::nullopt;
    // Names have no '/' and no ending: what looks like a file is one.
    const bool is_file =
        name->find('/') != std::string::npos || name->ends_with(".yaml") || name->ends_with(".yml");
    if (is_file) {
      task.file = resolve(*name, task.line);
    } else {
      task.name = *name;
    }
    return task;
  }

  void read_variants(const MapReader& top) {
    std::vector<Variant>& variants = result_.job.variants;
    const std::vector<YamlNode>& entries = top.list("variants");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const MapReader map(entries[i], "variants[" + std::to_string(i) + "]", {"precision"},
                          mistakes_);
      Variant variant;
      variant.line = entries[i].line;
      if (const auto name = map.text("precision")) {
        const auto precision = parse_precision(*name);
        if (!precision) map.mistake(*map.find("precision"), "precision", "f32 or bf16");
        variant.precision = precision.value_or(Precision::f32);
      }
      const bool repeated = std::any_of(variants.begin(), variants.end(), [&](const Variant& v) {
        return v.precision == variant.precision;
      });
      if (repeated && mistakes_.empty()) {
        mistakes_.add(variant.line, "the same variant is listed twice: keep one");
      }
      variants.push_back(variant);
    }
    if (variants.empty()) variants.push_back(Variant{});
  }

  void read_analysis(const MapReader& top) {
    const YamlNode* node = top.find("analysis");
    if (node == nullptr) return;
    const MapReader map(
        *node, "analysis",
        {"confidence", "bootstrap_draws", "seed", "size", "smallest_effect", "contrast",
         "reference", "hierarchical", "mixed_model", "item_response", "density"},
        mistakes_);
    Analysis& analysis = result_.job.analysis;
    analysis.confidence = map.real("confidence", 0, 1).value_or(analysis.confidence);
    analysis.bootstrap_draws = static_cast<int>(
        map.integer("bootstrap_draws", {1, 100'000'000}).value_or(analysis.bootstrap_draws));
    analysis.seed = static_cast<std::uint64_t>(map.integer("seed", {0}).value_or(0));
    if (const auto size = map.text("size")) {
      analysis.size = *size;
      static constexpr std::string_view kSizes[] = {"without_embeddings", "total", "training_flops",
                                                    "training_tokens"};
      if (std::ranges::find(kSizes, *size) == std::end(kSizes)) {
        map.mistake(*map.find("size"), "size",
                    "without_embeddings, total, training_flops or training_tokens" +
                        suggestion(*size, kSizes));
      }
    }
    analysis.smallest_effect =
        map.real("smallest_effect", 0, kInfinity).value_or(analysis.smallest_effect);
    analysis.contrast = map.text("contrast").value_or(analysis.contrast);
    analysis.hierarchical = map.boolean("hierarchical").value_or(false);
    analysis.mixed_model = map.boolean("mixed_model").value_or(false);
    analysis.item_response = map.boolean("item_response").value_or(false);
    read_reference(map);
    read_density(map);
  }

  void read_reference(const MapReader& map) {
    const YamlNode* node = map.find("reference");
    if (node == nullptr) return;
    if (node->kind != YamlNode::Kind::map) {
      return map.mistake(*node, "reference", "a map of levers and levels, as {tuning: base}");
    }
    for (const auto& [lever, level] : node->entries) {
      if (level.kind == YamlNode::Kind::scalar && !level.scalar.empty()) {
        result_.job.analysis.reference[lever.scalar] = level.scalar;
      } else {
        map.mistake(level, "reference." + lever.scalar, "one level of the lever");
      }
    }
  }

  void read_density(const MapReader& map) {
    const YamlNode* node = map.find("density");
    if (node == nullptr) return;
    const MapReader density(*node, "analysis.density", {"family", "loss", "score"}, mistakes_);
    Analysis::Density read;
    for (const auto& [key, place] :
         {std::pair{"family", &read.family}, std::pair{"loss", &read.loss},
          std::pair{"score", &read.score}}) {
      *place = density.text(key).value_or("");
      if (place->empty() && density.find(key) == nullptr && node->kind == YamlNode::Kind::map) {
        mistakes_.add(node->line, std::string("'analysis.density.") + key +
                                      "' is missing: a density needs 'family' (of the reference "
                                      "models), 'loss' and 'score' (each TASK/METRIC)");
      }
    }
    result_.job.analysis.density = std::move(read);
  }

  void read_engine(const MapReader& top) {
    const YamlNode* node = top.find("engine");
    if (node == nullptr) return;
    const MapReader map(*node, "engine", {"chunk_tokens", "generation_memory", "shard_seconds"},
                        mistakes_);
    Job& job = result_.job;
    job.chunk_tokens =
        static_cast<int>(map.integer("chunk_tokens", {1, 65536}).value_or(job.chunk_tokens));
    job.shard_seconds = map.real("shard_seconds", 0, kInfinity).value_or(job.shard_seconds);
    if (const auto memory = map.text("generation_memory")) {
      const auto bytes = parse_bytes(*memory);
      if (!bytes || *bytes == 0) {
        map.mistake(*map.find("generation_memory"), "generation_memory",
                    "a size, as 512MiB or 2GiB");
      }
      job.generation_bytes = bytes.value_or(job.generation_bytes);
    }
  }

  std::vector<Rule> read_rules(const MapReader& top, std::string_view key) {
    std::vector<Rule> rules;
    const std::vector<YamlNode>& entries = top.list(key);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::string where = std::string(key) + "[" + std::to_string(i) + "]";
      if (entries[i].kind != YamlNode::Kind::map || entries[i].entries.empty()) {
        mistakes_.add(
            entries[i].line,
            "'" + where + "' is " +
                (entries[i].kind == YamlNode::Kind::map ? "empty" : describe(entries[i])) +
                ": expected conditions, as {model: 'pythia-*', shots: 5}");
        continue;
      }
      rules.push_back(read_rule(entries[i], where));
    }
    return rules;
  }

  Rule read_rule(const YamlNode& node, const std::string& where) {
    Rule rule;
    rule.line = node.line;
    for (const YamlEntry& entry : node.entries) {
      const std::string& key = entry.key.scalar;
      const YamlNode& value = entry.value;
      if (!check_rule_key(entry.key, where)) continue;
      std::vector<std::string>& wanted = rule.match[key];
      const auto take = [&](const YamlNode& item) {
        if (const auto text = rule_value(key, item, where)) wanted.push_back(*text);
      };
      if (value.kind == YamlNode::Kind::list && !value.items.empty()) {
        for (const YamlNode& item : value.items) take(item);
      } else {
        take(value);
      }
    }
    return rule;
  }

  bool check_rule_key(const YamlNode& key, const std::string& where) {
    std::vector<std::string_view> known(std::begin(kOtherRuleKeys), std::end(kOtherRuleKeys));
    for (const ModelEntry& model : result_.models) {
      for (const auto& lever : model.levers) known.emplace_back(lever.first);
    }
    if (std::find(known.begin(), known.end(), key.scalar) != known.end()) return true;
    mistakes_.add(key.line,
                  "unknown key " + describe(key) + " in '" + where +
                      "': it is neither model, family, task, precision, shots or seed nor "
                      "a lever of any model" +
                      suggestion(key.scalar, known));
    return false;
  }

  std::optional<std::string> rule_value(const std::string& key, const YamlNode& node,
                                        const std::string& where) {
    const auto refuse = [&](std::string_view expected) {
      mistakes_.add(node.line, "'" + where + "." + key + "' is " + describe(node) + ": expected " +
                                   std::string(expected));
      return std::nullopt;
    };
    if (node.kind != YamlNode::Kind::scalar || node.scalar.empty()) {
      return refuse("a value or a list of values");
    }
    if (key == "precision" && !parse_precision(node.scalar)) return refuse("f32 or bf16");
    if (key == "shots" || key == "seed") {
      const auto number = parse_integer(node.scalar);
      if (!number || *number < 0) return refuse("a whole number of at least 0");
      return std::to_string(*number);
    }
    return node.scalar;
  }

  /// Replaces ${NAME} and puts relative paths under the job file's directory.
  fs::path resolve(const std::string& text, int line) {
    std::string path;
    std::size_t from = 0;
    while (true) {
      const std::size_t begin = text.find("${", from);
      path.append(text, from, begin - from);
      if (begin == std::string::npos) break;
      const std::size_t end = text.find('}', begin);
      if (end == std::string::npos) {
        mistakes_.add(line, "'" + text + "' has '${' without '}'");
        break;
      }
      const std::string name = text.substr(begin + 2, end - begin - 2);
      const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
      if (value == nullptr || *value == '\0') {
        mistakes_.add(line, "'" + text + "': the environment variable '" + name +
                                "' is not set: export it, or write the path out");
      } else {
        path += value;
      }
      from = end + 1;
    }
    return (directory_ / path).lexically_normal();
  }

  fs::path directory_;
  Mistakes& mistakes_;
  JobText result_;
};

}  // namespace

JobText read_job(std::string text, const fs::path& file, Mistakes& mistakes) {
  return JobReader(file, mistakes).read(std::move(text));
}

}  // namespace allometer::job
