#include "stats/mixed_logistic.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <boost/math/distributions/normal.hpp>

#include "core/contract.hpp"
#include "stats/answered.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Answers and columns in the form that the fit wants: no question without answers, no model
/// without, columns standardised.
struct Data {
  ArrayXXd right;             ///< [questions x models], 0 where not asked
  ArrayXXd asked;             ///< [questions x models], 1 or 0
  std::vector<Index> family;  ///< [models], 0 .. num_families - 1
  Index num_families = 0;     ///< 0 if all models are of one family: no random intercept
  MatrixXd design;            ///< [models x (1 + columns)], the first column ones
  VectorXd mean;              ///< [columns], before they were standardised
  VectorXd deviation;
};

/// Random effects are scaled to standard normal ones: u(question) = question_deviation * u.
struct Effects {
  ArrayXd question;  ///< [questions]
  VectorXd family;   ///< [families]
};

/// The Hessian of the negative log-density of answers and effects in the effects: diagonal in the
/// questions (no answer has two), dense only in the families, of which there are few.
///
///     H = | diag(question)   cross         |
///         | cross'           diag(family)  |
class EffectsHessian {
 public:
  /// weight: [questions x max(families, 1)], sums of p (1 - p) over a question's answers by family
  /// (over all of them if there are no families).
  EffectsHessian(const ArrayXXd& weight, double question_deviation, double family_deviation,
                 Index num_families)
      : question_(1 + question_deviation * question_deviation * weight.rowwise().sum()) {
    if (num_families == 0) return;
    cross_ = question_deviation * family_deviation * weight.matrix();
    MatrixXd schur = -(cross_.array().colwise() / question_).matrix().transpose() * cross_;
    schur.diagonal().array() +=
        1 + family_deviation * family_deviation * weight.colwise().sum().transpose();
    schur_.compute(schur);
  }

  double log_determinant() const {
    double sum = question_.log().sum();
    if (has_families()) sum += 2 * schur_.matrixLLT().diagonal().array().log().sum();
    return sum;
  }

  Effects solve(const Effects& gradient) const {
    if (!has_families()) return {gradient.question / question_, VectorXd()};
    Effects step;
    step.family = schur_.solve(gradient.family -
                               cross_.transpose() * (gradient.question / question_).matrix());
    step.question = (gradient.question - (cross_ * step.family).array()) / question_;
    return step;
  }

  /// Blocks of the inverse.
  struct Inverse {
    ArrayXd question;  ///< [questions], diagonal
    ArrayXXd cross;    ///< [questions x families]
    ArrayXd family;    ///< [families], diagonal
  };
  Inverse inverse() const {
    if (!has_families()) return {question_.inverse(), {}, {}};
    const MatrixXd schur_inverse = schur_.solve(MatrixXd::Identity(cross_.cols(), cross_.cols()));
    const ArrayXXd half = (cross_ * schur_inverse).array().colwise() / question_;
    return {(1 + (half * cross_.array()).rowwise().sum()) / question_, -half,
            schur_inverse.diagonal()};
  }

 private:
  bool has_families() const { return cross_.cols() > 0; }

  ArrayXd question_;
  MatrixXd cross_;
  Eigen::LLT<MatrixXd> schur_;
};

/// What the optimiser moves: fixed effects of the standardised columns, then the two deviations
/// (one if there are no families). The likelihood is even in a deviation, so that its sign is free.
using Parameters = VectorXd;

/// The log-likelihood by Laplace's approximation, and its gradient. Keeps the mode of the effects
/// from one call to the next as a start.
class Laplace {
 public:
  explicit Laplace(const Data& data)
      : data_(data),
        mode_{ArrayXd::Zero(data.right.rows()), VectorXd::Zero(data.num_families)},
        probability_(data.right.rows(), data.right.cols()) {}

  Index num_parameters() const { return data_.design.cols() + (data_.num_families > 0 ? 2 : 1); }

  double operator()(const Parameters& parameters, VectorXd* gradient) {
    unpack(parameters);
    double density = joint_density(mode_);
    for (int i = 0; i < 100; ++i) {
      const EffectsHessian hessian = hessian_at_mode();
      const Effects slope = effects_gradient();
      const Effects step = hessian.solve(slope);
      const double decrement =
          (slope.question * step.question).sum() + slope.family.dot(step.family);
      density = climb(density, step);
      // Newton's steps square the error, so that after this one the mode is exact.
      if (decrement < 1e-9) break;
    }
    const EffectsHessian hessian = hessian_at_mode();
    if (gradient != nullptr) *gradient = gradient_of(hessian);
    return density - 0.5 * hessian.log_determinant();
  }

 private:
  Index models() const { return data_.right.cols(); }
  bool has_families() const { return data_.num_families > 0; }
  Index family_of(Index model) const { return data_.family[static_cast<std::size_t>(model)]; }
  double family_deviation() const { return has_families() ? family_deviation_ : 0; }

  void unpack(const Parameters& parameters) {
    const Index fixed = data_.design.cols();
    fixed_ = data_.design * parameters.head(fixed);
    question_deviation_ = parameters[fixed];
    if (has_families()) family_deviation_ = parameters[fixed + 1];
  }

  /// log P(answers | effects) + log density of the effects but for its constant (which cancels
  /// against that of the approximation); fills probability_.
  double joint_density(const Effects& effects) {
    double sum = -0.5 * (effects.question.square().sum() + effects.family.squaredNorm());
    const ArrayXd of_questions = question_deviation_ * effects.question;
    for (Index i = 0; i < models(); ++i) {
      const double of_model =
          fixed_[i] + (has_families() ? family_deviation_ * effects.family[family_of(i)] : 0);
      const ArrayXd logit = of_model + of_questions;
      const ArrayXd tail = (-logit.abs()).exp();
      const ArrayXd log_likelihood =
          data_.right.col(i) * logit - logit.cwiseMax(0.0) - (1 + tail).log();
      sum += (data_.asked.col(i) * log_likelihood).sum();
      probability_.col(i) = (logit > 0).select(1 / (1 + tail), tail / (1 + tail));
    }
    return sum;
  }

  /// Derivatives of a model's log-likelihoods in the logit: the second one's size, and the first.
  ArrayXd weight(Index model) const {
    return data_.asked.col(model) * probability_.col(model) * (1 - probability_.col(model));
  }
  ArrayXd residual(Index model) const {
    return data_.asked.col(model) * (data_.right.col(model) - probability_.col(model));
  }

  /// [questions x families], or one column if there are no families: sums of column(model) over the
  /// models of each.
  template <class Column>
  ArrayXXd by_family(const Column& column) const {
    ArrayXXd sums = ArrayXXd::Zero(data_.right.rows(), std::max<Index>(data_.num_families, 1));
    for (Index i = 0; i < models(); ++i) sums.col(family_of(i)) += column(i);
    return sums;
  }

  EffectsHessian hessian_at_mode() const {
    return {by_family([this](Index i) { return weight(i); }), question_deviation_,
            family_deviation(), data_.num_families};
  }

  /// G' cells, with a row of G for each answer: its question's deviation, its family's.
  template <class Column>
  Effects gathered(const Column& column) const {
    const ArrayXXd sums = by_family(column);
    Effects effects{question_deviation_ * sums.rowwise().sum(), VectorXd()};
    if (has_families()) effects.family = family_deviation_ * sums.colwise().sum().transpose();
    return effects;
  }

  Effects effects_gradient() const {
    Effects gradient = gathered([this](Index i) { return residual(i); });
    gradient.question -= mode_.question;
    gradient.family -= mode_.family;
    return gradient;
  }

  /// Moves the mode along the step, halved until the density does not fall.
  double climb(double density, const Effects& step) {
    double length = 1;
    for (int i = 0; i < 50; ++i, length *= 0.5) {
      const Effects moved{mode_.question + length * step.question,
                          mode_.family + length * step.family};
      const double there = joint_density(moved);
      // Rounding of a sum over thousands of answers is not a fall.
      if (there >= density - 1e-12 * (1 + std::abs(density))) {
        mode_ = moved;
        return there;
      }
    }
    return joint_density(mode_);
  }

  VectorXd gradient_of(const EffectsHessian& hessian) const;

  const Data& data_;
  Effects mode_;
  ArrayXXd probability_;  ///< at the mode
  VectorXd fixed_;        ///< [models]
  double question_deviation_ = 1;
  double family_deviation_ = 1;
};

/// Of L = density(mode) - log|H| / 2, where the mode moves with the parameters. With g the row of G
/// that belongs to an answer, c = d(p (1 - p))/d(logit) g'H^-1 g and a = H^-1 G'c, an answer's
/// logit counts with
///     y - p - c / 2 + p (1 - p) g'a / 2,
/// and a deviation, which is in G too, has two terms more.
VectorXd Laplace::gradient_of(const EffectsHessian& hessian) const {
  const EffectsHessian::Inverse inverse = hessian.inverse();
  const double s = question_deviation_;
  const double t = family_deviation();
  // g'H^-1 with a one in place of one of the deviations.
  const auto leverage_question = [&](Index i) -> ArrayXd {
    if (!has_families()) return s * inverse.question;
    return s * inverse.question + t * inverse.cross.col(family_of(i));
  };
  const auto leverage_family = [&](Index i) -> ArrayXd {
    return s * inverse.cross.col(family_of(i)) + t * inverse.family[family_of(i)];
  };
  Eigen::ArrayXXd curvature(probability_.rows(), models());
  for (Index i = 0; i < models(); ++i) {
    ArrayXd leverage = s * leverage_question(i);
    if (has_families()) leverage += t * leverage_family(i);
    curvature.col(i) = weight(i) * (1 - 2 * probability_.col(i)) * leverage;
  }
  const Effects a = hessian.solve(gathered([&](Index i) -> ArrayXd { return curvature.col(i); }));
  const Index fixed = data_.design.cols();
  VectorXd gradient = VectorXd::Zero(num_parameters());
  for (Index i = 0; i < models(); ++i) {
    const ArrayXd of_weight = weight(i);
    const ArrayXd of_residual = residual(i);
    const double a_family = has_families() ? a.family[family_of(i)] : 0;
    const ArrayXd score =
        of_residual - 0.5 * curvature.col(i) + 0.5 * of_weight * (s * a.question + t * a_family);
    gradient.head(fixed) += data_.design.row(i).transpose() * score.sum();
    gradient[fixed] +=
        (score * mode_.question - 0.5 * of_residual * a.question - of_weight * leverage_question(i))
            .sum();
    if (!has_families()) continue;
    gradient[fixed + 1] += score.sum() * mode_.family[family_of(i)] -
                           0.5 * of_residual.sum() * a_family -
                           (of_weight * leverage_family(i)).sum();
  }
  return gradient;
}

/// Minus the second derivatives, by differences of the gradient: to both sides, or, where the
/// gradient there is given, to one.
MatrixXd information(Laplace& laplace, const Parameters& at, const VectorXd* gradient) {
  const Index n = at.size();
  MatrixXd second(n, n);
  for (Index i = 0; i < n; ++i) {
    constexpr double kStep = 1e-4;
    Parameters moved = at;
    VectorXd above;
    VectorXd below;
    moved[i] = at[i] + kStep;
    laplace(moved, &above);
    if (gradient != nullptr) {
      second.col(i) = (*gradient - above) / kStep;
      continue;
    }
    moved[i] = at[i] - kStep;
    laplace(moved, &below);
    second.col(i) = (below - above) / (2 * kStep);
  }
  return 0.5 * (second + second.transpose());
}

struct Maximum {
  Parameters parameters;
  double log_likelihood = 0;
  MatrixXd information;
  int iterations = 0;
  bool converged = false;
};

/// Newton's method; where the surface is not concave, directions are climbed by the size of their
/// curvature.
Maximum maximise(Laplace& laplace, Parameters start) {
  Maximum best{std::move(start), 0, {}, 0, false};
  VectorXd gradient;
  best.log_likelihood = laplace(best.parameters, &gradient);
  constexpr int kMaxIterations = 100;
  for (; best.iterations < kMaxIterations; ++best.iterations) {
    best.information = information(laplace, best.parameters, &gradient);
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(best.information);
    const double largest = eigen.eigenvalues().cwiseAbs().maxCoeff();
    const VectorXd curvature = eigen.eigenvalues().cwiseAbs().cwiseMax(1e-10 * largest);
    VectorXd step = eigen.eigenvectors() *
                    (eigen.eigenvectors().transpose() * gradient).cwiseQuotient(curvature);
    const double gain = gradient.dot(step);
    // Twice what a step could still add to the log-likelihood.
    if (gain < 1e-10) {
      best.converged = true;
      break;
    }
    // Steps of more than two units of a log odds leave the region that they were computed for.
    step *= std::min(1.0, 2.0 / step.cwiseAbs().maxCoeff());
    double there = -std::numeric_limits<double>::infinity();
    VectorXd gradient_there;
    double length = 1;
    for (int halving = 0; halving < 40; ++halving, length *= 0.5) {
      there = laplace(best.parameters + length * step, &gradient_there);
      if (there > best.log_likelihood) break;
    }
    if (!(there > best.log_likelihood)) {
      // Nothing left to climb but rounding.
      best.converged = gain < 1e-6;
      break;
    }
    best.parameters += length * step;
    best.log_likelihood = there;
    gradient = gradient_there;
  }
  best.information = information(laplace, best.parameters, nullptr);
  const Eigen::LDLT<MatrixXd> factors(best.information);
  best.converged = best.converged && factors.isPositive() && factors.vectorD().minCoeff() > 0;
  return best;
}

/// Labels 0, 1, ... in order of appearance.
std::vector<Index> renumbered(std::span<const int> labels, const std::vector<Index>& models,
                              Index& num_labels) {
  std::map<int, Index> number;
  std::vector<Index> out;
  for (const Index model : models) {
    const int label = labels.empty() ? 0 : labels[static_cast<std::size_t>(model)];
    out.push_back(number.try_emplace(label, static_cast<Index>(number.size())).first->second);
  }
  num_labels = static_cast<Index>(number.size());
  return out;
}

/// Undefined::no if there is something to fit.
Undefined prepare(const Answered& answers, const Eigen::Ref<const MatrixXd>& columns,
                  std::span<const int> family, Data& data) {
  if (answers.undefined() != Undefined::no) return answers.undefined();
  const std::vector<Index>& models = answers.models;
  data.right = answers.right;
  data.asked = answers.asked;
  data.family = renumbered(family, models, data.num_families);
  if (data.num_families == 1) data.num_families = 0;

  const MatrixXd used = columns(models, Eigen::all);
  if (!used.allFinite()) return Undefined::not_finite;
  data.mean = used.colwise().mean();
  const MatrixXd centred = used.rowwise() - data.mean.transpose();
  data.deviation =
      (centred.colwise().squaredNorm() / static_cast<double>(models.size())).cwiseSqrt();
  data.design.resize(used.rows(), 1 + used.cols());
  data.design.col(0).setOnes();
  data.design.rightCols(used.cols()) =
      centred.array().rowwise() / data.deviation.transpose().array();
  // The mean of equal numbers may differ from them by rounding.
  for (Index c = 0; c < used.cols(); ++c) {
    if (used.col(c).maxCoeff() == used.col(c).minCoeff()) return Undefined::constant;
  }
  if (Eigen::ColPivHouseholderQR<MatrixXd>(data.design).rank() < data.design.cols()) {
    return Undefined::not_identified;
  }
  return Undefined::no;
}

FixedEffect wald(double estimate, double variance, double confidence) {
  FixedEffect effect;
  effect.estimate = estimate;
  if (!std::isfinite(variance)) return effect;
  effect.standard_error = std::sqrt(variance);
  const double half =
      effect.standard_error * boost::math::quantile(boost::math::normal(), 0.5 + 0.5 * confidence);
  effect.low = estimate - half;
  effect.high = estimate + half;
  effect.p = std::erfc(std::abs(estimate) / effect.standard_error / std::numbers::sqrt2);
  return effect;
}

/// Back from standardised columns. covariance: of the standardised effects, NaN if unknown.
std::vector<FixedEffect> fixed_effects(const Data& data, const VectorXd& standardised,
                                       const MatrixXd& covariance, double confidence) {
  const Index n = standardised.size();
  MatrixXd back = MatrixXd::Zero(n, n);
  back(0, 0) = 1;
  for (Index i = 1; i < n; ++i) {
    back(i, i) = 1 / data.deviation[i - 1];
    back(0, i) = -data.mean[i - 1] / data.deviation[i - 1];
  }
  const VectorXd estimates = back * standardised;
  const VectorXd variances = (back * covariance * back.transpose()).diagonal();
  std::vector<FixedEffect> effects;
  for (Index i = 0; i < n; ++i) effects.push_back(wald(estimates[i], variances[i], confidence));
  return effects;
}

}  // namespace

MixedLogistic mixed_logistic(const Eigen::Ref<const MatrixXd>& right,
                             const Eigen::Ref<const MatrixXd>& columns, std::span<const int> family,
                             double confidence) {
  ALLOMETER_EXPECT(right.cols() == columns.rows());
  ALLOMETER_EXPECT(family.empty() || static_cast<Index>(family.size()) == right.cols());
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  MixedLogistic fit;
  const Answered answers = answered(right);
  Data data;
  fit.undefined = prepare(answers, columns, family, data);
  if (fit.undefined != Undefined::no) return fit;
  fit.num_answers = std::llround(data.asked.sum());

  Laplace laplace(data);
  Parameters start = Parameters::Zero(laplace.num_parameters());
  const double share = answers.share_right();
  const Index num_fixed = data.design.cols();
  start[0] = std::log(share / (1 - share));
  start.tail(start.size() - num_fixed).setOnes();
  const Maximum maximum = maximise(laplace, start);
  fit.iterations = maximum.iterations;
  fit.log_likelihood = maximum.log_likelihood;
  const MatrixXd covariance = maximum.converged
                                  ? MatrixXd(maximum.information.inverse())
                                  : MatrixXd::Constant(start.size(), start.size(),
                                                       std::numeric_limits<double>::quiet_NaN());
  // Where an effect grows without bound the surface ends as an exponential: the iterations stop
  // when it is flat to 1e-10, with a standard error of 1e5.
  constexpr double kUnbounded = 1e6;
  if (maximum.converged && covariance.diagonal().head(num_fixed).maxCoeff() > kUnbounded) {
    fit.undefined = Undefined::separated;
    return fit;
  }
  fit.converged = maximum.converged;
  fit.question_deviation = std::abs(maximum.parameters[num_fixed]);
  if (data.num_families > 0) fit.family_deviation = std::abs(maximum.parameters[num_fixed + 1]);
  constexpr double kNought = 1e-4;
  fit.singular = fit.question_deviation < kNought || fit.family_deviation < kNought;
  fit.fixed = fixed_effects(data, maximum.parameters.head(num_fixed),
                            covariance.topLeftCorner(num_fixed, num_fixed), confidence);
  return fit;
}

}  // namespace allometer::stats
