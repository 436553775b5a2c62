#include "stats/slope.hpp"

#include <optional>

namespace allometer::stats {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The given columns and x, which is the last.
MatrixXd with_x(const MatrixXd& columns, const FamilyModels& models) {
  MatrixXd design(columns.rows(), columns.cols() + 1);
  design << columns, models.x;
  return design;
}

/// Does a model determine a coefficient by itself, so that nothing of its own scatter is left?
bool hides_scatter(const LinearModel& model) {
  return (model.leverages().array() > 1 - 1e-10).any();
}

/// A slope of those models, still to be estimated.
Slope slope_of(const FamilyModels& models) {
  Slope slope;
  slope.num_models = static_cast<int>(models.x.size());
  slope.num_families = models.num_families;
  slope.num_sizes = models.num_sizes;
  slope.test.undefined = slope.test.interval_undefined = models.undefined;
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
  const FamilyModels models = family_models(x, y, family, Keep::all);
  Slope slope = slope_of(models);
  if (models.undefined != Undefined::no) return slope;
  std::optional<LinearModel> within;
  if (!models.families_are_clusters())
    within.emplace(with_x(models.intercepts(), models), models.y);
  if (!within || within->residual_degrees_of_freedom() < 1) {
    slope.errors = SlopeErrors::families;
    const MatrixXd intercept = MatrixXd::Ones(models.x.size(), 1);
    slope.test = LinearModel(with_x(intercept, models), models.y, models.family)
                     .test_coefficient(1, Errors::clustered, confidence);
  } else {
    const bool is_alike = hides_scatter(*within);
    slope.errors = is_alike ? SlopeErrors::models_alike : SlopeErrors::models;
    const VectorXd centred = models.x.array() - models.x.mean();
    slope.test =
        within->test_weighted_sum(centred / centred.squaredNorm(),
                                  is_alike ? Errors::classical : Errors::clustered, confidence);
  }
  if (slope.num_sizes < 3) slope.test = without_interval(slope.test);
  return slope;
}

Slope within_slope(std::span<const double> x, std::span<const double> y,
                   std::span<const int> family, double confidence) {
  const FamilyModels models = family_models(x, y, family, Keep::with_second_size);
  Slope slope = slope_of(models);
  if (models.undefined != Undefined::no) return slope;
  const bool by_family = models.families_are_clusters();
  slope.errors = by_family ? SlopeErrors::families : SlopeErrors::models;
  const LinearModel model(with_x(models.intercepts(), models), models.y,
                          by_family ? std::span<const int>(models.family) : std::span<const int>());
  slope.test = model.test_coefficient(models.num_families, Errors::clustered, confidence);
  if (slope.num_sizes < 3) slope.test = without_interval(slope.test);
  return slope;
}

PartialCorrelation within_correlation(std::span<const double> x, std::span<const double> y,
                                      std::span<const int> family) {
  const FamilyModels models = family_models(x, y, family, Keep::with_second_size);
  if (models.undefined != Undefined::no) return {.undefined = models.undefined};
  const std::span<const double> sizes(models.x.data(), models.y.size());
  return partial_pearson(sizes, models.y, models.intercepts());
}

}  // namespace allometer::stats
