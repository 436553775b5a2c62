#include "report/sample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "stats/bootstrap.hpp"
#include "stats/reliability.hpp"

namespace allometer::report {
namespace {

/// The mean over as many random splits hardly depends on which they are.
constexpr std::int32_t kSplits = 32;

/// The sum of a column over any resample, if it is the same for all: every question counts alike.
bool constant_weight(const Sample& sample) {
  return sample.weight.size() > 0 && (sample.weight.array() == sample.weight[0]).all();
}

}  // namespace

Eigen::ArrayXd apply_aggregation(std::string_view name, const Eigen::ArrayXd& ratios) {
  if (name == "mean") return ratios;
  if (name == "exp_negative") return (-ratios).exp();
  if (name == "bits") return -ratios / std::numbers::ln2;
  if (name == "negative") return -ratios;
  throw FormatError(fmt::format(
      "the results file aggregates a metric by \"{}\", which this version does not know; it knows "
      "mean, exp_negative, bits and negative",
      name));
}

double apply_aggregation(std::string_view name, double ratio) {
  if (name == "exp_negative") return std::exp(-ratio);
  return apply_aggregation(name, Eigen::ArrayXd(Eigen::ArrayXd::Constant(1, ratio)))[0];
}

namespace {

/// The sums whose aggregate is `value`: f(value_sum / 1) for the f of apply_aggregation.
double ratio_of(std::string_view aggregation, double value) {
  if (aggregation == "exp_negative") return -std::log(value);
  if (aggregation == "bits") return -value * std::numbers::ln2;
  if (aggregation == "negative") return -value;
  return value;
}

/// No questions: one ratio of weight 1.
void take_published(const results::PublishedValue& published, std::string_view aggregation,
                    Sample& sample) {
  sample.published = published;
  sample.num_defined = published.num_questions;
  sample.value_sum = ratio_of(aggregation, published.value);
  sample.weight_sum = 1;
}

}  // namespace

Sample load_sample(const Source& source, std::int32_t cell, std::int32_t metric) {
  const results::PlannedCell& planned = source.cells[static_cast<std::size_t>(cell)].cell;
  const std::int32_t num_questions = planned.num_questions;
  Sample sample;
  sample.cell = cell;
  sample.metric = metric;
  if (const auto published = source.published ? source.published(cell, metric) : std::nullopt) {
    const auto& metrics = source.plan.tasks[static_cast<std::size_t>(planned.task)].metrics;
    take_published(*published, metrics[static_cast<std::size_t>(metric)].aggregation, sample);
    return sample;
  }
  const results::MetricColumn column = source.metric(cell, metric);
  sample.value = Eigen::VectorXd::Zero(num_questions);
  sample.weight = Eigen::VectorXd::Zero(num_questions);
  std::vector<double> defined;
  bool alike = true;
  for (std::size_t i = 0; i < column.question.size(); ++i) {
    const std::int32_t question = column.question[i];
    if (question < 0 || question >= num_questions) {
      throw FormatError(fmt::format(
          "the results file has an answer to question {} in cell {}, which has only {} questions; "
          "build the file anew with `allometer collect`",
          question, cell, num_questions));
    }
    if (std::isnan(column.value[i]) || std::isnan(column.weight[i])) continue;
    sample.finite &= std::isfinite(column.value[i]) && std::isfinite(column.weight[i]);
    sample.value[question] = column.value[i];
    sample.weight[question] = column.weight[i];
    sample.value_sum += column.value[i];
    sample.weight_sum += column.weight[i];
    alike &= column.weight[i] == 1;
    defined.push_back(column.value[i]);
  }
  sample.num_defined = static_cast<std::int32_t>(defined.size());
  if (alike && sample.finite)
    sample.standard_error_of_mean = stats::standard_error_of_mean(defined);
  return sample;
}

void resample(std::span<Sample> samples, std::string_view task, const Settings& settings) {
  if (samples.empty()) return;
  const auto has_questions = [](const Sample& sample) { return !sample.published.has_value(); };
  const auto asked = std::find_if(samples.begin(), samples.end(), has_questions);
  if (asked == samples.end()) return;
  const Eigen::Index num_questions = asked->value.size();
  Eigen::MatrixXd columns(num_questions, 2 * static_cast<Eigen::Index>(samples.size()));
  Eigen::Index used = 0;
  for (const Sample& sample : samples) {
    if (!has_questions(sample)) continue;
    ALLOMETER_EXPECT(sample.value.size() == num_questions);
    if (!sample.finite) continue;
    columns.col(used++) = sample.value;
    if (!constant_weight(sample)) columns.col(used++) = sample.weight;
  }
  const Eigen::MatrixXd sums =
      stats::resampled_sums(fmt::format("bootstrap/{}/{}", settings.seed, task),
                            settings.bootstrap_draws, columns.leftCols(used));
  Eigen::Index next = 0;
  for (Sample& sample : samples) {
    if (!has_questions(sample)) continue;
    if (!sample.finite) {
      sample.value_sums = Eigen::ArrayXd::Constant(settings.bootstrap_draws, kUndefined);
      sample.weight_sums = sample.value_sums;
      continue;
    }
    sample.value_sums = sums.col(next++);
    if (constant_weight(sample)) {
      sample.weight_sums = Eigen::ArrayXd::Constant(settings.bootstrap_draws, sample.weight_sum);
    } else {
      sample.weight_sums = sums.col(next++);
    }
  }
}

void split_in_halves(std::span<Sample> samples, const results::PlannedTask& task,
                     const Settings& settings) {
  std::vector<Sample*> some;
  for (Sample& sample : samples) {
    const auto& metric = task.metrics[static_cast<std::size_t>(sample.metric)];
    if (sample.finite && !sample.published && task.is_headline(metric)) some.push_back(&sample);
  }
  if (some.empty() || some.front()->value.size() < 2) return;
  Eigen::MatrixXd columns(some.front()->value.size(), 2 * std::ssize(some));
  for (Eigen::Index i = 0; i < std::ssize(some); ++i) {
    const Sample& sample = *some[static_cast<std::size_t>(i)];
    columns.col(2 * i) = sample.value;
    columns.col(2 * i + 1) = sample.weight;
  }
  const auto sums = stats::split_half_sums(fmt::format("halves/{}/{}", settings.seed, task.name),
                                           kSplits, columns);
  for (Eigen::Index i = 0; i < std::ssize(some); ++i) {
    Sample& sample = *some[static_cast<std::size_t>(i)];
    sample.half_values.resize(2 * kSplits);
    sample.half_values << sums.first.col(2 * i), sums.second.col(2 * i);
    sample.half_weights.resize(2 * kSplits);
    sample.half_weights << sums.first.col(2 * i + 1), sums.second.col(2 * i + 1);
  }
}

void draw_published(Sample& sample, std::string_view aggregation, std::string_view key,
                    const Settings& settings) {
  const results::PublishedValue& published = *sample.published;
  sample.value_sums.resize(settings.bootstrap_draws);
  sample.weight_sums = Eigen::ArrayXd::Ones(settings.bootstrap_draws);
  SplitMix64 random(seed_from(fmt::format("published/{}/{}", settings.seed, key)));
  for (double& draw : sample.value_sums) {
    draw = ratio_of(aggregation, published.value + published.standard_error * random.normal());
  }
}

results::ResultsFile::Estimate estimate_of(const Sample& sample,
                                           const results::PlannedMetric& metric,
                                           const Settings& settings) {
  results::ResultsFile::Estimate estimate;
  estimate.cell = sample.cell;
  estimate.metric = metric.name;
  estimate.num_questions = sample.num_defined;
  estimate.estimate = apply_aggregation(metric.aggregation, sample.value_sum / sample.weight_sum);
  const Eigen::ArrayXd draws =
      apply_aggregation(metric.aggregation, sample.value_sums / sample.weight_sums);
  const std::span<const double> all(draws.data(), static_cast<std::size_t>(draws.size()));
  const stats::Interval interval = stats::percentile_interval(all, settings.confidence);
  estimate.ci_low = interval.low;
  estimate.ci_high = interval.high;
  estimate.standard_error = sample.published ? sample.published->standard_error : kUndefined;
  if (!sample.published && metric.has_standard_error && sample.num_defined > 1) {
    const bool plain_mean =
        metric.aggregation == "mean" && !std::isnan(sample.standard_error_of_mean);
    estimate.standard_error =
        plain_mean ? sample.standard_error_of_mean : stats::standard_deviation(all);
  }
  return estimate;
}

}  // namespace allometer::report
