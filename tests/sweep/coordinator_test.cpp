#include "sweep/coordinator.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/store.hpp"

namespace allometer::sweep {
namespace {

using ::testing::HasSubstr;

/// Two variants, one task of 50 questions, a cell each.
Plan small_plan() {
  Plan plan;
  auto& record = plan.record;
  record.job_name = "small";
  record.numerics = "test";
  record.models.resize(1);
  record.models[0].name = "m";
  record.variants = {{0, "f32", "m/f32"}, {0, "bf16", "m/bf16"}};
  results::PlannedTask task;
  task.name = "t";
  for (int i = 0; i < 50; ++i) {
    task.question_ids.push_back("q" + std::to_string(i));
    task.question_texts.emplace_back("text");
    task.question_targets.emplace_back("target");
    task.num_choices.push_back(2);
  }
  record.tasks = {task};
  for (std::int32_t variant = 0; variant < 2; ++variant) {
    results::PlannedCell cell;
    cell.variant = variant;
    cell.sampler = "fixed";
    cell.num_questions = 50;
    cell.digest = sha256("cell" + std::to_string(variant));
    record.cells.push_back(cell);
    plan.work.push_back({1e9, 10, 20, 30});
    plan.cell_failure.emplace_back();
  }
  return plan;
}

/// The same, and the cell of bf16 needs what the cell of f32 makes.
Plan plan_with_need() {
  Plan plan = small_plan();
  plan.record.cells[1].needs = 0;
  return plan;
}

class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorTest() { std::filesystem::remove_all(directory_); }
  ~CoordinatorTest() override { std::filesystem::remove_all(directory_); }

  /// A start of the job on `ranks` ranks of one host; its plan is in the journal.
  void start(const Plan& plan, int ranks, bool retry_failed = false) {
    const auto index = results::JournalIndex::read(directory_);
    journal_ = std::make_unique<JournalKeeper>(directory_, next_start_++, "host");
    journal_->append(results::RecordType::plan, plan.record.encode());
    coordinator_ = std::make_unique<Coordinator>(
        plan, index, std::vector<RankInfo>(static_cast<std::size_t>(ranks), {"host", 0, 0}),
        CoordinatorOptions{.shard_seconds = 5, .retry_failed = retry_failed}, *journal_);
    needed_.clear();
    for (const auto& cell : plan.record.cells) {
      if (cell.needs) needed_.insert(*cell.needs);
    }
    for (int rank = 0; rank < ranks; ++rank)
      coordinator_->on_ready(rank, {{{"f32", 2e9}, {"bf16", 2e9}}, "unmeasured"});
  }

  void finish(const Assignment& assignment) {
    results::ShardResult shard;
    shard.cell = Digest::from_hex(assignment.cell_digest);
    shard.begin = assignment.lease.begin;
    shard.end = assignment.lease.end;
    shard.attempt = assignment.lease.attempt;
    shard.host = "host";
    if (needed_.contains(assignment.lease.cell)) shard.artifact = "made";
    for (std::int32_t i = shard.begin; i < shard.end; ++i) {
      results::QuestionRecord record;
      record.question = i;
      shard.records.push_back(record);
    }
    journal_->append(ResultMessage{assignment.lease.id, false, shard.encode(), 1.0});
    flush();
  }

  void fail(const Assignment& assignment, const std::string& reason) {
    results::FailureRecord failure{Digest::from_hex(assignment.cell_digest), "io", reason, "host",
                                   0};
    journal_->append(ResultMessage{assignment.lease.id, true, failure.encode(), 0});
    flush();
  }

  void flush() {
    for (const DurableMessage& durable : journal_->flush()) coordinator_->on_durable(durable);
  }

  void run_to_the_end() {
    for (int turn = 0; turn < 1000 && !coordinator_->finished(); ++turn) {
      const auto outgoing = coordinator_->hand_out();
      ASSERT_FALSE(outgoing.empty());
      for (const auto& [rank, assignment] : outgoing) finish(assignment);
    }
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("coordinator_test." + std::to_string(::getpid()));
  int next_start_ = 0;
  std::set<std::int32_t> needed_;
  std::unique_ptr<JournalKeeper> journal_;
  std::unique_ptr<Coordinator> coordinator_;
};

TEST_F(CoordinatorTest, RunsEveryCellToTheEnd) {
  const Plan plan = small_plan();
  start(plan, 3);
  EXPECT_EQ(coordinator_->outcome(), Outcome::running);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
  EXPECT_EQ(coordinator_->state().cells_done, 2);
  EXPECT_EQ(coordinator_->state().questions_done, 100);
  EXPECT_DOUBLE_EQ(coordinator_->flops_done(), coordinator_->flops_total());
}

TEST_F(CoordinatorTest, ACellIsHandedOutWithTheArtifactThatItNeeds) {
  const Plan plan = plan_with_need();
  start(plan, 3);
  const auto first = coordinator_->hand_out();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].second.lease.cell, 0);
  EXPECT_EQ(first[0].second.lease.end, 50);
  EXPECT_EQ(first[0].second.settings.artifact, "");
  finish(first[0].second);
  const auto second = coordinator_->hand_out();
  ASSERT_FALSE(second.empty());
  for (const auto& [rank, assignment] : second) {
    EXPECT_EQ(assignment.lease.cell, 1);
    EXPECT_EQ(decode<Assignment>(encode(assignment)).settings.artifact, "made");
    finish(assignment);
  }
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, AnArtifactOutlivesTheJobThatMadeIt) {
  const Plan plan = plan_with_need();
  start(plan, 2);
  finish(coordinator_->hand_out().at(0).second);
  coordinator_.reset();
  journal_.reset();

  start(plan, 2);
  for (const auto& [rank, assignment] : coordinator_->hand_out()) {
    EXPECT_EQ(assignment.lease.cell, 1);
    EXPECT_EQ(assignment.settings.artifact, "made");
    finish(assignment);
  }
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, AFailedCellFailsWhatNeedsItAndIsNamed) {
  const Plan plan = plan_with_need();
  start(plan, 2);
  fail(coordinator_->hand_out().at(0).second, "the disk is full");
  flush();
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);
  EXPECT_EQ(coordinator_->state().cells_failed, 2);
  const auto failure_of = [&](int cell) {
    const auto index = results::JournalIndex::read(directory_);
    return index.cells().at(plan.record.cells[static_cast<std::size_t>(cell)].digest).failure;
  };
  ASSERT_TRUE(failure_of(1));
  EXPECT_EQ(failure_of(1)->kind, "needs");
  EXPECT_EQ(failure_of(1)->reason,
            "the cell that it needs failed, m/f32 t, 0 shots, seed 0: the disk is full");
  coordinator_.reset();
  journal_.reset();

  start(plan, 2);  // it stays so
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);
  coordinator_.reset();
  journal_.reset();

  start(plan, 2, true);  // and is tried again on demand
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, WhatIsCompleteNeedsNothingAnyMore) {
  Plan plan = plan_with_need();
  start(plan, 2);
  run_to_the_end();
  coordinator_.reset();
  journal_.reset();

  plan.record.cells[0].digest = sha256("another cell");  // as if its results were lost
  plan.cell_failure[0] = InputFailure{"io", "unreadable"};
  start(plan, 2);
  EXPECT_EQ(coordinator_->state().cells_failed, 1);
  EXPECT_EQ(coordinator_->state().cells_done, 1);
}

TEST_F(CoordinatorTest, EveryRankGetsAFirstShardBeforeAnyGetsASecond) {
  const Plan plan = small_plan();
  start(plan, 4);
  std::vector<int> order;
  for (const auto& [rank, assignment] : coordinator_->hand_out()) order.push_back(rank);
  ASSERT_GE(order.size(), 4U);
  EXPECT_THAT(std::vector<int>(order.begin(), order.begin() + 4),
              ::testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(CoordinatorTest, ACompleteCellStaysCompleteWhateverStandsInItsWayNow) {
  Plan plan = small_plan();
  start(plan, 2);
  run_to_the_end();
  coordinator_.reset();
  journal_.reset();

  plan.cell_failure[0] = InputFailure{"memory", "m/f32 needs more than there is"};
  start(plan, 2);
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
  EXPECT_EQ(coordinator_->state().cells_done, 2);
}

TEST_F(CoordinatorTest, WhatWasBeyondMemoryIsJudgedAnew) {
  Plan plan = small_plan();
  plan.cell_failure[0] = InputFailure{"memory", "m/f32 needs more than there is"};
  start(plan, 2);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);
  coordinator_.reset();
  journal_.reset();

  plan.cell_failure[0].reset();
  start(plan, 2);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, CarriesOnWhereADeadJobEnded) {
  const Plan plan = small_plan();
  start(plan, 2);
  const auto first = coordinator_->hand_out();
  finish(first[0].second);
  const Lease lost = first[1].second.lease;
  flush();
  coordinator_.reset();
  journal_.reset();

  start(plan, 2);
  EXPECT_EQ(coordinator_->state().questions_done,
            first[0].second.lease.end - first[0].second.lease.begin);
  std::set<int> attempts;
  for (int turn = 0; turn < 1000 && !coordinator_->finished(); ++turn) {
    for (const auto& [rank, assignment] : coordinator_->hand_out()) {
      if (assignment.lease.cell == lost.cell && assignment.lease.begin == lost.begin) {
        EXPECT_EQ(assignment.lease.end, lost.end);
        attempts.insert(assignment.lease.attempt);
      }
      finish(assignment);
    }
  }
  EXPECT_EQ(attempts, std::set<int>{2});
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, ThreeLostAttemptsFailTheCellAndNameTheHosts) {
  const Plan plan = small_plan();
  for (int death = 0; death < 3; ++death) {
    start(plan, 1);
    ASSERT_FALSE(coordinator_->hand_out().empty());
    flush();
  }
  start(plan, 1);
  flush();
  EXPECT_EQ(coordinator_->state().cells_failed, 1);
  const auto index = results::JournalIndex::read(directory_);
  int failures = 0;
  for (const auto& [digest, cell] : index.cells()) {
    if (!cell.failure) continue;
    ++failures;
    EXPECT_EQ(cell.failure->kind, "attempts");
    EXPECT_THAT(cell.failure->reason,
                HasSubstr("handed out 3 times and never finished, on host, host, host"));
  }
  EXPECT_EQ(failures, 1);
}

TEST_F(CoordinatorTest, AReleasedLeaseDoesNotCountAsAnAttempt) {
  const Plan plan = small_plan();
  for (int stop = 0; stop < 5; ++stop) {
    start(plan, 1);
    ReleasedMessage released;
    for (const auto& [rank, assignment] : coordinator_->hand_out()) {
      EXPECT_EQ(assignment.lease.attempt, 1);
      released.leases.push_back(assignment.lease.id);
    }
    coordinator_->stop("SIGUSR1");
    EXPECT_FALSE(coordinator_->finished());
    coordinator_->on_released(0, released);
    EXPECT_TRUE(coordinator_->finished());
    EXPECT_EQ(coordinator_->outcome(), Outcome::stopped);
    flush();
  }
}

TEST_F(CoordinatorTest, AFailedCellStaysFailedUntilItIsRetried) {
  const Plan plan = small_plan();
  start(plan, 1);
  const auto outgoing = coordinator_->hand_out();
  fail(outgoing[0].second, "no such tensor");
  for (std::size_t i = 1; i < outgoing.size(); ++i) finish(outgoing[i].second);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);

  start(plan, 1);
  EXPECT_TRUE(coordinator_->finished());
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);

  start(plan, 1, true);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, ARetriedCellIsForgivenItsFailureEvenIfItIsStoppedHalfWay) {
  const Plan plan = small_plan();
  start(plan, 1);
  const auto outgoing = coordinator_->hand_out();
  fail(outgoing[0].second, "no memory");
  for (std::size_t i = 1; i < outgoing.size(); ++i) finish(outgoing[i].second);
  run_to_the_end();

  start(plan, 1, true);
  finish(coordinator_->hand_out()[0].second);
  flush();

  start(plan, 1);
  EXPECT_EQ(coordinator_->state().cells_failed, 0);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::done);
}

TEST_F(CoordinatorTest, AnUnusableInputFailsItsCellsAndLeavesTheOthers) {
  Plan plan = small_plan();
  plan.cell_failure[1] = InputFailure{"format", "model.safetensors is cut"};
  start(plan, 1);
  run_to_the_end();
  EXPECT_EQ(coordinator_->outcome(), Outcome::failed_cells);
  EXPECT_EQ(coordinator_->state().cells_done, 1);
  EXPECT_EQ(coordinator_->state().cells_failed, 1);
}

TEST_F(CoordinatorTest, AChangedJobIsSummedUp) {
  Plan plan = small_plan();
  start(plan, 1);
  run_to_the_end();
  plan.record.cells[1].digest = sha256("another cell");
  const auto summary = summarize_resume(plan, results::JournalIndex::read(directory_), false);
  EXPECT_EQ(summary.cells_kept, 1);
  EXPECT_EQ(summary.cells_added, 1);
  EXPECT_EQ(summary.cells_continued, 0);
  EXPECT_EQ(summary.cells_not_in_job, 1);
  EXPECT_EQ(summary.questions_kept, 50);
  EXPECT_THAT(summary.added, ::testing::ElementsAre("m/bf16 t, 0 shots, seed 0"));
  EXPECT_THAT(summary.not_in_job, ::testing::ElementsAre("m/bf16 t, 0 shots, seed 0"));
}

}  // namespace
}  // namespace allometer::sweep
