#include "report/efficiency.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fake_sweep.hpp"

namespace allometer::report {
namespace {

using ::testing::ElementsAre;
using testing::FakeSweep;
using ::testing::HasSubstr;
using ::testing::Not;

/// Three models; the share of right answers is 0.2, 0.5 and 0.5.
FakeSweep three_models() {
  FakeSweep sweep;
  for (const std::int64_t size : {1000, 2000, 3000})
    sweep.add_model("m" + std::to_string(size), size);
  sweep.add_task("t", 10, {.name = "acc"}, [](int model, int q) {
    return std::pair(q < (model == 0 ? 2 : 5) ? 1.0 : 0.0, 1.0);
  });
  return sweep;
}

results::Cost cost_of(double seconds, std::int64_t mebibytes, std::optional<double> joules = {}) {
  results::Cost cost;
  cost.wall_seconds = seconds;
  cost.tokens_computed = 1000;
  cost.peak_memory_bytes = mebibytes << 20;
  cost.energy_joules = joules;
  return cost;
}

std::vector<std::string> best_of(const Report& report, bool ParetoRow::*is_best,
                                 const std::string& ability = "") {
  std::vector<std::string> names;
  for (const ParetoRow& row : report.pareto_rows) {
    if (row.ability == ability && row.*is_best)
      names.push_back(report.plan.variants[static_cast<std::size_t>(row.variant)].name);
  }
  return names;
}

TEST(AnswerCosts, ArePerAnswerAndPerRightAnswer) {
  FakeSweep sweep = three_models();
  sweep.add_task("lm", 30, {.name = "nll", .aggregation = "negative", .higher_is_better = false},
                 testing::log_likelihood);
  for (auto& cell : sweep.source().cells) cell.cost = cost_of(5, 64, 12);
  const Report report = sweep.analyse();
  ASSERT_EQ(report.efficiency_rows.size(), 3u);
  const AnswerCost& any = report.efficiency_rows[1].per_answer;
  EXPECT_DOUBLE_EQ(any.count, 40);
  EXPECT_DOUBLE_EQ(any.seconds, 10.0 / 40);
  EXPECT_DOUBLE_EQ(any.byte_seconds, 10.0 / 40 * (64 << 20));
  EXPECT_DOUBLE_EQ(any.joules, 24.0 / 40);
  const AnswerCost& right = report.efficiency_rows[1].per_right_answer;
  EXPECT_DOUBLE_EQ(right.count, 5) << "a loss has no right answers, and its cost is not theirs";
  EXPECT_DOUBLE_EQ(right.seconds, 1);
  EXPECT_DOUBLE_EQ(right.byte_seconds, 64 << 20);
  EXPECT_DOUBLE_EQ(right.joules, 12.0 / 5);
  EXPECT_DOUBLE_EQ(report.efficiency_rows[0].per_right_answer.count, 2);
}

TEST(AnswerCosts, WithoutARightAnswerThereIsNone) {
  FakeSweep sweep;
  sweep.add_model("m", 1000);
  sweep.add_task("t", 10, {.name = "acc"}, [](int, int) { return std::pair(0.0, 1.0); });
  const Report report = sweep.analyse();
  const AnswerCost& right = report.efficiency_rows.at(0).per_right_answer;
  EXPECT_EQ(right.count, 0);
  EXPECT_TRUE(std::isnan(right.seconds));
  EXPECT_TRUE(std::isnan(report.efficiency_rows[0].per_answer.joules)) << "unmeasured";
  EXPECT_THAT(format_tables(report), HasSubstr("unmeasured"));
}

TEST(Pareto, KeepsWhoIsNotDominated) {
  FakeSweep sweep = three_models();
  auto& cells = sweep.source().cells;
  cells[0].cost = cost_of(1, 100);  // the worst, and the fastest
  cells[1].cost = cost_of(4, 50);   // as good as the third, slower, smaller
  cells[2].cost = cost_of(3, 60);
  const Report report = sweep.analyse();
  EXPECT_THAT(best_of(report, &ParetoRow::is_best_for_time), ElementsAre("m3000/f32", "m1000/f32"));
  EXPECT_THAT(best_of(report, &ParetoRow::is_best_for_memory), ElementsAre("m2000/f32"));
  EXPECT_THAT(best_of(report, &ParetoRow::is_best_for_energy), ElementsAre()) << "unmeasured";
  EXPECT_THAT(format_tables(report), HasSubstr("Score against cost, over all tasks"));
}

TEST(Pareto, KeepsBothOfWhatIsAlike) {
  FakeSweep sweep = three_models();
  for (auto& cell : sweep.source().cells) cell.cost = cost_of(2, 64, 3);
  const Report report = sweep.analyse();
  for (const auto is_best : {&ParetoRow::is_best_for_time, &ParetoRow::is_best_for_memory,
                             &ParetoRow::is_best_for_energy})
    EXPECT_THAT(best_of(report, is_best), ElementsAre("m2000/f32", "m3000/f32"));
}

TEST(Pareto, ComparesOnTheSameTasksOfAnAbility) {
  FakeSweep sweep = three_models();
  sweep.add_task("u", 10, {.name = "acc"}, testing::growing);
  sweep.source().plan.tasks[0].ability = "reading";
  sweep.source().plan.tasks[1].ability = "logic";
  auto& cells = sweep.source().cells;
  for (auto& cell : cells) cell.cost = cost_of(2, 64);
  cells[5].status = results::CellStatus::failed;  // the largest model's "u"
  cells[5].questions_done = 0;
  cells[1].cost = cost_of(1, 64);
  const Report report = sweep.analyse();
  std::vector<std::string> rows;
  for (const ParetoRow& row : report.pareto_rows)
    rows.push_back(row.ability + " " + std::to_string(row.variant));
  EXPECT_THAT(rows,
              ElementsAre(" 1", " 0", "logic 1", "logic 0", "reading 1", "reading 2", "reading 0"));
  EXPECT_THAT(best_of(report, &ParetoRow::is_best_for_time, "reading"), ElementsAre("m2000/f32"));
  const ParetoRow& reading = report.pareto_rows[4];
  EXPECT_DOUBLE_EQ(reading.seconds_per_answer, 0.1) << "the cost of reading alone";
  EXPECT_DOUBLE_EQ(report.pareto_rows[0].seconds_per_answer, 3.0 / 20);
}

TEST(AnswerCosts, OfImportedResultsAreUnknown) {
  FakeSweep sweep = three_models();
  for (auto& cell : sweep.source().cells) cell.cost = {};
  const Report report = sweep.analyse();
  EXPECT_TRUE(report.efficiency_rows.empty());
  EXPECT_TRUE(report.pareto_rows.empty());
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("What it cost is unknown"));
  EXPECT_THAT(text, Not(HasSubstr("tokens per s")));
}

}  // namespace
}  // namespace allometer::report
