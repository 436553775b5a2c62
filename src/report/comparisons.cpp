#include "report/comparisons.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/density_table.hpp"
#include "report/efficiency.hpp"
#include "report/lever_table.hpp"

namespace allometer::report {

Compared& Compared::operator+=(Compared&& other) {
  std::move(other.scores.begin(), other.scores.end(), std::back_inserter(scores));
  std::move(other.pairs.begin(), other.pairs.end(), std::back_inserter(pairs));
  std::move(other.anchors.begin(), other.anchors.end(), std::back_inserter(anchors));
  return *this;
}

void Comparisons::add(const Ladder& ladder, std::int32_t metric,
                      std::span<const Sample* const> samples, std::span<const Rung> rungs) {
  pairs_.add(ladder, metric, samples, rungs);
  fewer_.add(ladder, metric, samples);
  auto scores = headline_scores(ladder, metric, samples, rungs, source_);
  std::move(scores.begin(), scores.end(), std::back_inserter(scores_));
}

Compared Comparisons::take() {
  return {std::exchange(scores_, {}), pairs_.take_rows(), fewer_.take_rows()};
}

void report_comparisons(Compared compared, const Source& source, const Levers& levers,
                        Report& report) {
  report.pair_rows = std::move(compared.pairs);
  std::ranges::stable_sort(report.pair_rows, {}, &PairRow::task);
  adjust_p(report.pair_rows);
  const auto scores = rescaled(compared.scores, source);
  report.lever_rows = lever_rows(scores, source, levers, report.settings);
  report.efficiency_rows = efficiency_rows(source, compared.scores, report.settings);
  report.pareto_rows = pareto_rows(source, scores);
  report.anchor_rows = std::move(compared.anchors);
  std::ranges::stable_sort(report.anchor_rows, {}, &AnchorRow::task);
  report.density = density_of(source, report.estimates, report.settings);
}

}  // namespace allometer::report
