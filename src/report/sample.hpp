#pragma once
/// One metric of one cell: its questions, and what resampling them gives.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "report/report.hpp"

namespace allometer::report {

/// f of PlannedMetric::aggregation: "mean" x, "exp_negative" exp(-x), "bits" -x / ln 2, "negative"
/// -x. Throws FormatError for any other name.
double apply_aggregation(std::string_view name, double ratio);
Eigen::ArrayXd apply_aggregation(std::string_view name, const Eigen::ArrayXd& ratios);

/// Values and weights of one metric of one cell, by question; a question without an answer, or
/// whose value is undefined, has weight nought.
struct Sample {
  std::int32_t cell = 0;    ///< index into the source's cells
  std::int32_t metric = 0;  ///< index into the task's metrics
  Eigen::VectorXd value;    ///< [questions]
  Eigen::VectorXd weight;   ///< [questions]
  std::int32_t num_defined = 0;
  bool finite = true;  ///< false: a value is infinite, nothing can be resampled
  std::optional<results::PublishedValue> published;  ///< then there are no questions
  double value_sum = 0;
  double weight_sum = 0;
  double standard_error_of_mean = kUndefined;
  // Sums over the questions of each bootstrap draw, [draws]; filled by resample().
  Eigen::ArrayXd value_sums;
  Eigen::ArrayXd weight_sums;
  // Sums over the halves of each split of the questions: all first halves, then all second ones,
  // [2 * splits]; filled by split_in_halves().
  Eigen::ArrayXd half_values;
  Eigen::ArrayXd half_weights;
  results::ResultsFile::Estimate estimate;  ///< from estimate_of()
};

/// Throws FormatError if the column names a question that the cell does not have.
Sample load_sample(const Source& source, std::int32_t cell, std::int32_t metric);

/// Fills the draws of samples of one task that have equally many questions; the draws are keyed by
/// seed, task and draw alone, so that every model gets the same resample of questions.
void resample(std::span<Sample> samples, std::string_view task, const Settings& settings);

/// Fills the halves of samples of one task that have equally many questions, of headline metrics
/// whose answers are known and finite. Splits are keyed by seed, task and split alone, so that
/// every model is split alike.
void split_in_halves(std::span<Sample> samples, const results::PlannedTask& task,
                     const Settings& settings);

/// Fills the draws of a published value: value + standard error x a standard normal number, keyed
/// by seed, key and draw; NaN where the standard error is unknown.
void draw_published(Sample& sample, std::string_view aggregation, std::string_view key,
                    const Settings& settings);

/// The estimate of a cell with its standard error (that of lm-evaluation-harness: sample SD / sqrt
/// n of a mean, the bootstrap's of any other metric that has one) and its percentile interval over
/// questions.
results::ResultsFile::Estimate estimate_of(const Sample& sample,
                                           const results::PlannedMetric& metric,
                                           const Settings& settings);

}  // namespace allometer::report
