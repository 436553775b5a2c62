#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "tasks/demonstrations.hpp"
#include "tasks/document_text.hpp"
#include "tasks/explained_text.hpp"
#include "tasks/filters.hpp"
#include "tasks/labelled_task.hpp"
#include "tasks/metrics.hpp"
#include "tasks/prompt_choice.hpp"
#include "tasks/settings.hpp"
#include "tasks/spelling.hpp"
#include "tasks/task.hpp"
#include "tasks/transforms.hpp"
#include "tasks/yaml_read.hpp"
#include "template/python_literal.hpp"
#include "template/template.hpp"

namespace allometer::tasks {
namespace {

/// Raised whenever the same task file and data would give other prompts or scores.
constexpr int kSemanticsRevision = 1;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

Dataset processed(Dataset dataset, const DataSettings& data) {
  return data.process_docs.empty() ? std::move(dataset)
                                   : find_transform(data.process_docs)->apply(dataset);
}

Dataset load_questions(const DataSettings& data) {
  if (data.generated) {
    return processed(data.generated->make(Split::test, data.generated->sizes().questions), data);
  }
  return processed(load_dataset(data.questions), data);
}

/// fewshot_config.samples as a data set, of which the task file is the source.
Dataset sample_documents(const TaskSettings& settings) {
  Dataset samples;
  samples.file = settings.file.string() + " (fewshot_config.samples)";
  samples.digest = sha256(settings.data.samples);
  for (nlohmann::json& document : nlohmann::json::parse(settings.data.samples)) {
    samples.documents.push_back(std::move(document));
    samples.rows.push_back(static_cast<std::int64_t>(samples.rows.size()) + 1);
    samples.ids.push_back(std::to_string(samples.rows.back()));
  }
  return samples;
}

/// What one metric is computed by.
struct Measure {
  const MetricDefinition* definition = nullptr;
  std::size_t setting = 0;  ///< entry of metric_list
  std::size_t filter = 0;   ///< entry of filter_list
};

/// A task made of a YAML file and data files.
class FileTask final : public LabelledTask {
 public:
  explicit FileTask(TaskSettings settings);

  const std::string& name() const override { return settings_.name; }
  const std::string& ability() const override { return settings_.ability; }
  const std::string& description() const override { return settings_.summary; }
  OutputType output_type() const override { return settings_.output_type; }
  int num_questions() const override { return static_cast<int>(questions_.documents.size()); }
  int default_num_fewshot() const override { return settings_.num_fewshot; }
  Sampler default_sampler() const override { return settings_.sampler; }
  const std::vector<Metric>& metrics() const override { return metrics_; }
  std::string question_id(int question) const override {
    return questions_.ids.at(index(question));
  }
  std::string question_text(int question) const override;
  std::string question_target(int question) const override;
  int num_choices(int question) const override;
  double difficulty(int question) const override;
  std::vector<Request> requests(int question, const PromptSettings& prompt) const override;
  std::vector<MetricValue> score(int question, std::span<const Response> responses) const override;
  std::string headline() const override {
    return settings_.headline.empty() ? metrics_.front().name : settings_.headline;
  }
  const ExplanationSettings* explanation() const override {
    return settings_.explanation ? &*settings_.explanation : nullptr;
  }
  std::vector<ExplainedText> explained_texts(int question) const override;
  std::vector<std::vector<Request>> perturbed_requests(
      int question, std::span<const std::vector<std::string>> texts,
      const PromptSettings& prompt) const override;
  Digest digest() const override;
  std::optional<bool> add_bos_token() const override { return settings_.add_bos_token; }
  std::size_t num_labelled() const override { return pool_ ? pool_->documents.size() : 0; }
  std::vector<std::size_t> draw_labelled(const PromptSettings& prompt) const override;
  LabelledQuestion ask_labelled(std::size_t document, std::span<const std::size_t> demonstrations,
                                const ChatSettings& chat) const override;

 private:
  std::size_t index(int question) const {
    ALLOMETER_EXPECT(question >= 0 && question < num_questions());
    return static_cast<std::size_t>(question);
  }
  const Dataset& pool() const { return pool_ ? *pool_ : questions_; }
  void add_metrics(std::size_t filter);
  void read_instructions();
  bool has_metric(MetricId id) const;
  double chance_of(const FilledDocument& filled) const;
  void measure_guessing();
  void check_headline() const;
  std::optional<FilledDocument> fill_if_possible(int question) const;
  std::vector<std::size_t> draw(std::size_t question, const PromptSettings& prompt) const;
  std::vector<std::size_t> draw_as_lm_eval(std::size_t question,
                                           const PromptSettings& prompt) const;
  std::string introduction(const Dataset& dataset, std::size_t document,
                           const ChatSettings& chat) const;
  std::string conversation(const std::string& system, std::span<const std::size_t> drawn,
                           const std::string& text, const ChatSettings& chat) const;
  std::string demonstrations(std::span<const std::size_t> drawn) const;
  std::vector<Request> ask(const Dataset& dataset, std::size_t document, FilledDocument filled,
                           std::span<const std::size_t> drawn, const ChatSettings& chat) const;
  Request target_request(const std::string& context, const FilledDocument& filled,
                         const ChatSettings& chat) const;
  Request rolling_request(const std::string& text, const PromptSettings& prompt) const;
  std::vector<Request> choice_requests(const FilledDocument& filled, const std::string& before,
                                       const std::string& delimiter) const;

  std::vector<MetricValue> score_answer(std::size_t question, std::span<const Response> responses,
                                        std::span<const std::string> targets) const;

  TaskSettings settings_;
  Dataset questions_;
  std::optional<Dataset> pool_;  ///< nothing: the questions' own documents
  DocumentFiller filler_;
  DocumentFiller demonstration_filler_;
  std::optional<TextSource> description_;
  LmEvalDraws lm_eval_draws_;
  std::vector<ExactMatch> comparisons_;  ///< one per entry of metric_list
  std::vector<AnswerFilter> filters_;    ///< at least one
  std::vector<Measure> measures_;        ///< one per metric
  /// One per question where a metric is about instructions, else none.
  std::vector<InstructionList> instructions_;
  /// The definitions in order, once for each filter.
  std::vector<Metric> metrics_;
  mutable std::once_flag system_left_out_;  ///< so that it is said once
};

std::optional<Dataset> load_pool(const TaskSettings& settings) {
  const DataSettings& data = settings.data;
  if (!data.samples.empty()) return sample_documents(settings);
  if (data.generated) {
    return processed(data.generated->make(Split::train, data.generated->sizes().demonstrations),
                     data);
  }
  if (!data.demonstrations.empty()) return processed(load_dataset(data.demonstrations), data);
  return std::nullopt;
}

FileTask::FileTask(TaskSettings settings)
    : settings_(std::move(settings)),
      questions_(load_questions(settings_.data)),
      pool_(load_pool(settings_)),
      filler_(settings_.question, settings_.output_type, questions_),
      demonstration_filler_(settings_.demonstration, settings_.output_type, pool()),
      lm_eval_draws_(pool().documents.size(), questions_.documents.size()) {
  if (settings_.description) description_.emplace(*settings_.description, questions_);
  for (const FilterSetting& filter : settings_.filters) filters_.emplace_back(filter);
  if (filters_.empty()) filters_.emplace_back(FilterSetting());
  for (const MetricSetting& setting : settings_.metrics)
    comparisons_.emplace_back(setting.exact_match, setting.where + "regexes_to_ignore: ");
  for (std::size_t filter = 0; filter < filters_.size(); ++filter) add_metrics(filter);
  measure_guessing();
  read_instructions();
  if (settings_.explanation) {
    for (ExplanationMetric& one : settings_.explanation->metrics())
      metrics_.push_back(std::move(one.metric));
  }
  check_headline();
}

void FileTask::read_instructions() {
  if (std::none_of(measures_.begin(), measures_.end(), [](const Measure& measure) {
        return is_about_instructions(measure.definition->id);
      })) {
    return;
  }
  for (std::size_t i = 0; i < questions_.documents.size(); ++i)
    instructions_.emplace_back(questions_.documents[i], questions_.where(i));
}

/// The likelihood of the target is the same whatever is extracted from the generated text: it comes
/// once, with the first filter, under its own name.
void FileTask::add_metrics(std::size_t filter) {
  for (std::size_t i = 0; i < settings_.metrics.size(); ++i) {
    const MetricSetting& setting = settings_.metrics[i];
    const MetricDefinition* definition = find_metric(settings_.output_type, setting.name);
    const bool is_of_target = definition->id == MetricId::nll;
    if (is_of_target && filter > 0) continue;
    Metric metric = definition->metric;
    if (!is_of_target) metric.name += filters_[filter].metric_suffix();
    metric.higher_is_better = setting.higher_is_better.value_or(metric.higher_is_better);
    metrics_.push_back(std::move(metric));
    measures_.push_back({definition, i, filter});
  }
}

bool FileTask::has_metric(MetricId id) const {
  return std::any_of(measures_.begin(), measures_.end(),
                     [&](const Measure& measure) { return measure.definition->id == id; });
}

/// Of picking a choice blindly.
double FileTask::chance_of(const FilledDocument& filled) const {
  if (settings_.chance) return *settings_.chance;
  return static_cast<double>(filled.gold.size()) / static_cast<double>(filled.choices.size());
}

/// What guessing is worth: the mean chance, and what always giving the commonest answer would
/// score, over the questions that can be filled.
void FileTask::check_headline() const {
  if (settings_.headline.empty() || settings_.headline == "none") return;
  std::vector<std::string> names;
  for (const Metric& metric : metrics_) names.push_back(metric.name);
  if (std::find(names.begin(), names.end(), settings_.headline) != names.end()) return;
  throw ConfigError(
      fmt::format("{}metadata.headline '{}' is none of the task's metrics{} There "
                  "are: {}",
                  settings_.headline_where, settings_.headline,
                  did_you_mean(settings_.headline, names), fmt::join(names, ", ")));
}

void FileTask::measure_guessing() {
  if (settings_.output_type == OutputType::loglikelihood_rolling) return;
  const bool has_choices = settings_.output_type == OutputType::multiple_choice;
  double sum_of_chances = 0;
  int count = 0, commonest = 0;
  std::map<std::string, int> times;
  for (int question = 0; question < num_questions(); ++question) {
    const std::optional<FilledDocument> filled = fill_if_possible(question);
    if (!filled) continue;
    ++count;
    if (has_choices) {
      sum_of_chances += chance_of(*filled);
      for (const int gold : filled->gold)
        commonest = std::max(commonest, ++times["place " + std::to_string(gold)]);
    }
    for (const std::string& target : filled->targets)
      commonest = std::max(commonest, ++times["text " + target]);
  }
  if (count == 0) return;
  const double chance =
      has_choices ? sum_of_chances / count : settings_.chance.value_or(kUndefined);
  const double majority = static_cast<double>(commonest) / count;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const MetricId id = measures_[i].definition->id;
    const bool is_answered =
        id == MetricId::exact_match && settings_.output_type == OutputType::generate_until;
    // Likelihoods do not tell which place a choice has.
    const bool is_preference =
        id == MetricId::preference_acc || id == MetricId::preference_acc_norm;
    if (measures_[i].definition->can_be_guessed || is_answered) {
      metrics_[i].chance = chance;
      if (!is_preference) metrics_[i].majority = majority;
    }
    if (id == MetricId::acc_above_chance && chance < 1)
      metrics_[i].majority = (majority - chance) / (1 - chance);
  }
}

std::optional<FilledDocument> FileTask::fill_if_possible(int question) const {
  try {
    return filler_.fill(questions_, index(question));
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

std::string FileTask::question_text(int question) const {
  const std::optional<FilledDocument> filled = fill_if_possible(question);
  if (!filled) return {};
  return settings_.output_type == OutputType::loglikelihood_rolling ? filled->targets.front()
                                                                    : filled->shown_text();
}

std::string FileTask::question_target(int question) const {
  if (settings_.output_type == OutputType::loglikelihood_rolling) return {};
  const std::optional<FilledDocument> filled = fill_if_possible(question);
  return filled && !filled->targets.empty() ? filled->targets.front() : std::string();
}

int FileTask::num_choices(int question) const {
  if (settings_.output_type != OutputType::multiple_choice) return 0;
  const std::optional<FilledDocument> filled = fill_if_possible(question);
  return filled ? static_cast<int>(filled->choices.size()) : 0;
}

double FileTask::difficulty(int question) const {
  const nlohmann::json& document = questions_.documents[index(question)];
  const auto found = document.find("difficulty");
  return found != document.end() && found->is_number() ? found->get<double>() : kUndefined;
}

std::vector<std::size_t> FileTask::draw(std::size_t question, const PromptSettings& prompt) const {
  const auto count = static_cast<std::size_t>(prompt.num_fewshot);
  Pool documents{pool().documents.size(), std::nullopt};
  if (!pool_) documents.own = question;
  const std::size_t available = documents.size - (pool_ ? 0 : 1);
  if (count > available) {
    throw ConfigError(fmt::format("task {}: {} demonstrations are asked for, {} has {}{}", name(),
                                  count, pool().file.string(), available,
                                  pool_ ? "" : " besides the question's own"));
  }
  switch (prompt.sampler) {
    case Sampler::first_n:
      return draw_first(documents, count);
    case Sampler::fixed:
      return draw_fixed(documents, count, name(), prompt.seed);
    case Sampler::per_question:
      return draw_per_question(documents, count, name(), prompt.seed, questions_.ids[question]);
    case Sampler::lm_eval:
      return draw_as_lm_eval(question, prompt);
  }
  return {};
}

/// lm_eval/api/samplers.py: with fewshot_split == test_split one document more is drawn, and those
/// equal to the question's are dropped.
std::vector<std::size_t> FileTask::draw_as_lm_eval(std::size_t question,
                                                   const PromptSettings& prompt) const {
  const auto count = static_cast<std::size_t>(prompt.num_fewshot);
  if (!settings_.data.same_split && pool_) return lm_eval_draws_.draw(question, count, prompt.seed);
  if (count + 1 > pool().documents.size()) {
    throw ConfigError(fmt::format(
        "task {}: the sampler lm_eval draws one more than the {} demonstrations asked for, and "
        "{} has only {} documents",
        name(), count, pool().file.string(), pool().documents.size()));
  }
  std::vector<std::size_t> drawn = lm_eval_draws_.draw(question, count + 1, prompt.seed);
  std::erase_if(drawn, [&](std::size_t document) {
    return pool().documents[document] == questions_.documents[question];
  });
  if (drawn.size() < count) {
    throw ConfigError(fmt::format(
        "{}the same document stands more than once in {}, so that too few demonstrations "
        "remain; remove the copies",
        questions_.where(question), pool().file.string()));
  }
  drawn.resize(count);
  return drawn;
}

std::string FileTask::demonstrations(std::span<const std::size_t> drawn) const {
  std::string text;
  for (const std::size_t document : drawn) {
    const FilledDocument filled = demonstration_filler_.fill(pool(), document);
    text += filled.shown_text();
    // lm-evaluation-harness puts no delimiter after a demonstration without an answer.
    if (filled.targets.empty() || filled.targets.front().empty()) continue;
    text += settings_.demonstration_target_delimiter + filled.targets.front() +
            settings_.demonstration_delimiter;
  }
  return text;
}

std::vector<Request> FileTask::choice_requests(const FilledDocument& filled,
                                               const std::string& before,
                                               const std::string& delimiter) const {
  std::vector<Request> requests;
  const auto add = [&](std::string context, const std::string& continuation) {
    Request request;
    request.context = std::move(context);
    request.continuation = delimiter + continuation;
    requests.push_back(std::move(request));
  };
  for (const std::string& choice : filled.choices) {
    if (filled.choices_are_contexts) {
      add(before + choice, filled.targets.front());
    } else {
      add(before + filled.text, choice);
    }
  }
  if (has_metric(MetricId::acc_mutual_info)) {
    for (const std::string& choice : filled.choices) add("", choice);
  }
  return requests;
}

/// The system instruction and the description, filled for the document that is asked about: what
/// stands before the demonstrations.
std::string FileTask::introduction(const Dataset& dataset, std::size_t document,
                                   const ChatSettings& chat) const {
  if (!description_) return chat.system_instruction;
  try {
    std::string text = jinja::python_str(description_->fill(dataset.documents[document]));
    if (chat.system_instruction.empty() || text.empty()) return chat.system_instruction + text;
    return chat.system_instruction + settings_.demonstration_delimiter + text;
  } catch (const ConfigError& error) {
    throw ConfigError(dataset.where(document) + error.what());
  }
}

/// lm_eval/api/task.py, fewshot_context with a chat template: the introduction is the system's, all
/// else the user's, but for the answers of demonstrations that are turns of their own.
std::string FileTask::conversation(const std::string& system, std::span<const std::size_t> drawn,
                                   const std::string& text, const ChatSettings& chat) const {
  std::vector<Message> messages;
  if (!system.empty()) messages.push_back({"system", system});
  std::string before;
  if (chat.fewshot_as_multiturn) {
    for (const std::size_t document : drawn) {
      const FilledDocument filled = demonstration_filler_.fill(pool(), document);
      messages.push_back({"user", filled.shown_text()});
      messages.push_back({"assistant", filled.targets.empty() ? "" : filled.targets.front()});
    }
  } else {
    before = demonstrations(drawn);
  }
  messages.push_back({"user", before + text});
  try {
    return chat.render(messages);
  } catch (const jinja::RefusedByTemplate& refusal) {
    // As in the harness: some templates take no message of the system.
    if (system.empty()) throw;
    std::call_once(system_left_out_, [&] {
      log::warning(
          fmt::format("task {}: {}; the system's message (system_instruction and "
                      "description) is left out where the template refuses it",
                      name(), refusal.what()));
    });
    return chat.render(std::span(messages).subspan(1));
  }
}

Request FileTask::rolling_request(const std::string& text, const PromptSettings& prompt) const {
  if (prompt.num_fewshot > 0) {
    throw ConfigError(
        fmt::format("task {}: output_type loglikelihood_rolling takes no demonstrations; give it "
                    "shots: [0]",
                    name()));
  }
  Request request;
  request.kind = Request::Kind::rolling;
  request.continuation = text;
  return request;
}

std::vector<Request> FileTask::requests(int question, const PromptSettings& prompt) const {
  const std::size_t at = index(question);
  FilledDocument filled = filler_.fill(questions_, at);
  const OutputType type = settings_.output_type;
  const bool scores_target =
      type == OutputType::loglikelihood || type == OutputType::loglikelihood_rolling;
  if (scores_target && filled.targets.front().empty()) {
    throw ConfigError(questions_.where(at) + "doc_to_target gives an empty text");
  }
  if (type == OutputType::loglikelihood_rolling) {
    return {rolling_request(filled.targets.front(), prompt)};
  }
  return ask(questions_, at, std::move(filled), draw(at, prompt), prompt.chat);
}

std::vector<Request> FileTask::ask(const Dataset& dataset, std::size_t document,
                                   FilledDocument filled, std::span<const std::size_t> drawn,
                                   const ChatSettings& chat) const {
  const bool is_chat = chat.apply_template;
  if (is_chat && filled.choices_are_contexts) {
    throw ConfigError(
        fmt::format("task {}: choices that stand before the text cannot be asked "
                    "through a chat template; run it without apply_chat_template",
                    name()));
  }
  const std::string introduced = introduction(dataset, document, chat);
  const std::string before = is_chat ? conversation(introduced, drawn, filled.text, chat)
                                     : introduced + demonstrations(drawn);
  if (is_chat) filled.text.clear();
  if (settings_.output_type == OutputType::multiple_choice) {
    return choice_requests(filled, before, is_chat ? "" : settings_.target_delimiter);
  }
  Request request;
  request.context = before + filled.text;
  if (settings_.output_type == OutputType::loglikelihood) {
    request.continuation = filled.targets.front();
  } else {
    request.kind = Request::Kind::generate;
    request.until = settings_.until;
    request.max_gen_toks = settings_.max_gen_toks;
  }
  std::vector<Request> requests{request};
  if (settings_.output_type == OutputType::generate_until && has_metric(MetricId::nll))
    requests.push_back(target_request(request.context, filled, chat));
  return requests;
}

std::vector<std::size_t> FileTask::draw_labelled(const PromptSettings& prompt) const {
  const Pool documents{num_labelled(), std::nullopt};
  const auto count = static_cast<std::size_t>(prompt.num_fewshot);
  return prompt.sampler == Sampler::first_n ? draw_first(documents, count)
                                            : draw_fixed(documents, count, name(), prompt.seed);
}

LabelledQuestion FileTask::ask_labelled(std::size_t document,
                                        std::span<const std::size_t> demonstrations,
                                        const ChatSettings& chat) const {
  const FilledDocument filled = demonstration_filler_.fill(pool(), document);
  LabelledQuestion labelled;
  labelled.requests = ask(pool(), document, filled, demonstrations, chat);
  if (settings_.output_type == OutputType::multiple_choice) {
    labelled.requests.resize(filled.choices.size());  // without those of acc_mutual_info
    labelled.gold = static_cast<std::size_t>(filled.gold.front());
    return labelled;
  }
  Request& asked = labelled.requests.front();
  if (asked.kind == Request::Kind::generate) asked = target_request(asked.context, filled, chat);
  labelled.requests.resize(1);
  return labelled;
}

/// The likelihood of the answer that a model is to generate.
Request FileTask::target_request(const std::string& context, const FilledDocument& filled,
                                 const ChatSettings& chat) const {
  Request request;
  request.context = context;
  request.continuation =
      (chat.apply_template ? "" : settings_.target_delimiter) + filled.targets.at(0);
  return request;
}

std::vector<MetricValue> FileTask::score(int question, std::span<const Response> responses) const {
  const FilledDocument filled = filler_.fill(questions_, index(question));
  if (settings_.output_type == OutputType::generate_until) {
    return score_answer(index(question), responses, filled.targets);
  }
  const std::size_t num_choices = filled.choices.size();
  std::vector<MetricValue> values;
  for (const Measure& measure : measures_) {
    const MetricId id = measure.definition->id;
    if (settings_.output_type == OutputType::loglikelihood) {
      values.push_back(score_continuation(id, responses.front()));
    } else if (settings_.output_type == OutputType::loglikelihood_rolling) {
      values.push_back(score_text(id, responses.front(), filled.targets.front()));
    } else {
      ALLOMETER_EXPECT(responses.size() ==
                       num_choices * (has_metric(MetricId::acc_mutual_info) ? 2 : 1));
      values.push_back(
          score_choices(id, {responses.first(num_choices), responses.subspan(num_choices),
                             filled.choices, filled.gold, chance_of(filled)}));
    }
  }
  return values;
}

/// What each filter makes of the generated text, compared as each metric says.
std::vector<MetricValue> FileTask::score_answer(std::size_t question,
                                                std::span<const Response> responses,
                                                std::span<const std::string> targets) const {
  std::vector<std::string> answers;
  for (const AnswerFilter& filter : filters_)
    answers.push_back(filter.apply(responses[0].text, questions_.documents[question]));
  std::vector<MetricValue> values;
  for (const Measure& measure : measures_) {
    const MetricId id = measure.definition->id;
    const std::string& answer = answers[measure.filter];
    if (id == MetricId::nll) {
      values.push_back({-responses[1].log_likelihood, 1});
    } else if (is_about_instructions(id)) {
      values.push_back(score_instructions(id, instructions_[question].verify(answer)));
    } else {
      values.push_back(score_generation(id, comparisons_[measure.setting], answer, targets));
    }
  }
  return values;
}

std::vector<ExplainedText> FileTask::explained_texts(int question) const {
  ALLOMETER_EXPECT(settings_.explanation.has_value());
  const std::size_t at = index(question);
  try {
    return read_explained_texts(questions_.documents[at], *settings_.explanation);
  } catch (const ConfigError& error) {
    throw ConfigError(questions_.where(at) + error.what());
  }
}

std::vector<std::vector<Request>> FileTask::perturbed_requests(
    int question, std::span<const std::vector<std::string>> texts,
    const PromptSettings& prompt) const {
  ALLOMETER_EXPECT(settings_.explanation.has_value());
  const std::size_t at = index(question);
  const bool is_chat = prompt.chat.apply_template;
  const std::vector<std::size_t> drawn = draw(at, prompt);
  const std::string introduced = introduction(questions_, at, prompt.chat);
  const std::string before = is_chat ? "" : introduced + demonstrations(drawn);
  std::vector<std::vector<Request>> requests;
  for (const std::vector<std::string>& text : texts) {
    FilledDocument filled = filler_.fill(
        with_texts(questions_.documents[at], *settings_.explanation, text), questions_.where(at));
    if (is_chat) {
      const std::string context = conversation(introduced, drawn, filled.text, prompt.chat);
      filled.text.clear();
      requests.push_back(choice_requests(filled, context, ""));
    } else {
      requests.push_back(choice_requests(filled, before, settings_.target_delimiter));
    }
    requests.back().resize(filled.choices.size());
  }
  return requests;
}

Digest FileTask::digest() const {
  Sha256 hash;
  hash.update(fmt::format("task semantics {}\n", kSemanticsRevision));
  hash.update(settings_.canonical_text());
  hash.update("\nquestions " + questions_.digest.hex());
  hash.update("\ndemonstrations " + pool().digest.hex());
  return hash.finish();
}

}  // namespace

std::shared_ptr<const LabelledTask> load_labelled_task(const YamlValue& yaml,
                                                       const std::filesystem::path& file) {
  return std::make_shared<const FileTask>(parse_settings(yaml, file));
}

std::shared_ptr<const Task> load_task(const std::filesystem::path& yaml_file) {
  const YamlValue yaml = read_task_yaml(yaml_file);
  if (find_set(yaml, "prompt_choice") != nullptr) return load_prompt_choice(yaml, yaml_file);
  return load_labelled_task(yaml, yaml_file);
}

}  // namespace allometer::tasks
