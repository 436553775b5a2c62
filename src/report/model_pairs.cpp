#include "report/model_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "report/headline_scores.hpp"
#include "stats/bootstrap.hpp"
#include "stats/mcnemar.hpp"
#include "stats/multiple_testing.hpp"
#include "stats/paired_bootstrap.hpp"
#include "stats/regression.hpp"

namespace allometer::report {
namespace {

/// Student's t with so many degrees of freedom is the normal distribution.
constexpr double kNormal = std::numeric_limits<double>::infinity();

void compare_published(double standard_error, const Settings& settings, PairRow& row) {
  row.method = PairMethod::unpaired;
  const double margin =
      stats::student_t_quantile(0.5 + settings.confidence / 2, kNormal) * standard_error;
  row.ci_low = row.difference - margin;
  row.ci_high = row.difference + margin;
  if (standard_error > 0)
    row.p = 2 * stats::student_t_cdf(-std::abs(row.difference) / standard_error, kNormal);
}

void count_discordant(const std::vector<double>& from, const std::vector<double>& to,
                      PairRow& row) {
  const auto answers = stats::count_paired_answers(from, to);
  const auto test = stats::mcnemar(answers.first_only, answers.second_only);
  row.method = PairMethod::right_or_wrong;
  row.only_from_right = static_cast<double>(answers.first_only);
  row.only_to_right = static_cast<double>(answers.second_only);
  row.mcnemar_exact_p = test.exact_p;
  row.mcnemar_mid_p = test.mid_p;
  row.p = test.mid_p;
}

}  // namespace

std::string_view name_of(PairMethod method) {
  switch (method) {
    case PairMethod::right_or_wrong:
      return "paired, right or wrong";
    case PairMethod::questions:
      return "paired";
    case PairMethod::unpaired:
      return "unpaired, published";
  }
  return "";
}

void PairTable::add(const Ladder& ladder, std::int32_t metric,
                    std::span<const Sample* const> samples, std::span<const Rung> rungs) {
  const auto& task = source_.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  if (levers_.all().empty() || ladder.random_weights || !task.is_headline(planned)) return;
  task_ = ladder.task;
  metric_ = metric;
  std::map<std::int32_t, std::vector<const Sample*>> by_variant;
  for (const Sample* sample : samples) {
    const auto& cell = source_.cells[static_cast<std::size_t>(sample->cell)].cell;
    by_variant[cell.variant].push_back(sample);
  }
  for (const auto& [variant, cells] : by_variant) {
    const std::int32_t model = source_.plan.variants[static_cast<std::size_t>(variant)].model;
    const Rung& rung =
        *std::ranges::find(rungs, model, [](const Rung& r) { return r.point.model; });
    if (std::isfinite(rung.point.estimate)) sides_.push_back(side_of(cells, rung, variant));
  }
}

PairTable::Side PairTable::side_of(std::span<const Sample* const> cells, const Rung& rung,
                                   std::int32_t variant) const {
  // With several seeds the right and wrong answers are those of the first: the same question asked
  // again is no further question.
  const Sample& first = **std::ranges::min_element(cells, {}, [&](const Sample* sample) {
    return source_.cells[static_cast<std::size_t>(sample->cell)].cell.seed;
  });
  const auto& cell = source_.cells[static_cast<std::size_t>(first.cell)].cell;
  Side side;
  side.variant = variant;
  side.num_fewshot = cell.num_fewshot;
  side.num_questions = cell.num_questions;
  side.setting = levers_.setting_of(variant, cell.num_fewshot);
  side.is_published = first.published.has_value();
  side.estimate = rung.point.estimate;
  side.standard_error = first.estimate.standard_error;
  if (cells.size() > 1 || std::isnan(side.standard_error))
    side.standard_error = stats::standard_deviation(as_span(rung.draws));
  side.draws = rung.draws;
  side.seed = cell.seed;
  side.is_right = right_or_wrong(first);
  return side;
}

std::vector<PairRow> PairTable::take_rows() {
  compare_sides();
  return std::exchange(rows_, {});
}

void PairTable::compare_sides() {
  for (const auto& [lever, levels] : levers_.all()) {
    // Sides that share all but the level of this lever.
    std::map<std::pair<Body, LeverSetting>, std::vector<const Side*>> alike;
    for (const Side& side : sides_) {
      LeverSetting others = side.setting;
      others.erase(lever);
      alike[{levers_.body_of(side.variant), std::move(others)}].push_back(&side);
    }
    for (auto& [shared, sides] : alike) add_pairs(lever, levels, sides);
  }
  sides_.clear();
}

void PairTable::add_pairs(const std::string& lever, const std::vector<std::string>& levels,
                          std::vector<const Side*>& sides) {
  const auto rank = [&](const Side* side) {
    return std::ranges::find(levels, side->setting.at(lever)) - levels.begin();
  };
  std::ranges::stable_sort(sides, {}, rank);
  for (const Side* to : sides) {
    for (const Side* from : sides) {
      if (rank(from) >= rank(to)) break;
      const bool any_published = from->is_published || to->is_published;
      if (from->num_questions != to->num_questions && !any_published) continue;
      PairRow row = compare(*from, *to);
      row.lever = lever;
      row.from = from->setting.at(lever);
      row.to = to->setting.at(lever);
      rows_.push_back(std::move(row));
    }
  }
}

PairRow PairTable::compare(const Side& from, const Side& to) const {
  PairRow row;
  row.task = task_;
  row.metric = metric_;
  row.variant_from = from.variant;
  row.variant_to = to.variant;
  row.shots_from = from.num_fewshot;
  row.shots_to = to.num_fewshot;
  row.difference = to.estimate - from.estimate;
  if (from.is_published || to.is_published) {
    compare_published(std::hypot(from.standard_error, to.standard_error), settings_, row);
    return row;
  }
  const auto paired = stats::paired_difference(to.estimate, as_span(to.draws), from.estimate,
                                               as_span(from.draws), settings_.confidence);
  row.ci_low = paired.interval.low;
  row.ci_high = paired.interval.high;
  row.p = paired.p;
  if (!from.is_right.empty() && !to.is_right.empty() && from.seed == to.seed)
    count_discordant(from.is_right, to.is_right, row);
  return row;
}

void adjust_p(std::vector<PairRow>& rows) {
  std::vector<double> p;
  for (const PairRow& row : rows) p.push_back(row.p);
  const std::vector<double> adjusted = stats::benjamini_hochberg(p);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].p_adjusted = adjusted[i];
}

}  // namespace allometer::report
