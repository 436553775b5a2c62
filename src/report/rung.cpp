#include "report/rung.hpp"

#include <algorithm>
#include <map>

#include "stats/bootstrap.hpp"

namespace allometer::report {
namespace {

std::span<const double> as_span(const Eigen::ArrayXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

}  // namespace

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

std::vector<Rung> rungs_of(std::span<const Sample* const> samples,
                           const results::PlannedMetric& metric, const Source& source,
                           const Settings& settings) {
  std::map<std::int32_t, Rung> by_model;
  for (const Sample* sample : samples) {
    const results::PlannedCell& cell = source.cells[static_cast<std::size_t>(sample->cell)].cell;
    const std::int32_t model_index =
        source.plan.variants[static_cast<std::size_t>(cell.variant)].model;
    const auto [found, is_new] = by_model.try_emplace(model_index);
    Rung& rung = found->second;
    if (is_new) {
      const auto& model = source.plan.models[static_cast<std::size_t>(model_index)];
      rung.point.model = model_index;
      rung.point.parameters = parameters_of(model, settings);
      rung.point.ci_low = sample->estimate.ci_low;
      rung.point.ci_high = sample->estimate.ci_high;
      rung.family = model.family;
      rung.value_sums = rung.weight_sums = Eigen::ArrayXd::Zero(sample->value_sums.size());
    }
    rung.seeds.insert(cell.seed);
    ++rung.num_cells;
    rung.value_sum += sample->value_sum;
    rung.weight_sum += sample->weight_sum;
    rung.value_sums += sample->value_sums;
    rung.weight_sums += sample->weight_sums;
  }
  std::vector<Rung> rungs;
  for (auto& [index, rung] : by_model) {
    rung.draws = apply_aggregation(metric.aggregation, rung.value_sums / rung.weight_sums);
    rung.point.estimate = apply_aggregation(metric.aggregation, rung.value_sum / rung.weight_sum);
    if (rung.num_cells > 1) {  // of one cell the cell's interval stands
      const auto interval = stats::percentile_interval(as_span(rung.draws), settings.confidence);
      rung.point.ci_low = interval.low;
      rung.point.ci_high = interval.high;
    }
    rungs.push_back(std::move(rung));
  }
  std::stable_sort(rungs.begin(), rungs.end(), [](const Rung& a, const Rung& b) {
    return a.point.parameters < b.point.parameters;
  });
  return rungs;
}

}  // namespace allometer::report
