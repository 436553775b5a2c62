#include "exchange/lm_eval_samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "exchange/json_text.hpp"
#include "exchange/known_metric.hpp"
#include "job/map_reader.hpp"

namespace allometer::exchange {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMostDocuments = 1'000'000'000;

/// Keys of a line that are no metrics.
const std::set<std::string, std::less<>> kOtherKeys = {
    "doc_id", "doc",      "target",      "arguments",   "resps",   "filtered_resps",
    "filter", "doc_hash", "prompt_hash", "target_hash", "metrics", "allometer"};

struct Value {
  double value = kNaN;
  double weight = kNaN;
};

/// One question, of all its lines.
struct Sample {
  std::int64_t line = 0;
  std::string text;
  std::string target;
  results::QuestionRecord record;
  std::map<std::string, Value> metrics;
  std::set<std::string> filters;
};

class Reader {
 public:
  Reader(const std::filesystem::path& file, std::vector<std::string>& left_out)
      : file_(file), left_out_(left_out) {}

  void read_line(std::string_view text, std::int64_t line) {
    line_ = line;
    const Json root = parse_json(text, where());
    if (!root.is_object()) fail("is no JSON object; each line of samples must be one");
    const std::int64_t id = document_id(root);
    const auto [found, is_new] = samples_.try_emplace(id);
    Sample& sample = found->second;
    std::string document = json_text(member(root, "doc"));
    std::string target = text_of(member(root, "target"));
    if (is_new) {
      sample.line = line;
      sample.text = std::move(document);
      sample.target = std::move(target);
    } else if (sample.text != document || sample.target != target) {
      fail(fmt::format("doc_id {} is another document in line {}", id, sample.line));
    }
    const Json* filter_key = find_member(root, "filter");
    const std::string filter = filter_key == nullptr ? "none" : text_of(*filter_key);
    if (!sample.filters.insert(filter).second) {
      fail(
          fmt::format("doc_id {} with filter '{}' stands in line {} too", id, filter, sample.line));
    }
    // With several filters the answers are the same; what each one made of them is in its metrics.
    if (is_new) read_responses(root, sample.record);
    for (const auto& [key, value] : root.items()) {
      if (kOtherKeys.contains(key)) continue;
      read_metric(filter == "none" ? key : key + "," + filter, value, weight_of(root, key), sample);
    }
  }

  Answers finish() {
    if (samples_.empty()) throw FormatError(fmt::format("{}: holds no samples", file_.string()));
    Answers answers;
    answers.file = file_;
    for (const auto& [metric, aggregation] : aggregations_) {
      if (aggregation.empty()) {
        left_out_.push_back(
            fmt::format("{}: {}: not a number for each question", file_.string(), metric));
      } else {
        answers.metrics.push_back({metric, aggregation});
      }
    }
    if (answers.metrics.empty()) {
      throw FormatError(
          fmt::format("{}: no line holds a number of a metric (as \"acc\": 1.0)", file_.string()));
    }
    for (auto& [id, sample] : samples_) {
      answers.ids.push_back(std::to_string(id));
      answers.texts.push_back(std::move(sample.text));
      answers.targets.push_back(std::move(sample.target));
      for (const AnsweredMetric& metric : answers.metrics) {
        const Value value = sample.metrics[metric.name];
        sample.record.metric_value.push_back(value.value);
        sample.record.metric_weight.push_back(value.weight);
      }
      sample.record.question = static_cast<std::int32_t>(answers.records.size());
      answers.records.push_back(std::move(sample.record));
    }
    return answers;
  }

 private:
  std::string where() const { return fmt::format("{}:{}", file_.string(), line_); }
  [[noreturn]] void fail(std::string_view problem) const {
    throw FormatError(fmt::format("{}: {}", where(), problem));
  }

  const Json& member(const Json& root, std::string_view key) const {
    const Json* value = find_member(root, key);
    if (value == nullptr) {
      fail(fmt::format("has no \"{}\"; are these samples of lm-evaluation-harness (--log_samples)?",
                       key));
    }
    return *value;
  }

  static std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : json_text(value);
  }

  std::int64_t document_id(const Json& root) const {
    const Json& value = member(root, "doc_id");
    if (value.is_number_integer() || value.is_number_unsigned()) {
      const auto id = value.get<double>();
      if (id >= 0 && id <= static_cast<double>(kMostDocuments))
        return static_cast<std::int64_t>(id);
    }
    fail(fmt::format("\"doc_id\" is {}, but must be a whole number from 0", json_text(value)));
  }

  /// "-1.5", as the harness writes it, or -1.5.
  static std::optional<double> number(const Json& value) {
    if (value.is_number()) return value.get<double>();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    return job::parse_real(text);
  }

  static std::optional<bool> flag(const Json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value == "True") return true;
    if (value == "False") return false;
    return std::nullopt;
  }

  /// resps: a list for each request, of the responses to its repetitions: ["-1.5", "True"], or a
  /// text.
  void read_responses(const Json& root, results::QuestionRecord& record) const {
    const Json* responses = find_member(root, "resps");
    if (responses == nullptr || responses->is_null()) return;
    if (!responses->is_array()) fail("\"resps\" must be a list");
    const bool rolling = is_rolling(root);
    for (const Json& request : *responses) {
      if (!request.is_array()) fail("\"resps\" must hold a list for each request");
      for (const Json& response : request) read_response(response, rolling, record);
    }
    const bool mixed =
        !record.generated.empty() && record.generated.size() != record.log_likelihood.size();
    if (mixed) fail("\"resps\" holds texts and likelihoods");
  }

  /// A generated "42" looks like the likelihood of a whole text, which comes alone: the metrics
  /// tell.
  static bool is_rolling(const Json& root) {
    constexpr std::array<const char*, 3> kRolling = {"bits_per_byte", "byte_perplexity",
                                                     "word_perplexity"};
    return std::any_of(kRolling.begin(), kRolling.end(),
                       [&](const char* metric) { return root.contains(metric); });
  }

  void read_response(const Json& response, bool rolling, results::QuestionRecord& record) const {
    record.num_tokens.push_back(0);
    if (response.is_string() && !rolling) {
      record.log_likelihood.push_back(kNaN);
      record.is_greedy.push_back(0);
      record.generated.push_back(response.get<std::string>());
      return;
    }
    const bool is_pair = response.is_array() && response.size() == 2;
    const auto likelihood = number(is_pair ? response[0] : response);
    const auto greedy = is_pair ? flag(response[1]) : std::optional(false);
    if (!likelihood || !greedy) {
      fail(fmt::format(
          "\"resps\" holds {}, which is neither a text nor a likelihood with True or False",
          json_text(response).substr(0, 60)));
    }
    record.log_likelihood.push_back(*likelihood);
    record.is_greedy.push_back(*greedy ? 1 : 0);
  }

  /// The weight of a mean, where `allometer export` wrote one.
  static double weight_of(const Json& root, const std::string& metric) {
    const Json* weight = find_path(root, {"allometer", "weights", metric});
    return weight != nullptr && weight->is_number() ? weight->get<double>() : 1;
  }

  void read_metric(const std::string& name, const Json& json, double weight, Sample& sample) {
    const KnownMetric known = known_metric(name);
    auto value = metric_value(json, known);
    if (value && weight != 1) value->weight = weight;
    const auto [found, is_new] = aggregations_.try_emplace(name, value ? known.aggregation : "");
    if (!value) {
      found->second = "";
      return;
    }
    sample.metrics[name] = *value;
  }

  /// Nothing for a metric that is no number of each question, as the pairs of an F1.
  static std::optional<Value> metric_value(const Json& json, const KnownMetric& known) {
    if (json.is_boolean()) return Value{json.get<bool>() ? 1.0 : 0.0, 1};
    if (json.is_number()) return Value{json.get<double>(), 1};
    if (!json.is_array() || json.empty()) return std::nullopt;
    const auto is_flag = [](const Json& item) { return item.is_boolean(); };
    if (std::all_of(json.begin(), json.end(), is_flag)) {
      const auto right = std::count(json.begin(), json.end(), Json(true));
      return Value{static_cast<double>(right), static_cast<double>(json.size())};
    }
    const bool is_pair = json.size() == 2 && json[0].is_number() && json[1].is_number();
    if (!is_pair || known.aggregation == "mean" || !(json[1].get<double>() > 0))
      return std::nullopt;
    return Value{json[0].get<double>(), json[1].get<double>()};
  }

  const std::filesystem::path& file_;
  std::vector<std::string>& left_out_;
  std::int64_t line_ = 0;
  std::map<std::int64_t, Sample> samples_;
  std::map<std::string, std::string> aggregations_;  ///< by metric; empty: not one of each question
};

}  // namespace

SamplesName parse_samples_name(const std::filesystem::path& file) {
  constexpr std::string_view kBeginning = "samples_";
  const std::string stem = file.stem().string();
  const std::size_t last = stem.rfind('_');
  if (!stem.starts_with(kBeginning) || last < kBeginning.size()) return {};
  return {stem.substr(kBeginning.size(), last - kBeginning.size()), stem.substr(last + 1)};
}

Answers parse_lm_eval_samples(std::string_view text, const std::filesystem::path& file,
                              std::vector<std::string>& left_out) {
  Reader reader(file, left_out);
  std::int64_t line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    if (row.find_first_not_of(" \t\r") != std::string_view::npos) reader.read_line(row, line);
  }
  return reader.finish();
}

}  // namespace allometer::exchange
