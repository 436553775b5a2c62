#include "stats/item_response.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/contract.hpp"
#include "stats/answered.hpp"

namespace allometer::stats {
namespace {

using Eigen::ArrayXd;
using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kSlopePrecision = 1 / (0.5 * 0.5);  ///< of log discrimination
constexpr double kDifficultyPrecision = 1 / (2.0 * 2.0);

/// Abilities at equal steps, and the logarithm of the normal density times the step. Posteriors
/// beyond eight standard deviations of abilities would need a model that answers thousands of hard
/// questions without an error. Steps of a quarter at most: with few questions a posterior is no
/// bell.
struct Grid {
  explicit Grid(double widest_step) {
    constexpr double kEnd = 8;
    const auto steps = static_cast<Index>(std::ceil(2 * kEnd / std::min(widest_step, 0.25)));
    ability = ArrayXd::LinSpaced(steps + 1, -kEnd, kEnd);
    step = ability[1] - ability[0];
    log_prior = -0.5 * ability.square() + std::log(step / std::sqrt(2 * std::numbers::pi));
  }
  ArrayXd ability;
  ArrayXd log_prior;
  double step = 0;
};

/// log(1 / (1 + exp(z))), without overflow.
ArrayXd log_of_wrong(const ArrayXd& z) {
  return -z.cwiseMax(0.0) - (1 + (-z.abs()).exp()).log();
}

/// [2 x questions]: log discrimination, difficulty.
using Items = Eigen::Array<double, 2, Eigen::Dynamic>;

/// What is known of abilities, given items.
struct Posterior {
  ArrayXXd weight;  ///< [abilities x models], columns sum to one
  VectorXd mean;    ///< [models]
  VectorXd deviation;
  double log_evidence = 0;  ///< log of the marginal likelihood, over all models
};

class Answers {
 public:
  explicit Answers(const Answered& answers)
      : asked_(answers.asked), right_(answers.right), right_answers_(right_.rowwise().sum()) {}

  Index questions() const { return right_.rows(); }
  Index models() const { return right_.cols(); }

  Posterior posterior(const Items& items, const Grid& grid) const {
    // log P(answers of a model | ability) = sum over its right answers of the logit, and over all
    // of log P(wrong).
    MatrixXd wrong(grid.ability.size(), questions());
    for (Index q = 0; q < questions(); ++q) {
      wrong.col(q) = log_of_wrong(std::exp(items(0, q)) * (grid.ability - items(1, q)));
    }
    const VectorXd slopes = items.row(0).exp().matrix().transpose();
    const VectorXd offsets = slopes.cwiseProduct(items.row(1).matrix().transpose());
    Posterior posterior;
    posterior.weight = (wrong * asked_).array();
    posterior.mean.resize(models());
    posterior.deviation.resize(models());
    for (Index i = 0; i < models(); ++i) {
      auto column = posterior.weight.col(i);
      column +=
          grid.log_prior + right_.col(i).dot(slopes) * grid.ability - right_.col(i).dot(offsets);
      const double largest = column.maxCoeff();
      column = (column - largest).exp();
      const double sum = column.sum();
      posterior.log_evidence += largest + std::log(sum);
      column /= sum;
      posterior.mean[i] = (column * grid.ability).sum();
      posterior.deviation[i] =
          std::sqrt((column * (grid.ability - posterior.mean[i]).square()).sum());
    }
    return posterior;
  }

  /// The items that fit the expected answers best: two steps of Fisher's scoring from `items`,
  /// where repeated expectation carries on.
  Items maximised(const Items& items, const Posterior& posterior, const Grid& grid) const {
    const VectorXd right_abilities = right_ * posterior.mean;
    const MatrixXd at = posterior.weight.matrix() * asked_.transpose();  // [abilities x questions]
    Items moved = items;
    for (Index q = 0; q < questions(); ++q) {
      for (int step = 0; step < 2; ++step) {
        moved.col(q) += scoring_step(moved.col(q), at.col(q).array(), right_answers_[q],
                                     right_abilities[q], grid);
      }
    }
    return moved;
  }

 private:
  /// asked: expected number of models at each ability; right: of right answers, and of the
  /// abilities of those who gave them.
  static Eigen::Array2d scoring_step(const Eigen::Array2d& item, const ArrayXd& asked, double right,
                                     double right_abilities, const Grid& grid) {
    const double slope = std::exp(item[0]);
    const ArrayXd logit = slope * (grid.ability - item[1]);
    const ArrayXd probability = 1 / (1 + (-logit).exp());
    const ArrayXd expected = asked * probability;
    const ArrayXd weight = expected * (1 - probability);
    const double from_logit =
        slope * (right_abilities - item[1] * right) - (expected * logit).sum();
    const double from_shift = -slope * (right - expected.sum());
    const double first = from_logit - kSlopePrecision * item[0];
    const double second = from_shift - kDifficultyPrecision * item[1];
    const double a = (weight * logit.square()).sum() + kSlopePrecision;
    const double b = -slope * (weight * logit).sum();
    const double c = slope * slope * weight.sum() + kDifficultyPrecision;
    const double determinant = a * c - b * b;
    return Eigen::Array2d(std::clamp((c * first - b * second) / determinant, -0.5, 0.5),
                          std::clamp((a * second - b * first) / determinant, -1.0, 1.0));
  }

  MatrixXd asked_;  ///< [questions x models], 1 or 0
  MatrixXd right_;  ///< [questions x models], 0 where not asked
  VectorXd right_answers_;
};

double log_prior(const Items& items) {
  const auto normal = [](const auto& values, double precision) {
    return -0.5 * precision * values.square().sum() +
           0.5 * static_cast<double>(values.size()) * std::log(precision / (2 * std::numbers::pi));
  };
  return normal(items.row(0), kSlopePrecision) + normal(items.row(1), kDifficultyPrecision);
}

/// One fit under way: items, and what they say of abilities.
class Fit {
 public:
  explicit Fit(const Answers& answers)
      : answers_(answers),
        items_(Items::Zero(2, answers.questions())),
        // With all discriminations one and no ability beyond the questions' range a posterior is at
        // least this wide.
        grid_(1 / std::sqrt(1 + 0.25 * static_cast<double>(answers.questions()))) {
    update();
  }

  const Items& items() const { return items_; }
  const Posterior& posterior() const { return posterior_; }
  double log_posterior() const { return posterior_.log_evidence + log_prior(items_); }

  /// Whether the steps are narrow enough; if not, narrows them.
  bool refine() {
    const double narrowest = posterior_.deviation.minCoeff();
    if (narrowest >= grid_.step) return true;
    grid_ = Grid(0.9 * narrowest);
    update();
    return false;
  }

  /// Two steps of expectation and maximisation, and one to where they lead if that is better.
  /// Returns how far a step moved.
  double advance() {
    const Items start = items_;
    move_to(answers_.maximised(items_, posterior_, grid_));
    const Items first = items_;
    const double moved = (first - start).abs().maxCoeff();
    move_to(answers_.maximised(items_, posterior_, grid_));
    const Items change = first - start;
    const Items bend = (items_ - first) - change;
    const double bent = bend.matrix().norm();
    if (bent == 0) return moved;
    const double length = std::max(1.0, change.matrix().norm() / bent);
    Fit ahead = *this;
    ahead.move_to(start + 2 * length * change + length * length * bend);
    if (ahead.log_posterior() >= log_posterior()) {
      items_ = ahead.items_;
      posterior_ = ahead.posterior_;
    }
    return moved;
  }

  Fit& operator=(const Fit&) = delete;
  Fit(const Fit&) = default;

 private:
  void move_to(const Items& items) {
    items_ = items;
    update();
  }
  void update() { posterior_ = answers_.posterior(items_, grid_); }

  const Answers& answers_;
  Items items_;
  Grid grid_;
  Posterior posterior_;
};

}  // namespace

ItemResponse fit_item_response(const Eigen::Ref<const MatrixXd>& right) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  ItemResponse result;
  result.discrimination = result.difficulty = ArrayXd::Constant(right.rows(), kNaN);
  result.constant.assign(static_cast<std::size_t>(right.rows()), false);
  result.abilities.resize(static_cast<std::size_t>(right.cols()));
  const Answered answers = answered(right);
  if (answers.questions.size() < 2 || answers.models.size() < 2) return result;
  result.undefined = answers.undefined();
  if (result.undefined != Undefined::no) return result;

  const Answers data(answers);
  Fit fit(data);
  constexpr int kMaxIterations = 1000;
  while (result.iterations < kMaxIterations && !result.converged) {
    ++result.iterations;
    result.converged = fit.advance() < 1e-9 && fit.refine();
  }
  result.log_posterior = fit.log_posterior();
  for (Index i = 0; i < data.questions(); ++i) {
    const Index q = answers.questions[static_cast<std::size_t>(i)];
    const double right_answers = answers.right.row(i).sum();
    result.constant[static_cast<std::size_t>(q)] =
        right_answers == 0 || right_answers == answers.asked.row(i).sum();
    result.discrimination[q] = std::exp(fit.items()(0, i));
    result.difficulty[q] = fit.items()(1, i);
  }
  for (Index i = 0; i < data.models(); ++i) {
    result.abilities[static_cast<std::size_t>(answers.models[static_cast<std::size_t>(i)])] = {
        fit.posterior().mean[i], fit.posterior().deviation[i]};
  }
  return result;
}

Ability ability_of(const Eigen::Ref<const ArrayXd>& discrimination,
                   const Eigen::Ref<const ArrayXd>& difficulty,
                   const Eigen::Ref<const ArrayXd>& right) {
  ALLOMETER_EXPECT(discrimination.size() == difficulty.size());
  ALLOMETER_EXPECT(discrimination.size() == right.size());
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const Answered answers = answered(discrimination.isNaN().select(kNaN, right).matrix());
  if (answers.questions.empty()) return {};
  const ArrayXd slopes = discrimination(answers.questions);
  Items items(2, slopes.size());
  items.row(0) = slopes.log().transpose();
  items.row(1) = difficulty(answers.questions).transpose();
  // No posterior is narrower than the information at its peak allows.
  const Grid grid(1 / std::sqrt(1 + 0.25 * slopes.square().sum()));
  const Posterior posterior = Answers(answers).posterior(items, grid);
  return {posterior.mean[0], posterior.deviation[0]};
}

}  // namespace allometer::stats
