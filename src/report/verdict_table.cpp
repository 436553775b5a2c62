#include "report/verdict_table.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "report/contrast.hpp"
#include "report/size_relation.hpp"
#include "report/verdict.hpp"
#include "stats/bootstrap.hpp"
#include "stats/multiple_testing.hpp"

namespace allometer::report {
namespace {

/// 0.05 for a confidence of 0.95, where 1 - 0.95 is a little more.
double level_of(double confidence) {
  constexpr double kSteps = 1e12;
  return std::round((1 - confidence) * kSteps) / kSteps;
}

Evidence evidence_of(const Judged& judged, double confidence) {
  Evidence evidence;
  evidence.slope = slope_of(judged.log_size, judged.score, judged.family, confidence);
  add_questions(evidence.slope, judged.slopes, confidence);
  evidence.permutation_p = judged.permutation_p;
  evidence.smallest_permutation_p = judged.smallest_permutation_p;
  evidence.turn_p = judged.shape.turn_p;
  const Comparable comparable = comparable_models(judged.log_size, judged.family);
  std::set<double> sizes;
  for (const std::size_t i : comparable.models) sizes.insert(judged.log_size[i]);
  evidence.num_sizes = static_cast<std::int32_t>(sizes.size());
  const Eigen::VectorXd x = comparable.centred(judged.log_size, judged.family);
  const Eigen::VectorXd y = comparable.centred(judged.score, judged.family);
  const auto degrees = static_cast<double>(x.size() - comparable.num_families - 1);
  evidence.residual_deviation =
      degrees > 0 ? std::sqrt((y - evidence.slope.value * x).squaredNorm() / degrees) : kUndefined;
  evidence.size_deviation = std::sqrt(x.squaredNorm() / static_cast<double>(x.size()));
  return evidence;
}

/// The contrast for a measure: of its precision, and a task at its number of shots if there is one.
const Judged* contrast_for(const Judged& measure, std::span<const Judged> abilities,
                           std::span<const Judged> tasks, const std::string& name) {
  const Judged* found = nullptr;
  for (const std::span<const Judged> some : {abilities, tasks}) {
    for (const Judged& candidate : some) {
      if (candidate.name != name || candidate.precision != measure.precision) continue;
      const bool same_shots = candidate.num_fewshot == measure.num_fewshot;
      if (found == nullptr || (!found->is_ability && same_shots)) found = &candidate;
    }
    if (found != nullptr) break;
  }
  return found;
}

Comparison comparison_of(const Judged& measure, const Judged* contrast, const Settings& settings) {
  Comparison none;
  if (contrast == nullptr) {
    none.undefined =
        fmt::format("there is no contrast: no ability or task named {}", settings.contrast);
    return none;
  }
  if (contrast == &measure) {
    none.undefined = "is the contrast itself";
    return none;
  }
  return compare(measure, *contrast, settings.confidence);
}

class Judge {
 public:
  Judge(std::span<const Judged> abilities, std::span<const Judged> tasks, const Settings& settings)
      : abilities_(abilities), tasks_(tasks), settings_(settings) {}

  void judge(std::span<const Judged> together, std::vector<VerdictRow>& rows) const {
    const double alpha = level_of(settings_.confidence);
    std::vector<VerdictRow> some;
    std::vector<Claims> claims;
    for (const Judged& judged : together) {
      some.push_back(begin(judged));
      claims.push_back(some.back().claims);
    }
    const std::vector<Claims> adjusted = adjusted_by_holm(claims);
    for (std::size_t i = 0; i < some.size(); ++i) {
      VerdictRow& row = some[i];
      row.adjusted = adjusted[i];
      row.verdict = verdict_of(row.evidence, row.adjusted, alpha);
      if (row.verdict == Verdict::cannot_tell)
        row.needs = needs_of(row.evidence, settings_.smallest_effect, alpha, std::ssize(together));
      rows.push_back(std::move(row));
    }
  }

 private:
  /// All that needs no other row but the contrast.
  VerdictRow begin(const Judged& judged) const {
    VerdictRow row;
    row.is_ability = judged.is_ability;
    row.name = judged.name;
    row.metric = judged.metric;
    row.num_fewshot = judged.num_fewshot;
    row.precision = judged.precision;
    row.models = judged.models;
    row.all_levers = judged.all_levers;
    row.unit = judged.unit;
    row.evidence = evidence_of(judged, settings_.confidence);
    row.claims = claims_of(row.evidence, settings_.smallest_effect);
    row.comparison = comparison_of(
        judged, contrast_for(judged, abilities_, tasks_, settings_.contrast), settings_);
    row.turn_at = judged.shape.turn_at;
    row.falls_first = judged.shape.falls_first;
    row.remarks = judged.remarks;
    if (judged.shape.is_inverse) row.remarks.emplace_back("inverse scaling: falls throughout");
    return row;
  }

  std::span<const Judged> abilities_;
  std::span<const Judged> tasks_;
  const Settings& settings_;
};

}  // namespace

std::vector<VerdictRow> verdict_rows(std::span<const Judged> abilities,
                                     std::span<const Judged> tasks, const Settings& settings) {
  std::vector<VerdictRow> rows;
  const Judge judge(abilities, tasks, settings);
  judge.judge(abilities, rows);
  judge.judge(tasks, rows);
  return rows;
}

void adjust_for_exploring(std::vector<SizeRow>& rows) {
  std::vector<double> p;
  for (const SizeRow& row : rows) p.push_back(row.random_weights ? kUndefined : row.spearman.p);
  const std::vector<double> q = stats::benjamini_hochberg(p);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].spearman_q = q[i];
}

}  // namespace allometer::report
