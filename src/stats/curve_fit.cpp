#include "stats/curve_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <Eigen/QR>

#include "core/contract.hpp"
#include "stats/linear_model.hpp"
#include "stats/logit.hpp"
#include "stats/nonlinear_least_squares.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLn10 = 2.302585092994045684;
/// A curve that bends by less than this over the sizes passes for a line.
constexpr double kSmallestBend = 0.02;

/// Points, and what searches over shapes need to know of them.
struct Points {
  VectorXd x;
  VectorXd y;
  double smallest = 0;      ///< x
  double range = 0;         ///< largest x - smallest
  double first_gap = 0;     ///< between the two smallest distinct x
  double smallest_gap = 0;  ///< between neighbours
  Undefined undefined = Undefined::too_few;
};

VectorXd as_vector(std::span<const double> values) {
  return Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
}

Points points_for(std::span<const double> x, std::span<const double> y, int num_free) {
  ALLOMETER_EXPECT(x.size() == y.size());
  Points points{.x = as_vector(x), .y = as_vector(y)};
  if (!points.x.allFinite() || !points.y.allFinite()) {
    points.undefined = Undefined::not_finite;
    return points;
  }
  const std::set<double> sizes(x.begin(), x.end());
  if (x.size() <= static_cast<std::size_t>(num_free) || sizes.size() < 2 ||
      sizes.size() < static_cast<std::size_t>(num_free)) {
    return points;
  }
  points.undefined =
      std::set<double>(y.begin(), y.end()).size() == 1 ? Undefined::constant : Undefined::no;
  points.smallest = *sizes.begin();
  points.range = *sizes.rbegin() - *sizes.begin();
  points.first_gap = *std::next(sizes.begin()) - *sizes.begin();
  points.smallest_gap = points.range;
  for (auto next = std::next(sizes.begin()); next != sizes.end(); ++next) {
    points.smallest_gap = std::min(points.smallest_gap, *next - *std::prev(next));
  }
  return points;
}

/// low, low * factor, ... up to high.
std::vector<double> geometric(double low, double high, double factor) {
  std::vector<double> values;
  for (double value = low; value < high; value *= factor) values.push_back(value);
  values.push_back(high);
  return values;
}

/// Where a curve is linear in some of its parameters once the others are given: those, by least
/// squares, and the residual sum of squares.
struct LinearPart {
  VectorXd coefficients;
  double residual_sum_of_squares;
};

LinearPart linear_part(const MatrixXd& columns, const VectorXd& y) {
  if (columns.cols() == 0) return {VectorXd(0), y.squaredNorm()};
  LinearPart part{columns.colPivHouseholderQr().solve(y), 0};
  part.residual_sum_of_squares = (y - columns * part.coefficients).squaredNorm();
  return part;
}

CurveFit undefined_fit(Curve curve, Undefined reason) {
  CurveFit fit;
  fit.curve = curve;
  fit.undefined = fit.interval_undefined = reason;
  return fit;
}

/// All but the parameters.
CurveFit summary(Curve curve, const Points& points, double rss, int num_free) {
  CurveFit fit;
  fit.curve = curve;
  fit.undefined = Undefined::no;
  fit.residual_sum_of_squares = rss;
  fit.r_squared = 1 - rss / (points.y.array() - points.y.mean()).matrix().squaredNorm();
  const auto n = static_cast<double>(points.y.size());
  const double q = num_free + 1;
  fit.degrees_of_freedom = static_cast<int>(points.y.size()) - num_free;
  if (n > q + 1) fit.aicc = n * std::log(rss / n) + 2 * q + 2 * q * (q + 1) / (n - q - 1);
  return fit;
}

void set_interval(CurveParameter& parameter, double variance, int degrees_of_freedom,
                  double confidence) {
  parameter.standard_error = std::sqrt(variance);
  const double half_width =
      parameter.standard_error * student_t_quantile(0.5 + 0.5 * confidence, degrees_of_freedom);
  parameter.low = parameter.estimate - half_width;
  parameter.high = parameter.estimate + half_width;
}

/// Parameters as they are reported, and their derivatives by those that were fitted.
struct Reported {
  std::vector<CurveParameter> parameters;
  MatrixXd derivatives;  ///< [reported x fitted]
};

/// The covariance of reported parameters is D C D' (delta method; exact for the linear theory that
/// the intervals rest on, whichever parameters are fitted).
CurveFit finished(Curve curve, const Points& points, const NonlinearFit& fit, Reported reported,
                  double confidence) {
  const auto num_free = static_cast<int>(fit.parameters.size());
  CurveFit result = summary(curve, points, fit.residual_sum_of_squares, num_free);
  result.parameters = std::move(reported.parameters);
  for (const CurveParameter& parameter : result.parameters) {
    if (!std::isfinite(parameter.estimate)) return undefined_fit(curve, Undefined::not_finite);
  }
  result.interval_undefined = fit.interval_undefined;
  if (fit.interval_undefined != Undefined::no) return result;
  const MatrixXd covariance =
      reported.derivatives * fit.covariance * reported.derivatives.transpose();
  for (std::size_t k = 0; k < result.parameters.size(); ++k) {
    const auto i = static_cast<Index>(k);
    set_interval(result.parameters[k], covariance(i, i), fit.degrees_of_freedom, confidence);
  }
  return result;
}

/// Starts of a search over shapes: the points of a grid where the residual sum of squares is no
/// larger than at its neighbours.
struct Starts {
  std::vector<VectorXd> parameters;
  std::vector<double> rss;  ///< of parameters
  double smallest_rss = std::numeric_limits<double>::infinity();
  bool is_at_edge = false;  ///< of the grid: smallest_rss

  /// Only the best few: neighbouring minima lead to the same optimum.
  void keep_best();
};

void Starts::keep_best() {
  constexpr std::size_t kKept = 4;
  std::vector<std::size_t> order(rss.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rss[a] < rss[b]; });
  order.resize(std::min(order.size(), kKept));
  std::vector<VectorXd> kept;
  for (const std::size_t i : order) kept.push_back(parameters[i]);
  parameters = std::move(kept);
}

/// A grid of one or two shape parameters.
struct Grid {
  MatrixXd rss;
  std::vector<VectorXd> parameters;  ///< row by row

  Grid(std::size_t num_rows, std::size_t num_columns) : rss(num_rows, num_columns) {}
  void add(const LinearPart& part, std::initializer_list<double> shape) {
    const auto next = static_cast<Index>(parameters.size());
    rss(next / rss.cols(), next % rss.cols()) = part.residual_sum_of_squares;
    parameters.emplace_back(part.coefficients.size() + static_cast<Index>(shape.size()));
    parameters.back().head(part.coefficients.size()) = part.coefficients;
    std::copy(shape.begin(), shape.end(), parameters.back().data() + part.coefficients.size());
  }
};

void add_local_minima(const Grid& grid, Starts& starts) {
  const MatrixXd& rss = grid.rss;
  const auto is_edge = [](Index i, Index n) { return n > 1 && (i == 0 || i + 1 == n); };
  for (Index i = 0; i < rss.rows(); ++i) {
    for (Index j = 0; j < rss.cols(); ++j) {
      const double here = rss(i, j);
      if ((i > 0 && here > rss(i - 1, j)) || (i + 1 < rss.rows() && here > rss(i + 1, j))) continue;
      if ((j > 0 && here > rss(i, j - 1)) || (j + 1 < rss.cols() && here > rss(i, j + 1))) continue;
      starts.parameters.push_back(grid.parameters[static_cast<std::size_t>(i * rss.cols() + j)]);
      starts.rss.push_back(here);
      if (here >= starts.smallest_rss) continue;
      starts.smallest_rss = here;
      starts.is_at_edge = is_edge(i, rss.rows()) || is_edge(j, rss.cols());
    }
  }
}

/// Is the optimum worse than a point that the search began with? Then the best curve lies at a
/// limit that no optimum reaches.
bool misses(const NonlinearFit& fit, const Starts& starts, const Points& points) {
  const double rounding = 1e-12 * points.y.squaredNorm();
  return fit.residual_sum_of_squares > starts.smallest_rss * (1 + 1e-9) + rounding;
}

// Power laws. Fitted are (c,) the value of a N^-alpha at the smallest x, and alpha: far better told
// apart than a, the value at N = 1.

MatrixXd power_columns(const Points& points, double alpha, bool has_level) {
  MatrixXd columns = MatrixXd::Ones(points.x.size(), has_level ? 2 : 1);
  columns.rightCols(1) = (-alpha * kLn10 * (points.x.array() - points.smallest)).exp().matrix();
  return columns;
}

Predict power_law_of(const Points& points, bool has_level) {
  return [&points, has_level](const VectorXd& parameters, VectorXd& at, MatrixXd& derivatives) {
    const Index k = has_level ? 1 : 0;
    const double scale = parameters[k];
    const MatrixXd columns = power_columns(points, parameters[k + 1], has_level);
    at = columns * parameters.head(k + 1);
    derivatives.leftCols(k + 1) = columns;
    derivatives.col(k + 1) =
        -kLn10 * scale * (points.x.array() - points.smallest) * columns.rightCols(1).array();
  };
}

Starts power_law_starts(const Points& points, const std::vector<double>& alphas, bool has_level) {
  Grid grid(1, alphas.size());
  for (const double alpha : alphas) {
    grid.add(linear_part(power_columns(points, alpha, has_level), points.y), {alpha});
  }
  Starts starts;
  add_local_minima(grid, starts);
  return starts;
}

Reported report_power_law(const Points& points, const VectorXd& fitted, bool has_level) {
  const Index k = has_level ? 1 : 0;
  const double alpha = fitted[k + 1];
  const double growth = std::exp(kLn10 * alpha * points.smallest);
  const double a = fitted[k] * growth;
  Reported reported;
  if (has_level) reported.parameters.push_back({.name = "c", .estimate = fitted[0]});
  reported.parameters.push_back({.name = "a", .estimate = a});
  reported.parameters.push_back({.name = "alpha", .estimate = alpha});
  reported.derivatives = MatrixXd::Identity(k + 2, k + 2);
  reported.derivatives(k, k) = growth;
  reported.derivatives(k, k + 1) = kLn10 * points.smallest * a;
  return reported;
}

// Sigmoids.

struct Sigmoid {
  std::optional<double> chance;
  std::optional<double> top;

  int num_free() const { return 4 - chance.has_value() - top.has_value(); }
  int num_free_levels() const { return num_free() - 2; }
  /// Of the parameters fitted: the free ones of chance and top, then k, x0.
  double chance_of(const VectorXd& p) const { return chance ? *chance : p[0]; }
  double top_of(const VectorXd& p) const { return top ? *top : p[num_free_levels() - 1]; }
};

VectorXd steps(const Points& points, double k, double x0) {
  return points.x.unaryExpr([=](double x) { return logistic(k * (x - x0)); });
}

Predict sigmoid_of(const Points& points, const Sigmoid& sigmoid) {
  return [&points, sigmoid](const VectorXd& p, VectorXd& at, MatrixXd& derivatives) {
    const Index levels = sigmoid.num_free_levels();
    const double k = p[levels];
    const double x0 = p[levels + 1];
    const double chance = sigmoid.chance_of(p);
    const double height = sigmoid.top_of(p) - chance;
    const Eigen::ArrayXd step = steps(points, k, x0).array();
    at = chance + height * step;
    if (!sigmoid.chance) derivatives.col(0) = 1 - step;
    if (!sigmoid.top) derivatives.col(levels - 1) = step;
    const Eigen::ArrayXd rise = height * step * (1 - step);
    derivatives.col(levels) = rise * (points.x.array() - x0);
    derivatives.col(levels + 1) = -k * rise;
  };
}

/// The free levels for a given step.
LinearPart levels_of(const Points& points, const Sigmoid& sigmoid, const VectorXd& step) {
  MatrixXd columns(step.size(), sigmoid.num_free_levels());
  VectorXd rest = points.y;
  const VectorXd below = 1 - step.array();
  if (sigmoid.chance) rest -= *sigmoid.chance * below;
  if (sigmoid.top) rest -= *sigmoid.top * step;
  if (!sigmoid.chance) columns.col(0) = below;
  if (!sigmoid.top) columns.rightCols(1) = step;
  return linear_part(columns, rest);
}

/// The bounds within which data can tell a sigmoid: it bends over the sizes, it takes more than the
/// step from one size to the next, and its midpoint is no further away than the sizes are wide.
struct SigmoidBounds {
  double smallest_k;
  double largest_k;
  double low_x0;
  double high_x0;
};

SigmoidBounds bounds_of(const Points& points) {
  return {0.5 / points.range, 20 / points.smallest_gap, points.x.minCoeff() - points.range,
          points.x.maxCoeff() + points.range};
}

Starts sigmoid_starts(const Points& points, const Sigmoid& sigmoid) {
  constexpr int kMidpoints = 31;
  const SigmoidBounds bounds = bounds_of(points);
  const std::vector<double> rates = geometric(bounds.smallest_k, bounds.largest_k, 1.6);
  Starts starts;
  for (const double sign : {1.0, -1.0}) {
    // With both levels free, falling is a top below chance.
    if (sign < 0 && sigmoid.num_free_levels() == 2) break;
    Grid grid(rates.size(), kMidpoints);
    for (const double rate : rates) {
      for (int i = 0; i < kMidpoints; ++i) {
        const double x0 = bounds.low_x0 + (bounds.high_x0 - bounds.low_x0) * i / (kMidpoints - 1);
        grid.add(levels_of(points, sigmoid, steps(points, sign * rate, x0)), {sign * rate, x0});
      }
    }
    add_local_minima(grid, starts);
  }
  starts.keep_best();
  return starts;
}

Reported report_sigmoid(const Sigmoid& sigmoid, const VectorXd& fitted) {
  const Index levels = sigmoid.num_free_levels();
  Reported reported;
  reported.parameters = {
      {.name = "chance",
       .estimate = sigmoid.chance_of(fitted),
       .is_fixed = sigmoid.chance.has_value()},
      {.name = "top", .estimate = sigmoid.top_of(fitted), .is_fixed = sigmoid.top.has_value()},
      {.name = "k", .estimate = fitted[levels]},
      {.name = "x0", .estimate = fitted[levels + 1]},
  };
  reported.derivatives = MatrixXd::Zero(4, sigmoid.num_free());
  if (!sigmoid.chance) reported.derivatives(0, 0) = 1;
  if (!sigmoid.top) reported.derivatives(1, levels - 1) = 1;
  reported.derivatives(2, levels) = 1;
  reported.derivatives(3, levels + 1) = 1;
  return reported;
}

}  // namespace

std::string_view name_of(Curve curve) {
  switch (curve) {
    case Curve::line:
      return "line";
    case Curve::power_law:
      return "power law";
    case Curve::saturating_power_law:
      return "saturating power law";
    case Curve::sigmoid:
      return "sigmoid";
  }
  return "";
}

double CurveFit::at(double x) const {
  if (undefined != Undefined::no) return std::numeric_limits<double>::quiet_NaN();
  const auto p = [&](std::size_t k) { return parameters[k].estimate; };
  switch (curve) {
    case Curve::line:
      return p(0) + p(1) * x;
    case Curve::power_law:
      return p(0) * std::exp(-kLn10 * p(1) * x);
    case Curve::saturating_power_law:
      return p(0) + p(1) * std::exp(-kLn10 * p(2) * x);
    case Curve::sigmoid:
      return p(0) + (p(1) - p(0)) * logistic(p(2) * (x - p(3)));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

CurveFit fit_line(std::span<const double> x, std::span<const double> y, double confidence) {
  const Points points = points_for(x, y, 2);
  if (points.undefined != Undefined::no) return undefined_fit(Curve::line, points.undefined);
  MatrixXd design = MatrixXd::Ones(points.x.size(), 2);
  design.col(1) = points.x;
  const LinearModel model(design, y);
  CurveFit fit = summary(Curve::line, points, model.residuals().squaredNorm(), 2);
  for (const Index k : {0, 1}) {
    const CoefficientTest test = model.test_coefficient(k, Errors::classical, confidence);
    if (test.undefined != Undefined::no) return undefined_fit(Curve::line, test.undefined);
    fit.interval_undefined = test.interval_undefined;
    fit.parameters.push_back({.name = k == 0 ? "intercept" : "slope",
                              .estimate = test.estimate,
                              .standard_error = test.standard_error,
                              .low = test.low,
                              .high = test.high});
  }
  return fit;
}

CurveFit fit_power_law(std::span<const double> x, std::span<const double> y, double confidence) {
  const Points points = points_for(x, y, 2);
  if (points.undefined != Undefined::no) return undefined_fit(Curve::power_law, points.undefined);
  std::vector<double> alphas = {0};
  for (const double bend : geometric(kSmallestBend, 20, 1.3)) {
    alphas.push_back(bend / points.range);
    alphas.insert(alphas.begin(), -bend / points.range);
  }
  const Starts starts = power_law_starts(points, alphas, false);
  const NonlinearFit fit = fit_nonlinear(power_law_of(points, false), y, starts.parameters);
  if (fit.undefined != Undefined::no) return undefined_fit(Curve::power_law, fit.undefined);
  if (misses(fit, starts, points))
    return undefined_fit(Curve::power_law, Undefined::not_identified);
  return finished(Curve::power_law, points, fit, report_power_law(points, fit.parameters, false),
                  confidence);
}

CurveFit fit_saturating_power_law(std::span<const double> x, std::span<const double> y,
                                  double confidence) {
  constexpr Curve kCurve = Curve::saturating_power_law;
  const Points points = points_for(x, y, 3);
  if (points.undefined != Undefined::no) return undefined_fit(kCurve, points.undefined);
  const double smallest_alpha = kSmallestBend / points.range;
  // All but 10^-6 of the change is done at the second size: any larger alpha fits alike.
  const double largest_alpha = 6 / points.first_gap;
  const Starts starts =
      power_law_starts(points, geometric(smallest_alpha, largest_alpha, 1.3), true);
  if (starts.is_at_edge) return undefined_fit(kCurve, Undefined::not_identified);
  const NonlinearFit fit = fit_nonlinear(power_law_of(points, true), y, starts.parameters);
  if (fit.undefined != Undefined::no) return undefined_fit(kCurve, fit.undefined);
  const double alpha = fit.parameters[2];
  if (misses(fit, starts, points) || alpha < smallest_alpha || alpha > largest_alpha) {
    return undefined_fit(kCurve, Undefined::not_identified);
  }
  return finished(kCurve, points, fit, report_power_law(points, fit.parameters, true), confidence);
}

CurveFit fit_sigmoid(std::span<const double> x, std::span<const double> y,
                     std::optional<double> chance, std::optional<double> top, double confidence) {
  const Sigmoid sigmoid{chance, top};
  const Points points = points_for(x, y, sigmoid.num_free());
  if (points.undefined != Undefined::no) return undefined_fit(Curve::sigmoid, points.undefined);
  const Starts starts = sigmoid_starts(points, sigmoid);
  const NonlinearFit fit = fit_nonlinear(sigmoid_of(points, sigmoid), y, starts.parameters);
  if (fit.undefined == Undefined::not_converged && starts.is_at_edge) {
    return undefined_fit(Curve::sigmoid, Undefined::not_identified);
  }
  if (fit.undefined != Undefined::no) return undefined_fit(Curve::sigmoid, fit.undefined);
  const SigmoidBounds bounds = bounds_of(points);
  const double k = fit.parameters[sigmoid.num_free_levels()];
  const double x0 = fit.parameters[sigmoid.num_free_levels() + 1];
  if (misses(fit, starts, points) || std::abs(k) < bounds.smallest_k ||
      std::abs(k) > bounds.largest_k || x0 < bounds.low_x0 || x0 > bounds.high_x0) {
    return undefined_fit(Curve::sigmoid, Undefined::not_identified);
  }
  return finished(Curve::sigmoid, points, fit, report_sigmoid(sigmoid, fit.parameters), confidence);
}

std::optional<std::size_t> smallest_aicc(std::span<const CurveFit> fits) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (std::isnan(fits[i].aicc)) continue;
    if (!best || fits[i].aicc < fits[*best].aicc) best = i;
  }
  return best;
}

}  // namespace allometer::stats
