#include "stats/u_shape.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/contract.hpp"
#include "stats/family_models.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Intercepts of the families, then the given columns.
LinearModel model_with(const FamilyModels& models, const MatrixXd& columns) {
  MatrixXd design(models.x.size(), models.num_families + columns.cols());
  design << models.intercepts(), columns;
  return {design, models.y,
          models.families_are_clusters() ? std::span<const int>(models.family)
                                         : std::span<const int>()};
}

Errors errors_for(const FamilyModels& models) {
  return models.families_are_clusters() ? Errors::clustered : Errors::classical;
}

/// A contrast of the columns after the intercepts.
VectorXd contrast_of(const FamilyModels& models, const VectorXd& of_columns) {
  VectorXd contrast = VectorXd::Zero(models.num_families + of_columns.size());
  contrast.tail(of_columns.size()) = of_columns;
  return contrast;
}

/// One-sided p of a slope having the given sign.
double p_of_sign(const CoefficientTest& slope, int sign) {
  return student_t_cdf(-sign * slope.t, slope.degrees_of_freedom);
}

/// x and x^2, x from its mean, so that they differ.
struct Quadratic {
  double centre;
  LinearModel model;

  explicit Quadratic(const FamilyModels& models)
      : centre(models.x.mean()), model(model_with(models, columns(models, centre))) {}
  static MatrixXd columns(const FamilyModels& models, double centre) {
    MatrixXd columns(models.x.size(), 2);
    columns.col(0) = models.x.array() - centre;
    columns.col(1) = columns.col(0).array().square();
    return columns;
  }
};

std::vector<double> distinct(const VectorXd& x) {
  std::vector<double> values(x.begin(), x.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

/// The sizes at which a line of kSizesPerLine sizes, the break among them, is left on both sides.
std::vector<double> possible_breaks(const FamilyModels& models) {
  const std::vector<double> sizes = distinct(models.x);
  return {sizes.begin() + (kSizesPerLine - 1), sizes.end() - (kSizesPerLine - 1)};
}

/// Of the possible breaks, those whose value on the quadratic is within a standard error of its
/// extreme; the difference of both is what the error is of.
std::vector<double> flat_region(const FamilyModels& models, const std::vector<double>& breaks) {
  const Quadratic quadratic(models);
  // Values on the quadratic are combinations of two coefficients: their covariance tells the error
  // of every difference.
  const VectorXd linear = contrast_of(models, Eigen::Vector2d(1, 0));
  const VectorXd square = contrast_of(models, Eigen::Vector2d(0, 1));
  const auto estimate = [&](const VectorXd& contrast) {
    return quadratic.model.test(contrast, Errors::classical, 0.5).estimate;
  };
  const Eigen::Vector2d coefficients(estimate(linear), estimate(square));
  const auto covariance = [&](const VectorXd& first, const VectorXd& second) {
    return quadratic.model.covariance(first, second, errors_for(models));
  };
  Eigen::Matrix2d covariances;
  covariances(0, 0) = covariance(linear, linear);
  covariances(1, 1) = covariance(square, square);
  covariances(0, 1) = covariances(1, 0) = covariance(linear, square);

  const auto place = [&](double x) {
    const double from_centre = x - quadratic.centre;
    return Eigen::Vector2d(from_centre, from_centre * from_centre);
  };
  const double sign = coefficients[1] > 0 ? -1 : 1;
  const auto height = [&](double x) { return sign * coefficients.dot(place(x)); };
  const double extreme = *std::max_element(
      breaks.begin(), breaks.end(), [&](double a, double b) { return height(a) < height(b); });
  std::vector<double> region;
  for (const double x : breaks) {
    const Eigen::Vector2d difference = place(x) - place(extreme);
    const double error = std::sqrt(difference.dot(covariances * difference));
    if (x == extreme || std::abs(coefficients.dot(difference)) <= error) region.push_back(x);
  }
  return region;
}

/// Slopes up to and from a break. In the first regression the break belongs to the first line, in
/// the second to the second.
void fit_lines(const FamilyModels& models, double break_point, double confidence,
               TwoLinesTest& test) {
  test.break_point = break_point;
  for (const bool is_first : {true, false}) {
    MatrixXd columns = MatrixXd::Zero(models.x.size(), 3);
    for (Index i = 0; i < models.x.size(); ++i) {
      const double from_break = models.x[i] - break_point;
      const bool is_low = from_break < 0 || (is_first && from_break == 0);
      columns(i, is_low ? 0 : 1) = from_break;
      columns(i, 2) = is_low ? 0 : 1;
    }
    const Eigen::Vector3d slope = Eigen::Vector3d::Unit(is_first ? 0 : 1);
    (is_first ? test.first : test.second) =
        model_with(models, columns)
            .test(contrast_of(models, slope), errors_for(models), confidence);
  }
}

/// The value of the sorted list at a share of its length, the nearest one.
double quantile_among(const std::vector<double>& values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(place))];
}

Bend bend_of(double first_slope, double second_slope) {
  if (first_slope < 0 && second_slope > 0) return Bend::u;
  if (first_slope > 0 && second_slope < 0) return Bend::inverted_u;
  return Bend::none;
}

}  // namespace

std::string_view name_of(Bend bend) {
  switch (bend) {
    case Bend::none:
      return "none";
    case Bend::u:
      return "U";
    case Bend::inverted_u:
      return "inverted U";
  }
  return "";
}

QuadraticTest quadratic_test(std::span<const double> x, std::span<const double> y,
                             std::span<const int> family, double confidence) {
  const FamilyModels models = family_models(x, y, family, Keep::with_second_size);
  QuadraticTest result;
  result.undefined = models.undefined;
  result.num_sizes = models.num_sizes;
  if (models.undefined != Undefined::no) return result;
  if (models.num_sizes < 4) {
    result.undefined = Undefined::too_few;
    return result;
  }
  const Quadratic quadratic(models);
  const Errors errors = errors_for(models);
  const auto test = [&](const Eigen::Vector2d& contrast) {
    return quadratic.model.test(contrast_of(models, contrast), errors, confidence);
  };
  const double smallest = models.x.minCoeff() - quadratic.centre;
  const double largest = models.x.maxCoeff() - quadratic.centre;
  result.curvature = test({0, 1});
  result.slope_at_smallest = test({1, 2 * smallest});
  result.slope_at_largest = test({1, 2 * largest});
  result.undefined = result.curvature.interval_undefined;
  if (result.undefined != Undefined::no) return result;
  if (result.curvature.estimate == 0) {
    result.p = 1;
    return result;
  }
  result.bend = result.curvature.estimate > 0 ? Bend::u : Bend::inverted_u;
  const int first_sign = result.bend == Bend::u ? -1 : 1;
  result.p = std::max(p_of_sign(result.slope_at_smallest, first_sign),
                      p_of_sign(result.slope_at_largest, -first_sign));
  Ratio& turn = result.turning_point;
  turn = ratio_of(quadratic.model, contrast_of(models, Eigen::Vector2d(-1, 0)),
                  contrast_of(models, Eigen::Vector2d(0, 2)), errors, confidence);
  result.turns_inside = turn.value > smallest && turn.value < largest;
  turn.value += quadratic.centre;
  turn.low += quadratic.centre;
  turn.high += quadratic.centre;
  return result;
}

TwoLinesTest two_lines_test(std::span<const double> x, std::span<const double> y,
                            std::span<const int> family, double confidence) {
  const FamilyModels models = family_models(x, y, family, Keep::with_second_size);
  TwoLinesTest result;
  result.undefined = models.undefined;
  result.num_sizes = models.num_sizes;
  if (models.undefined != Undefined::no) return result;
  if (models.num_sizes < 2 * kSizesPerLine - 1) {
    result.undefined = Undefined::too_few;
    return result;
  }
  const std::vector<double> region = flat_region(models, possible_breaks(models));
  fit_lines(models, quantile_among(region, 0.5), confidence, result);
  const double first = std::abs(result.first.t);
  const double second = std::abs(result.second.t);
  if (std::isfinite(first) && std::isfinite(second) && first + second > 0) {
    fit_lines(models, quantile_among(region, second / (first + second)), confidence, result);
  }
  for (const CoefficientTest& slope : {result.first, result.second}) {
    result.undefined = slope.interval_undefined;
    if (result.undefined != Undefined::no) return result;
  }
  result.bend = bend_of(result.first.estimate, result.second.estimate);
  result.p = result.bend == Bend::none ? 1 : std::max(result.first.p, result.second.p);
  return result;
}

bool declines_throughout(std::span<const double> x, std::span<const double> y,
                         std::span<const double> standard_error, std::span<const int> family,
                         double confidence) {
  ALLOMETER_EXPECT(standard_error.empty() || standard_error.size() == y.size());
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  const FamilyModels models = family_models(x, y, family, Keep::all);
  if (models.undefined != Undefined::no || models.num_sizes < 3) return false;
  const double z =
      student_t_quantile(0.5 + 0.5 * confidence, std::numeric_limits<double>::infinity());
  const auto noise = [&](std::size_t i, std::size_t j) {
    return standard_error.empty() ? 0.0 : z * std::hypot(standard_error[i], standard_error[j]);
  };
  bool has_fallen = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (models.family[i] != models.family[j] || !(x[i] < x[j])) continue;
      if (!(y[j] - y[i] <= noise(i, j))) return false;
      has_fallen = has_fallen || y[i] - y[j] > noise(i, j);
    }
  }
  return has_fallen;
}

}  // namespace allometer::stats
