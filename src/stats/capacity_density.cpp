#include "stats/capacity_density.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Cholesky>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "stats/curve_fit.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

ArrayXd as_array(std::span<const double> values) {
  return Eigen::Map<const ArrayXd>(values.data(), static_cast<Index>(values.size()));
}

bool has_few_distinct(std::span<const double> values, std::size_t wanted) {
  return std::set<double>(values.begin(), values.end()).size() < wanted;
}

/// One term exp(parameters[at]) * exp(-exp(parameters[at + 1]) * x), added to predictions.
void add_power_law(const ArrayXd& x, const VectorXd& parameters, Index at, VectorXd& predictions,
                   MatrixXd& derivatives) {
  const double exponent = std::exp(parameters[at + 1]);
  const ArrayXd term = (parameters[at] - exponent * x).exp();
  predictions += term.matrix();
  derivatives.col(at) = term;
  derivatives.col(at + 1) = -exponent * x * term;
}

/// x, z: natural logarithms of sizes and tokens about their means; z empty without that term.
NonlinearFit fit_loss(const ArrayXd& x, const ArrayXd& z, std::span<const double> loss) {
  const Predict predict = [&](const VectorXd& parameters, VectorXd& predictions,
                              MatrixXd& derivatives) {
    predictions.setZero();
    add_power_law(x, parameters, 0, predictions, derivatives);
    if (z.size() > 0) add_power_law(z, parameters, 2, predictions, derivatives);
  };
  const double mean = as_array(loss).mean();
  std::vector<VectorXd> starts;
  for (const double alpha : {0.03, 0.1, 0.4}) {
    if (z.size() == 0) {
      starts.push_back(Eigen::Vector2d(std::log(mean), std::log(alpha)));
      continue;
    }
    for (const double beta : {0.03, 0.1, 0.4}) {
      for (const double share : {0.2, 0.5, 0.8}) {
        starts.push_back(Eigen::Vector4d(std::log(share * mean), std::log(alpha),
                                         std::log((1 - share) * mean), std::log(beta)));
      }
    }
  }
  return fit_nonlinear(predict, loss, starts);
}

/// parameters: ln c, ln -gamma, l, d (if not given).
NonlinearFit fit_score(const ArrayXd& loss, std::span<const double> score,
                       std::optional<double> floor, const VectorXd& start) {
  const Predict predict = [&](const VectorXd& parameters, VectorXd& predictions,
                              MatrixXd& derivatives) {
    const double c = std::exp(parameters[0]);
    const double steepness = std::exp(parameters[1]);
    const ArrayXd share = 1 / (1 + (steepness * (loss - parameters[2])).exp());
    const ArrayXd slope = c * share * (1 - share);
    predictions = c * share + (floor ? *floor : parameters[3]);
    derivatives.col(0) = c * share;
    derivatives.col(1) = -steepness * (loss - parameters[2]) * slope;
    derivatives.col(2) = steepness * slope;
    if (!floor) derivatives.col(3).setOnes();
  };
  return fit_nonlinear(predict, score, {start});
}

/// The curve of growth in -loss is the score law, and its fit knows many starts.
NonlinearFit fit_score(const ArrayXd& loss, std::span<const double> score,
                       std::optional<double> floor) {
  NonlinearFit fit;
  const ArrayXd rising = -loss;
  const CurveFit curve =
      fit_sigmoid({rising.data(), static_cast<std::size_t>(rising.size())}, score, floor, {}, 0.95);
  fit.undefined = fit.interval_undefined = curve.undefined;
  if (curve.undefined != Undefined::no) return fit;
  const auto parameter = [&](std::string_view name) {
    return std::find_if(curve.parameters.begin(), curve.parameters.end(),
                        [&](const CurveParameter& p) { return p.name == name; })
        ->estimate;
  };
  const double c = parameter("top") - parameter("chance");
  if (!(c > 0) || !(parameter("k") > 0)) {
    // With a given floor the best curve may fall as the loss falls.
    fit.undefined = fit.interval_undefined = Undefined::not_identified;
    return fit;
  }
  VectorXd start(floor ? 3 : 4);
  start.head(3) << std::log(c), std::log(parameter("k")), -parameter("x0");
  if (!floor) start[3] = parameter("chance");
  return fit_score(loss, score, floor, start);
}

void set_loss_parameters(DensityLaw& law, const VectorXd& parameters) {
  law.alpha = std::exp(parameters[1]);
  law.a = std::exp(parameters[0] + law.alpha * law.mean_log_parameters);
  if (!law.has_tokens) return;
  law.beta = std::exp(parameters[3]);
  law.b = std::exp(parameters[2] + law.beta * law.mean_log_tokens);
}

void set_score_parameters(DensityLaw& law, const VectorXd& parameters) {
  law.c = std::exp(parameters[0]);
  law.gamma = -std::exp(parameters[1]);
  law.l = parameters[2];
  if (!law.has_given_floor) law.d = parameters[3];
}

/// N^ of a score inside the law's range; infinite where no size reaches it. From logarithms: a draw
/// may have an a that no double holds.
double effective_parameters(const DensityLaw& law, const VectorXd& loss_parameters, double score) {
  const double loss = law.l - std::log(law.c / (score - law.d) - 1) / law.gamma;
  const double of_tokens =
      law.has_tokens
          ? std::exp(loss_parameters[2] - std::exp(loss_parameters[3]) *
                                              (std::log(kReferenceTokens) - law.mean_log_tokens))
          : 0;
  if (!(loss > of_tokens)) return std::numeric_limits<double>::infinity();
  return std::exp(law.mean_log_parameters +
                  (loss_parameters[0] - std::log(loss - of_tokens)) / std::exp(loss_parameters[1]));
}

/// Scores nearer to an end than this share of the range tell nothing but that they are there.
constexpr double kEnd = 0.01;

double inside(const DensityLaw& law, double score) {
  return std::clamp(score, law.d + kEnd * law.c, law.d + (1 - kEnd) * law.c);
}

/// Draws around the parameters of a fit: multivariate t, that is a normal draw over the root of a
/// chi-square one over its degrees of freedom.
class Draws {
 public:
  explicit Draws(const NonlinearFit& fit)
      : fit_(fit), root_(Eigen::LLT<MatrixXd>(fit.covariance).matrixL()) {
    // A perfect fit has no covariance to speak of.
    if (fit.residual_sum_of_squares == 0) root_.setZero();
  }

  VectorXd operator()(SplitMix64& random) const {
    VectorXd normal(fit_.parameters.size());
    for (double& value : normal) value = random.normal();
    double chi_square = 0;
    for (int i = 0; i < fit_.degrees_of_freedom; ++i) {
      const double value = random.normal();
      chi_square += value * value;
    }
    return fit_.parameters + root_ * normal / std::sqrt(chi_square / fit_.degrees_of_freedom);
  }

 private:
  const NonlinearFit& fit_;
  MatrixXd root_;
};

}  // namespace

double DensityLaw::loss_at(double num_parameters, double tokens) const {
  const double of_size = a * std::pow(num_parameters, -alpha);
  return has_tokens ? of_size + b * std::pow(tokens, -beta) : of_size;
}

double DensityLaw::score_at(double loss) const {
  return c / (1 + std::exp(-gamma * (loss - l))) + d;
}

DensityLaw fit_density_law(std::span<const double> num_parameters, std::span<const double> tokens,
                           std::span<const double> loss, std::span<const double> score,
                           std::optional<double> floor) {
  ALLOMETER_EXPECT(num_parameters.size() == loss.size() && loss.size() == score.size());
  ALLOMETER_EXPECT(tokens.empty() || tokens.size() == loss.size());
  DensityLaw law;
  const auto fail = [&](Undefined reason) {
    law.undefined = reason;
    return law;
  };
  if (has_few_distinct(num_parameters, 3)) return law;
  const ArrayXd x = as_array(num_parameters).log();
  const ArrayXd losses = as_array(loss);
  if (!x.allFinite() || !losses.allFinite() || !(losses > 0).all() ||
      !as_array(score).allFinite()) {
    return fail(Undefined::not_finite);
  }
  if (has_few_distinct(score, 2) || has_few_distinct(loss, 2)) return fail(Undefined::constant);
  law.mean_log_parameters = x.mean();
  ArrayXd z;
  law.has_tokens =
      !tokens.empty() && as_array(tokens).log().allFinite() && !has_few_distinct(tokens, 2);
  if (law.has_tokens) {
    z = as_array(tokens).log();
    law.mean_log_tokens = z.mean();
    z -= law.mean_log_tokens;
  }
  law.loss_fit = fit_loss(x - law.mean_log_parameters, z, loss);
  if (law.loss_fit.undefined != Undefined::no) return fail(law.loss_fit.undefined);
  set_loss_parameters(law, law.loss_fit.parameters);

  law.has_given_floor = floor.has_value();
  if (floor) law.d = *floor;
  law.score_fit = fit_score(losses, score, floor);
  if (law.score_fit.undefined != Undefined::no) return fail(law.score_fit.undefined);
  set_score_parameters(law, law.score_fit.parameters);
  return fail(Undefined::no);
}

CapacityDensity capacity_density(const DensityLaw& law, double num_parameters, double score,
                                 double standard_error, double confidence, std::string_view key,
                                 std::int32_t num_draws) {
  ALLOMETER_EXPECT(num_parameters > 0 && standard_error >= 0);
  CapacityDensity result;
  result.undefined = result.interval_undefined = law.undefined;
  if (law.undefined != Undefined::no) return result;
  if (std::isnan(score)) {
    result.undefined = result.interval_undefined = Undefined::not_finite;
    return result;
  }
  result.at_floor = score < inside(law, score);
  result.at_ceiling = score > inside(law, score);
  const double effective = effective_parameters(law, law.loss_fit.parameters, inside(law, score));
  if (std::isfinite(effective)) {
    result.effective_parameters = effective;
    result.density = effective / num_parameters;
  } else {
    result.undefined = Undefined::not_finite;
  }

  for (const NonlinearFit* fit : {&law.loss_fit, &law.score_fit}) {
    if (fit->interval_undefined == Undefined::no) continue;
    result.interval_undefined = fit->interval_undefined;
    return result;
  }
  if (num_draws == 0) {
    result.interval_undefined = Undefined::too_few;
    return result;
  }
  const Draws loss_draws(law.loss_fit);
  const Draws score_draws(law.score_fit);
  const std::uint64_t seed = seed_from(std::string(key) + "/capacity density");
  std::vector<double> densities;
  DensityLaw drawn = law;  // its score's parameters are those of each draw
  for (std::int32_t i = 0; i < num_draws; ++i) {
    SplitMix64 random = stream_of_draw(seed, static_cast<std::uint64_t>(i));
    const VectorXd loss_parameters = loss_draws(random);
    set_score_parameters(drawn, score_draws(random));
    const double drawn_score = inside(drawn, score + standard_error * random.normal());
    densities.push_back(effective_parameters(drawn, loss_parameters, drawn_score) / num_parameters);
    result.unreachable_draws += std::isinf(densities.back());
  }
  result.num_draws = num_draws;
  result.interval = percentile_interval(densities, confidence);
  // Between infinite draws there is nothing to interpolate.
  for (double* end : {&result.interval.low, &result.interval.high}) {
    if (std::isnan(*end)) *end = std::numeric_limits<double>::infinity();
  }
  return result;
}

}  // namespace allometer::stats
