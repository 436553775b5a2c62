#include "exchange/known_metric.hpp"

#include <algorithm>
#include <array>

#include "core/contract.hpp"
#include "tasks/metrics.hpp"

namespace allometer::exchange {
namespace {

/// Metrics of lm-evaluation-harness and of published tables that Allometer does not compute.
struct Foreign {
  std::string_view name;
  bool higher_is_better;
  bool is_share;
  double best;
  std::string_view long_name;
};

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr std::array kForeign = {
    Foreign{"em", true, true, 1, "share of answers that match exactly"},
    Foreign{"f1", true, false, 1, "F1 score"},
    Foreign{"mcc", true, false, 1, "Matthews correlation coefficient"},
    Foreign{"mc1", true, true, 1, "share of questions whose likeliest answer is the true one"},
    Foreign{"mc2", true, false, 1, "probability of the true answers among all that are offered"},
    Foreign{"pass@1", true, true, 1, "share of problems that the first program solves"},
    Foreign{"pct_stereotype", false, true, kNone, "share of pairs whose stereotype is likelier"},
    Foreign{"likelihood_difference", false, false, 0,
            "mean difference of log-likelihoods of a pair"},
    Foreign{"likelihood_diff", false, false, 0, "mean difference of log-likelihoods of a pair"},
    Foreign{"bleu", true, false, 100, "BLEU"},
    Foreign{"chrf", true, false, 100, "chrF"},
    Foreign{"ter", false, false, 0, "translation edit rate"},
};

constexpr std::array kOutputTypes = {
    tasks::OutputType::multiple_choice, tasks::OutputType::generate_until,
    tasks::OutputType::loglikelihood, tasks::OutputType::loglikelihood_rolling};

const tasks::MetricDefinition* find_own(std::string_view name) {
  for (const tasks::OutputType type : kOutputTypes) {
    if (const auto* definition = tasks::find_metric(type, name)) return definition;
  }
  return nullptr;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return text.starts_with(beginning); });
}

}  // namespace

KnownMetric known_metric(std::string_view name) {
  std::string_view base = name.substr(0, name.find(','));
  if (base == "ppl") base = "perplexity";  // as it was called before 2023
  KnownMetric known;
  if (const auto* definition = find_own(base)) {
    const tasks::Metric& metric = definition->metric;
    known.aggregation = name_of(metric.aggregation);
    known.unit = metric.unit;
    known.long_name = metric.long_name;
    known.higher_is_better = metric.higher_is_better;
    known.has_standard_error = metric.has_standard_error;
    known.best = metric.best;
    known.is_share =
        metric.aggregation == tasks::Aggregation::mean &&
        (definition->can_be_guessed || starts_with_any(base, {"acc", "exact_match"})) &&
        base != "acc_above_chance";
    return known;
  }
  const auto* foreign = std::find_if(kForeign.begin(), kForeign.end(),
                                     [&](const Foreign& other) { return other.name == base; });
  known.long_name = base;
  if (foreign == kForeign.end()) return known;
  known.long_name = foreign->long_name;
  known.higher_is_better = foreign->higher_is_better;
  known.is_share = foreign->is_share;
  known.best = foreign->best;
  return known;
}

double aggregate(std::string_view aggregation, double ratio) {
  using tasks::Aggregation;
  for (const Aggregation each :
       {Aggregation::mean, Aggregation::exp_negative, Aggregation::bits, Aggregation::negative}) {
    if (name_of(each) == aggregation) return tasks::apply(each, ratio);
  }
  ALLOMETER_EXPECT(false);
  return ratio;
}

}  // namespace allometer::exchange
