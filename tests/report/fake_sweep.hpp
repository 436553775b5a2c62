#pragma once
/// A sweep in memory: models, tasks and answers filled by hand.

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "report/report.hpp"

namespace allometer::report::testing {

/// (value, weight) of question q asked of model m, as in the results file.
using Answer = std::function<std::pair<double, double>(int m, int q)>;

class FakeSweep {
 public:
  FakeSweep() { source_.plan.analysis = R"({"bootstrap_draws": 500})"; }

  FakeSweep& analysis(std::string json) {
    source_.plan.analysis = std::move(json);
    return *this;
  }

  /// One model with one variant; returns the model's index.
  int add_model(const std::string& name, std::int64_t parameters,
                const std::string& family = "stories", bool random = false,
                std::map<std::string, std::string> levers = {}) {
    results::PlannedModel model;
    model.name = name;
    model.family = family;
    model.num_parameters = parameters + 1000;
    model.num_parameters_without_embeddings = parameters;
    model.random_weights = random;
    model.levers = std::move(levers);
    source_.plan.models.push_back(model);
    results::PlannedVariant variant;
    variant.model = static_cast<std::int32_t>(source_.plan.models.size()) - 1;
    variant.precision = "f32";
    variant.name = name + "/f32";
    source_.plan.variants.push_back(variant);
    return variant.model;
  }

  FakeSweep& ladder() {
    add_model("stories-14k", 5840);
    add_model("stories-50k", 33632);
    add_model("stories-126k", 101808);
    add_model("stories-260k", 227264);
    add_model("stories-658k", 609504);
    return *this;
  }

  struct MetricSpec {
    std::string name = "acc";
    std::string aggregation = "mean";
    bool higher_is_better = true;
    double chance = kUndefined;
    bool has_standard_error = true;
    double best = kUndefined;
  };

  /// A task with one metric, asked of every model there is, for each seed. Returns the task's
  /// index.
  int add_task(const std::string& name, int num_questions, const MetricSpec& spec, Answer answer,
               const std::vector<std::uint64_t>& seeds = {0}, int num_fewshot = 0) {
    results::PlannedTask task;
    task.name = name;
    results::PlannedMetric metric;
    metric.name = spec.name;
    metric.aggregation = spec.aggregation;
    metric.higher_is_better = spec.higher_is_better;
    metric.chance = spec.chance;
    metric.best = spec.best;
    metric.has_standard_error = spec.has_standard_error;
    metric.unit = "1";
    task.metrics.push_back(metric);
    source_.plan.tasks.push_back(task);
    answers_.push_back(std::move(answer));
    const auto index = static_cast<std::int32_t>(source_.plan.tasks.size()) - 1;
    for (std::size_t v = 0; v < source_.plan.variants.size(); ++v) {
      for (const std::uint64_t seed : seeds) {
        results::CellRow row;
        row.cell.variant = static_cast<std::int32_t>(v);
        row.cell.task = index;
        row.cell.num_fewshot = num_fewshot;
        row.cell.seed = seed;
        row.cell.num_questions = num_questions;
        row.status = results::CellStatus::done;
        row.questions_done = num_questions;
        row.cost.wall_seconds = 2;
        row.cost.tokens_computed = 1000;
        row.cost.tokens_requested = 4000;
        row.cost.flops = 1e9;
        row.cost.peak_memory_bytes = 64 << 20;
        row.flops_per_second_peak = 1e9;
        source_.cells.push_back(row);
      }
    }
    return index;
  }

  Source& source() { return source_; }

  /// What Source::metric answers. Lives as long as this.
  std::function<results::MetricColumn(std::int32_t, std::int32_t)> answers() {
    return [this](std::int32_t cell, std::int32_t) {
      const results::CellRow& row = source_.cells[static_cast<std::size_t>(cell)];
      const int model = source_.plan.variants[static_cast<std::size_t>(row.cell.variant)].model;
      const Answer& answer = answers_[static_cast<std::size_t>(row.cell.task)];
      results::MetricColumn column;
      for (int q = 0; q < row.questions_done; ++q) {
        const auto [value, weight] = answer(model, q + 10000 * static_cast<int>(row.cell.seed));
        column.question.push_back(q);
        column.value.push_back(value);
        column.weight.push_back(weight);
      }
      return column;
    };
  }

  Report analyse() {
    Source complete = source_;
    complete.metric = answers();
    return report::analyse(complete);
  }

 private:
  Source source_;
  std::vector<Answer> answers_;
};

/// Uniform in [0, 1) from model and question.
inline double noise(int model, int question) {
  return SplitMix64(seed_from(std::to_string(model) + "/" + std::to_string(question))).uniform();
}

/// Right with a probability that grows with the model's index.
inline std::pair<double, double> growing(int model, int question) {
  return {noise(model, question) < 0.3 + 0.1 * model ? 1 : 0, 1};
}

/// Right half the time.
inline std::pair<double, double> coin(int model, int question) {
  return {noise(model + 100, question) < 0.5 ? 1 : 0, 1};
}

/// Log-likelihood of some tokens; the weight is their number. Larger models lose less.
inline std::pair<double, double> log_likelihood(int model, int question) {
  const double tokens = 20 + question % 30;
  return {-tokens * (3 - 0.4 * model + 0.5 * noise(model, question)), tokens};
}

}  // namespace allometer::report::testing
