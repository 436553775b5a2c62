#pragma once
/// How many parameters a reference model would need for the same score, as a multiple of what a
/// model has: its capacity density (Xiao et al. 2024, Densing Law of LLMs, arXiv 2412.04315).
///
///     loss      L = a N^-alpha + b D^-beta              N parameters, D training tokens
///     score     S = c / (1 + exp(-gamma (L - l))) + d   gamma < 0: less loss, more score
///     inverse   L^ = l - ln(c / (S - d) - 1) / gamma,  N^ = ((L^ - b D0^-beta) / a)^(-1 / alpha)
///     density   N^ / N, with D0 = 10^12 tokens

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include "stats/bootstrap.hpp"
#include "stats/nonlinear_least_squares.hpp"
#include "stats/undefined.hpp"

namespace allometer::stats {

inline constexpr double kReferenceTokens = 1e12;  ///< D0

/// Both laws as they were fitted to reference models by least squares. Parameters that must be
/// positive are fitted as logarithms.
struct DensityLaw {
  double a = std::numeric_limits<double>::quiet_NaN();
  double alpha = std::numeric_limits<double>::quiet_NaN();
  double b = 0;  ///< 0 without the term of tokens
  double beta = 0;
  /// Whether tokens have a term. They have none where the reference models were trained on equally
  /// many, or where that is unknown: N^ is then for as many tokens as those had, and D0 plays no
  /// part.
  bool has_tokens = false;
  double c = std::numeric_limits<double>::quiet_NaN();
  double gamma = std::numeric_limits<double>::quiet_NaN();
  double l = std::numeric_limits<double>::quiet_NaN();
  double d = std::numeric_limits<double>::quiet_NaN();
  NonlinearFit loss_fit;   ///< of ln(a N0^-alpha), ln alpha, ln(b D0'^-beta), ln beta
  NonlinearFit score_fit;  ///< of ln c, ln -gamma, l, and d unless it was given
  bool has_given_floor = false;
  double mean_log_parameters = 0;  ///< ln N0, about which the loss was fitted
  double mean_log_tokens = 0;      ///< ln D0'
  /// too_few: models (more are needed than parameters: 3 or 5 for the loss, 4 or 5 for the score)
  /// or distinct sizes; not_finite, constant: input; not_converged, not_identified: a fit.
  Undefined undefined = Undefined::too_few;

  double loss_at(double num_parameters, double tokens) const;
  double score_at(double loss) const;
};

/// num_parameters, loss, score: [models], sizes positive. tokens: [models], positive, or empty or
/// with NaN where unknown. floor: d, as the score of guessing, or fitted where empty.
DensityLaw fit_density_law(std::span<const double> num_parameters, std::span<const double> tokens,
                           std::span<const double> loss, std::span<const double> score,
                           std::optional<double> floor);

struct CapacityDensity {
  double effective_parameters = std::numeric_limits<double>::quiet_NaN();  ///< N^
  double density = std::numeric_limits<double>::quiet_NaN();
  /// Of the density. Parametric bootstrap: parameters of both laws drawn from the multivariate t
  /// distribution of their fit, the score from a normal one; percentiles of what they make of it.
  Interval interval;
  /// The score is above, or below, all scores of the law, or within a hundredth of its range c of
  /// its ends: it was moved there. The density is then at least, or at most, what it says.
  bool at_ceiling = false;
  bool at_floor = false;
  std::int64_t num_draws = 0;
  /// Draws in which no number of parameters reaches the score; they count as infinitely many.
  std::int64_t unreachable_draws = 0;
  /// not_finite: no number of parameters reaches the loss at D0 tokens, or the score is NaN; else
  /// that of the law.
  Undefined undefined = Undefined::too_few;
  Undefined interval_undefined = Undefined::too_few;
};

/// Of a model with `num_parameters` and `score`, whose standard error over questions is
/// `standard_error` (0: taken as exact). Draw i depends on (key, i) alone.
CapacityDensity capacity_density(const DensityLaw& law, double num_parameters, double score,
                                 double standard_error, double confidence, std::string_view key,
                                 std::int32_t num_draws);

}  // namespace allometer::stats
