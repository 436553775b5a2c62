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
  EXPECT_EQ(one.size_rows[0].slope_ci_low, row_of(all, "story_coin").slope_ci_low);
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
  EXPECT_GT(cloze.slope, 0);
  EXPECT_LT(cloze.slope_t_low, cloze.slope);
  EXPECT_GT(cloze.slope_ci_low, 0);
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
  EXPECT_LT(loss.slope, 0);
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
  EXPECT_TRUE(std::isnan(pair.size_rows.at(0).slope_t_low));
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
  ASSERT_EQ(rows.size(), 5u);
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
  EXPECT_THAT(text, HasSubstr("story_coin"));
  EXPECT_THAT(text, HasSubstr("at chance"));
  EXPECT_THAT(text, HasSubstr("parameters without embeddings"));
  EXPECT_THAT(text, HasSubstr("by N: 5.84k: "));
}

TEST(Text, SaysWhatAllRowsOfASetShareOnce) {
  FakeSweep sweep;
  for (int m = 0; m < 4; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  for (int m = 0; m < 4; ++m) sweep.add_model("b" + std::to_string(m), 900 << m, "b");
  sweep.add_task("t", 50, {}, testing::growing);
  sweep.add_task("u", 50, {}, testing::growing);
  const std::string text = format_tables(sweep.analyse());
  const std::string note = "2 families pooled: p permutes within families";
  const auto first = text.find(note);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(note, first + 1), std::string::npos);
  EXPECT_THAT(text, HasSubstr("Set A: families a, b; " + note));
}

TEST(Tables, HoldEveryRow) {
  const Report report = four_tasks().analyse();
  const auto tables = tables_of(report);
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tables[0].name, "analysis_size");
  EXPECT_EQ(tables[1].name, "analysis_points");
  EXPECT_EQ(tables[2].name, "analysis_efficiency");
  std::set<std::string> dimensions;
  const std::vector<std::size_t> expected_rows = {4, 20, 5};
  for (std::size_t t = 0; t < 3; ++t) {
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
  const auto& rho = *std::find_if(tables[0].number_columns.begin(), tables[0].number_columns.end(),
                                  [](const auto& column) { return column.name == "spearman_rho"; });
  EXPECT_EQ(rho.values[3], -1);
}

TEST(Settings, AreReadFromTheJob) {
  const Settings settings =
      Settings::parse(R"({"confidence": 0.9, "bootstrap_draws": 50, "seed": 7, "size": "total"})");
  EXPECT_EQ(settings.confidence, 0.9);
  EXPECT_EQ(settings.bootstrap_draws, 50);
  EXPECT_EQ(settings.seed, 7u);
  EXPECT_TRUE(settings.with_embeddings);
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
  EXPECT_THAT(message_of(R"({"size": "log"})"), HasSubstr("size is \"log\""));
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
