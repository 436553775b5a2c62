#include "sweep/schedule.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "sweep/simulate.hpp"

namespace allometer::sweep {
namespace {

std::vector<ScheduledCell> two_variants() {
  return {{0, 100, 1e9}, {0, 50, 4e9}, {1, 200, 1e9}};
}

/// Runs everything, marking which questions were handed out; fails when one comes twice.
std::vector<std::vector<int>> drain(Schedule& schedule, const std::vector<ScheduledCell>& cells,
                                    int ranks) {
  std::vector<std::vector<int>> times;
  for (const auto& cell : cells)
    times.emplace_back(static_cast<std::size_t>(cell.num_questions), 0);
  while (!schedule.finished()) {
    std::vector<std::int64_t> round;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto lease = schedule.next(rank, rank / 2);
      if (!lease) continue;
      for (int question = lease->begin; question < lease->end; ++question) {
        ++times[static_cast<std::size_t>(lease->cell)][static_cast<std::size_t>(question)];
      }
      round.push_back(lease->id);
    }
    if (round.empty()) {
      ADD_FAILURE() << "nothing to hand out although not finished";
      break;
    }
    for (const auto id : round) schedule.complete(id, 0);
  }
  return times;
}

TEST(Schedule, HandsOutEveryQuestionOnce) {
  for (const int ranks : {1, 2, 7}) {
    const auto cells = two_variants();
    Schedule schedule(cells, {.world_size = ranks, .shard_seconds = 20});
    schedule.start();
    for (const auto& cell : drain(schedule, cells, ranks)) {
      for (const int times : cell) EXPECT_EQ(times, 1);
    }
    EXPECT_FALSE(schedule.next(0, 0));
  }
}

TEST(Schedule, LeavesOutWhatIsDone) {
  const auto cells = two_variants();
  Schedule schedule(cells, {.world_size = 2});
  schedule.mark_done(0, 10, 20);
  schedule.mark_done(0, 95, 100);
  schedule.mark_done(2, 0, 200);
  schedule.start();
  const auto times = drain(schedule, cells, 2);
  for (int question = 0; question < 100; ++question) {
    const bool done = (question >= 10 && question < 20) || question >= 95;
    EXPECT_EQ(times[0][static_cast<std::size_t>(question)], done ? 0 : 1) << question;
  }
  EXPECT_EQ(std::count(times[2].begin(), times[2].end(), 0), 200);
}

TEST(Schedule, LongestCellOfAVariantFirst) {
  Schedule schedule({{0, 10, 1e9}, {0, 10, 9e9}, {0, 10, 4e9}},
                    {.world_size = 1, .shard_seconds = 1000});
  schedule.guess_flops_per_second(0, 1e9);
  schedule.start();
  EXPECT_EQ(schedule.next(0, 0)->cell, 1);
}

TEST(Schedule, ARankStaysWithTheVariantThatItHolds) {
  Schedule schedule({{0, 1000, 1e9}, {1, 1000, 2e9}}, {.world_size = 2, .shard_seconds = 5});
  schedule.start();
  const auto first = schedule.next(0, 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cell, 1);  // more work there
  EXPECT_EQ(schedule.next(1, 1)->cell, 0);
  schedule.complete(first->id, 5);
  for (int i = 0; i < 10; ++i) {
    const auto next = schedule.next(0, 0);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->cell, 1);
    schedule.complete(next->id, 5);
  }
}

TEST(Schedule, ShardsShrinkTowardsTheEndAndNoneIsLongerThanAsked) {
  Schedule schedule({{0, 100000, 1e6}}, {.world_size = 4, .shard_seconds = 2});
  schedule.guess_flops_per_second(0, 1e9);
  schedule.start();
  int last = 1 << 30;
  int rank = 0;
  while (const auto lease = schedule.next(rank, 0)) {
    const int questions = lease->end - lease->begin;
    EXPECT_LE(questions, 2000);
    EXPECT_LE(questions, last + 1);
    last = questions;
    schedule.complete(lease->id, 0);
    rank = (rank + 1) % 4;
  }
  EXPECT_LE(last, 250);
}

TEST(Schedule, AReleasedRangeComesAgainWithTheSameAttempt) {
  Schedule schedule({{0, 10, 1e9}}, {.world_size = 1, .shard_seconds = 1e9});
  schedule.start();
  const auto first = schedule.next(0, 0);
  ASSERT_TRUE(first);
  schedule.release(first->id);
  const auto second = schedule.next(0, 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->begin, first->begin);
  EXPECT_EQ(second->end, first->end);
  EXPECT_EQ(second->attempt, 1);
}

TEST(Schedule, ARetriedRangeKeepsItsBordersAndCountsItsAttempts) {
  Schedule schedule({{0, 100, 1e9}}, {.world_size = 8, .shard_seconds = 1});
  schedule.guess_flops_per_second(0, 1e9);
  schedule.retry({0, 40, 90, 1});
  schedule.start();
  const auto lease = schedule.next(0, 0);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->begin, 40);
  EXPECT_EQ(lease->end, 90);
  EXPECT_EQ(lease->attempt, 2);
}

TEST(Schedule, OnlyOneSuspectIsOutAtATime) {
  Schedule schedule({{0, 100, 1e9}, {1, 100, 1e9}}, {.world_size = 4, .shard_seconds = 1e9});
  schedule.retry({0, 0, 50, 2});
  schedule.retry({1, 0, 50, 2});
  schedule.start();
  std::vector<Lease> leases;
  for (int rank = 0; rank < 4; ++rank) {
    if (const auto lease = schedule.next(rank, 0)) leases.push_back(*lease);
  }
  const auto suspects = std::count_if(leases.begin(), leases.end(),
                                      [](const Lease& lease) { return lease.attempt == 3; });
  EXPECT_EQ(suspects, 1);
  schedule.complete(leases.front().id, 0);
  EXPECT_EQ(schedule.next(0, 0)->attempt, 3);
}

TEST(Schedule, ThreeLostAttemptsFailTheCell) {
  Schedule schedule({{0, 10, 1e9}, {0, 5, 1e9}}, {.world_size = 1, .shard_seconds = 1e9});
  schedule.retry({0, 0, 10, 3});
  schedule.start();
  EXPECT_TRUE(schedule.is_failed(0));
  int questions = 0;
  while (const auto lease = schedule.next(0, 0)) {
    EXPECT_EQ(lease->cell, 1);
    questions += lease->end - lease->begin;
    schedule.complete(lease->id, 0);
  }
  EXPECT_EQ(questions, 5);
  EXPECT_TRUE(schedule.finished());
}

TEST(Schedule, AFailedCellIsNotHandedOutFurther) {
  Schedule schedule({{0, 100, 1e9}, {0, 3, 1e9}}, {.world_size = 1, .shard_seconds = 1});
  schedule.guess_flops_per_second(0, 1e9);
  schedule.start();
  const auto lease = schedule.next(0, 0);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->cell, 0);
  schedule.fail(0);
  schedule.complete(lease->id, 0);
  while (const auto next = schedule.next(0, 0)) {
    EXPECT_EQ(next->cell, 1);
    schedule.complete(next->id, 0);
  }
  EXPECT_TRUE(schedule.finished());
}

TEST(Schedule, ACellWaitsForTheOneItNeeds) {
  Schedule schedule({{0, 4, 1e9, std::nullopt, true}, {0, 10, 1e9, 0}, {0, 3, 1e9}},
                    {.world_size = 2, .shard_seconds = 1});
  schedule.guess_flops_per_second(0, 1e9);
  schedule.start();
  // First, because so much waits for it; whole, though a shard would be shorter.
  const auto needed = schedule.next(0, 0);
  ASSERT_TRUE(needed);
  EXPECT_EQ(needed->cell, 0);
  EXPECT_EQ(needed->end - needed->begin, 4);
  while (const auto other = schedule.next(1, 0)) {
    EXPECT_EQ(other->cell, 2);
    schedule.complete(other->id, 0);
  }
  EXPECT_FALSE(schedule.finished());
  schedule.release(needed->id);
  const auto again = schedule.next(1, 0);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->cell, 0);
  EXPECT_FALSE(schedule.next(0, 0));
  schedule.complete(again->id, 0);
  int questions = 0;
  while (const auto waiting = schedule.next(0, 0)) {
    EXPECT_EQ(waiting->cell, 1);
    questions += waiting->end - waiting->begin;
    schedule.complete(waiting->id, 0);
  }
  EXPECT_EQ(questions, 10);
  EXPECT_TRUE(schedule.finished());
}

TEST(Schedule, WhatIsNeededMayBeDoneBefore) {
  Schedule schedule({{0, 4, 1e9, std::nullopt, true}, {0, 10, 1e9, 0}}, {.world_size = 1});
  schedule.mark_done(0, 0, 4);
  schedule.start();
  EXPECT_EQ(schedule.next(0, 0)->cell, 1);
}

TEST(Schedule, ASuspectWaitsForTheCellThatItNeeds) {
  Schedule schedule({{0, 4, 1e9, std::nullopt, true}, {0, 10, 1e9, 0}}, {.world_size = 2});
  schedule.retry({1, 0, 10, 2});
  schedule.start();
  const auto needed = schedule.next(0, 0);
  ASSERT_TRUE(needed);
  EXPECT_EQ(needed->cell, 0);
  EXPECT_FALSE(schedule.next(1, 0));
  schedule.complete(needed->id, 0);
  EXPECT_EQ(schedule.next(1, 0)->attempt, 3);
}

TEST(Schedule, WhatWaitsForAFailedCellFailsWithIt) {
  for (const bool before_the_start : {true, false}) {
    Schedule schedule({{0, 4, 1e9, std::nullopt, true}, {1, 10, 1e9, 0}, {1, 5, 1e9}},
                      {.world_size = 1, .shard_seconds = 1e9});
    if (before_the_start) schedule.retry({0, 0, 4, 3});
    schedule.start();
    if (!before_the_start) schedule.fail(0);
    EXPECT_TRUE(schedule.is_failed(1));
    int questions = 0;
    while (const auto lease = schedule.next(0, 0)) {
      EXPECT_EQ(lease->cell, 2);
      questions += lease->end - lease->begin;
      schedule.complete(lease->id, 0);
    }
    EXPECT_EQ(questions, 5);
    EXPECT_TRUE(schedule.finished());
  }
}

TEST(Schedule, RandomFailuresReleasesAndRetriesLoseNothing) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SplitMix64 random(seed);
    std::vector<ScheduledCell> cells;
    for (std::uint64_t i = 0; i < 1 + random.below(6); ++i) {
      cells.push_back({static_cast<std::int32_t>(random.below(3)),
                       static_cast<std::int32_t>(random.below(40)),
                       1e6 * static_cast<double>(1 + random.below(1000))});
      if (cells.size() > 1 && random.below(3) == 0) {
        cells.back().needs = static_cast<std::int32_t>(random.below(cells.size() - 1));
        cells[static_cast<std::size_t>(*cells.back().needs)].is_whole = true;
      }
    }
    Schedule schedule(cells,
                      {.world_size = 3, .shard_seconds = 0.5, .shortest_shard_seconds = 0.01});
    std::vector<std::set<int>> done(cells.size());
    schedule.start();
    std::vector<Lease> out;
    for (int step = 0; step < 100000 && !schedule.finished(); ++step) {
      const auto action = random.below(10);
      if (action < 5) {
        if (const auto lease = schedule.next(static_cast<int>(random.below(3)), 0)) {
          out.push_back(*lease);
          const auto& needs = cells[static_cast<std::size_t>(lease->cell)].needs;
          EXPECT_TRUE(!needs || std::ssize(done[static_cast<std::size_t>(*needs)]) ==
                                    cells[static_cast<std::size_t>(*needs)].num_questions);
        }
      } else if (!out.empty()) {
        const auto at = out.begin() + static_cast<std::ptrdiff_t>(random.below(out.size()));
        const Lease lease = *at;
        out.erase(at);
        if (action < 8) {
          schedule.complete(lease.id, 0.1);
          for (int q = lease.begin; q < lease.end; ++q) {
            EXPECT_TRUE(done[static_cast<std::size_t>(lease.cell)].insert(q).second);
          }
        } else {
          schedule.release(lease.id);
          if (random.below(20) == 0) {
            schedule.fail(lease.cell);
          }
        }
      }
    }
    ASSERT_TRUE(schedule.finished()) << seed;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!schedule.is_failed(static_cast<std::int32_t>(i))) {
        EXPECT_EQ(std::ssize(done[i]), cells[i].num_questions) << seed;
      }
    }
  }
}

TEST(Simulation, TwoRanksHalveTheTimeAndNobodyWaitsLongAtTheEnd) {
  std::vector<ScheduledCell> cells;
  for (int i = 0; i < 20; ++i) cells.push_back({i % 4, 1000, 1e7 * (1 + i)});
  const std::vector<double> speed(4, 1e9);
  const std::vector<double> loads(4, 0);
  const auto one = simulate(cells, {.world_size = 1, .shard_seconds = 20}, 1, speed, loads);
  const auto two = simulate(cells, {.world_size = 2, .shard_seconds = 20}, 2, speed, loads);
  EXPECT_NEAR(one.wall_seconds, 2100, 1);  // sum of 1000 x 1e7 x (1..20) / 1e9
  EXPECT_NEAR(two.wall_seconds, 1050, 2);
  EXPECT_GT(two.busy_share, 0.99);
  EXPECT_LT(two.longest_wait_seconds, 2);
}

TEST(Simulation, RanksThatWaitForACellGoOnWhenItIsDone) {
  // Ten seconds on one rank while the other waits, then ten on both.
  const auto run = simulate({{0, 10, 1e9, std::nullopt, true}, {0, 20, 1e9, 0}},
                            {.world_size = 2, .shard_seconds = 5}, 2, {1e9}, {0});
  EXPECT_NEAR(run.wall_seconds, 20, 1.5);
}

TEST(Simulation, LoadingIsPaidOncePerRankThatTakesAVariant) {
  const auto run = simulate({{0, 100, 1e9}}, {.world_size = 1, .shard_seconds = 5}, 1, {1e9}, {30});
  EXPECT_NEAR(run.wall_seconds, 130, 1e-6);
}

}  // namespace
}  // namespace allometer::sweep
