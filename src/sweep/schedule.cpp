#include "sweep/schedule.hpp"

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"

namespace allometer::sweep {
namespace {

/// A range with this many lost attempts is handed out alone.
constexpr int kSuspectAttempts = 2;
/// Weight of a new measurement in a variant's speed.
constexpr double kSpeedGain = 0.3;

}  // namespace

Schedule::Schedule(const std::vector<ScheduledCell>& cells, const ScheduleOptions& options)
    : options_(options) {
  for (const ScheduledCell& cell : cells) {
    const auto variant = static_cast<std::size_t>(cell.variant);
    if (variants_.size() <= variant) variants_.resize(variant + 1);
    variants_[variant].cells.push_back(static_cast<std::int32_t>(cells_.size()));
    Cell state;
    state.fixed = cell;
    if (cell.num_questions > 0) state.pending.push_back({0, cell.num_questions, 0});
    cells_.push_back(std::move(state));
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto& needs = cells_[i].fixed.needs;
    if (!needs) continue;
    ALLOMETER_EXPECT(*needs >= 0 && *needs < std::ssize(cells_));
    cells_[static_cast<std::size_t>(*needs)].needed_by.push_back(static_cast<std::int32_t>(i));
  }
}

void Schedule::mark_done(std::int32_t cell, std::int32_t begin, std::int32_t end) {
  const auto cut = [&](const Range& range, auto&& keep) {
    const Range before{range.begin, std::min(range.end, begin), range.attempts};
    const Range after{std::max(range.begin, end), range.end, range.attempts};
    if (before.begin < before.end) keep(before);
    if (after.begin < after.end) keep(after);
  };
  auto& pending = cells_[static_cast<std::size_t>(cell)].pending;
  std::deque<Range> left;
  for (const Range& range : pending) cut(range, [&](const Range& part) { left.push_back(part); });
  pending = std::move(left);
  std::deque<std::pair<std::int32_t, Range>> suspects;
  for (const auto& suspect : suspects_) {
    if (suspect.first != cell) {
      suspects.push_back(suspect);
    } else {
      cut(suspect.second, [&](const Range& part) { suspects.emplace_back(cell, part); });
    }
  }
  suspects_ = std::move(suspects);
}

void Schedule::retry(const RetriedRange& range) {
  auto& cell = cells_[static_cast<std::size_t>(range.cell)];
  if (range.attempts >= options_.max_attempts) {
    cell.failed = true;
    return;
  }
  mark_done(range.cell, range.begin, range.end);
  const Range retried{range.begin, range.end, range.attempts};
  if (range.attempts >= kSuspectAttempts) {
    suspects_.emplace_back(range.cell, retried);
  } else {
    cell.pending.push_front(retried);
  }
}

void Schedule::fail(std::int32_t cell) {
  Cell& state = cells_[static_cast<std::size_t>(cell)];
  if (state.failed) return;
  state.failed = true;
  const auto drop = [&](const Range& range) {
    const double flops = (range.end - range.begin) * state.fixed.flops_per_question;
    variants_[static_cast<std::size_t>(state.fixed.variant)].pending_flops -= flops;
    --num_pending_;
  };
  for (const Range& range : state.pending) drop(range);
  state.pending.clear();
  for (const auto& [owner, range] : suspects_) {
    if (owner == cell) drop(range);
  }
  std::erase_if(suspects_, [&](const auto& suspect) { return suspect.first == cell; });
  skip_idle_cells(variants_[static_cast<std::size_t>(state.fixed.variant)]);
  for (const std::int32_t waiting : state.needed_by) fail(waiting);
}

bool Schedule::is_waiting(const Cell& cell) const {
  if (!cell.fixed.needs) return false;
  return cells_[static_cast<std::size_t>(*cell.fixed.needs)].num_unfinished > 0;
}

void Schedule::skip_idle_cells(Variant& variant) const {
  const auto is_idle = [&](std::int32_t index) {
    const Cell& cell = cells_[static_cast<std::size_t>(index)];
    return cell.pending.empty() || is_waiting(cell);
  };
  while (variant.first_open < variant.cells.size() && is_idle(variant.cells[variant.first_open]))
    ++variant.first_open;
}

/// The cell may have something to hand out that its variant has passed by.
void Schedule::look_again_at(std::int32_t index) {
  const Cell& cell = cells_[static_cast<std::size_t>(index)];
  Variant& variant = variants_[static_cast<std::size_t>(cell.fixed.variant)];
  const auto position = std::find(variant.cells.begin(), variant.cells.end(), index);
  variant.first_open =
      std::min(variant.first_open, static_cast<std::size_t>(position - variant.cells.begin()));
  skip_idle_cells(variant);
}

/// Of what is pending.
double Schedule::flops_of(const Cell& cell) const {
  double flops = 0;
  for (const Range& range : cell.pending)
    flops += (range.end - range.begin) * cell.fixed.flops_per_question;
  return flops;
}

void Schedule::start() {
  for (const Cell& cell : cells_) {
    if (!cell.failed) continue;
    for (const std::int32_t waiting : cell.needed_by) fail(waiting);
  }
  num_pending_ = 0;
  std::erase_if(suspects_, [&](const auto& suspect) {
    return cells_[static_cast<std::size_t>(suspect.first)].failed;
  });
  for (Variant& variant : variants_) variant.pending_flops = 0;
  for (Cell& cell : cells_) {
    if (cell.failed) cell.pending.clear();
    num_pending_ += std::ssize(cell.pending);
    for (const Range& range : cell.pending) cell.num_unfinished += range.end - range.begin;
    variants_[static_cast<std::size_t>(cell.fixed.variant)].pending_flops += flops_of(cell);
  }
  for (const auto& [index, range] : suspects_) {
    Cell& cell = cells_[static_cast<std::size_t>(index)];
    const double flops = (range.end - range.begin) * cell.fixed.flops_per_question;
    variants_[static_cast<std::size_t>(cell.fixed.variant)].pending_flops += flops;
    cell.num_unfinished += range.end - range.begin;
    ++num_pending_;
  }
  sort_cells();
}

/// What holds others up counts with them.
void Schedule::sort_cells() {
  std::vector<double> flops;
  for (const Cell& cell : cells_) {
    flops.push_back(flops_of(cell));
    for (const std::int32_t waiting : cell.needed_by)
      flops.back() += flops_of(cells_[static_cast<std::size_t>(waiting)]);
  }
  for (Variant& variant : variants_) {
    std::stable_sort(
        variant.cells.begin(), variant.cells.end(), [&](std::int32_t a, std::int32_t b) {
          return flops[static_cast<std::size_t>(a)] > flops[static_cast<std::size_t>(b)];
        });
    variant.first_open = 0;
    skip_idle_cells(variant);
  }
}

double Schedule::predict_seconds(std::int32_t cell, std::int32_t num_questions) const {
  const ScheduledCell& fixed = cells_[static_cast<std::size_t>(cell)].fixed;
  return num_questions * fixed.flops_per_question /
         variants_[static_cast<std::size_t>(fixed.variant)].flops_per_second;
}

double Schedule::remaining_seconds() const {
  double seconds = 0;
  for (const Variant& variant : variants_)
    seconds += variant.pending_flops / variant.flops_per_second;
  for (const auto& [id, lease] : outstanding_)
    seconds += predict_seconds(lease.cell, lease.end - lease.begin);
  return seconds;
}

void Schedule::guess_flops_per_second(std::int32_t variant, double flops_per_second) {
  Variant& state = variants_[static_cast<std::size_t>(variant)];
  if (!state.measured) state.flops_per_second = flops_per_second;
}

std::int32_t Schedule::choose_variant(int rank, int node) const {
  const auto has_work = [&](std::int32_t index) {
    const Variant& variant = variants_[static_cast<std::size_t>(index)];
    return variant.first_open < variant.cells.size();
  };
  if (const auto held = variant_of_rank_.find(rank);
      held != variant_of_rank_.end() && has_work(held->second)) {
    return held->second;
  }
  // Work per rank already there: ranks spread over variants in proportion to what each has left.
  // Weights that the node holds already are worth a preference, not a rule.
  constexpr double kNodePreference = 1.5;
  const auto on_node = variants_of_node_.find(node);
  std::int32_t best = -1;
  double best_score = -1;
  for (std::int32_t index = 0; index < std::ssize(variants_); ++index) {
    if (!has_work(index)) continue;
    const Variant& variant = variants_[static_cast<std::size_t>(index)];
    double score = variant.pending_flops / variant.flops_per_second / (variant.ranks + 1);
    if (on_node != variants_of_node_.end() && on_node->second.contains(index))
      score *= kNodePreference;
    if (score > best_score) {
      best = index;
      best_score = score;
    }
  }
  return best;
}

std::int32_t Schedule::questions_for(const Cell& cell) const {
  if (cell.fixed.is_whole) return cell.fixed.num_questions;
  const double all = remaining_seconds();
  const double longest = options_.shard_seconds;
  const double shortest = std::min(options_.shortest_shard_seconds, longest);
  const double target = std::clamp(all / (3.0 * options_.world_size), shortest, longest);
  const Variant& variant = variants_[static_cast<std::size_t>(cell.fixed.variant)];
  const double per_question = cell.fixed.flops_per_question / variant.flops_per_second;
  const double questions = per_question > 0 ? target / per_question : cell.fixed.num_questions;
  return static_cast<std::int32_t>(
      std::clamp(questions, 1.0, static_cast<double>(cell.fixed.num_questions)));
}

Lease Schedule::hand_out(std::int32_t cell, const Range& range) {
  const Lease lease{next_lease_++, cell, range.begin, range.end, range.attempts + 1};
  outstanding_.emplace(lease.id, lease);
  const ScheduledCell& fixed = cells_[static_cast<std::size_t>(cell)].fixed;
  const double flops = (range.end - range.begin) * fixed.flops_per_question;
  variants_[static_cast<std::size_t>(fixed.variant)].pending_flops -= flops;
  return lease;
}

std::optional<Lease> Schedule::take_suspect() {
  if (outstanding_suspect_) return std::nullopt;
  const auto chosen = std::find_if(suspects_.begin(), suspects_.end(), [&](const auto& suspect) {
    return !is_waiting(cells_[static_cast<std::size_t>(suspect.first)]);
  });
  if (chosen == suspects_.end()) return std::nullopt;
  const auto [cell, range] = *chosen;
  suspects_.erase(chosen);
  --num_pending_;
  const Lease lease = hand_out(cell, range);
  outstanding_suspect_ = lease.id;
  return lease;
}

void Schedule::move_rank(int rank, int node, std::int32_t variant) {
  const auto held = variant_of_rank_.find(rank);
  if (held != variant_of_rank_.end()) {
    if (held->second == variant) return;
    --variants_[static_cast<std::size_t>(held->second)].ranks;
    auto& on_node = variants_of_node_[node];
    if (--on_node[held->second] == 0) on_node.erase(held->second);
  }
  variant_of_rank_[rank] = variant;
  ++variants_[static_cast<std::size_t>(variant)].ranks;
  ++variants_of_node_[node][variant];
}

std::optional<Lease> Schedule::next(int rank, int node, bool may_be_suspect) {
  if (auto suspect = may_be_suspect ? take_suspect() : std::nullopt) {
    move_rank(rank, node, cells_[static_cast<std::size_t>(suspect->cell)].fixed.variant);
    return suspect;
  }
  const std::int32_t chosen = choose_variant(rank, node);
  if (chosen < 0) return std::nullopt;
  move_rank(rank, node, chosen);
  Variant& variant = variants_[static_cast<std::size_t>(chosen)];
  const std::int32_t index = variant.cells[variant.first_open];
  Cell& cell = cells_[static_cast<std::size_t>(index)];
  ALLOMETER_EXPECT(!cell.pending.empty());
  Range range = cell.pending.front();
  const std::int32_t questions = questions_for(cell);
  // A retried range keeps its borders: its attempts count for exactly these questions.
  if (range.attempts == 0 && range.end - range.begin > questions) {
    range.end = range.begin + questions;
    cell.pending.front().begin = range.end;
  } else {
    cell.pending.pop_front();
    --num_pending_;
  }
  const Lease lease = hand_out(index, range);
  skip_idle_cells(variant);
  return lease;
}

void Schedule::complete(std::int64_t lease, double wall_seconds) {
  const auto found = outstanding_.find(lease);
  ALLOMETER_EXPECT(found != outstanding_.end());
  const auto& [id, done] = *found;
  Cell& cell = cells_[static_cast<std::size_t>(done.cell)];
  const ScheduledCell& fixed = cell.fixed;
  if (wall_seconds > 0) {
    // In the estimate's own flops, as every prediction is.
    const double measured = (done.end - done.begin) * fixed.flops_per_question / wall_seconds;
    Variant& variant = variants_[static_cast<std::size_t>(fixed.variant)];
    variant.measured = true;
    double& speed = variant.flops_per_second;
    speed += kSpeedGain * (measured - speed);
  }
  cell.num_unfinished -= done.end - done.begin;
  if (outstanding_suspect_ == lease) outstanding_suspect_.reset();
  outstanding_.erase(found);
  if (cell.num_unfinished > 0) return;
  for (const std::int32_t waiting : cell.needed_by) look_again_at(waiting);
}

void Schedule::return_range(std::int32_t index, const Range& range) {
  Cell& cell = cells_[static_cast<std::size_t>(index)];
  if (cell.failed) return;
  const double flops = (range.end - range.begin) * cell.fixed.flops_per_question;
  Variant& variant = variants_[static_cast<std::size_t>(cell.fixed.variant)];
  variant.pending_flops += flops;
  ++num_pending_;
  cell.pending.push_front(range);
  look_again_at(index);
}

void Schedule::release(std::int64_t lease) {
  const auto found = outstanding_.find(lease);
  ALLOMETER_EXPECT(found != outstanding_.end());
  if (outstanding_suspect_ == lease) outstanding_suspect_.reset();
  const Lease returned = found->second;
  outstanding_.erase(found);
  return_range(returned.cell, {returned.begin, returned.end, returned.attempt - 1});
}

}  // namespace allometer::sweep
