#include "tasks/prompt_choice.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "tasks/labelled_task.hpp"
#include "tasks/spelling.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

constexpr long long kMaxExamples = 256;
constexpr long long kMaxOrders = 1000;

enum class Criterion { leave_one_out, mdl };

struct ChoiceSettings {
  Criterion by = Criterion::mdl;
  int examples = 16;
  int orders = 4;
};

using Candidates = std::vector<std::shared_ptr<const LabelledTask>>;

/// The candidate's keys in place of the task's.
YamlValue with_candidate(const YamlValue& task, const YamlValue& candidate) {
  YamlValue merged = candidate;
  for (const YamlField& field : task.fields) {
    if (field.key != "prompt_choice" && candidate.find(field.key) == nullptr)
      merged.fields.push_back(field);
  }
  return merged;
}

Candidates load_candidates(const YamlValue& yaml, const YamlValue& choice,
                           const std::filesystem::path& file) {
  static const std::vector<std::string> known{"doc_to_text", "description", "target_delimiter"};
  const YamlValue* list = find_set(choice, "candidates");
  if (list == nullptr || list->kind != YamlValue::Kind::list || list->items.size() < 2) {
    throw ConfigError((list ? *list : choice).where() +
                      "prompt_choice.candidates must be a list of two prompts or more");
  }
  Candidates candidates;
  for (const YamlValue& candidate : list->items) {
    if (candidate.kind != YamlValue::Kind::map)
      throw ConfigError(candidate.where() + "a candidate is a map, as {doc_to_text: \"...\"}");
    require_known(candidate, "a candidate of prompt_choice", known);
    candidates.push_back(load_labelled_task(with_candidate(yaml, candidate), file));
  }
  return candidates;
}

ChoiceSettings read_choice(const YamlValue& choice) {
  static const std::vector<std::string> known{"by", "examples", "orders", "candidates"};
  static const std::vector<std::string> criteria{"leave_one_out", "mdl"};
  if (choice.kind != YamlValue::Kind::map)
    throw ConfigError(choice.where() + "prompt_choice is a map with the keys by and candidates");
  require_known(choice, "prompt_choice", known);
  ChoiceSettings settings;
  const YamlValue* by = find_set(choice, "by");
  if (by == nullptr) {
    throw ConfigError(choice.where() + "prompt_choice needs the key by: leave_one_out or mdl");
  }
  const std::string name = read_text(*by, "by");
  if (std::find(criteria.begin(), criteria.end(), name) == criteria.end()) {
    throw ConfigError(fmt::format("{}by '{}' is unknown{} Supported: leave_one_out, mdl",
                                  by->where(), name, did_you_mean(name, criteria)));
  }
  settings.by = name == "mdl" ? Criterion::mdl : Criterion::leave_one_out;
  if (const YamlValue* value = find_set(choice, "examples"))
    settings.examples = static_cast<int>(read_integer(*value, "examples", 2, kMaxExamples));
  if (const YamlValue* value = find_set(choice, "orders"))
    settings.orders = static_cast<int>(read_integer(*value, "orders", 1, kMaxOrders));
  return settings;
}

void check_candidates(const YamlValue& choice, const ChoiceSettings& settings,
                      const LabelledTask& task) {
  const std::string where = choice.where() + "prompt_choice ";
  if (task.output_type() == OutputType::loglikelihood_rolling)
    throw ConfigError(where + "needs demonstrations; output_type loglikelihood_rolling has none");
  if (task.num_labelled() == 0) {
    throw ConfigError(where +
                      "judges by labelled demonstrations, which must not be the questions "
                      "themselves: give the task a training split or fewshot_config.samples");
  }
  if (task.num_labelled() < static_cast<std::size_t>(settings.examples)) {
    throw ConfigError(fmt::format("{}is to judge by {} examples, the training split has {}", where,
                                  settings.examples, task.num_labelled()));
  }
}

/// -ln p(label), p renormalised over the choices where there are some.
double label_nll(std::span<const Response> choices, std::size_t gold) {
  const double chosen = choices[gold].log_likelihood;
  if (choices.size() == 1) return -chosen;
  double most = choices.front().log_likelihood;
  for (const Response& choice : choices) most = std::max(most, choice.log_likelihood);
  double sum = 0;
  for (const Response& choice : choices) sum += std::exp(choice.log_likelihood - most);
  return most + std::log(sum) - chosen;
}

/// One question per candidate: how well does it predict the labels of the examples? Made for one
/// draw of them; what does not depend on the draw is the same for all.
class PromptScoring final : public Task {
 public:
  PromptScoring(Candidates candidates, const ChoiceSettings& choice, PromptSettings settings)
      : candidates_(std::move(candidates)), choice_(choice), settings_(std::move(settings)) {
    name_ = task().name() + ".prompt_choice";
    summary_ = fmt::format("Which of {} prompts predicts the labels of {} demonstrations best?",
                           candidates_.size(), choice_.examples);
    const bool is_mdl = choice_.by == Criterion::mdl;
    Metric metric;
    metric.name = is_mdl ? "codelength" : "nll";
    metric.higher_is_better = false;
    metric.unit = "nat";
    metric.long_name =
        is_mdl ? "Prequential codelength of the demonstrations' labels, mean over orders."
               : "Negative log-likelihood of a demonstration's label given the others, mean.";
    metric.chance = std::nan("");
    metrics_.push_back(std::move(metric));
  }

  const std::string& name() const override { return name_; }
  const std::string& ability() const override { return ability_; }
  const std::string& description() const override { return summary_; }
  OutputType output_type() const override {
    return task().output_type() == OutputType::multiple_choice ? OutputType::multiple_choice
                                                               : OutputType::loglikelihood;
  }
  int num_questions() const override { return static_cast<int>(candidates_.size()); }
  int default_num_fewshot() const override { return choice_.examples - 1; }
  Sampler default_sampler() const override { return task().default_sampler(); }
  const std::vector<Metric>& metrics() const override { return metrics_; }
  /// What the candidates' likelihoods are says nothing of what the model can do.
  std::string headline() const override { return "none"; }
  std::string question_id(int question) const override {
    return fmt::format("prompt {}", question);
  }
  std::string question_text(int question) const override {
    return candidate(question).question_text(0);
  }
  std::string question_target(int) const override { return {}; }
  int num_choices(int) const override { return 0; }
  double difficulty(int) const override { return std::nan(""); }
  std::vector<Request> requests(int question, const PromptSettings& prompt) const override;
  std::vector<MetricValue> score(int question, std::span<const Response> responses) const override;
  Digest digest() const override;
  std::optional<bool> add_bos_token() const override { return task().add_bos_token(); }
  std::string artifact(std::span<const std::vector<MetricValue>> answers) const override;

 private:
  const LabelledTask& task() const { return *candidates_.front(); }
  const LabelledTask& candidate(int question) const {
    return *candidates_.at(static_cast<std::size_t>(question));
  }
  std::vector<std::size_t> order(int number) const;
  std::vector<LabelledQuestion> ask(int question, const ChatSettings& chat) const;

  Candidates candidates_;
  ChoiceSettings choice_;
  PromptSettings settings_;
  std::string name_;
  std::string ability_ = "prompt_choice";
  std::string summary_;
  std::vector<Metric> metrics_;
};

/// The examples in their order number `number`; the first is the order drawn.
std::vector<std::size_t> PromptScoring::order(int number) const {
  PromptSettings examples = settings_;
  examples.num_fewshot = choice_.examples;
  std::vector<std::size_t> drawn = task().draw_labelled(examples);
  if (number == 0) return drawn;
  SplitMix64 random(
      seed_from(fmt::format("prompt_choice/{}/{}/{}", task().name(), settings_.seed, number)));
  random.shuffle(std::span(drawn));
  return drawn;
}

/// Every example of every order, with the demonstrations that the criterion puts before it.
std::vector<LabelledQuestion> PromptScoring::ask(int question, const ChatSettings& chat) const {
  std::vector<LabelledQuestion> asked;
  for (int number = 0; number < choice_.orders; ++number) {
    const std::vector<std::size_t> examples = order(number);
    for (std::size_t i = 0; i < examples.size(); ++i) {
      std::vector<std::size_t> before(examples.begin(),
                                      examples.begin() + static_cast<std::ptrdiff_t>(i));
      if (choice_.by == Criterion::leave_one_out) {
        before = examples;
        before.erase(before.begin() + static_cast<std::ptrdiff_t>(i));
        before.resize(static_cast<std::size_t>(settings_.num_fewshot));
      }
      asked.push_back(candidate(question).ask_labelled(examples[i], before, chat));
    }
  }
  return asked;
}

std::vector<Request> PromptScoring::requests(int question, const PromptSettings& prompt) const {
  std::vector<Request> requests;
  for (LabelledQuestion& labelled : ask(question, prompt.chat)) {
    std::move(labelled.requests.begin(), labelled.requests.end(), std::back_inserter(requests));
  }
  return requests;
}

std::vector<MetricValue> PromptScoring::score(int question,
                                              std::span<const Response> responses) const {
  double sum = 0;
  std::size_t next = 0;
  // How many requests there are and which is right does not depend on the form of a conversation.
  const std::vector<LabelledQuestion> asked = ask(question, {});
  for (const LabelledQuestion& labelled : asked) {
    ALLOMETER_EXPECT(next + labelled.requests.size() <= responses.size());
    sum += label_nll(responses.subspan(next, labelled.requests.size()), labelled.gold);
    next += labelled.requests.size();
  }
  ALLOMETER_EXPECT(next == responses.size());
  const int parts = choice_.by == Criterion::mdl ? choice_.orders : static_cast<int>(asked.size());
  return {{sum / parts, 1}};
}

Digest PromptScoring::digest() const {
  Sha256 hash;
  hash.update(fmt::format("prompt choice 1: by {}, {} examples, {} orders\n",
                          static_cast<int>(choice_.by), choice_.examples, choice_.orders));
  for (const auto& candidate : candidates_) hash.update(candidate->digest().hex() + "\n");
  return hash.finish();
}

std::string PromptScoring::artifact(std::span<const std::vector<MetricValue>> answers) const {
  ALLOMETER_EXPECT(answers.size() == candidates_.size());
  std::vector<double> scores;
  for (const auto& answer : answers) scores.push_back(answer.front().value);
  std::size_t best = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) {
      throw FormatError(fmt::format(
          "the {} of prompt {} is not finite: the model gives no probability to the labels",
          metrics_.front().name, i));
    }
    if (scores[i] < scores[best]) best = i;
  }
  return nlohmann::json{{"prompt", best},
                        {"example", candidates_[best]->question_text(0)},
                        {metrics_.front().name, scores}}
      .dump();
}

/// The task itself, asked by the chosen candidate. Ids, targets and scores are the same for all.
class ChosenPromptTask final : public Task {
 public:
  ChosenPromptTask(Candidates candidates, const ChoiceSettings& choice)
      : candidates_(std::move(candidates)), choice_(choice) {}

  const std::string& name() const override { return task().name(); }
  const std::string& ability() const override { return task().ability(); }
  const std::string& description() const override { return task().description(); }
  OutputType output_type() const override { return task().output_type(); }
  int num_questions() const override { return task().num_questions(); }
  int default_num_fewshot() const override { return task().default_num_fewshot(); }
  Sampler default_sampler() const override { return task().default_sampler(); }
  const std::vector<Metric>& metrics() const override { return task().metrics(); }
  std::string headline() const override { return task().headline(); }
  std::string question_id(int question) const override { return task().question_id(question); }
  std::string question_text(int question) const override { return task().question_text(question); }
  std::string question_target(int question) const override {
    return task().question_target(question);
  }
  int num_choices(int question) const override { return task().num_choices(question); }
  double difficulty(int question) const override { return task().difficulty(question); }
  std::vector<Request> requests(int question, const PromptSettings& settings) const override {
    return chosen(settings.artifact).requests(question, settings);
  }
  std::vector<MetricValue> score(int question, std::span<const Response> responses) const override {
    return task().score(question, responses);
  }
  const ExplanationSettings* explanation() const override { return task().explanation(); }
  std::vector<ExplainedText> explained_texts(int question) const override {
    return task().explained_texts(question);
  }
  std::vector<std::vector<Request>> perturbed_requests(
      int question, std::span<const std::vector<std::string>> texts,
      const PromptSettings& settings) const override {
    return chosen(settings.artifact).perturbed_requests(question, texts, settings);
  }
  Digest digest() const override {
    return sha256("asked by the prompt of " +
                  PromptScoring(candidates_, choice_, {}).digest().hex());
  }
  std::optional<bool> add_bos_token() const override { return task().add_bos_token(); }
  std::optional<Preparation> preparation(const PromptSettings& settings) const override;

 private:
  const LabelledTask& task() const { return *candidates_.front(); }
  const Task& chosen(const std::string& artifact) const;

  Candidates candidates_;
  ChoiceSettings choice_;
};

std::optional<Preparation> ChosenPromptTask::preparation(const PromptSettings& settings) const {
  PromptSettings asked = settings;
  asked.artifact.clear();
  // A code of all the examples is the same for any number of shots.
  asked.num_fewshot = choice_.examples - 1;
  if (choice_.by == Criterion::leave_one_out)
    asked.num_fewshot = std::min(settings.num_fewshot, choice_.examples - 1);
  if (asked.sampler != Sampler::first_n) asked.sampler = Sampler::fixed;
  auto scoring = std::make_shared<const PromptScoring>(candidates_, choice_, asked);
  return Preparation{std::move(scoring), std::move(asked)};
}

const Task& ChosenPromptTask::chosen(const std::string& artifact) const {
  if (artifact.empty()) return task();
  const nlohmann::json choice = nlohmann::json::parse(artifact, nullptr, false);
  const auto prompt = choice.is_object() ? choice.find("prompt") : choice.end();
  if (prompt == choice.end() || !prompt->is_number_unsigned() ||
      prompt->get<std::size_t>() >= candidates_.size()) {
    throw FormatError(fmt::format("task {}: '{}' chooses none of its {} prompts", name(), artifact,
                                  candidates_.size()));
  }
  return *candidates_[prompt->get<std::size_t>()];
}

}  // namespace

std::shared_ptr<const Task> load_prompt_choice(const YamlValue& yaml,
                                               const std::filesystem::path& file) {
  const YamlValue* choice = find_set(yaml, "prompt_choice");
  ALLOMETER_EXPECT(choice != nullptr);
  const ChoiceSettings settings = read_choice(*choice);
  Candidates candidates = load_candidates(yaml, *choice, file);
  check_candidates(*choice, settings, *candidates.front());
  return std::make_shared<const ChosenPromptTask>(std::move(candidates), settings);
}

}  // namespace allometer::tasks
