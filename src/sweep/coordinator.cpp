#include "sweep/coordinator.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/log.hpp"
#include "core/provenance.hpp"

namespace allometer::sweep {
namespace {

/// Shards that a rank holds at once: the one it computes and the next, so that it never waits for a
/// message.
constexpr int kShardsPerRank = 2;
/// Below this much work per rank a second shard would make another rank idle.
constexpr double kPrefetchSeconds = 1.0;

ScheduleOptions schedule_options(const CoordinatorOptions& options, std::size_t world_size) {
  return {.world_size = static_cast<int>(world_size),
          .shard_seconds = options.shard_seconds,
          .max_attempts = options.max_attempts};
}

std::string attempts_reason(const results::OpenLease& lease) {
  return fmt::format(
      "questions {} to {} were handed out {} times and never finished, on {}: each time the job "
      "died; "
      "look "
      "at its logs for memory or a crash, then rerun with --retry-failed",
      lease.begin, lease.end - 1, lease.attempts, fmt::join(lease.hosts, ", "));
}

/// A lost lease without the questions that came in all the same, in shards with other borders.
std::vector<std::pair<std::int32_t, std::int32_t>> parts_without(
    const results::OpenLease& lease, const std::vector<results::ShardLocation>& shards) {
  std::vector<std::pair<std::int32_t, std::int32_t>> parts;
  std::int32_t begin = lease.begin;
  for (const auto& shard : shards) {
    if (shard.end <= begin || shard.begin >= lease.end) continue;
    if (shard.begin > begin) parts.emplace_back(begin, shard.begin);
    begin = std::max(begin, shard.end);
  }
  if (begin < lease.end) parts.emplace_back(begin, lease.end);
  return parts;
}

/// Is the failure still in force for this start? What was beyond memory is judged anew, by the
/// nodes of this start.
bool stays_failed(const results::CellState& state, bool retry_failed) {
  return state.failure && state.failure->kind != kBeyondMemory && !retry_failed;
}

bool is_complete(const results::CellState& state, const results::PlannedCell& cell) {
  return cell.num_questions > 0 && state.questions_done() == cell.num_questions;
}

}  // namespace

ResumeSummary summarize_resume(const Plan& plan, const results::JournalIndex& index,
                               bool retry_failed) {
  ResumeSummary summary;
  std::set<Digest> in_job;
  for (const auto& cell : plan.record.cells) {
    in_job.insert(cell.digest);
    const auto found = index.cells().find(cell.digest);
    const std::int32_t done = found == index.cells().end() ? 0 : found->second.questions_done();
    summary.questions_kept += done;
    const bool complete = found != index.cells().end() && is_complete(found->second, cell);
    const bool failed = found != index.cells().end() && stays_failed(found->second, retry_failed);
    if (complete || failed) {
      ++summary.cells_kept;
    } else if (done > 0) {
      ++summary.cells_continued;
    } else {
      ++summary.cells_added;
      summary.added.push_back(cell_name(plan.record, cell));
    }
  }
  const auto count_former = [&](const results::PlanRecord& record,
                                const results::PlannedCell& cell) {
    const auto found = index.cells().find(cell.digest);
    if (in_job.contains(cell.digest) || found == index.cells().end() ||
        found->second.questions_done() == 0)
      return;
    ++summary.cells_not_in_job;
    summary.not_in_job.push_back(cell_name(record, cell));
  };
  if (index.plan()) {
    for (const auto& cell : index.plan()->cells) count_former(*index.plan(), cell);
  }
  for (const auto& former : index.former_cells()) count_former(*former.plan, former.cell);
  return summary;
}

Coordinator::Coordinator(const Plan& plan, const results::JournalIndex& index,
                         std::vector<RankInfo> ranks, const CoordinatorOptions& options,
                         JournalKeeper& journal)
    : plan_(plan),
      ranks_(std::move(ranks)),
      options_(options),
      journal_(journal),
      schedule_(scheduled_cells(plan), schedule_options(options, ranks_.size())),
      cells_(plan.record.cells.size()),
      outstanding_of_rank_(ranks_.size(), 0),
      is_ready_(ranks_.size(), false) {
  for (std::size_t i = 0; i < plan_.record.cells.size(); ++i) {
    flops_total_ += plan_.record.cells[i].num_questions * plan_.work[i].flops_per_question;
  }
  counts_.cells_total = std::ssize(cells_);
  for (const auto& cell : plan_.record.cells) counts_.questions_total += cell.num_questions;
  load_progress(index);
  schedule_.start();
}

void Coordinator::load_progress(const results::JournalIndex& index) {
  for (std::int32_t i = 0; i < std::ssize(plan_.record.cells); ++i) {
    const auto& cell = plan_.record.cells[static_cast<std::size_t>(i)];
    const auto found = index.cells().find(cell.digest);
    const bool known = found != index.cells().end();
    if (known) {
      for (const auto& shard : found->second.shards) {
        schedule_.mark_done(i, shard.begin, shard.end);
        count_questions(i, shard.end - shard.begin);
      }
      // What stands in the way of computing it does not matter any more.
      if (is_complete(found->second, cell)) {
        cells_[static_cast<std::size_t>(i)].artifact = found->second.artifact;
        continue;
      }
      if (stays_failed(found->second, options_.retry_failed)) {
        set_failed(i, found->second.failure->reason);
        continue;
      }
    }
    if (const auto failure = failure_of(i)) {
      fail_cell(i, *failure, ranks_.front().host);
      continue;
    }
    if (!known) continue;
    if (found->second.failure) {  // and it is to be retried
      results::LeaseRecord retry;
      retry.cell = cell.digest;
      journal_.append(results::RecordType::retry, retry.encode());
      continue;
    }
    for (const auto& lease : found->second.open_leases) {
      if (lease.attempts >= options_.max_attempts) {
        fail_cell(i, {"attempts", attempts_reason(lease)},
                  lease.hosts.empty() ? "" : lease.hosts.back());
        break;
      }
      for (const auto& [begin, end] : parts_without(lease, found->second.shards)) {
        schedule_.retry({i, begin, end, lease.attempts});
      }
    }
  }
}

/// What is known before any work: the cell's own failure, or that of the cell it needs.
std::optional<InputFailure> Coordinator::failure_of(std::int32_t cell) const {
  if (const auto& own = plan_.cell_failure[static_cast<std::size_t>(cell)]) return own;
  const auto& needs = plan_.record.cells[static_cast<std::size_t>(cell)].needs;
  if (!needs) return std::nullopt;
  const CellProgress& needed = cells_[static_cast<std::size_t>(*needs)];
  if (!needed.failed) return std::nullopt;
  return failure_of_needed(plan_.record, plan_.record.cells[static_cast<std::size_t>(*needs)],
                           needed.failure_reason);
}

/// Those that wait for a cell which failed just now. A cell that was completed before stays so.
void Coordinator::fail_waiting(std::int32_t needed) {
  for (std::int32_t i = 0; i < std::ssize(cells_); ++i) {
    const auto& cell = plan_.record.cells[static_cast<std::size_t>(i)];
    const CellProgress& progress = cells_[static_cast<std::size_t>(i)];
    if (cell.needs != needed || progress.failed || progress.questions_done == cell.num_questions)
      continue;
    fail_cell(i, *failure_of(i), ranks_.front().host);
  }
}

void Coordinator::fail_cell(std::int32_t cell, const InputFailure& failure,
                            const std::string& host) {
  const auto& planned = plan_.record.cells[static_cast<std::size_t>(cell)];
  results::FailureRecord record{planned.digest, failure.kind, failure.reason, host, 0};
  journal_.append(results::RecordType::failure, record.encode());
  log::warning(fmt::format("cell {} failed: {}", cell_name(plan_.record, planned), failure.reason));
  set_failed(cell, failure.reason);
}

void Coordinator::set_failed(std::int32_t cell, const std::string& reason) {
  CellProgress& progress = cells_[static_cast<std::size_t>(cell)];
  if (!progress.failed) ++counts_.cells_failed;
  progress.failed = true;
  progress.failure_reason = reason;
  schedule_.fail(cell);
}

void Coordinator::count_questions(std::int32_t cell, std::int32_t questions) {
  CellProgress& progress = cells_[static_cast<std::size_t>(cell)];
  progress.questions_done += questions;
  counts_.questions_done += questions;
  const bool complete =
      progress.questions_done == plan_.record.cells[static_cast<std::size_t>(cell)].num_questions;
  if (complete && !progress.failed) ++counts_.cells_done;
  flops_done_ += questions * plan_.work[static_cast<std::size_t>(cell)].flops_per_question;
}

void Coordinator::on_ready(int rank, const ReadyMessage& ready) {
  is_ready_[static_cast<std::size_t>(rank)] = true;
  // Until the first shard tells better, half of the measured peak.
  for (const auto& [precision, flops_per_second] : ready.flops_per_second) {
    for (std::int32_t i = 0; i < std::ssize(plan_.record.variants); ++i) {
      if (plan_.record.variants[static_cast<std::size_t>(i)].precision == precision && rank == 0) {
        schedule_.guess_flops_per_second(i, 0.5 * flops_per_second);
      }
    }
  }
}

void Coordinator::on_durable(const DurableMessage& durable) {
  const auto found = schedule_.outstanding().find(durable.lease);
  ALLOMETER_EXPECT(found != schedule_.outstanding().end());
  const Lease lease = found->second;
  --outstanding_of_rank_[static_cast<std::size_t>(rank_of_lease_.at(lease.id))];
  rank_of_lease_.erase(lease.id);
  schedule_.complete(lease.id, durable.wall_seconds);
  auto& cell = cells_[static_cast<std::size_t>(lease.cell)];
  if (durable.failed) {
    if (!cell.failed) {
      log::warning(fmt::format(
          "cell {} failed: {}",
          cell_name(plan_.record, plan_.record.cells[static_cast<std::size_t>(lease.cell)]),
          durable.reason));
    }
    set_failed(lease.cell, durable.reason);
    fail_waiting(lease.cell);
    return;
  }
  if (!durable.artifact.empty()) cell.artifact = durable.artifact;
  tokens_computed_ += durable.tokens_computed;
  count_questions(lease.cell, lease.end - lease.begin);
}

void Coordinator::on_released(int rank, const ReleasedMessage& released) {
  for (const std::int64_t id : released.leases) {
    const auto found = schedule_.outstanding().find(id);
    if (found == schedule_.outstanding().end()) continue;
    journal_.append(results::RecordType::release, lease_record(found->second, rank).encode());
    schedule_.release(id);
    --outstanding_of_rank_[static_cast<std::size_t>(rank)];
    rank_of_lease_.erase(id);
  }
}

void Coordinator::stop(const std::string& reason) {
  if (!stop_reason_) stop_reason_ = reason;
}

Assignment Coordinator::assignment_for(const Lease& lease) const {
  const auto& cell = plan_.record.cells[static_cast<std::size_t>(lease.cell)];
  tasks::PromptSettings settings = prompt_settings(plan_, cell);
  if (cell.needs) {
    settings.artifact = cells_[static_cast<std::size_t>(*cell.needs)].artifact;
    ALLOMETER_EXPECT(!settings.artifact.empty());
  }
  return {lease,        cell.digest.hex(), cell_name(plan_.record, cell),
          cell.variant, cell.task,         std::move(settings)};
}

results::LeaseRecord Coordinator::lease_record(const Lease& lease, int rank) const {
  return {plan_.record.cells[static_cast<std::size_t>(lease.cell)].digest,
          lease.begin,
          lease.end,
          lease.attempt,
          rank,
          ranks_[static_cast<std::size_t>(rank)].host};
}

Coordinator::Outgoing Coordinator::hand_out() {
  Outgoing outgoing;
  if (stop_reason_) return outgoing;
  const bool plenty =
      schedule_.remaining_seconds() > kPrefetchSeconds * static_cast<double>(ranks_.size());
  // Every rank gets a first shard before any gets a second.
  for (int depth = 1; depth <= (plenty ? kShardsPerRank : 1); ++depth) {
    for (int rank = 0; rank < std::ssize(ranks_); ++rank) {
      const auto index = static_cast<std::size_t>(rank);
      const bool keeper_ready = is_ready_[static_cast<std::size_t>(ranks_[index].keeper)];
      if (!is_ready_[index] || !keeper_ready || outstanding_of_rank_[index] >= depth) continue;
      const auto lease = schedule_.next(rank, ranks_[index].node, depth == 1);
      if (!lease) break;
      journal_.append(results::RecordType::lease, lease_record(*lease, rank).encode());
      rank_of_lease_[lease->id] = rank;
      ++outstanding_of_rank_[index];
      outgoing.emplace_back(rank, assignment_for(*lease));
    }
  }
  return outgoing;
}

bool Coordinator::finished() const {
  return schedule_.finished() || (stop_reason_ && schedule_.outstanding().empty());
}

Outcome Coordinator::outcome() const {
  if (!finished()) return Outcome::running;
  if (!schedule_.finished()) return Outcome::stopped;
  return counts_.cells_failed > 0 ? Outcome::failed_cells : Outcome::done;
}

State Coordinator::state() const {
  State state = counts_;
  state.outcome = outcome();
  state.reason = stop_reason_.value_or("");
  state.job = plan_.record.job_name;
  state.host = ranks_.front().host;
  state.updated = utc_now();
  state.remaining_seconds = schedule_.remaining_seconds();
  return state;
}

}  // namespace allometer::sweep
