#include "report/fewer_questions.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include <Eigen/Core>
#include <fmt/format.h>

#include "core/random.hpp"
#include "report/headline_scores.hpp"
#include "stats/anchors.hpp"
#include "stats/item_response.hpp"

namespace allometer::report {
namespace {

void fill_items(const stats::ItemResponse& items, const stats::Anchors& anchors, AnchorRow& row) {
  for (std::size_t i = 0; i < anchors.questions.size(); ++i) {
    const Eigen::Index question = anchors.questions[i];
    row.questions.push_back(static_cast<std::int32_t>(question));
    row.weights.push_back(anchors.weights[static_cast<Eigen::Index>(i)]);
    row.discriminations.push_back(items.discrimination[question]);
    row.difficulties.push_back(items.difficulty[question]);
  }
}

/// Does every family, left out, leave as many models as gp-IRT takes? Else models are left out in
/// turn.
bool enough_without_each(const std::vector<int>& family) {
  constexpr std::ptrdiff_t kLeastModels = 4;
  return std::ranges::all_of(family, [&](int label) {
    return std::ssize(family) - std::ranges::count(family, label) >= kLeastModels;
  });
}

}  // namespace

void FewerQuestions::add(const Ladder& ladder, std::int32_t metric,
                         std::span<const Sample* const> samples) {
  const auto& task = source_.plan.tasks[static_cast<std::size_t>(ladder.task)];
  const auto& planned = task.metrics[static_cast<std::size_t>(metric)];
  if (!settings_.item_response || ladder.random_weights || !task.is_headline(planned)) return;
  auto& columns = columns_[{ladder.task, ladder.num_fewshot, ladder.num_questions}];
  for (const Sample* sample : samples) {
    const auto& cell = source_.cells[static_cast<std::size_t>(sample->cell)].cell;
    auto answers = right_or_wrong(*sample);
    const bool has_gap =
        std::ranges::any_of(answers, [](double answer) { return std::isnan(answer); });
    if (answers.empty() || has_gap) continue;
    const auto [found, is_new] = columns.try_emplace(cell.variant, Column{cell.seed, {}});
    if (is_new || cell.seed < found->second.seed) found->second = {cell.seed, std::move(answers)};
  }
}

std::vector<AnchorRow> FewerQuestions::take_rows() {
  std::vector<AnchorRow> rows;
  for (const auto& [key, columns] : columns_) add_rows(key, columns, rows);
  columns_.clear();
  return rows;
}

void FewerQuestions::add_rows(const Key& key, const std::map<std::int32_t, Column>& columns,
                              std::vector<AnchorRow>& rows) const {
  const auto& task = source_.plan.tasks[static_cast<std::size_t>(key.task)];
  Eigen::MatrixXd right(key.num_questions, std::ssize(columns));
  std::vector<int> family;
  std::vector<int> model;
  Labels labels;
  for (const auto& [variant, column] : columns) {
    for (Eigen::Index q = 0; q < right.rows(); ++q)
      right(q, std::ssize(model)) = column.answers[static_cast<std::size_t>(q)];
    model.push_back(source_.plan.variants[static_cast<std::size_t>(variant)].model);
    family.push_back(labels.of(source_.plan.models[static_cast<std::size_t>(model.back())].family));
  }
  const std::vector<int>& group = enough_without_each(family) ? family : model;
  const stats::ItemResponse items = stats::fit_item_response(right);
  if (items.undefined != stats::Undefined::no) return;
  const std::uint64_t seed =
      seed_from(fmt::format("anchors/{}/{}/{}", settings_.seed, task.name, key.num_fewshot));
  constexpr auto kBy = stats::AnchorsBy::correctness;
  std::vector<Eigen::Index> numbers;
  std::ranges::copy_if(kNumAnchors, std::back_inserter(numbers),
                       [&](Eigen::Index number) { return number < key.num_questions; });
  if (numbers.empty()) return;
  const auto checks = stats::check_anchors(right, group, kBy, numbers, seed);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const stats::AnchorCheck& check = checks[i];
    AnchorRow row;
    row.task = key.task;
    row.num_fewshot = key.num_fewshot;
    row.num_models = static_cast<std::int32_t>(right.cols());
    row.num_questions = key.num_questions;
    row.error = check.gp_irt.mean_absolute;
    row.largest_error = check.gp_irt.largest;
    row.error_of_weighted_mean = check.weighted_mean.mean_absolute;
    row.error_of_p_irt = check.p_irt.mean_absolute;
    row.error_of_random = check.error_of_random;
    fill_items(items, stats::choose_anchors(right, items, kBy, numbers[i], seed), row);
    rows.push_back(std::move(row));
    // Of questions that all models answer alike one is enough: more are not to be had.
    if (std::ssize(rows.back().questions) < numbers[i]) break;
  }
}

}  // namespace allometer::report
