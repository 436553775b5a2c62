#include "stats/slope.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Models with families numbered from 0.
struct Models {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<int> family;
  int num_families = 0;

  std::size_t size() const { return x.size(); }
  int num_sizes() const { return static_cast<int>(std::set<double>(x.begin(), x.end()).size()); }
};

/// All models, or only those whose family has a second size.
Models select(std::span<const double> x, std::span<const double> y, std::span<const int> family,
              bool need_second_size) {
  ALLOMETER_EXPECT(x.size() == y.size());
  ALLOMETER_EXPECT(family.empty() || family.size() == x.size());
  const auto label = [&](std::size_t i) { return family.empty() ? 0 : family[i]; };
  std::map<int, std::set<double>> sizes;
  for (std::size_t i = 0; i < x.size(); ++i) sizes[label(i)].insert(x[i]);
  Models models;
  std::map<int, int> numbers;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (need_second_size && sizes[label(i)].size() < 2) continue;
    models.x.push_back(x[i]);
    models.y.push_back(y[i]);
    const int next = static_cast<int>(numbers.size());
    models.family.push_back(numbers.try_emplace(label(i), next).first->second);
  }
  models.num_families = static_cast<int>(numbers.size());
  return models;
}

bool all_finite(std::span<const double> values) {
  for (const double value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

VectorXd as_vector(const std::vector<double>& values) {
  return Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
}

/// An intercept and x.
MatrixXd line_design(const Models& models) {
  MatrixXd design = MatrixXd::Ones(static_cast<Index>(models.size()), 2);
  design.col(1) = as_vector(models.x);
  return design;
}

/// An intercept per family and x, the last column.
MatrixXd family_design(const Models& models) {
  const auto n = static_cast<Index>(models.size());
  MatrixXd design = MatrixXd::Zero(n, models.num_families + 1);
  for (Index i = 0; i < n; ++i) design(i, models.family[static_cast<std::size_t>(i)]) = 1;
  design.col(models.num_families) = as_vector(models.x);
  return design;
}

/// Does a model determine a coefficient by itself, so that nothing of its own scatter is left?
bool hides_scatter(const LinearModel& model) {
  return (model.leverages().array() > 1 - 1e-10).any();
}

/// Why there is no slope, if there is none.
std::optional<Undefined> degenerate(std::span<const double> x, std::span<const double> y,
                                    const Models& models) {
  if (x.size() < 2) return Undefined::too_few;
  if (!all_finite(x) || !all_finite(y)) return Undefined::not_finite;
  if (std::set<double>(x.begin(), x.end()).size() < 2) return Undefined::constant;
  if (models.size() < 2) return Undefined::too_few;
  return std::nullopt;
}

Slope counted(const Models& models) {
  Slope slope;
  slope.num_models = static_cast<int>(models.size());
  slope.num_families = models.num_families;
  slope.num_sizes = models.num_sizes();
  return slope;
}

/// The estimate without its interval, as two sizes give it.
CoefficientTest without_interval(const CoefficientTest& test) {
  CoefficientTest estimate;
  estimate.estimate = test.estimate;
  estimate.undefined = test.undefined;
  return estimate;
}

}  // namespace

std::string_view name_of(SlopeErrors errors) {
  switch (errors) {
    case SlopeErrors::families:
      return "families";
    case SlopeErrors::models:
      return "models";
    case SlopeErrors::models_alike:
      return "models alike";
  }
  return "";
}

Slope pooled_slope(std::span<const double> x, std::span<const double> y,
                   std::span<const int> family, double confidence) {
  const Models models = select(x, y, family, false);
  Slope slope = counted(models);
  if (const auto reason = degenerate(x, y, models)) {
    slope.test.undefined = slope.test.interval_undefined = *reason;
    return slope;
  }
  const LinearModel within(family_design(models), models.y);
  const bool by_family =
      models.num_families >= kFamiliesForClusters || within.residual_degrees_of_freedom() < 1;
  if (by_family) {
    slope.errors = SlopeErrors::families;
    slope.test = LinearModel(line_design(models), models.y, models.family)
                     .test_coefficient(1, Errors::clustered, confidence);
  } else {
    const bool is_alike = hides_scatter(within);
    slope.errors = is_alike ? SlopeErrors::models_alike : SlopeErrors::models;
    const VectorXd centred = as_vector(models.x).array() - as_vector(models.x).mean();
    slope.test =
        within.test_weighted_sum(centred / centred.squaredNorm(),
                                 is_alike ? Errors::classical : Errors::clustered, confidence);
  }
  if (slope.num_sizes < 3) slope.test = without_interval(slope.test);
  return slope;
}

Slope within_slope(std::span<const double> x, std::span<const double> y,
                   std::span<const int> family, double confidence) {
  const Models models = select(x, y, family, true);
  Slope slope = counted(models);
  if (const auto reason = degenerate(x, y, models)) {
    slope.test.undefined = slope.test.interval_undefined = *reason;
    return slope;
  }
  const bool by_family = models.num_families >= kFamiliesForClusters;
  slope.errors = by_family ? SlopeErrors::families : SlopeErrors::models;
  const LinearModel model(family_design(models), models.y,
                          by_family ? std::span<const int>(models.family) : std::span<const int>());
  slope.test = model.test_coefficient(models.num_families, Errors::clustered, confidence);
  if (slope.num_sizes < 3) slope.test = without_interval(slope.test);
  return slope;
}

PartialCorrelation within_correlation(std::span<const double> x, std::span<const double> y,
                                      std::span<const int> family) {
  const Models models = select(x, y, family, true);
  if (const auto reason = degenerate(x, y, models)) return {.undefined = *reason};
  return partial_pearson(models.x, models.y, family_design(models).leftCols(models.num_families));
}

}  // namespace allometer::stats
