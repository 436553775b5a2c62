#include "tasks/data_settings.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/spelling.hpp"
#include "tasks/transforms.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

namespace fs = std::filesystem;

constexpr std::array kSplits{"training_split", "validation_split", "test_split", "fewshot_split"};

void require_file(const YamlValue& value, std::string_view key, const fs::path& file) {
  std::error_code error;
  if (fs::is_regular_file(file, error)) return;
  throw ConfigError(fmt::format("{}{}: there is no file {}{}", value.where(), key, file.string(),
                                fs::is_directory(file, error) ? " (it is a directory)" : ""));
}

/// The name of a split, if it is set. fewshot_config.split is another spelling of fewshot_split.
const YamlValue* find_split(const YamlValue& yaml, std::string_view key) {
  if (key == "fewshot_split") {
    const YamlValue* config = find_set(yaml, "fewshot_config");
    if (const YamlValue* split = config == nullptr ? nullptr : find_set(*config, "split"))
      return split;
  }
  return find_set(yaml, key);
}

/// Finds the file of a split among dataset_kwargs.data_files or in the directory dataset_path.
class Splits {
 public:
  Splits(const YamlValue& yaml, const YamlValue& dataset_path)
      : yaml_(yaml), dataset_path_(dataset_path) {
    const YamlValue* kwargs = find_set(yaml, "dataset_kwargs");
    static const std::vector<std::string> known{"data_files"};
    if (kwargs != nullptr) require_known(*kwargs, "dataset_kwargs", known);
    data_files_ = kwargs == nullptr ? nullptr : find_set(*kwargs, "data_files");
    if (data_files_ == nullptr) directory_ = read_path(dataset_path, "dataset_path");
  }

  bool has(std::string_view key) const { return find_split(yaml_, key) != nullptr; }

  fs::path file(std::string_view key) const {
    const YamlValue& split = *find_split(yaml_, key);
    const std::string name = read_text(split, key);
    if (data_files_ == nullptr) return file_in_directory(split, key, name);
    // One file without a name is the split "train", as in the datasets library.
    const YamlValue* file = data_files_->kind == YamlValue::Kind::map ? find_set(*data_files_, name)
                            : name == "train"                         ? data_files_
                                                                      : nullptr;
    if (file == nullptr) {
      throw ConfigError(fmt::format("{}{}: data_files (line {}) names no file for the split '{}'",
                                    split.where(), key, data_files_->line, name));
    }
    const fs::path path = read_path(*file, "data_files");
    require_file(*file, "data_files", path);
    return path;
  }

 private:
  fs::path file_in_directory(const YamlValue& split, std::string_view key,
                             const std::string& name) const {
    for (const char* extension : {"", ".jsonl", ".json", ".csv"}) {
      const fs::path path = directory_ / (name + extension);
      if (fs::is_regular_file(path)) return path;
    }
    throw ConfigError(fmt::format("{}{}: there is no {}.jsonl, .json or .csv in {}", split.where(),
                                  key, name, directory_.string()));
  }

  const YamlValue& yaml_;
  const YamlValue& dataset_path_;
  const YamlValue* data_files_ = nullptr;
  fs::path directory_;
};

void read_splits(const YamlValue& yaml, const YamlValue& dataset_path, DataSettings& data) {
  const Splits splits(yaml, dataset_path);
  if (const YamlValue* path = find_set(yaml, "fewshot_path")) {
    throw ConfigError(
        path->where() +
        "fewshot_path goes with a dataset_path that is a file; use fewshot_split here");
  }
  const char* questions = splits.has("test_split") ? "test_split" : "validation_split";
  if (!splits.has(questions)) {
    throw ConfigError(dataset_path.where() +
                      "test_split or validation_split must name the questions' split");
  }
  data.questions = splits.file(questions);
  const auto name = [&](std::string_view key) {
    const YamlValue* split = find_split(yaml, key);
    return split == nullptr ? std::string() : split->text;
  };
  data.same_split = name("fewshot_split") == name("test_split");
  if (splits.has("fewshot_split")) {
    data.samples.clear();
    data.demonstrations = splits.file("fewshot_split");
  } else if (data.samples.empty()) {
    for (const char* key : {"training_split", "validation_split", "test_split"}) {
      if (!splits.has(key)) continue;
      data.demonstrations = splits.file(key);
      break;
    }
  }
  if (data.demonstrations == data.questions) data.demonstrations.clear();
}

void read_single_file(const YamlValue& yaml, const YamlValue& dataset_path, DataSettings& data) {
  data.questions = read_path(dataset_path, "dataset_path");
  require_file(dataset_path, "dataset_path", data.questions);
  for (const char* key : kSplits) {
    const YamlValue* split = find_split(yaml, key);
    if (split == nullptr) continue;
    throw ConfigError(
        fmt::format("{}{} needs a dataset_path that is a directory, or dataset_kwargs.data_files; "
                    "dataset_path is the file of the questions here (demonstrations: fewshot_path)",
                    split->where(), key));
  }
  if (const YamlValue* path = find_set(yaml, "fewshot_path")) {
    data.demonstrations = read_path(*path, "fewshot_path");
    require_file(*path, "fewshot_path", data.demonstrations);
    if (!data.samples.empty()) {
      throw ConfigError(path->where() +
                        "fewshot_path and fewshot_config.samples exclude each other");
    }
  }
  data.same_split = data.demonstrations.empty() && data.samples.empty();
}

nlohmann::json to_json(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::null:
      return nullptr;
    case YamlValue::Kind::list: {
      nlohmann::json list = nlohmann::json::array();
      for (const YamlValue& item : value.items) list.push_back(to_json(item));
      return list;
    }
    case YamlValue::Kind::map: {
      nlohmann::json map = nlohmann::json::object();
      for (const YamlField& field : value.fields) map[field.key] = to_json(field.value);
      return map;
    }
    case YamlValue::Kind::scalar:
      break;
  }
  const std::string text = read_text(value, "samples");
  if (value.quoted) return text;
  if (text == "true" || text == "false") return text == "true";
  // Plain numbers are numbers; whatever else is not JSON is text.
  const nlohmann::json number = nlohmann::json::parse(text, nullptr, false);
  return number.is_number() ? number : nlohmann::json(text);
}

std::string read_samples(const YamlValue& yaml) {
  const YamlValue* config = find_set(yaml, "fewshot_config");
  const YamlValue* samples = config == nullptr ? nullptr : find_set(*config, "samples");
  if (samples == nullptr) return {};
  if (!samples->tag.empty() && samples->tag[0] == '!') read_text(*samples, "samples");
  if (samples->kind != YamlValue::Kind::list || samples->items.empty()) {
    throw ConfigError(samples->where() +
                      "samples must be a list of documents, each a map of fields");
  }
  for (const YamlValue& item : samples->items) {
    if (item.kind != YamlValue::Kind::map)
      throw ConfigError(item.where() + "a sample is a map of fields");
  }
  return to_json(*samples).dump();
}

void read_process_docs(const YamlValue& yaml, DataSettings& data) {
  const YamlValue* value = find_set(yaml, "process_docs");
  if (value == nullptr) return;
  data.process_docs = read_text(*value, "process_docs");
  data.process_docs_where = value->where();
  if (find_transform(data.process_docs) != nullptr) return;
  const std::vector<std::string> names = transform_names();
  throw ConfigError(fmt::format("{}process_docs '{}' is no built-in transform{} There are: {}",
                                value->where(), data.process_docs,
                                did_you_mean(data.process_docs, names), fmt::join(names, ", ")));
}

/// Without a generator there must be no arguments for one, and with one no file.
void read_generator(const YamlValue& yaml, DataSettings& data) {
  const YamlValue* name = find_set(yaml, "generator");
  const YamlValue* arguments = find_set(yaml, "generator_args");
  if (name == nullptr) {
    if (arguments == nullptr) return;
    throw ConfigError(arguments->where() + "generator_args goes with the key generator");
  }
  for (const char* key : {"dataset_path", "dataset_kwargs", "fewshot_path", "training_split",
                          "validation_split", "test_split", "fewshot_split"}) {
    const YamlValue* value = find_set(yaml, key);
    if (value == nullptr) continue;
    throw ConfigError(fmt::format("{}{} and generator (line {}) exclude each other", value->where(),
                                  key, name->line));
  }
  const std::string given = read_text(*name, "generator");
  const GeneratorKind* kind = find_generator(given);
  if (kind == nullptr) {
    std::vector<std::string> names;
    for (const GeneratorKind* known : generator_kinds()) names.emplace_back(known->name);
    throw ConfigError(fmt::format("{}generator '{}' is unknown{} There are: {}", name->where(),
                                  given, did_you_mean(given, names), fmt::join(names, ", ")));
  }
  data.generated = std::make_shared<const GeneratedData>(*kind, arguments, *name->file);
  data.same_split = false;
}

}  // namespace

DataSettings parse_data_settings(const YamlValue& yaml) {
  DataSettings data;
  data.samples = read_samples(yaml);
  read_generator(yaml, data);
  read_process_docs(yaml, data);
  if (data.generated) return data;
  const YamlValue* dataset_path = find_set(yaml, "dataset_path");
  if (dataset_path == nullptr) {
    throw ConfigError(yaml.where() +
                      "dataset_path must name the questions' file (*.jsonl, *.json or *.csv), or "
                      "generator a generated data set");
  }
  const std::string path = read_text(*dataset_path, "dataset_path");
  const bool is_builder = path == "json" || path == "csv";
  const bool has_kwargs = find_set(yaml, "dataset_kwargs") != nullptr;
  if (has_kwargs && !is_builder) {
    throw ConfigError(dataset_path->where() + "dataset_kwargs goes with dataset_path: json or csv");
  }
  if (has_kwargs || std::filesystem::is_directory(read_path(*dataset_path, "dataset_path"))) {
    read_splits(yaml, *dataset_path, data);
  } else {
    read_single_file(yaml, *dataset_path, data);
  }
  return data;
}

}  // namespace allometer::tasks
