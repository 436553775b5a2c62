#include "report/rung.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "report/ladder.hpp"
#include "stats/bootstrap.hpp"

namespace allometer::report {
namespace {}  // namespace

double parameters_of(const results::PlannedModel& model, const Settings& settings) {
  switch (settings.size) {
    case SizeAxis::without_embeddings:
      return static_cast<double>(model.num_parameters_without_embeddings);
    case SizeAxis::total:
      return static_cast<double>(model.num_parameters);
    case SizeAxis::training_flops:
      return model.training_flops;
    case SizeAxis::training_tokens:
      return model.training_tokens;
  }
  return kUndefined;
}

namespace {

/// The cells of a model, one for each seed.
using Seeds = std::vector<const Sample*>;

/// Of all seeds together; nothing where one of them was not split.
Eigen::ArrayXd halves_of(const Seeds& seeds, const results::PlannedMetric& metric) {
  Eigen::ArrayXd values = seeds.front()->half_values;
  Eigen::ArrayXd weights = seeds.front()->half_weights;
  for (const Sample* sample : std::span(seeds).subspan(1)) {
    if (sample->half_values.size() != values.size()) return {};
    values += sample->half_values;
    weights += sample->half_weights;
  }
  return apply_aggregation(metric.aggregation, values / weights);
}

std::vector<double> answers_of(const Seeds& seeds) {
  std::vector<double> answers;
  for (const Sample* sample : seeds) {
    for (Eigen::Index q = 0; q < sample->value.size(); ++q)
      answers.push_back(sample->weight[q] == 0 ? kUndefined : sample->value[q]);
  }
  return answers;
}

Rung rung_of(const Seeds& seeds, const results::PlannedMetric& metric, const Settings& settings) {
  Rung rung;
  rung.halves = halves_of(seeds, metric);
  if (settings.mixed_model) rung.answers = answers_of(seeds);
  for (const Sample* sample : seeds) rung.num_questions += sample->num_defined;
  if (seeds.size() == 1) {  // of one cell the cell's estimate stands
    const Sample& sample = *seeds.front();
    rung.point.estimate = sample.estimate.estimate;
    rung.point.ci_low = sample.estimate.ci_low;
    rung.point.ci_high = sample.estimate.ci_high;
    rung.draws = apply_aggregation(metric.aggregation, sample.value_sums / sample.weight_sums);
    return rung;
  }
  double value_sum = 0;
  double weight_sum = 0;
  Eigen::ArrayXd value_sums = Eigen::ArrayXd::Zero(settings.bootstrap_draws);
  Eigen::ArrayXd weight_sums = value_sums;
  for (const Sample* sample : seeds) {
    value_sum += sample->value_sum;
    weight_sum += sample->weight_sum;
    value_sums += sample->value_sums;
    weight_sums += sample->weight_sums;
  }
  rung.draws = apply_aggregation(metric.aggregation, value_sums / weight_sums);
  rung.point.estimate = apply_aggregation(metric.aggregation, value_sum / weight_sum);
  const auto interval = stats::percentile_interval(as_span(rung.draws), settings.confidence);
  rung.point.ci_low = interval.low;
  rung.point.ci_high = interval.high;
  return rung;
}

}  // namespace

bool is_sized(const Rung& rung) {
  return std::isfinite(rung.point.estimate) && rung.point.parameters > 0;
}

void sort_smallest_first(std::vector<Rung>& rungs) {
  std::stable_sort(rungs.begin(), rungs.end(), [](const Rung& a, const Rung& b) {
    return a.point.parameters < b.point.parameters;
  });
}

std::vector<Rung> rungs_of(std::span<const Sample* const> samples,
                           const results::PlannedMetric& metric, const Source& source,
                           const Settings& settings) {
  const auto cell_of = [&](const Sample* sample) -> const results::PlannedCell& {
    return source.cells[static_cast<std::size_t>(sample->cell)].cell;
  };
  std::map<std::int32_t, Seeds> by_model;
  for (const Sample* sample : samples) {
    const auto variant = static_cast<std::size_t>(cell_of(sample).variant);
    by_model[source.plan.variants[variant].model].push_back(sample);
  }
  std::vector<Rung> rungs;
  for (const auto& [index, seeds] : by_model) {
    const auto& model = source.plan.models[static_cast<std::size_t>(index)];
    Rung rung = rung_of(seeds, metric, settings);
    rung.point.model = index;
    rung.point.parameters = parameters_of(model, settings);
    rung.family = model.family;
    rung.levers = text_of(model.levers);
    for (const Sample* sample : seeds) rung.seeds.insert(cell_of(sample).seed);
    rungs.push_back(std::move(rung));
  }
  sort_smallest_first(rungs);
  return rungs;
}

}  // namespace allometer::report
