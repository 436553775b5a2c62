#include "report/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "stats/equivalence.hpp"
#include "stats/multiple_testing.hpp"

namespace allometer::report {
namespace {

constexpr double kPower = 0.8;

/// What the needs are reckoned for.
struct Aim {
  const Evidence& evidence;
  double margin;
  double alpha;

  /// Is a slope of the size at hand worth speaking of? Then it is to be told from nought, else
  /// nought from the margin.
  bool is_slope() const { return std::abs(evidence.slope.value) >= margin; }
};

/// How likely the aim is met with this standard error, the degrees of freedom being as they are.
double power_of(const Aim& aim, double standard_error) {
  const double df = aim.evidence.slope.degrees_of_freedom;
  return aim.is_slope()
             ? stats::t_test_power(aim.evidence.slope.value, standard_error, df, aim.alpha)
             : stats::tost_power(0, standard_error, df, aim.margin, aim.alpha);
}

/// The largest share of the standard error, between 0 and 1, with which the aim is met.
double sufficient_share(const Aim& aim) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 40; ++step) {
    const double middle = 0.5 * (low + high);
    (power_of(aim, middle * aim.evidence.slope.standard_error) >= kPower ? low : high) = middle;
  }
  return low;
}

/// Squared error = the models' part + the questions' part / multiple. NaN where the models' part
/// alone is too large.
double question_multiple(const Aim& aim, double share) {
  const double target = sufficient_share(aim);
  const double left = target * target - (1 - share);
  return left > 0 ? std::max(1.0, share / left) : kUndefined;
}

std::optional<std::int64_t> sizes_by_power(const Aim& aim) {
  const stats::Scatter scatter{aim.evidence.residual_deviation, aim.evidence.size_deviation,
                               std::max(1, aim.evidence.slope.num_families)};
  return aim.is_slope()
             ? stats::sizes_needed(scatter, aim.evidence.slope.value, aim.alpha, kPower)
             : stats::sizes_needed_for_equivalence(scatter, aim.margin, aim.alpha, kPower);
}

std::string in_words(const Needs& needs, std::int32_t num_families) {
  std::string text =
      needs.sizes == 0 ? std::string("no number of sizes that spread like these would do")
      : num_families > 1
          ? fmt::format("{} sizes over {} families like these would do", needs.sizes, num_families)
          : fmt::format("{} sizes like these would do", needs.sizes);
  if (!std::isnan(needs.questions)) {
    text += fmt::format(", or {:.1f} times the questions", needs.questions);
  } else if (needs.question_share >= 0.01) {
    text += fmt::format("; more questions would take off {:.0f} % of the squared error at most",
                        100 * needs.question_share);
  }
  return text;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::grows:
      return "grows";
    case Verdict::flat:
      return "flat";
    case Verdict::shrinks:
      return "shrinks";
    case Verdict::u_shaped:
      return "U-shaped";
    case Verdict::cannot_tell:
      return "cannot tell";
  }
  return "cannot tell";
}

Claims claims_of(const Evidence& evidence, double margin) {
  const SlopeEstimate& slope = evidence.slope;
  const bool no_scatter = slope.standard_error == 0 && slope.question_error > 0;
  const double error = no_scatter ? slope.question_error : slope.standard_error;
  const double flat = stats::tost(slope.value, error, slope.degrees_of_freedom, margin).p;
  return {slope.p, flat, evidence.turn_p};
}

std::vector<Claims> adjusted_by_holm(std::span<const Claims> rows) {
  std::vector<Claims> adjusted(rows.begin(), rows.end());
  for (double Claims::*const claim : {&Claims::slope, &Claims::flat, &Claims::turn}) {
    std::vector<double> p;
    for (const Claims& row : rows) p.push_back(row.*claim);
    p = stats::holm(p);
    for (std::size_t i = 0; i < p.size(); ++i) adjusted[i].*claim = p[i];
  }
  return adjusted;
}

Verdict verdict_of(const Evidence& evidence, const Claims& adjusted, double alpha) {
  // Comparisons with NaN are false: what was not tested shows nothing.
  if (adjusted.turn < alpha) return Verdict::u_shaped;
  if (adjusted.flat < alpha) return Verdict::flat;
  if (adjusted.slope < alpha && evidence.permutation_p < alpha)
    return evidence.slope.value > 0 ? Verdict::grows : Verdict::shrinks;
  return Verdict::cannot_tell;
}

std::int64_t sizes_for_permutation(double alpha, std::int32_t num_families) {
  double orders = 1;
  std::int64_t sizes = 1;
  while (!(2 / std::pow(orders, num_families) < alpha)) orders *= static_cast<double>(++sizes);
  return sizes * num_families;
}

Needs needs_of(const Evidence& evidence, double margin, double alpha, std::int64_t num_rows) {
  ALLOMETER_EXPECT(num_rows > 0 && margin > 0 && alpha > 0);
  const SlopeEstimate& slope = evidence.slope;
  const std::int32_t num_families = std::max(1, slope.num_families);
  const std::int64_t for_permutation = sizes_for_permutation(alpha, num_families);
  Needs needs;
  if (evidence.num_sizes < 3) {
    needs.sizes = std::max<std::int64_t>(3, for_permutation);
    needs.text =
        fmt::format("{} sizes at least: 3 for an interval, {} for a permutation p below {:.3g}",
                    needs.sizes, for_permutation, alpha);
    return needs;
  }
  if (!std::isfinite(slope.standard_error)) {
    needs.text = "how models scatter is not known";
    return needs;
  }
  if (slope.standard_error == 0) {
    needs.text = "models do not scatter: more questions would tell";
    return needs;
  }
  const Aim aim{evidence, margin, alpha / static_cast<double>(num_rows)};
  // What is at hand did not do, however likely it was to.
  if (const auto sizes = sizes_by_power(aim))
    needs.sizes = std::max({*sizes, for_permutation, std::int64_t{slope.num_models} + 1});
  if (!std::isnan(slope.question_error)) {
    const double ratio = slope.question_error / slope.standard_error;
    needs.question_share = std::min(1.0, ratio * ratio);
    if (needs.question_share > 0 && evidence.smallest_permutation_p < alpha)
      needs.questions = question_multiple(aim, needs.question_share);
  }
  needs.text = in_words(needs, num_families);
  return needs;
}

}  // namespace allometer::report
