#include "report/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "report/fake_sweep.hpp"
#include "stats/hierarchical_bootstrap.hpp"

namespace allometer::report {
namespace {

using ::testing::Contains;
using testing::FakeSweep;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kAlpha = 0.05;

double just_below(double value) {
  return std::nextafter(value, 0);
}

/// Eight models about a line.
Evidence evidence(double slope, double standard_error) {
  Evidence evidence;
  evidence.num_sizes = 8;
  evidence.slope.value = slope;
  evidence.slope.standard_error = standard_error;
  evidence.slope.degrees_of_freedom = 6;
  evidence.slope.num_models = 8;
  evidence.slope.num_families = 1;
  evidence.size_deviation = 0.7;
  evidence.residual_deviation = standard_error * 0.7 * std::sqrt(8);
  evidence.permutation_p = 0.001;
  evidence.smallest_permutation_p = 2.0 / 40320;
  return evidence;
}

TEST(Verdict, NeedsAnAdjustedPBelowAlpha) {
  const Evidence up = evidence(0.2, 0.01);
  const Evidence down = evidence(-0.2, 0.01);
  EXPECT_EQ(verdict_of(up, {just_below(kAlpha), 1, 1}, kAlpha), Verdict::grows);
  EXPECT_EQ(verdict_of(down, {just_below(kAlpha), 1, 1}, kAlpha), Verdict::shrinks);
  EXPECT_EQ(verdict_of(up, {kAlpha, 1, 1}, kAlpha), Verdict::cannot_tell);
  EXPECT_EQ(verdict_of(up, {1, just_below(kAlpha), 1}, kAlpha), Verdict::flat);
  EXPECT_EQ(verdict_of(up, {1, kAlpha, 1}, kAlpha), Verdict::cannot_tell);
  EXPECT_EQ(verdict_of(up, {1, 1, just_below(kAlpha)}, kAlpha), Verdict::u_shaped);
  EXPECT_EQ(verdict_of(up, {1, 1, kAlpha}, kAlpha), Verdict::cannot_tell);
  EXPECT_EQ(verdict_of(up, {kUndefined, kUndefined, kUndefined}, kAlpha), Verdict::cannot_tell);
}

TEST(Verdict, OfASlopeNeedsThePermutationsToo) {
  Evidence up = evidence(0.2, 0.01);
  up.permutation_p = kAlpha;
  EXPECT_EQ(verdict_of(up, {0.001, 1, 1}, kAlpha), Verdict::cannot_tell);
  up.permutation_p = just_below(kAlpha);
  EXPECT_EQ(verdict_of(up, {0.001, 1, 1}, kAlpha), Verdict::grows);
  up.permutation_p = kUndefined;
  EXPECT_EQ(verdict_of(up, {0.001, 1, 1}, kAlpha), Verdict::cannot_tell);
}

TEST(Verdict, ASureSlopeThatIsTooSmallToMatterIsFlat) {
  EXPECT_EQ(verdict_of(evidence(0.01, 0.001), {0.001, 0.001, 1}, kAlpha), Verdict::flat);
}

TEST(Verdict, ASlopeAtTheMarginIsNotInsideIt) {
  // t = 0 against the margin: half of all estimates would lie further in.
  EXPECT_NEAR(claims_of(evidence(0.05, 0.01), 0.05).flat, 0.5, 1e-12);
  EXPECT_GT(claims_of(evidence(-0.06, 0.01), 0.05).flat, 0.5);
  EXPECT_LT(claims_of(evidence(0, 0.01), 0.05).flat, 0.01);
  // Without scatter it is certain on which side of the margin the slope lies.
  EXPECT_EQ(claims_of(evidence(0.049, 0), 0.05).flat, 0);
  EXPECT_EQ(claims_of(evidence(0.051, 0), 0.05).flat, 1);
  Evidence questions = evidence(0, 0);
  questions.slope.question_error = 0.04;
  EXPECT_GT(claims_of(questions, 0.05).flat, 0.1) << "few questions hide a slope";
}

TEST(Verdict, EachKindOfClaimIsAdjustedByItself) {
  const std::vector<Claims> claims = {{0.01, 0.5, kUndefined}, {0.04, 0.02, 0.03}};
  const auto adjusted = adjusted_by_holm(claims);
  EXPECT_DOUBLE_EQ(adjusted[0].slope, 0.02);
  EXPECT_DOUBLE_EQ(adjusted[1].slope, 0.04);
  EXPECT_DOUBLE_EQ(adjusted[0].flat, 0.5);
  EXPECT_DOUBLE_EQ(adjusted[1].flat, 0.04);
  EXPECT_TRUE(std::isnan(adjusted[0].turn));
  EXPECT_DOUBLE_EQ(adjusted[1].turn, 0.03) << "what was not tested costs nothing";
}

TEST(Needs, CountSizesForPermutations) {
  EXPECT_EQ(sizes_for_permutation(0.05, 1), 5) << "2/4! = .083, 2/5! = .017";
  EXPECT_EQ(sizes_for_permutation(0.1, 1), 4);
  EXPECT_EQ(sizes_for_permutation(0.05, 2), 8) << "2/3!^2 = .056, 2/4!^2 = .003";
  EXPECT_EQ(sizes_for_permutation(0.05, 12), 24);
}

TEST(Needs, AreThoseOfTheSlopeAtHandOrOfTheMargin) {
  const Needs steep = needs_of(evidence(0.2, 0.1), 0.05, kAlpha, 1);
  const Needs faint = needs_of(evidence(0.02, 0.1), 0.05, kAlpha, 1);
  EXPECT_GT(steep.sizes, 8);
  EXPECT_GT(faint.sizes, steep.sizes) << "to show that nothing is there takes more";
  EXPECT_EQ(steep.text, fmt::format("{} sizes like these would do", steep.sizes));
  EXPECT_GT(needs_of(evidence(0.2, 0.1), 0.05, kAlpha, 20).sizes, steep.sizes)
      << "twenty rows are judged together";
  Evidence families = evidence(0.2, 0.1);
  families.slope.num_families = 2;
  EXPECT_THAT(needs_of(families, 0.05, kAlpha, 1).text, HasSubstr("sizes over 2 families"));
}

TEST(Needs, SayWhatMoreQuestionsWouldDo) {
  Evidence noisy = evidence(0.2, 0.1);
  noisy.slope.question_error = 0.099;
  const Needs needs = needs_of(noisy, 0.05, kAlpha, 1);
  EXPECT_NEAR(needs.question_share, 0.98, 0.001);
  EXPECT_GT(needs.questions, 1);
  EXPECT_THAT(needs.text, HasSubstr("times the questions"));
  noisy.slope.question_error = 0.02;
  const Needs of_models = needs_of(noisy, 0.05, kAlpha, 1);
  EXPECT_TRUE(std::isnan(of_models.questions)) << "the scatter of models remains";
  EXPECT_THAT(of_models.text, HasSubstr("more questions would take off 4 % of the squared error"));
}

TEST(Needs, OfModelsThatDoNotScatterAreQuestions) {
  Evidence constant = evidence(0, 0);
  constant.slope.question_error = 0.04;
  const Needs needs = needs_of(constant, 0.05, kAlpha, 1);
  EXPECT_EQ(needs.sizes, 0);
  EXPECT_EQ(needs.text, "models do not scatter: more questions would tell");
}

/// Models of sizes 1M, 3.2M, 10M...: scores[m] on every question; the ability is "x".
FakeSweep sweep_of(const std::vector<double>& scores) {
  FakeSweep sweep;
  for (std::size_t m = 0; m < scores.size(); ++m) {
    sweep.add_model("m" + std::to_string(m),
                    std::llround(1e6 * std::pow(10, 0.5 * static_cast<double>(m))));
  }
  sweep.add_task("t", 20, {.best = 1}, [scores](int m, int) {
    return std::pair(scores[static_cast<std::size_t>(m)], 1.0);
  });
  sweep.source().plan.tasks[0].ability = "x";
  return sweep;
}

VerdictRow verdict_on(const std::vector<double>& scores) {
  const Report report = sweep_of(scores).analyse();
  EXPECT_EQ(report.verdict_rows.size(), 2u);
  const VerdictRow& ability = report.verdict_rows.at(0);
  const VerdictRow& task = report.verdict_rows.at(1);
  EXPECT_TRUE(ability.is_ability);
  EXPECT_EQ(ability.name, "x");
  EXPECT_FALSE(task.is_ability);
  EXPECT_EQ(task.name, "t");
  EXPECT_EQ(task.verdict, ability.verdict) << "an ability of one task is that task";
  return ability;
}

TEST(VerdictTable, SaysThatAnAbilityGrows) {
  const VerdictRow row = verdict_on({0.2, 0.26, 0.29, 0.36, 0.39, 0.46, 0.49});
  EXPECT_EQ(row.verdict, Verdict::grows);
  EXPECT_NEAR(row.evidence.slope.value, 0.097, 0.005);
  EXPECT_EQ(row.evidence.num_sizes, 7);
  EXPECT_NEAR(row.evidence.permutation_p, 2.0 / 5040, 1e-9);
  EXPECT_TRUE(row.needs.text.empty());
  EXPECT_EQ(row.unit, ScoreUnit::range);
}

TEST(VerdictTable, SaysThatAnAbilityIsFlat) {
  EXPECT_EQ(verdict_on({0.50, 0.51, 0.49, 0.50, 0.50, 0.51, 0.49}).verdict, Verdict::flat);
}

TEST(VerdictTable, SaysThatAnAbilityShrinks) {
  const VerdictRow row = verdict_on({0.49, 0.46, 0.39, 0.36, 0.29, 0.26, 0.2});
  EXPECT_EQ(row.verdict, Verdict::shrinks);
  EXPECT_THAT(row.remarks, Contains(HasSubstr("inverse scaling")));
}

TEST(VerdictTable, SaysThatAnAbilityTurns) {
  const VerdictRow row = verdict_on({0.6, 0.51, 0.4, 0.31, 0.2, 0.29, 0.4, 0.49, 0.6, 0.71});
  EXPECT_EQ(row.verdict, Verdict::u_shaped);
  EXPECT_TRUE(row.falls_first);
  EXPECT_NEAR(std::log10(row.turn_at), 8, 0.6);
  EXPECT_FALSE(verdict_on({0.2, 0.29, 0.4, 0.51, 0.6, 0.49, 0.4, 0.31, 0.2, 0.1}).falls_first);
}

TEST(VerdictTable, CannotTellFromFourSizes) {
  const VerdictRow row = verdict_on({0.2, 0.3, 0.4, 0.501});
  EXPECT_LT(row.adjusted.slope, 0.05) << "the line is as straight as can be";
  EXPECT_NEAR(row.evidence.smallest_permutation_p, 1.0 / 12, 1e-12);
  EXPECT_EQ(row.verdict, Verdict::cannot_tell);
  EXPECT_EQ(row.needs.sizes, 5);
  EXPECT_EQ(row.needs.text, "5 sizes like these would do");
}

TEST(VerdictTable, CannotTellFromNoise) {
  const VerdictRow row = verdict_on({0.2, 0.6, 0.3, 0.7, 0.1, 0.8, 0.2});
  EXPECT_EQ(row.verdict, Verdict::cannot_tell);
  EXPECT_GT(row.needs.sizes, 7);
}

TEST(VerdictTable, WhatIsConstantIsFlat) {
  const VerdictRow row = verdict_on({0.5, 0.5, 0.5, 0.5, 0.5});
  EXPECT_EQ(row.verdict, Verdict::flat);
  EXPECT_THAT(row.remarks, Contains("every model scores the same"));
  EXPECT_EQ(verdict_on({0.5, 0.5}).verdict, Verdict::cannot_tell);
}

TEST(VerdictTable, CannotTellFromOneModel) {
  const VerdictRow row = verdict_on({0.5});
  EXPECT_EQ(row.verdict, Verdict::cannot_tell);
  EXPECT_THAT(row.needs.text, HasSubstr("5 sizes at least: 3 for an interval"));
}

TEST(VerdictTable, LeavesModelsWithoutAScoreOut) {
  const double none = -std::numeric_limits<double>::infinity();
  const VerdictRow row = verdict_on({0.2, 0.26, none, 0.29, 0.36, 0.39, 0.46, 0.49});
  EXPECT_EQ(row.evidence.num_sizes, 7);
  EXPECT_EQ(row.verdict, Verdict::grows);
  EXPECT_EQ(verdict_on({none, none, none}).verdict, Verdict::cannot_tell);
}

TEST(VerdictTable, HoldsEveryTaskAgainstAllOfThem) {
  FakeSweep alone = sweep_of({0.2, 0.25, 0.31, 0.3, 0.36, 0.35});
  EXPECT_EQ(alone.analyse().verdict_rows.at(1).verdict, Verdict::grows);
  FakeSweep among = sweep_of({0.2, 0.25, 0.31, 0.3, 0.36, 0.35});
  for (int t = 0; t < 20; ++t) {
    among.add_task("noise" + std::to_string(t), 20, {.best = 1},
                   [t](int m, int) { return std::pair(testing::noise(m, t), 1.0); });
  }
  const Report report = among.analyse();
  const VerdictRow& row = report.verdict_rows.at(1);
  EXPECT_EQ(row.name, "t");
  EXPECT_LT(row.claims.slope, 0.05);
  EXPECT_GT(row.adjusted.slope, 0.05);
  EXPECT_EQ(row.verdict, Verdict::cannot_tell);
}

// The better family is the larger one, and size does nothing within either.
TEST(VerdictTable, JudgesWithinFamilies) {
  FakeSweep sweep;
  for (int m = 0; m < 5; ++m) sweep.add_model("a" + std::to_string(m), 1000 << m, "a");
  for (int m = 0; m < 5; ++m) sweep.add_model("b" + std::to_string(m), 1000000 << m, "b");
  sweep.add_task("t", 20, {.best = 1}, [](int m, int) {
    return std::pair((m < 5 ? 0.2 : 0.7) + (m % 2 == 0 ? 0.002 : -0.002), 1.0);
  });
  const Report report = sweep.analyse();
  const auto is_pooled = [](const SizeRow& row) { return !row.within_family; };
  const auto found = std::find_if(report.size_rows.begin(), report.size_rows.end(), is_pooled);
  ASSERT_NE(found, report.size_rows.end());
  const SizeRow& pooled = *found;
  EXPECT_GT(pooled.slope.value, 0.1);
  EXPECT_NEAR(pooled.within_slope.value, 0, 0.01);
  EXPECT_LT(pooled.within_slope.t_low, 0);
  EXPECT_GT(pooled.within_slope.t_high, 0);
  ASSERT_EQ(report.verdict_rows.size(), 1u) << "a task without an ability";
  EXPECT_EQ(report.verdict_rows[0].verdict, Verdict::flat);
  EXPECT_EQ(report.verdict_rows[0].evidence.slope.num_families, 2);
}

TEST(VerdictTable, SaysWhereEveryModelGuesses) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("coin", 200, {.chance = 0.5, .best = 1}, testing::coin);
  EXPECT_THAT(sweep.analyse().verdict_rows.at(0).remarks, Contains("at chance for every model"));
}

TEST(VerdictTable, SaysWhereEveryModelIsPerfect) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("easy", 200, {.best = 1},
                 [](int m, int q) { return std::pair(q == m ? 0.0 : 1.0, 1.0); });
  const Report report = sweep.analyse();
  EXPECT_EQ(report.size_rows.at(0).trend, Trend::at_ceiling);
  EXPECT_THAT(report.verdict_rows.at(0).remarks, Contains("at ceiling for every model"));
}

/// A measure "x" that grows by `slope` per half decade, beside a contrast that grows by 0.1.
FakeSweep sweep_with_contrast(double slope) {
  std::vector<double> scores;
  for (int m = 0; m < 7; ++m) scores.push_back(0.1 + slope * m + (m % 2 == 0 ? 0.001 : -0.001));
  FakeSweep sweep = sweep_of(scores);
  sweep.add_task("battery", 20, {.best = 1}, [](int m, int) {
    return std::pair(0.2 + 0.1 * m + (m % 3 == 0 ? 0.003 : -0.002), 1.0);
  });
  sweep.source().plan.tasks[1].ability = "contrast";
  return sweep;
}

TEST(Contrast, IsComparedBySlopes) {
  const Report report = sweep_with_contrast(0.02).analyse();
  const VerdictRow* x = nullptr;
  const VerdictRow* contrast = nullptr;
  for (const VerdictRow& row : report.verdict_rows) {
    if (row.name == "x") x = &row;
    if (row.name == "contrast") contrast = &row;
  }
  ASSERT_TRUE(x != nullptr && contrast != nullptr);
  EXPECT_EQ(contrast->comparison.undefined, "is the contrast itself");
  EXPECT_TRUE(x->comparison.undefined.empty());
  EXPECT_EQ(x->comparison.num_models, 7);
  EXPECT_NEAR(x->comparison.slope.value, x->evidence.slope.value - contrast->evidence.slope.value,
              1e-12);
  EXPECT_NEAR(x->comparison.slope.value, -0.16, 0.005);
  EXPECT_LT(x->comparison.slope.t_high, -0.1);
  EXPECT_FALSE(std::isnan(x->comparison.slope.ci_low));
  EXPECT_EQ(x->comparison.observed.williams_df, 4);
  EXPECT_LT(x->comparison.observed.difference_low, x->comparison.observed.difference);
  EXPECT_THAT(format_tables(report), HasSubstr("less than contrast by 0.16"));
}

// Halves of noisy questions agree less than all of them do, so that what questions without error
// would show is a closer correlation.
TEST(Contrast, IsComparedAfterCorrectionForAttenuation) {
  FakeSweep sweep;
  for (int m = 0; m < 9; ++m) sweep.add_model("m" + std::to_string(m), 1000 << m);
  sweep.add_task("t", 60, {.best = 1}, [](int m, int q) {
    return std::pair(testing::noise(m, q) < 0.2 + 0.05 * m ? 1.0 : 0.0, 1.0);
  });
  sweep.add_task("u", 60, {.best = 1}, [](int m, int q) {
    return std::pair(testing::noise(m + 50, q) < 0.2 + 0.07 * m ? 1.0 : 0.0, 1.0);
  });
  sweep.analysis(R"({"bootstrap_draws": 200, "contrast": "u"})");
  const Report report = sweep.analyse();
  const Comparison& comparison = report.verdict_rows.at(0).comparison;
  EXPECT_GT(comparison.reliability, 0.5);
  EXPECT_LT(comparison.reliability, 0.99);
  EXPECT_NEAR(comparison.corrected.measure,
              std::min(1.0, comparison.observed.measure / std::sqrt(comparison.reliability)),
              1e-12);
}

TEST(Contrast, IsMissedWithAReason) {
  const Report report = sweep_of({0.2, 0.3, 0.4, 0.5, 0.6}).analyse();
  EXPECT_THAT(report.verdict_rows.at(0).comparison.undefined,
              HasSubstr("no ability or task named contrast"));
  EXPECT_TRUE(std::isnan(report.verdict_rows[0].comparison.slope.value));
  EXPECT_THAT(format_tables(report), Not(HasSubstr("less than contrast by")));
}

const SizeRow& row_of_task(const Report& report, std::int32_t task) {
  return *std::find_if(report.size_rows.begin(), report.size_rows.end(),
                       [&](const SizeRow& row) { return row.task == task; });
}

TEST(SecondOpinions, AreGivenWhereTheJobAsks) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("t", 100, {.chance = 0.25, .best = 1}, testing::growing);
  sweep.add_task("loss", 100, {.name = "loss", .higher_is_better = false}, testing::log_likelihood);
  EXPECT_THAT(format_tables(sweep.analyse()), Not(HasSubstr("Second opinions")));
  EXPECT_TRUE(std::isnan(sweep.analyse().size_rows.at(0).mixed.value));
  sweep.analysis(R"({"bootstrap_draws": 500, "hierarchical": true, "mixed_model": true})");
  const Report report = sweep.analyse();
  const SizeRow& row = row_of_task(report, 0);
  // 0.3 to 0.7 over two decades: from -0.85 to +0.85 log odds.
  EXPECT_NEAR(row.mixed.value, 0.85, 0.3);
  EXPECT_GT(row.mixed.low, 0.3);
  EXPECT_LT(row.mixed.p, 1e-4);
  EXPECT_NEAR(row.logit.value, 1.2, 0.6);
  EXPECT_EQ(row_of_task(report, 1).mixed.undefined, "not right or wrong");
  EXPECT_TRUE(std::isnan(row_of_task(report, 1).logit.value));
  EXPECT_LT(row.hierarchical.low, row.slope.value);
  EXPECT_GT(row.hierarchical.high, row.slope.value);
  EXPECT_EQ(row.hierarchical.coverage,
            stats::hierarchical_coverage(1, 5, stats::SlopeOf::all_models));
  EXPECT_EQ(row.hierarchical.num_draws, 500);
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("Second opinions"));
  EXPECT_THAT(text, HasSubstr("not right or wrong"));
}

TEST(Relation, OverLeversHasAPartialCorrelation) {
  FakeSweep sweep;
  for (int m = 0; m < 4; ++m)
    sweep.add_model("a" + std::to_string(m), 1000 << m, "a", false, {{"tuning", "base"}});
  for (int m = 0; m < 4; ++m)
    sweep.add_model("b" + std::to_string(m), 1000 << m, "a", false, {{"tuning", "sft"}});
  // Tuning lifts every model by as much, and hides how closely the rest goes with size.
  sweep.add_task("t", 20, {.best = 1}, [](int m, int) {
    return std::pair(0.1 + 0.05 * (m % 4) + (m < 4 ? 0 : 0.5) + (m % 3 == 0 ? 0.001 : 0), 1.0);
  });
  const Report report = sweep.analyse();
  const auto all = std::find_if(report.size_rows.begin(), report.size_rows.end(),
                                [](const SizeRow& row) { return row.all_levers; });
  ASSERT_NE(all, report.size_rows.end());
  EXPECT_LT(all->pearson.value, 0.5);
  EXPECT_GT(all->partial.value, 0.99);
  EXPECT_EQ(all->partial.degrees_of_freedom, 5);
  EXPECT_GT(all->within_pearson.value, 0.99);
  EXPECT_GT(all->within_spearman.value, 0.9);
  EXPECT_LT(all->within_spearman.p, 0.05);
  EXPECT_EQ(report.verdict_rows.size(), 1u) << "one verdict over all levers";
  for (const SizeRow& row : report.size_rows) {
    EXPECT_EQ(std::isnan(row.partial.value), !row.all_levers);
  }
}

TEST(Relation, NamesTheCurveThatDescribesItBest) {
  std::vector<double> scores;
  for (int m = 0; m < 10; ++m) {
    scores.push_back(0.9 / (1 + std::exp(-2 * (0.5 * m - 2.2))) + (m % 2 == 0 ? 0.002 : -0.002));
  }
  const Report report = sweep_of(scores).analyse();
  const Shape& shape = report.size_rows.at(0).shape;
  EXPECT_EQ(shape.curve, "sigmoid");
  EXPECT_GT(shape.r_squared, 0.99);
  EXPECT_LT(shape.aicc, shape.line_aicc);
  EXPECT_EQ(report.ability_rows.at(0).shape.curve, "sigmoid");
}

TEST(Exploring, AdjustsPOverAllRows) {
  FakeSweep sweep = sweep_of({0.2, 0.26, 0.29, 0.36, 0.39, 0.46, 0.49});
  for (int t = 0; t < 3; ++t) {
    sweep.add_task("noise" + std::to_string(t), 20, {.best = 1},
                   [t](int m, int) { return std::pair(testing::noise(m, t), 1.0); });
  }
  const Report report = sweep.analyse();
  const SizeRow& row = row_of_task(report, 0);
  EXPECT_NEAR(row.spearman.p, 2.0 / 5040, 1e-12);
  EXPECT_NEAR(row.spearman_q, 4 * 2.0 / 5040, 1e-12) << "the smallest of four";
}

TEST(Text, SaysASentenceOnEachAbilityFirst) {
  const std::string text =
      format_tables(sweep_of({0.2, 0.26, 0.29, 0.36, 0.39, 0.46, 0.49}).analyse());
  EXPECT_TRUE(text.starts_with("What the data show\n\n  x: grows: +0.0")) << text.substr(0, 400);
  EXPECT_THAT(text, HasSubstr("of the range from chance to perfect per ten-fold"));
  EXPECT_THAT(text, HasSubstr("Holm p < .001"));
  // One family of seven sizes: nothing is said of other families.
  EXPECT_THAT(text, HasSubstr("mean slope of all families 85 % of the time"));
}

}  // namespace
}  // namespace allometer::report
