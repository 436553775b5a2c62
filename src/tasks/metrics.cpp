#include "tasks/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/contract.hpp"
#include "tasks/edit_distance.hpp"
#include "tasks/python_text.hpp"

namespace allometer::tasks {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kNoChance = kUndefined;

MetricDefinition mean_of(MetricId id, OutputType type, bool is_default, const char* name,
                         const char* long_name, bool can_be_guessed) {
  return {id,
          type,
          is_default,
          "mean",
          can_be_guessed,
          {name, Aggregation::mean, true, "1", long_name, true, kNoChance, kUndefined, 1}};
}

/// Metrics that are not a mean of the questions' values. lm-evaluation-harness bootstraps a
/// standard error for perplexity and gives none for ratios of sums.
MetricDefinition ratio_of(MetricId id, OutputType type, bool is_default, const char* aggregation,
                          const char* name, Aggregation how, const char* unit,
                          const char* long_name) {
  return {id,
          type,
          is_default,
          aggregation,
          false,
          {name, how, false, unit, long_name, id == MetricId::perplexity, kNoChance, kUndefined,
           how == Aggregation::exp_negative ? 1.0 : 0.0}};
}

const std::vector<MetricDefinition>& definitions() {
  using enum OutputType;
  static const std::vector<MetricDefinition> table = [] {
    std::vector<MetricDefinition> all{
        mean_of(MetricId::acc, multiple_choice, true, "acc",
                "Share of questions whose likeliest choice is right.", true),
        mean_of(MetricId::acc_norm, multiple_choice, true, "acc_norm",
                "Share of questions whose choice of highest log-likelihood per character is right.",
                true),
        mean_of(
            MetricId::acc_bytes, multiple_choice, false, "acc_bytes",
            "Share of questions whose choice of highest log-likelihood per UTF-8 byte is right.",
            true),
        mean_of(
            MetricId::acc_mutual_info, multiple_choice, false, "acc_mutual_info",
            "Share of questions whose choice gains most log-likelihood from the question is right.",
            true),
        mean_of(MetricId::exact_match, multiple_choice, false, "exact_match",
                "Share of questions whose right choice is what greedy decoding gives.", false),
        mean_of(MetricId::nll, multiple_choice, true, "nll",
                "Negative log-likelihood of the right choice.", false),
        mean_of(MetricId::brier_score, multiple_choice, true, "brier_score",
                "Squared distance between the probabilities of the choices, which sum to 1, and "
                "the truth (Brier 1950).",
                false),
        mean_of(MetricId::acc_above_chance, multiple_choice, true, "acc_above_chance",
                "(acc - chance) / (1 - chance): 0 for guessing, 1 for all right.", false),
        mean_of(MetricId::preference_acc, multiple_choice, false, "preference_acc",
                "Share of questions whose right choice is strictly likelier than every other.",
                true),
        mean_of(MetricId::preference_acc_norm, multiple_choice, false, "preference_acc_norm",
                "Share of questions whose right choice has a strictly higher log-likelihood per "
                "token than every other.",
                true),
        mean_of(MetricId::acc, loglikelihood, true, "acc",
                "Share of targets that greedy decoding gives.", false),
        ratio_of(MetricId::perplexity, loglikelihood, true, "perplexity", "perplexity",
                 Aggregation::exp_negative, "1",
                 "exp of the mean negative log-likelihood of a target."),
        ratio_of(MetricId::word_perplexity, loglikelihood_rolling, true, "weighted_perplexity",
                 "word_perplexity", Aggregation::exp_negative, "1",
                 "exp of the negative log-likelihood per word."),
        ratio_of(MetricId::byte_perplexity, loglikelihood_rolling, true, "weighted_perplexity",
                 "byte_perplexity", Aggregation::exp_negative, "1",
                 "exp of the negative log-likelihood per UTF-8 byte."),
        ratio_of(MetricId::bits_per_byte, loglikelihood_rolling, true, "bits_per_byte",
                 "bits_per_byte", Aggregation::bits, "bit",
                 "Negative log2-likelihood per UTF-8 byte."),
        ratio_of(MetricId::nats_per_token, loglikelihood_rolling, false, "nats_per_token",
                 "nats_per_token", Aggregation::negative, "nat",
                 "Negative log-likelihood per token: the language-model loss."),
        mean_of(MetricId::exact_match, generate_until, true, "exact_match",
                "Share of generated answers that equal the target.", false),
        mean_of(MetricId::edit_distance, generate_until, true, "edit_distance",
                "Levenshtein distance of the generated answer from the target, divided by the "
                "longer one's length.",
                false),
        mean_of(MetricId::nll, generate_until, true, "nll",
                "Negative log-likelihood of the target.", false),
        mean_of(MetricId::prompt_level_strict_acc, generate_until, false, "prompt_level_strict_acc",
                "Share of responses that follow all their instructions.", false),
        mean_of(MetricId::inst_level_strict_acc, generate_until, false, "inst_level_strict_acc",
                "Share of instructions that are followed.", false),
        mean_of(MetricId::prompt_level_loose_acc, generate_until, false, "prompt_level_loose_acc",
                "Share of responses that follow all their instructions, some with their first or "
                "last line or their stars left out.",
                false),
        mean_of(MetricId::inst_level_loose_acc, generate_until, false, "inst_level_loose_acc",
                "Share of instructions that are followed, some with the response's first or last "
                "line or its stars left out.",
                false),
    };
    for (MetricDefinition& definition : all) {
      const bool is_nll = definition.id == MetricId::nll;
      if (is_nll) definition.metric.unit = "nat";
      if (is_nll || definition.id == MetricId::brier_score ||
          definition.id == MetricId::edit_distance) {
        definition.metric.higher_is_better = false;
        definition.metric.best = 0;
      }
      if (definition.id == MetricId::acc_above_chance) definition.metric.chance = 0;
      // A ratio of sums: lm-evaluation-harness gives it no standard error.
      if (definition.id == MetricId::inst_level_strict_acc ||
          definition.id == MetricId::inst_level_loose_acc) {
        definition.metric.has_standard_error = false;
      }
    }
    return all;
  }();
  return table;
}

/// Index of the first maximum.
std::size_t argmax(std::span<const double> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// What the choices are ranked by.
std::vector<double> ranking(MetricId id, const ChoiceScores& scores) {
  std::vector<double> values;
  for (std::size_t i = 0; i < scores.choices.size(); ++i) {
    const double log_likelihood = scores.conditional[i].log_likelihood;
    const std::string& choice = scores.choices[i];
    switch (id) {
      case MetricId::acc_norm:
        values.push_back(log_likelihood / static_cast<double>(num_code_points(choice)));
        break;
      case MetricId::acc_bytes:
        values.push_back(log_likelihood / static_cast<double>(choice.size()));
        break;
      case MetricId::acc_mutual_info:
        values.push_back(log_likelihood - scores.unconditional[i].log_likelihood);
        break;
      default:
        values.push_back(log_likelihood);
    }
  }
  return values;
}

/// lm_eval/api/metrics.py, brier_score: the choices' likelihoods are renormalised to sum to 1; all
/// choices that count as right share the truth.
double brier_score(const ChoiceScores& scores) {
  double most = -std::numeric_limits<double>::infinity();
  for (const Response& response : scores.conditional)
    most = std::max(most, response.log_likelihood);
  double sum = 0;
  for (const Response& response : scores.conditional)
    sum += std::exp(response.log_likelihood - most);
  double score = 0;
  for (std::size_t i = 0; i < scores.conditional.size(); ++i) {
    const double probability = std::exp(scores.conditional[i].log_likelihood - most) / sum;
    const auto is_right = std::count(scores.gold.begin(), scores.gold.end(), static_cast<int>(i));
    const double truth = static_cast<double>(is_right) / static_cast<double>(scores.gold.size());
    score += (probability - truth) * (probability - truth);
  }
  return score;
}

/// Is the best of the right choices strictly better than all others?
bool is_preferred(MetricId id, const ChoiceScores& scores) {
  double best_right = -std::numeric_limits<double>::infinity();
  double best_wrong = best_right;
  for (std::size_t i = 0; i < scores.conditional.size(); ++i) {
    const Response& response = scores.conditional[i];
    const double value = id == MetricId::preference_acc_norm
                             ? response.log_likelihood / response.num_tokens
                             : response.log_likelihood;
    const bool is_right =
        std::find(scores.gold.begin(), scores.gold.end(), static_cast<int>(i)) != scores.gold.end();
    double& best = is_right ? best_right : best_wrong;
    best = std::max(best, value);
  }
  return best_right > best_wrong;
}

}  // namespace

bool is_about_instructions(MetricId id) {
  return id == MetricId::prompt_level_strict_acc || id == MetricId::inst_level_strict_acc ||
         id == MetricId::prompt_level_loose_acc || id == MetricId::inst_level_loose_acc;
}

const MetricDefinition* find_metric(OutputType type, std::string_view name) {
  for (const MetricDefinition& definition : definitions()) {
    if (definition.output_type == type && definition.metric.name == name) return &definition;
  }
  return nullptr;
}

std::vector<std::string> metric_names(OutputType type, bool only_defaults) {
  std::vector<std::string> names;
  for (const MetricDefinition& definition : definitions()) {
    if (definition.output_type == type && (definition.is_default || !only_defaults)) {
      names.push_back(definition.metric.name);
    }
  }
  return names;
}

MetricValue score_choices(MetricId id, const ChoiceScores& scores) {
  ALLOMETER_EXPECT(!scores.gold.empty() && scores.conditional.size() == scores.choices.size());
  const auto is_gold = [&](std::size_t choice) {
    return std::find(scores.gold.begin(), scores.gold.end(), static_cast<int>(choice)) !=
           scores.gold.end();
  };
  if (id == MetricId::nll) {
    return {-scores.conditional[static_cast<std::size_t>(scores.gold.front())].log_likelihood, 1};
  }
  if (id == MetricId::exact_match) {
    const bool any = std::any_of(scores.gold.begin(), scores.gold.end(), [&](int choice) {
      return scores.conditional[static_cast<std::size_t>(choice)].is_greedy;
    });
    return {any ? 1.0 : 0.0, 1};
  }
  if (id == MetricId::brier_score) return {brier_score(scores), 1};
  if (id == MetricId::preference_acc || id == MetricId::preference_acc_norm)
    return {is_preferred(id, scores) ? 1.0 : 0.0, 1};
  const double is_right = is_gold(argmax(ranking(id, scores))) ? 1 : 0;
  if (id != MetricId::acc_above_chance) return {is_right, 1};
  if (scores.chance >= 1) return {kUndefined, 1};
  return {(is_right - scores.chance) / (1 - scores.chance), 1};
}

MetricValue score_continuation(MetricId id, const Response& response) {
  if (id == MetricId::acc) return {response.is_greedy ? 1.0 : 0.0, 1};
  return {response.log_likelihood, 1};
}

MetricValue score_text(MetricId id, const Response& response, std::string_view text) {
  switch (id) {
    case MetricId::word_perplexity:
      return {response.log_likelihood, static_cast<double>(num_words(text))};
    case MetricId::nats_per_token:
      return {response.log_likelihood, static_cast<double>(response.num_tokens)};
    default:
      return {response.log_likelihood, static_cast<double>(text.size())};
  }
}

MetricValue score_generation(MetricId id, const ExactMatch& comparison, std::string_view generated,
                             std::span<const std::string> references) {
  const std::string prediction = comparison.normalized(generated);
  double smallest_distance = 1;
  for (const std::string& reference : references) {
    const std::string wanted = comparison.normalized(reference);
    if (prediction == wanted) return {id == MetricId::exact_match ? 1.0 : 0.0, 1};
    if (id != MetricId::edit_distance) continue;
    smallest_distance = std::min(smallest_distance, normalized_edit_distance(prediction, wanted));
  }
  return {id == MetricId::exact_match ? 0.0 : smallest_distance, 1};
}

MetricValue score_instructions(MetricId id, const Verdicts& verdicts) {
  const bool is_strict =
      id == MetricId::prompt_level_strict_acc || id == MetricId::inst_level_strict_acc;
  const std::vector<bool>& followed = is_strict ? verdicts.strict : verdicts.loose;
  const auto count = std::count(followed.begin(), followed.end(), true);
  const auto total = static_cast<std::ptrdiff_t>(followed.size());
  if (id == MetricId::inst_level_strict_acc || id == MetricId::inst_level_loose_acc)
    return {static_cast<double>(count), static_cast<double>(total)};
  return {count == total ? 1.0 : 0.0, 1};
}

double apply(Aggregation aggregation, double ratio) {
  switch (aggregation) {
    case Aggregation::mean:
      return ratio;
    case Aggregation::exp_negative:
      return std::exp(-ratio);
    case Aggregation::bits:
      return -ratio / std::numbers::ln2;
    case Aggregation::negative:
      return -ratio;
  }
  return kNoChance;
}

std::string_view name_of(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::mean:
      return "mean";
    case Aggregation::exp_negative:
      return "exp_negative";
    case Aggregation::bits:
      return "bits";
    case Aggregation::negative:
      return "negative";
  }
  return "unknown";
}

}  // namespace allometer::tasks
