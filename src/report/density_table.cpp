#include "report/density_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stats/capacity_density.hpp"

namespace allometer::report {
namespace {

/// A metric of a task, found by TASK/METRIC.
struct Measured {
  std::int32_t task = 0;
  const results::PlannedMetric* metric = nullptr;
};

/// Names may hold '/' themselves: every task and metric is tried.
std::optional<Measured> find_measured(const results::PlanRecord& plan, const std::string& name) {
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    for (const auto& metric : plan.tasks[t].metrics) {
      if (plan.tasks[t].name + "/" + metric.name == name)
        return Measured{static_cast<std::int32_t>(t), &metric};
    }
  }
  return std::nullopt;
}

struct Value {
  double estimate = kUndefined;
  double standard_error = kUndefined;
};

/// Of finished cells of the job, by variant: at the fewest shots, the mean over seeds. Seeds share
/// their questions, so that the standard error is the mean of theirs.
std::map<std::int32_t, Value> values_of(const Measured& measured, const Source& source,
                                        std::span<const results::ResultsFile::Estimate> estimates) {
  std::map<std::int32_t, std::vector<Value>> by_variant;
  std::map<std::int32_t, std::int32_t> shots;
  for (const auto& estimate : estimates) {
    const auto& row = source.cells[static_cast<std::size_t>(estimate.cell)];
    if (row.cell.task != measured.task || estimate.metric != measured.metric->name) continue;
    if (!row.cell.in_job || row.status != results::CellStatus::done) continue;
    const auto [fewest, is_new] = shots.try_emplace(row.cell.variant, row.cell.num_fewshot);
    if (row.cell.num_fewshot > fewest->second) continue;
    auto& values = by_variant[row.cell.variant];
    if (row.cell.num_fewshot < fewest->second) values.clear();
    fewest->second = row.cell.num_fewshot;
    values.push_back({estimate.estimate, estimate.standard_error});
  }
  std::map<std::int32_t, Value> means;
  for (const auto& [variant, values] : by_variant) {
    const auto count = static_cast<double>(values.size());
    Value& mean = means[variant] = {0, 0};
    for (const Value& value : values) {
      mean.estimate += value.estimate / count;
      mean.standard_error += value.standard_error / count;
    }
  }
  return means;
}

const results::PlannedModel& model_of(const Source& source, std::int32_t variant) {
  const auto model = source.plan.variants[static_cast<std::size_t>(variant)].model;
  return source.plan.models[static_cast<std::size_t>(model)];
}

double parameters_for_density(const results::PlannedModel& model, const Settings& settings) {
  const bool total =
      settings.size == SizeAxis::total || model.num_parameters_without_embeddings == 0;
  return static_cast<double>(total ? model.num_parameters
                                   : model.num_parameters_without_embeddings);
}

class DensityMaker {
 public:
  DensityMaker(const Source& source, const Settings& settings, const Measured& loss,
               const Measured& score, std::span<const results::ResultsFile::Estimate> estimates)
      : source_(source),
        settings_(settings),
        score_(score),
        losses_(values_of(loss, source, estimates)),
        scores_(values_of(score, source, estimates)) {
    if (loss.metric->aggregation != "exp_negative") return;
    for (auto& [variant, value] : losses_) value.estimate = std::log(value.estimate);
  }

  Density make() {
    const stats::DensityLaw law = fit();
    density_.alpha = law.alpha;
    density_.has_tokens = law.has_tokens;
    if (law.undefined != stats::Undefined::no) {
      density_.problem = fmt::format(
          "the laws cannot be fitted to the {} models of family {} that have both loss and score: "
          "{}",
          density_.num_reference, settings_.density->family, name_of(law.undefined));
      return std::move(density_);
    }
    for (const auto& [variant, score] : scores_) add_row(law, variant, score);
    if (std::ranges::all_of(density_.rows, &has_no_interval)) {
      // As where a step fits as well as any sigmoid: a law whose errors are not known says nothing.
      density_.rows.clear();
      density_.problem = fmt::format(
          "the {} models of family {} leave the rise of {} with {} open; other scores or more "
          "sizes may tell",
          density_.num_reference, settings_.density->family, settings_.density->score,
          settings_.density->loss);
    }
    return std::move(density_);
  }

 private:
  static bool has_no_interval(const DensityRow& row) { return std::isnan(row.low); }

  bool is_reference(std::int32_t variant) const {
    const auto& model = model_of(source_, variant);
    return model.family == settings_.density->family && !model.random_weights;
  }

  stats::DensityLaw fit() {
    std::vector<double> parameters, tokens, loss, score;
    std::set<const results::PlannedModel*> seen;
    for (const auto& [variant, value] : losses_) {
      const auto found = scores_.find(variant);
      const auto& model = model_of(source_, variant);
      if (!is_reference(variant) || found == scores_.end() || !seen.insert(&model).second) continue;
      parameters.push_back(parameters_for_density(model, settings_));
      tokens.push_back(model.training_tokens);
      loss.push_back(value.estimate);
      score.push_back(found->second.estimate);
    }
    density_.num_reference = static_cast<std::int32_t>(score.size());
    const double chance = score_.metric->chance;
    return stats::fit_density_law(parameters, tokens, loss, score,
                                  std::isnan(chance) ? std::nullopt : std::optional(chance));
  }

  void add_row(const stats::DensityLaw& law, std::int32_t variant, const Value& score) {
    const auto& model = model_of(source_, variant);
    if (model.random_weights) return;
    DensityRow row;
    row.variant = variant;
    row.is_reference = is_reference(variant);
    row.parameters = parameters_for_density(model, settings_);
    row.score = score.estimate;
    const std::string key = fmt::format("density/{}/{}", settings_.seed, variant_name(variant));
    const double error = std::isnan(score.standard_error) ? 0 : score.standard_error;
    const auto found =
        stats::capacity_density(law, row.parameters, row.score, error, settings_.confidence, key,
                                settings_.bootstrap_draws);
    row.effective_parameters = found.effective_parameters;
    row.density = found.density;
    row.low = found.interval.low;
    row.high = found.interval.high;
    row.at_ceiling = found.at_ceiling;
    row.at_floor = found.at_floor;
    density_.rows.push_back(std::move(row));
  }

  const std::string& variant_name(std::int32_t variant) const {
    return source_.plan.variants[static_cast<std::size_t>(variant)].name;
  }

  const Source& source_;
  const Settings& settings_;
  Measured score_;
  std::map<std::int32_t, Value> losses_;
  std::map<std::int32_t, Value> scores_;
  Density density_;
};

}  // namespace

Density density_of(const Source& source, std::span<const results::ResultsFile::Estimate> estimates,
                   const Settings& settings) {
  Density density;
  if (!settings.density) return density;
  const auto loss = find_measured(source.plan, settings.density->loss);
  const auto score = find_measured(source.plan, settings.density->score);
  if (!loss || !score) {
    density.problem = fmt::format("there is no metric {} here; it is named TASK/METRIC",
                                  loss ? settings.density->score : settings.density->loss);
    return density;
  }
  if (loss->metric->higher_is_better || !score->metric->higher_is_better) {
    density.problem = fmt::format(
        "{} must be a loss, of which less is better, and {} a score, of "
        "which more is",
        settings.density->loss, settings.density->score);
    return density;
  }
  return DensityMaker(source, settings, *loss, *score, estimates).make();
}

}  // namespace allometer::report
