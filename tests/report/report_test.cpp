#include "report/report.hpp"

#include <algorithm>
#include <numbers>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "report/fake_sweep.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using ::testing::Contains;
using testing::FakeSweep;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

const SizeRow& row_of(const Report& report, const std::string& task) {
  for (const SizeRow& row : report.size_rows) {
    if (report.plan.tasks[static_cast<std::size_t>(row.task)].name == task) return row;
  }
  throw std::runtime_error("no row of " + task);
}

std::vector<std::string> order_of(const Report& report) {
  std::vector<std::string> names;
  for (const SizeRow& row : report.size_rows) {
    names.push_back(report.plan.tasks[static_cast<std::size_t>(row.task)].name);
  }
  return names;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The lines of a table, from below the rule that follows its title to the next empty line.
std::vector<std::string> table_below(const std::string& text, const std::string& title) {
  const auto lines = lines_of(text);
  auto line = std::find_if(lines.begin(), lines.end(),
                           [&](const std::string& l) { return l.starts_with(title); });
  while (line != lines.end() && !line->starts_with("----")) ++line;
  std::vector<std::string> rows;
  while (line != lines.end() && ++line != lines.end() && !line->empty()) rows.push_back(*line);
  return rows;
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

FakeSweep four_tasks() {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("story_cloze", 200, {.name = "acc", .chance = 0.25}, testing::growing);
  sweep.add_task("story_coin", 200, {.name = "acc", .chance = 0.5}, testing::coin);
  sweep.add_task("story_continue", 100, {.name = "exact_match"},
                 [](int, int) { return std::pair(0.0, 1.0); });
  sweep.add_task("story_lm", 100,
                 {.name = "word_perplexity",
                  .aggregation = "exp_negative",
                  .higher_is_better = false,
                  .has_standard_error = false},
                 testing::log_likelihood);
  return sweep;
}

/// Of a metric that is a plain mean.
double mean_of(const testing::Answer& answer, int model, int questions) {
  double sum = 0;
  for (int q = 0; q < questions; ++q) sum += answer(model, q).first;
  return sum / questions;
}

TEST(Estimates, AreThoseOfTheQuestions) {
  const Report report = four_tasks().analyse();
  ASSERT_EQ(report.estimates.size(), 20u);
  const auto& estimate = report.estimates[2];
  EXPECT_EQ(estimate.cell, 2);
  EXPECT_EQ(estimate.metric, "acc");
  EXPECT_EQ(estimate.num_questions, 200);
  const double p = mean_of(testing::growing, 2, 200);
  EXPECT_DOUBLE_EQ(estimate.estimate, p);
  // Sample deviation of a proportion over n - 1, as lm-evaluation-harness has it.
  EXPECT_NEAR(estimate.standard_error, std::sqrt(p * (1 - p) / 199), 1e-12);
  EXPECT_NEAR(estimate.ci_high - estimate.ci_low, 2 * 1.96 * estimate.standard_error,
              0.2 * estimate.standard_error);
  EXPECT_LT(estimate.ci_low, p);
  EXPECT_GT(estimate.ci_high, p);
}

TEST(Estimates, OfRatiosAggregateSums) {
  const auto estimate_by = [](const std::string& aggregation, bool has_error) {
    FakeSweep sweep;
    sweep.add_model("only", 1000);
    sweep.add_task("lm", 50,
                   {.name = "m", .aggregation = aggregation, .has_standard_error = has_error},
                   testing::log_likelihood);
    return sweep.analyse().estimates.at(0);
  };
  double value = 0;
  double weight = 0;
  for (int q = 0; q < 50; ++q) {
    value += testing::log_likelihood(0, q).first;
    weight += testing::log_likelihood(0, q).second;
  }
  const double x = value / weight;
  EXPECT_NEAR(estimate_by("exp_negative", false).estimate, std::exp(-x), 1e-12);
  EXPECT_NEAR(estimate_by("bits", false).estimate, -x / std::numbers::ln2, 1e-12);
  EXPECT_NEAR(estimate_by("negative", false).estimate, -x, 1e-12);
  EXPECT_NEAR(estimate_by("mean", false).estimate, x, 1e-12);
  EXPECT_TRUE(std::isnan(estimate_by("bits", false).standard_error));
  // One that has an error beside a ratio gets the bootstrap's: about a quarter of its 95% interval.
  const auto perplexity = estimate_by("exp_negative", true);
  EXPECT_NEAR(perplexity.standard_error, (perplexity.ci_high - perplexity.ci_low) / 3.92,
              0.15 * perplexity.standard_error);
  EXPECT_THROW(estimate_by("median", false), FormatError);
}

TEST(Estimates, LeaveUndefinedQuestionsOut) {
  FakeSweep sweep;
  sweep.add_model("only", 1000);
  sweep.add_task("t", 10, {}, [](int, int q) {
    return std::pair(q % 2 ? kUndefined : static_cast<double>(q == 4), 1.0);
  });
  const auto estimate = sweep.analyse().estimates.at(0);
  EXPECT_EQ(estimate.num_questions, 5);
  EXPECT_DOUBLE_EQ(estimate.estimate, 0.2);
}

TEST(Estimates, DoNotDependOnOtherCells) {
  const Report all = four_tasks().analyse();
  FakeSweep alone;
  alone.ladder();
  alone.add_task("story_coin", 200, {.name = "acc", .chance = 0.5}, testing::coin);
  const Report one = alone.analyse();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(one.estimates[i].ci_low, all.estimates[5 + i].ci_low);
    EXPECT_EQ(one.estimates[i].ci_high, all.estimates[5 + i].ci_high);
  }
  EXPECT_EQ(one.size_rows[0].slope.ci_low, row_of(all, "story_coin").slope.ci_low);
}

TEST(SizeTable, IsSortedWeakestFirstAndSaysWhatSizeDoes) {
  const Report report = four_tasks().analyse();
  EXPECT_EQ(order_of(report),
            (std::vector<std::string>{"story_continue", "story_coin", "story_cloze", "story_lm"}));
  const SizeRow& cloze = row_of(report, "story_cloze");
  EXPECT_EQ(cloze.trend, Trend::improves);
  EXPECT_EQ(cloze.spearman.value, 1);
  EXPECT_NEAR(cloze.spearman.p, 2.0 / 120, 1e-12);
  EXPECT_NEAR(cloze.spearman.smallest_p, 2.0 / 120, 1e-12);
  EXPECT_GT(cloze.slope.value, 0);
  EXPECT_LT(cloze.slope.t_low, cloze.slope.value);
  EXPECT_GT(cloze.slope.ci_low, 0);
  EXPECT_LE(cloze.spearman.ci_low, 1);
  EXPECT_EQ(cloze.num_sizes, 5);
  ASSERT_EQ(cloze.points.size(), 5u);
  EXPECT_DOUBLE_EQ(cloze.points[4].estimate, mean_of(testing::growing, 4, 200));
}

TEST(SizeTable, ALossThatFallsIsAnAbilityThatImproves) {
  FakeSweep sweep = four_tasks();
  const Report report = sweep.analyse();
  const SizeRow& loss = row_of(report, "story_lm");
  EXPECT_EQ(loss.spearman.value, -1);
  EXPECT_LT(loss.slope.value, 0);
  EXPECT_EQ(loss.trend, Trend::improves);
  sweep.source().plan.tasks[3].metrics[0].higher_is_better = true;
  EXPECT_EQ(row_of(sweep.analyse(), "story_lm").trend, Trend::worsens);
}

TEST(SizeTable, GuessingIsSaidToBeAtChance) {
  const Report report = four_tasks().analyse();
  const SizeRow& coin = row_of(report, "story_coin");
  EXPECT_EQ(coin.trend, Trend::at_chance);
  EXPECT_THAT(coin.notes, Contains(HasSubstr("at chance for every model")));
  EXPECT_NE(row_of(report, "story_cloze").trend, Trend::at_chance);
  EXPECT_THAT(row_of(report, "story_cloze").notes, Not(Contains(HasSubstr("chance"))));
}

TEST(SizeTable, OneModelAboveChanceIsNotGuessing) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("t", 400, {.chance = 0.5}, [](int m, int q) {
    return m == 3 ? std::pair(testing::noise(m, q) < 0.7 ? 1.0 : 0.0, 1.0) : testing::coin(m, q);
  });
  EXPECT_NE(sweep.analyse().size_rows.at(0).trend, Trend::at_chance);
}

// The best of five guessers looks better than one guesser may: 222 of 400 right is 2.2 standard
// errors above one half.
TEST(SizeTable, TheLuckiestGuesserIsStillGuessing) {
  const auto with_right = [](int right) {
    FakeSweep sweep;
    sweep.ladder();
    sweep.add_task("t", 400, {.chance = 0.5}, [right](int m, int q) {
      return std::pair(q < (m == 3 ? right : 200 + m) ? 1.0 : 0.0, 1.0);
    });
    return sweep.analyse().size_rows.at(0);
  };
  const SizeRow lucky = with_right(222);
  EXPECT_GT(lucky.points[3].ci_low, 0.5);
  EXPECT_EQ(lucky.trend, Trend::at_chance);
  EXPECT_NE(with_right(235).trend, Trend::at_chance);
}

TEST(SizeTable, ConstantIsSaid) {
  const Report report = four_tasks().analyse();
  const SizeRow& row = row_of(report, "story_continue");
  EXPECT_EQ(row.trend, Trend::constant);
  EXPECT_TRUE(std::isnan(row.spearman.value));
  EXPECT_TRUE(std::isnan(row.spearman.p));
  EXPECT_THAT(row.notes, Contains(HasSubstr("constant: every model scores 0")));
}

TEST(SizeTable, FollowsPermutedSizes) {
  FakeSweep sweep = four_tasks();
  const Report before = sweep.analyse();
  // The third model becomes the largest, the largest the smallest.
  auto& models = sweep.source().plan.models;
  const std::vector<std::int64_t> sizes = {33632, 101808, 609504, 227264, 5840};
  for (std::size_t m = 0; m < 5; ++m) models[m].num_parameters_without_embeddings = sizes[m];
  const Report after = sweep.analyse();
  // Ranks of the sizes are 2 3 5 4 1 where the values rise from 1 to 5: rho = 1 - 6 * 22 / 120.
  EXPECT_NEAR(row_of(after, "story_cloze").spearman.value, 1 - 6.0 * (1 + 1 + 4 + 0 + 16) / 120,
              1e-12);
  EXPECT_NEAR(row_of(after, "story_lm").spearman.value, -(1 - 6.0 * (1 + 1 + 4 + 0 + 16) / 120),
              1e-12);
  EXPECT_NE(row_of(after, "story_coin").spearman.value,
            row_of(before, "story_coin").spearman.value);
  EXPECT_EQ(row_of(after, "story_coin").trend, Trend::at_chance);
  EXPECT_EQ(row_of(after, "story_continue").trend, Trend::constant);
  EXPECT_NE(order_of(after), order_of(before));
  // Estimates of cells know nothing of sizes.
  for (std::size_t i = 0; i < before.estimates.size(); ++i) {
    EXPECT_EQ(after.estimates[i].estimate, before.estimates[i].estimate);
    EXPECT_EQ(after.estimates[i].ci_low, before.estimates[i].ci_low);
  }
}

TEST(SizeTable, TheAxisIsTheJobs) {
  FakeSweep sweep = four_tasks();
  EXPECT_EQ(row_of(sweep.analyse(), "story_cloze").points[0].parameters, 5840);
  sweep.analysis(R"({"size": "total", "bootstrap_draws": 100})");
  EXPECT_EQ(row_of(sweep.analyse(), "story_cloze").points[0].parameters, 6840);
}

TEST(SizeTable, FourSizesCannotReachSignificance) {
  FakeSweep sweep;
  for (int m = 0; m < 4; ++m) sweep.add_model("m" + std::to_string(m), 1000 << m);
  sweep.add_task("t", 200, {}, testing::growing);
  const Report report = sweep.analyse();
  const SizeRow& row = report.size_rows.at(0);
  EXPECT_NEAR(row.spearman.smallest_p, 1.0 / 12, 1e-12);
  EXPECT_THAT(row.notes,
              Contains(HasSubstr("too few sizes for p < 0.05: the smallest possible p is 0.083")));
}

TEST(SizeTable, FewModelsAreNoCrash) {
  FakeSweep none;
  EXPECT_THAT(format_tables(none.analyse()), HasSubstr("nothing to correlate yet"));
  FakeSweep one;
  one.add_model("m", 1000);
  one.add_task("t", 5, {}, testing::growing);
  const Report single = one.analyse();
  EXPECT_EQ(single.size_rows.at(0).trend, Trend::unknown);
  EXPECT_THAT(single.size_rows[0].notes, Contains(HasSubstr("one size")));
  EXPECT_THAT(format_tables(single), HasSubstr("unknown"));
  FakeSweep two;
  two.add_model("a", 1000);
  two.add_model("b", 9000);
  two.add_task("t", 1, {}, testing::growing);
  const Report pair = two.analyse();
  EXPECT_TRUE(std::isnan(pair.size_rows.at(0).slope.t_low));
  EXPECT_FALSE(format_tables(pair).empty());
}

TEST(SizeTable, ModelsOfUnknownSizeOrInfiniteScoreAreNamed) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_model("mystery", 0);
  sweep.add_task("t", 100, {}, [](int m, int q) {
    return m == 1 ? std::pair(-std::numeric_limits<double>::infinity(), 1.0)
                  : testing::growing(m, q);
  });
  const Report report = sweep.analyse();
  const SizeRow& row = report.size_rows.at(0);
  EXPECT_EQ(row.points.size(), 4u);
  EXPECT_THAT(row.notes, Contains("size unknown, left out: mystery"));
  EXPECT_THAT(row.notes, Contains("no finite estimate, left out: stories-50k"));
}

TEST(SizeTable, SeedsArePooled) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("t", 100, {}, testing::growing, {1, 2, 3});
  Report report = sweep.analyse();
  ASSERT_EQ(report.size_rows.size(), 1u);
  double sum = 0;
  for (int seed = 1; seed <= 3; ++seed) {
    for (int q = 0; q < 100; ++q) sum += testing::growing(2, q + 10000 * seed).first;
  }
  EXPECT_DOUBLE_EQ(report.size_rows[0].points[2].estimate, sum / 300);
  EXPECT_EQ(report.estimates.size(), 15u);
  EXPECT_THAT(report.size_rows[0].notes, Not(Contains(HasSubstr("seed"))));
  sweep.source().cells[4].status = results::CellStatus::failed;
  report = sweep.analyse();
  EXPECT_THAT(report.size_rows[0].notes, Contains("not every model has every seed"));
}

TEST(SizeTable, FamiliesLeversAndRandomWeightsAreKeptApart) {
  FakeSweep sweep;
  for (int m = 0; m < 3; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  for (int m = 0; m < 3; ++m) sweep.add_model("b" + std::to_string(m), 9000 << m, "b");
  for (int m = 0; m < 3; ++m) {
    sweep.add_model("c" + std::to_string(m), 1000 << m, "a", false, {{"tuning", "sft"}});
  }
  for (int m = 0; m < 3; ++m) sweep.add_model("d" + std::to_string(m), 1000 << m, "a", true);
  sweep.add_task("t", 100, {}, testing::growing);
  const Report report = sweep.analyse();
  std::map<std::string, const SizeRow*> rows;
  for (const SizeRow& row : report.size_rows) rows[row.models] = &row;
  ASSERT_EQ(rows.size(), 6u);
  ASSERT_TRUE(rows.contains("families a, b, 2 lever settings"));
  EXPECT_EQ(rows["families a, b, 2 lever settings"]->points.size(), 9u);
  EXPECT_THAT(rows["families a, b, 2 lever settings"]->notes,
              Contains("3 families with levers pooled: p permutes within them"));
  ASSERT_TRUE(rows.contains("family a"));
  ASSERT_TRUE(rows.contains("family b"));
  ASSERT_TRUE(rows.contains("families a, b"));
  ASSERT_TRUE(rows.contains("family a, tuning = sft"));
  ASSERT_TRUE(rows.contains("family a (random weights)"));
  EXPECT_EQ(rows["family a"]->points.size(), 3u);
  EXPECT_EQ(rows["families a, b"]->points.size(), 6u);
  EXPECT_THAT(rows["families a, b"]->notes,
              Contains("2 families pooled: p permutes within families"));
  EXPECT_GE(rows["families a, b"]->spearman.smallest_p, 1.0 / 36);
  EXPECT_THAT(rows["family a (random weights)"]->notes, Contains(HasSubstr("random weights")));
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr(": family a (random weights)"));
  EXPECT_THAT(text, HasSubstr("t with random weights (1 row)"));
  const auto random = table_below(
      text, "Models with random weights, weakest correlation first: these numbers say nothing");
  EXPECT_EQ(random.size(), 1u);
  EXPECT_EQ(table_below(text, "Tasks and metrics").size(), 2u) << "pooled, and tuning = sft";
  // Three columns of the scores are of random models.
  EXPECT_EQ(
      count_of(text.substr(text.find("Scores:"), text.find("What it cost") - text.find("Scores:")),
               "random"),
      3);
  EXPECT_THAT(text, HasSubstr("d0/f32 (random)"));
  EXPECT_THAT(text, Not(HasSubstr("a0/f32 (random)")));
}

TEST(Efficiency, SumsWhatCellsCost) {
  FakeSweep sweep = four_tasks();
  auto& cells = sweep.source().cells;
  cells[0].cost.peak_memory_bytes = 128 << 20;
  cells[0].cost.energy_joules = 5;
  for (std::size_t i = 1; i < cells.size(); i += 5) cells[i].cost.energy_joules = 2.5;
  const Report report = sweep.analyse();
  ASSERT_EQ(report.efficiency_rows.size(), 5u);
  const EfficiencyRow& first = report.efficiency_rows[0];
  EXPECT_EQ(first.cells, 4);
  EXPECT_DOUBLE_EQ(first.cost.wall_seconds, 8);
  EXPECT_DOUBLE_EQ(first.tokens_per_second, 500);
  EXPECT_DOUBLE_EQ(first.mfu, 0.5);
  EXPECT_DOUBLE_EQ(first.tokens_saved, 0.75);
  EXPECT_EQ(first.cost.peak_memory_bytes, 128 << 20);
  EXPECT_FALSE(first.energy_joules.has_value()) << "three of its cells were not measured";
  EXPECT_DOUBLE_EQ(report.efficiency_rows[1].energy_joules.value(), 10);
}

TEST(Efficiency, WhatWasNotMeasuredIsNotNought) {
  FakeSweep sweep = four_tasks();
  for (auto& cell : sweep.source().cells) cell.flops_per_second_peak = 0;
  sweep.source().energy_source = "unmeasured: powercap is readable by root only";
  const Report report = sweep.analyse();
  EXPECT_TRUE(std::isnan(report.efficiency_rows[0].mfu));
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("unmeasured"));
  EXPECT_THAT(text, HasSubstr("powercap is readable by root only"));
}

TEST(Efficiency, AShareAboveOneIsExplained) {
  FakeSweep sweep = four_tasks();
  EXPECT_THAT(format_tables(sweep.analyse()), Not(HasSubstr("*: above 100 %")));
  auto& cells = sweep.source().cells;
  for (std::size_t i = 2; i < cells.size(); i += 5) cells[i].cost.flops = 3e9;
  const Report report = sweep.analyse();
  EXPECT_DOUBLE_EQ(report.efficiency_rows[2].mfu, 1.5);
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr(" 150.0* "));
  EXPECT_THAT(text, HasSubstr(" 50.0  "));
  EXPECT_THAT(text, Not(HasSubstr("50.0* 75.0    0     64 unmeasured\nstories-50k")));
  EXPECT_EQ(count_of(text, "*"), 2) << "one mark, explained once";
  EXPECT_THAT(text, HasSubstr("*: above 100 % there is no such share. The rate was measured while "
                              "the node was busier"));
}

TEST(OpenCells, AreListedWithReasonsAndStayOutOfTheTable) {
  FakeSweep sweep = four_tasks();
  auto& cells = sweep.source().cells;
  cells[0].status = results::CellStatus::failed;
  cells[0].questions_done = 0;
  cells[0].reason = "model.safetensors is cut short";
  cells[1].status = results::CellStatus::partial;
  cells[1].questions_done = 50;
  cells[2].status = results::CellStatus::planned;
  cells[2].questions_done = 0;
  cells[3].cell.in_job = false;
  const Report report = sweep.analyse();
  EXPECT_EQ(report.num_cells_done, 16);
  EXPECT_EQ(row_of(report, "story_cloze").points.size(), 1u);
  // A partial cell and one of an earlier job have estimates all the same.
  EXPECT_EQ(std::count_if(report.estimates.begin(), report.estimates.end(),
                          [](const auto& e) { return e.cell == 1 || e.cell == 3; }),
            2);
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("Cells: 16 done, 1 failed, 2 unfinished."));
  EXPECT_THAT(
      text,
      HasSubstr(
          "failed: stories-14k/f32 story_cloze, 0 shots, seed 0: model.safetensors is cut short"));
  EXPECT_THAT(text, HasSubstr("unfinished: 50 of 200 questions answered"));
  EXPECT_THAT(text, HasSubstr("not started"));
}

TEST(OpenCells, OnlyTheFirstFewAreListed) {
  FakeSweep sweep;
  for (int m = 0; m < 30; ++m) sweep.add_model("m" + std::to_string(m), 1000 + m);
  sweep.add_task("t", 5, {}, testing::growing);
  for (auto& cell : sweep.source().cells) cell.status = results::CellStatus::failed;
  const std::string text = format_tables(sweep.analyse());
  EXPECT_THAT(text, HasSubstr("m9/f32"));
  EXPECT_THAT(text, Not(HasSubstr("m10/f32 t")));
  EXPECT_THAT(text, HasSubstr("and 20 more"));
}

TEST(Text, FitsATerminal) {
  FakeSweep sweep;
  for (int m = 0; m < 20; ++m) {
    sweep.add_model(
        "a-checkpoint-with-an-exceedingly-long-name-of-its-own-and-more-" + std::to_string(m),
        1000 + 777 * m, m % 2 ? "\xC3\xA9tude" : "a-family-with-a-long-name");
  }
  sweep.add_task("leaderboard_math_counting_and_probability_hard", 40,
                 {.name = "word_perplexity_of_bytes"}, testing::growing, {0}, 25);
  sweep.add_task("t", 40, {.aggregation = "negative"},
                 [](int m, int q) { return std::pair(-3e7 * testing::noise(m, q), 1.0); });
  sweep.source().plan.variants[3].precision = "bf16";
  sweep.source().plan.models[4].random_weights = true;
  sweep.source().plan.models[6].random_weights = true;
  for (auto& cell : sweep.source().cells) {
    if (cell.cell.variant == 2) cell.status = results::CellStatus::failed;
    cell.reason = std::string(300, 'x') +
                  " and many more words that have to be broken into lines " + std::string(60, 'y');
  }
  std::istringstream lines(format_tables(sweep.analyse()));
  for (std::string line; std::getline(lines, line);) {
    const bool unbreakable = line.find("xxxxx") != std::string::npos;
    if (!unbreakable) {
      EXPECT_LE(display_width(line), 120u) << line;
    }
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
}

TEST(Text, SaysWhatEveryRowSharesOnce) {
  const std::string text = format_tables(four_tasks().analyse());
  EXPECT_THAT(text, HasSubstr("All rows: 5 sizes; 0 shots; f32.\nModels: family stories.\n"));
  EXPECT_THAT(text, HasSubstr("parameters without embeddings"));
  EXPECT_THAT(text, HasSubstr("  improves: story_cloze (1 row), story_lm (1 row)\n"
                              "  at chance: story_coin (1 row)\n"
                              "  constant: story_continue (1 row)\n"));
}

TEST(Text, HasOneLinePerRowWeakestFirst) {
  const auto rows = table_below(format_tables(four_tasks().analyse()), "Tasks and metrics");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0], MatchesRegex("story_continue +exact_match .* constant +a"));
  EXPECT_THAT(rows[1], MatchesRegex("story_coin .* at chance +b"));
  EXPECT_THAT(rows[2], MatchesRegex("story_cloze .* \\+1\\.00 .* 0\\.017 0\\.017 .* improves"));
  EXPECT_THAT(rows[3], MatchesRegex("story_lm .* low +-1\\.00 .* improves"));
}

TEST(Text, ExplainsAMarkOnce) {
  FakeSweep sweep;
  for (int m = 0; m < 4; ++m) sweep.add_model("m" + std::to_string(m), 1000 << m);
  const auto always = [](double value) {
    return [value](int, int) { return std::pair(value, 1.0); };
  };
  sweep.add_task("never", 50, {}, always(0));
  sweep.add_task("ever", 50, {}, always(1));
  sweep.add_task("grows", 200, {}, testing::growing);
  const Report report = sweep.analyse();
  const std::string text = format_tables(report);
  // What differs between notes of one kind stands in the columns, and in full in the file.
  EXPECT_EQ(count_of(text, "constant: every model scores the same"), 1);
  EXPECT_THAT(row_of(report, "ever").notes, Contains(HasSubstr("every model scores 1")));
  EXPECT_EQ(count_of(text, "\na: "), 1);
  EXPECT_EQ(count_of(text, "\nb: too few sizes, or too many ties, for p < 0.05: see min p.\n"), 1);
  EXPECT_EQ(count_of(text, "\nc: "), 0);
  EXPECT_THAT(text, Not(HasSubstr("at chance")));
  const auto rows = table_below(text, "Tasks and metrics");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0], MatchesRegex("never .* constant +a"));
  EXPECT_THAT(rows[1], MatchesRegex("ever .* constant +a"));
  EXPECT_THAT(rows[2], MatchesRegex("grows .* 0\\.083 .* improves +b"));
}

TEST(Text, SaysWhatAllRowsOfASetShareOnce) {
  FakeSweep sweep;
  for (int m = 0; m < 4; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  for (int m = 0; m < 4; ++m) sweep.add_model("b" + std::to_string(m), 900 << m, "b");
  for (int m = 0; m < 5; ++m) {
    sweep.add_model("c" + std::to_string(m), 900 << m, "b", false, {{"tuning", "sft"}});
  }
  const auto answer = [](int m, int q) { return testing::growing(m % 5, q); };
  sweep.add_task("t", 50, {}, answer);
  sweep.add_task("u", 50, {}, answer);
  const std::string text = format_tables(sweep.analyse());
  const std::string note = "2 families pooled: p permutes within families";
  EXPECT_EQ(count_of(text, note), 1);
  EXPECT_THAT(text, HasSubstr("Set A: families a, b; " + note + ".\n"));
  EXPECT_THAT(text, HasSubstr("Set B: family b, tuning = sft.\n"));
}

TEST(Text, RowsWithinFamiliesNeedFiveSizes) {
  FakeSweep sweep;
  for (int m = 0; m < 5; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  for (int m = 0; m < 4; ++m) sweep.add_model("b" + std::to_string(m), 900 << m, "b");
  sweep.add_task("t", 100, {}, testing::growing);
  const Report report = sweep.analyse();
  ASSERT_EQ(report.size_rows.size(), 3u);
  const std::string text = format_tables(report);
  const auto pooled = table_below(text, "Tasks and metrics, weakest correlation first");
  ASSERT_EQ(pooled.size(), 1u);
  const auto within = table_below(text, "Within families");
  ASSERT_EQ(within.size(), 1u);
  EXPECT_NE(within[0], pooled[0]);
  EXPECT_THAT(text, HasSubstr("Models: families a, b.\na: 2 families pooled: p permutes"));
  EXPECT_THAT(text, HasSubstr("Models: family a.\n"));
  EXPECT_THAT(text, Not(HasSubstr("family b.")));
  EXPECT_THAT(text, HasSubstr("1 row within families of fewer than 5 sizes: analysis_size"));
  EXPECT_THAT(text, HasSubstr("improves: t (1 row)")) << "the tasks are judged by the pooled row";
}

TEST(Text, AFamilyThatIsAloneNeedsNoFiveSizes) {
  FakeSweep sweep;
  for (int m = 0; m < 3; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  sweep.add_task("t", 100, {}, testing::growing);
  const std::string text = format_tables(sweep.analyse());
  EXPECT_EQ(table_below(text, "Tasks and metrics").size(), 1u);
  EXPECT_THAT(text, Not(HasSubstr("ithin families")));
}

TEST(Scores, StandByModelInOrderOfSize) {
  FakeSweep sweep;
  sweep.add_model("large", 500000);
  sweep.add_model("small", 2000);
  sweep.add_task("t", 100, {}, [](int m, int q) { return std::pair(q % (m ? 4 : 2) ? 0 : 1, 1); });
  const std::string text = format_tables(sweep.analyse());
  EXPECT_THAT(text, HasSubstr("Scores: one column per model, by N; +-: half the 95% interval"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)*task +metric +2\\.00k +500k\n(.|\n)*"));
  const auto rows = table_below(text, "Scores");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0], MatchesRegex("t +acc +0\\.250 \\+-0\\.08[0-9] 0\\.500 \\+-0\\.(09|10).*"));
}

TEST(Scores, AreBlocksWhereModelsAreMany) {
  FakeSweep sweep;
  for (int m = 0; m < 40; ++m) sweep.add_model("m" + std::to_string(m), 1000 + 10 * m);
  sweep.add_task("t", 20, {}, [](int m, int) { return std::pair(101.0 + m, 1.0); });
  const std::string text = format_tables(sweep.analyse());
  const auto begin = text.find("Scores:");
  const std::string scores = text.substr(begin, text.find("What it cost") - begin);
  EXPECT_THAT(scores, Not(HasSubstr("+-")));
  EXPECT_EQ(count_of(scores, "task metric"), 3);
  for (int m = 0; m < 40; ++m) {
    EXPECT_EQ(count_of(scores, " " + std::to_string(101 + m)), 1) << m;
  }
}

// Nine models with intervals would be a little wider than the terminal.
TEST(Scores, HaveIntervalsOnlyIfTheyFit) {
  for (int models = 5; models < 12; ++models) {
    FakeSweep sweep;
    for (int m = 0; m < models; ++m) sweep.add_model("m" + std::to_string(m), 1000 << m);
    sweep.add_task("t", 100, {}, testing::growing);
    const std::string text = format_tables(sweep.analyse());
    for (const std::string& line : lines_of(text)) EXPECT_LE(display_width(line), 120u) << line;
    EXPECT_EQ(count_of(text.substr(text.find("Scores:")), "task metric"), 1) << "one block";
    EXPECT_EQ(count_of(text, "; +-: half"), models < 9 ? 1 : 0) << models;
  }
}

TEST(Scores, ModelsOfOneSizeAreToldApart) {
  FakeSweep sweep;
  sweep.add_model("this", 1000);
  sweep.add_model("that", 1001);
  sweep.add_model("other", 5000);
  sweep.add_task("t", 50, {}, testing::growing);
  const std::string text = format_tables(sweep.analyse());
  EXPECT_THAT(text, HasSubstr(" 1.00k/1 "));
  EXPECT_THAT(text, HasSubstr("\n1.00k/1: this, 1.00k/2: that\n"));
}

TEST(Scores, AModelWithoutAResultHasNone) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("t", 50, {}, testing::growing);
  sweep.add_task("u", 50, {}, testing::growing);
  sweep.source().cells[0].status = results::CellStatus::failed;
  const auto rows = table_below(format_tables(sweep.analyse()), "Scores");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0], MatchesRegex("t +acc +- 0.*"));
  EXPECT_THAT(rows[1], MatchesRegex("u +acc +0.*"));
}

/// Three tasks of the ability "x" that every model answers: two shares of right answers and a loss.
FakeSweep sweep_of_abilities() {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("right", 200, {.chance = 0.25, .best = 1}, testing::growing);
  sweep.add_task("loss", 200, {.name = "loss", .higher_is_better = false}, [](int m, int q) {
    return std::pair(2 - 0.3 * m + 0.1 * testing::noise(m, q), 1.0);
  });
  sweep.add_task("same", 200, {.best = 1},
                 [](int, int q) { return std::pair(q % 2 == 0 ? 1.0 : 0, 1.0); });
  sweep.add_task("coin", 200, {.chance = 0.5, .best = 1}, testing::coin);
  auto& tasks = sweep.source().plan.tasks;
  for (int t : {0, 1, 2}) tasks[static_cast<std::size_t>(t)].ability = "x";
  tasks[3].ability = "luck";
  return sweep;
}

const AbilityRow& ability_of(const Report& report, const std::string& models) {
  for (const AbilityRow& row : report.ability_rows) {
    if (row.ability == "x" && row.models == models) return row;
  }
  throw std::runtime_error("no row of " + models);
}

TEST(Abilities, AreTheMeanOfRescaledHeadlines) {
  FakeSweep sweep = sweep_of_abilities();
  const Report report = sweep.analyse();
  ASSERT_EQ(report.ability_rows.size(), 2u);
  EXPECT_EQ(report.ability_rows[0].ability, "luck") << "weakest first";
  EXPECT_EQ(report.ability_rows[0].unit, ScoreUnit::range);
  const AbilityRow& row = report.ability_rows[1];
  EXPECT_EQ(row.ability, "x");
  EXPECT_EQ(row.num_tasks, 3);
  EXPECT_EQ(row.num_left_out, 0);
  EXPECT_EQ(row.num_sizes, 5);
  EXPECT_EQ(row.unit, ScoreUnit::mixed);

  // The same by hand, from the estimates of the cells.
  std::vector<std::vector<double>> values(3);
  for (const auto& estimate : report.estimates) {
    const auto& cell = sweep.source().cells[static_cast<std::size_t>(estimate.cell)].cell;
    if (cell.task < 3) values[static_cast<std::size_t>(cell.task)].push_back(estimate.estimate);
  }
  double mean_loss = 0;
  for (const double loss : values[1]) mean_loss += loss / 5;
  ASSERT_EQ(row.points.size(), 5u);
  for (std::size_t m = 0; m < 5; ++m) {
    const double expected =
        ((values[0][m] - 0.25) / 0.75 - values[1][m] / mean_loss + values[2][m]) / 3;
    EXPECT_NEAR(row.points[m].estimate, expected, 1e-12);
    EXPECT_LT(row.points[m].ci_low, expected);
    EXPECT_GT(row.points[m].ci_high, expected);
  }
  EXPECT_EQ(row.spearman.value, 1);
  EXPECT_EQ(row.trend, Trend::improves);
  EXPECT_THAT(format_tables(report), HasSubstr("Abilities against log10 N"));
}

TEST(Abilities, WithoutAScaleAreLeftOut) {
  FakeSweep sweep = sweep_of_abilities();
  const std::size_t nought = static_cast<std::size_t>(
      sweep.add_task("nought", 50, {.name = "loss", .higher_is_better = false},
                     [](int, int) { return std::pair(0.0, 1.0); }));
  sweep.source().plan.tasks[nought].ability = "x";
  const AbilityRow row = sweep.analyse().ability_rows.at(1);
  EXPECT_EQ(row.num_tasks, 3);
  EXPECT_EQ(row.num_left_out, 1);
}

TEST(Abilities, OverAllLeversHaveARowMore) {
  FakeSweep sweep;
  for (int m = 0; m < 3; ++m)
    sweep.add_model("a" + std::to_string(m), 1000 << m, "a", false, {{"tuning", "base"}});
  for (int m = 0; m < 3; ++m)
    sweep.add_model("b" + std::to_string(m), 1100 << m, "a", false, {{"tuning", "sft"}});
  sweep.add_task("t", 100, {.best = 1}, testing::growing);
  sweep.source().plan.tasks[0].ability = "x";
  const Report report = sweep.analyse();
  ASSERT_EQ(report.ability_rows.size(), 3u);
  EXPECT_EQ(ability_of(report, "family a, tuning = base").points.size(), 3u);
  const AbilityRow& all = ability_of(report, "family a, 2 lever settings");
  EXPECT_TRUE(all.all_levers);
  ASSERT_EQ(all.points.size(), 6u);
  EXPECT_EQ(all.points[1].model, 3) << "smallest first";
  ASSERT_EQ(report.size_rows.size(), 3u);
  EXPECT_EQ(std::count_if(report.size_rows.begin(), report.size_rows.end(),
                          [](const SizeRow& row) { return row.all_levers; }),
            1);
}

TEST(Abilities, CountOnlyHeadlinesAndModelsThatAnsweredAll) {
  FakeSweep sweep = sweep_of_abilities();
  auto& source = sweep.source();
  source.plan.tasks[1].headline = "none";
  source.cells[0].status = results::CellStatus::failed;  // the smallest model's "right"
  const Report report = sweep.analyse();
  const auto found = std::find_if(report.ability_rows.begin(), report.ability_rows.end(),
                                  [](const AbilityRow& row) { return row.ability == "x"; });
  ASSERT_NE(found, report.ability_rows.end());
  EXPECT_EQ(found->num_tasks, 2);
  EXPECT_EQ(found->points.size(), 4u);
}

TEST(Tables, HoldEveryRow) {
  const Report report = four_tasks().analyse();
  const auto tables = tables_of(report);
  ASSERT_EQ(tables.size(), 6u);
  EXPECT_EQ(tables[0].name, "analysis_verdict");
  EXPECT_EQ(tables[1].name, "analysis_ability");
  EXPECT_EQ(tables[2].name, "analysis_size");
  EXPECT_EQ(tables[3].name, "analysis_points");
  EXPECT_EQ(tables[4].name, "analysis_efficiency");
  EXPECT_EQ(tables[5].name, "analysis_pareto");
  std::set<std::string> dimensions;
  const std::vector<std::size_t> expected_rows = {
      report.verdict_rows.size(), report.ability_rows.size(), 4, 20, 5, 5};
  for (std::size_t t = 0; t < 6; ++t) {
    const std::size_t rows = expected_rows[t];
    std::set<std::string> names;
    for (const auto& [name, values] : tables[t].text_columns) {
      EXPECT_EQ(values.size(), rows) << name;
      EXPECT_TRUE(names.insert(name).second) << name;
    }
    for (const auto& column : tables[t].number_columns) {
      EXPECT_EQ(column.values.size(), rows) << column.name;
      EXPECT_FALSE(column.unit.empty() || column.long_name.empty()) << column.name;
      EXPECT_TRUE(names.insert(column.name).second) << column.name;
    }
    EXPECT_TRUE(dimensions.insert(tables[t].dimension).second);
  }
  const auto& rho = *std::find_if(tables[2].number_columns.begin(), tables[2].number_columns.end(),
                                  [](const auto& column) { return column.name == "spearman_rho"; });
  EXPECT_EQ(rho.values[3], -1);
}

TEST(Settings, AreReadFromTheJob) {
  const Settings settings =
      Settings::parse(R"({"confidence": 0.9, "bootstrap_draws": 50, "seed": 7, "size": "total"})");
  EXPECT_EQ(settings.confidence, 0.9);
  EXPECT_EQ(settings.bootstrap_draws, 50);
  EXPECT_EQ(settings.seed, 7u);
  EXPECT_EQ(settings.size, SizeAxis::total);
  EXPECT_EQ(Settings::parse("").bootstrap_draws, 10000);
}

TEST(Settings, NameWhatIsWrong) {
  const auto message_of = [](const char* json) -> std::string {
    try {
      Settings::parse(json);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message_of(R"({"size": "log"})"), HasSubstr("size axis is \"log\""));
  EXPECT_THAT(message_of(R"({"confidence": 95})"), HasSubstr("confidence is 95"));
  EXPECT_THAT(message_of(R"({"bootstrap_draws": 0})"), HasSubstr("bootstrap_draws is 0"));
  EXPECT_THAT(message_of(R"({"seed": "x"})"), HasSubstr("cannot be read"));
  EXPECT_THAT(message_of("{"), HasSubstr("cannot be read"));
}

TEST(Report, RefusesAFileThatContradictsItself) {
  FakeSweep sweep = four_tasks();
  sweep.source().cells[3].cell.task = 17;
  EXPECT_THROW(sweep.analyse(), FormatError);
  FakeSweep beyond;
  beyond.add_model("m", 1000);
  beyond.add_task("t", 5, {}, testing::growing);
  beyond.source().cells[0].questions_done = 6;
  EXPECT_THROW(beyond.analyse(), FormatError);
}

}  // namespace
}  // namespace allometer::report
