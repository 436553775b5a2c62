#include "report/headline_scores.hpp"

#include <cmath>

#include "report/rescale.hpp"

namespace allometer::report {

namespace {

bool all_bits(const Eigen::VectorXd& values) {
  return (values.array() == 0 || values.array() == 1).all();
}

}  // namespace

bool is_right_or_wrong(const Sample& sample) {
  return sample.num_defined > 0 && sample.value.size() > 0 && all_bits(sample.value) &&
         all_bits(sample.weight);
}

std::vector<double> right_or_wrong(const Sample& sample) {
  if (!is_right_or_wrong(sample)) return {};
  std::vector<double> answers;
  for (Eigen::Index q = 0; q < sample.value.size(); ++q)
    answers.push_back(sample.weight[q] == 0 ? kUndefined : sample.value[q]);
  return answers;
}

std::vector<HeadlineScore> headline_scores(const Ladder& ladder, std::int32_t metric,
                                           std::span<const Sample* const> samples,
                                           std::span<const Rung> rungs, const Source& source) {
  const auto& task = source.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  if (ladder.random_weights || !task.is_headline(planned)) return {};
  std::map<std::int32_t, HeadlineScore> by_variant;
  std::map<std::int32_t, std::int32_t> variant_of_model;
  for (const Sample* sample : samples) {
    const auto& cell = source.cells[static_cast<std::size_t>(sample->cell)].cell;
    const auto& variant = source.plan.variants[static_cast<std::size_t>(cell.variant)];
    variant_of_model[variant.model] = cell.variant;
    const auto [found, is_new] = by_variant.try_emplace(
        cell.variant,
        HeadlineScore{cell.variant, ladder.task, metric, ladder.num_fewshot, kUndefined, 0});
    found->second.num_right += is_right_or_wrong(*sample) ? sample->value_sum : kUndefined;
  }
  for (const Rung& rung : rungs)
    by_variant[variant_of_model[rung.point.model]].estimate = rung.point.estimate;
  std::vector<HeadlineScore> scores;
  for (const auto& [variant, score] : by_variant) scores.push_back(score);
  return scores;
}

std::map<Measure, ScoreOfVariant> rescaled(std::span<const HeadlineScore> scores,
                                           const Source& source) {
  std::map<std::int32_t, std::vector<double>> of_task;
  for (const HeadlineScore& score : scores) of_task[score.task].push_back(score.estimate);
  std::map<std::int32_t, Rescale> scales;
  std::map<Measure, ScoreOfVariant> measures;
  for (const HeadlineScore& score : scores) {
    const auto& metric = source.plan.tasks[static_cast<std::size_t>(score.task)]
                             .metrics[static_cast<std::size_t>(score.metric)];
    const Rescale scale =
        scales.try_emplace(score.task, rescale_of(metric, of_task[score.task])).first->second;
    const double value = scale(score.estimate);
    if (std::isfinite(value)) measures[{score.task, score.num_fewshot}][score.variant] = value;
  }
  return measures;
}

}  // namespace allometer::report
