#include <algorithm>
#include <cmath>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fake_sweep.hpp"

namespace allometer::report {
namespace {

using testing::FakeSweep;
using ::testing::HasSubstr;
using ::testing::Not;

const results::AnalysisTable* table_of(const std::vector<results::AnalysisTable>& tables,
                                       const std::string& name) {
  const auto found = std::ranges::find(tables, name, &results::AnalysisTable::name);
  return found == tables.end() ? nullptr : &*found;
}

const std::vector<double>& column_of(const results::AnalysisTable& table, const std::string& name) {
  return std::ranges::find(table.number_columns, name, &results::AnalysisTable::NumberColumn::name)
      ->values;
}

// --- fewer questions

constexpr int kModels = 24;
constexpr int kQuestions = 200;

/// Two-parameter logistic answers: four families of six models, abilities from -2 to 2.
std::pair<double, double> logistic_answer(int model, int question) {
  const double ability = -2 + 4.0 * model / (kModels - 1);
  const double difficulty = -2 + 4.0 * ((question * 37) % kQuestions) / (kQuestions - 1);
  const double discrimination = 0.7 + 1.5 * testing::noise(999, question);
  const double p = 1 / (1 + std::exp(-discrimination * (ability - difficulty)));
  return {testing::noise(model, question) < p ? 1 : 0, 1};
}

FakeSweep logistic_sweep(const std::string& analysis) {
  FakeSweep sweep;
  sweep.analysis(analysis);
  for (int m = 0; m < kModels; ++m)
    sweep.add_model("m" + std::to_string(m), 1000 * (m + 1), "f" + std::to_string(m % 4));
  sweep.add_task("t", kQuestions, {.name = "acc"}, logistic_answer);
  for (int q = 0; q < kQuestions; ++q)
    sweep.source().plan.tasks[0].question_ids.push_back("q" + std::to_string(q));
  return sweep;
}

TEST(FewerQuestions, EstimateTheScoreOfAllWithinTheirError) {
  const Report report =
      logistic_sweep(R"({"bootstrap_draws": 50, "item_response": true})").analyse();
  ASSERT_EQ(report.anchor_rows.size(), 3u) << "10, 30 and 100 of 200 questions";
  double last = 1;
  for (const AnchorRow& row : report.anchor_rows) {
    EXPECT_EQ(row.num_models, kModels);
    EXPECT_EQ(row.num_questions, kQuestions);
    EXPECT_LT(row.error, row.error_of_random) << row.questions.size();
    EXPECT_LT(row.error, last) << "more questions, less error";
    EXPECT_GE(row.largest_error, row.error);
    last = row.error;
    double weight = 0;
    for (const double share : row.weights) weight += share;
    EXPECT_NEAR(weight, 1, 1e-12);
  }
  // The anchors and weights of the file, put to use.
  const AnchorRow& row = report.anchor_rows[2];
  double off = 0;
  for (int m = 0; m < kModels; ++m) {
    double full = 0, estimate = 0;
    for (int q = 0; q < kQuestions; ++q) full += logistic_answer(m, q).first / kQuestions;
    for (std::size_t i = 0; i < row.questions.size(); ++i)
      estimate += row.weights[i] * logistic_answer(m, row.questions[i]).first;
    off += std::abs(estimate - full) / kModels;
  }
  EXPECT_LT(off, row.error_of_random);
}

TEST(FewerQuestions, AreNamedInTheFile) {
  const Report report =
      logistic_sweep(R"({"bootstrap_draws": 50, "item_response": true})").analyse();
  const auto tables = tables_of(report);
  const auto* rows = table_of(tables, "analysis_fewer_questions");
  const auto* anchors = table_of(tables, "analysis_anchors");
  ASSERT_TRUE(rows != nullptr && anchors != nullptr);
  EXPECT_EQ(column_of(*rows, "error")[2], report.anchor_rows[2].error);
  const auto& [name, ids] = anchors->text_columns[1];
  EXPECT_EQ(name, "question_id");
  EXPECT_EQ(ids.size(), 10u + 30u + 100u);
  EXPECT_EQ(ids[0], "q" + std::to_string(report.anchor_rows[0].questions[0]));
  EXPECT_EQ(column_of(*anchors, "row_index")[10], 1);
  // A question that is harder is answered by fewer models.
  const AnchorRow& row = report.anchor_rows[2];
  const auto easiest = std::ranges::min_element(row.difficulties) - row.difficulties.begin();
  const auto hardest = std::ranges::max_element(row.difficulties) - row.difficulties.begin();
  int easy = 0, hard = 0;
  for (int m = 0; m < kModels; ++m) {
    easy += logistic_answer(m, row.questions[static_cast<std::size_t>(easiest)]).first == 1;
    hard += logistic_answer(m, row.questions[static_cast<std::size_t>(hardest)]).first == 1;
  }
  EXPECT_GT(easy, hard);
  EXPECT_THAT(format_tables(report), HasSubstr("How few questions would do"));
}

TEST(FewerQuestions, LeaveModelsOutInTurnWhereAFamilyIsNearlyAll) {
  FakeSweep sweep;
  sweep.analysis(R"({"bootstrap_draws": 50, "item_response": true})");
  for (int m = 0; m < 8; ++m)
    sweep.add_model("m" + std::to_string(m), 1000 * (m + 1), m == 7 ? "other" : "f");
  sweep.add_task("t", kQuestions, {.name = "acc"},
                 [](int model, int q) { return logistic_answer(3 * model, q); });
  // Nearly all questions alike: as many anchors as there are unlike ones, in one row.
  sweep.add_task("few", kQuestions, {.name = "acc"},
                 [](int model, int q) { return std::pair(q % 20 < model + 3 ? 1.0 : 0.0, 1.0); });
  const Report report = sweep.analyse();
  ASSERT_EQ(report.anchor_rows.size(), 4u);
  EXPECT_FALSE(std::isnan(report.anchor_rows[0].error));
  EXPECT_EQ(report.anchor_rows[3].task, 1);
  EXPECT_LE(report.anchor_rows[3].questions.size(), 10u);
}

TEST(FewerQuestions, AreAskedForOrLeftOut) {
  const Report report = logistic_sweep(R"({"bootstrap_draws": 50})").analyse();
  EXPECT_TRUE(report.anchor_rows.empty());
  EXPECT_EQ(table_of(tables_of(report), "analysis_anchors"), nullptr);
  EXPECT_THAT(format_tables(report), Not(HasSubstr("How few questions")));
}

TEST(FewerQuestions, SayWhenNoTaskCanTell) {
  FakeSweep sweep;
  sweep.ladder().analysis(R"({"bootstrap_draws": 50, "item_response": true})");
  sweep.add_task("lm", 50, {.name = "nll", .aggregation = "negative", .higher_is_better = false},
                 testing::log_likelihood);
  const Report report = sweep.analyse();
  EXPECT_TRUE(report.anchor_rows.empty());
  EXPECT_THAT(format_tables(report), HasSubstr("No task can tell"));
}

// --- capacity density

double loss_at(double parameters) {
  return 12 * std::pow(parameters, -0.08);
}
double score_at(double loss) {
  return 0.6 / (1 + std::exp(6 * (loss - 2.6))) + 0.25;
}

/// Reference models of eight sizes on the laws above, and one model that scores as a reference of
/// thrice its size; published values without errors.
class DensitySweep {
 public:
  explicit DensitySweep(const std::string& density) {
    sweep_.analysis(R"({"bootstrap_draws": 200, "density": )" + density + "}");
    for (const auto& [task, metric] : {std::pair("lm", "nll"), std::pair("quiz", "acc")}) {
      results::PlannedTask planned;
      planned.name = task;
      planned.metrics.emplace_back();
      planned.metrics[0].name = metric;
      planned.metrics[0].aggregation = "mean";
      planned.metrics[0].higher_is_better = planned.name == "quiz";
      planned.metrics[0].chance = planned.name == "quiz" ? 0.25 : kUndefined;
      sweep_.source().plan.tasks.push_back(planned);
    }
    for (int i = 0; i < 10; ++i) add_model("reference", 1e7 * std::pow(2.2, i), 1);
    add_model("dense", 2e8, 3);
  }

  Report analyse() {
    sweep_.source().published = [this](std::int32_t cell, std::int32_t) {
      return std::optional(values_.at(static_cast<std::size_t>(cell)));
    };
    return sweep_.analyse();
  }

 private:
  void add_model(const std::string& family, double parameters, double density) {
    const auto size = static_cast<std::int64_t>(parameters);
    const int model = sweep_.add_model(family + std::to_string(size), size, family);
    const double loss = loss_at(static_cast<double>(size) * density);
    for (const int task : {0, 1}) {
      results::CellRow row;
      row.cell.variant = model;
      row.cell.task = task;
      row.status = results::CellStatus::done;
      sweep_.source().cells.push_back(row);
      results::PublishedValue value;
      value.metric = task == 0 ? "nll" : "acc";
      value.value = task == 0 ? loss : score_at(loss);
      values_.push_back(value);
    }
  }

  FakeSweep sweep_;
  std::vector<results::PublishedValue> values_;
};

TEST(Density, IsTheSizeOfAnEqualReferenceOverItsOwn) {
  const Report report =
      DensitySweep(R"({"family": "reference", "loss": "lm/nll", "score": "quiz/acc"})").analyse();
  EXPECT_EQ(report.density.problem, "");
  EXPECT_EQ(report.density.num_reference, 10);
  EXPECT_NEAR(report.density.alpha, 0.08, 1e-4);
  ASSERT_EQ(report.density.rows.size(), 11u);
  for (const DensityRow& row : report.density.rows) {
    EXPECT_NEAR(row.density, row.is_reference ? 1 : 3, 0.01) << row.variant;
    EXPECT_LE(row.low, row.density * (1 + 1e-6));
    EXPECT_GE(row.high, row.density * (1 - 1e-6));
  }
  const auto tables = tables_of(report);
  const auto* table = table_of(tables, "analysis_density");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(column_of(*table, "density").size(), 11u);
  EXPECT_THAT(format_tables(report), HasSubstr("Capacity density"));
}

TEST(Density, SaysWhyItCannotBeTold) {
  const auto text_of = [](const std::string& density) {
    return format_tables(DensitySweep(density).analyse());
  };
  EXPECT_THAT(text_of(R"({"family": "reference", "loss": "lm/ppl", "score": "quiz/acc"})"),
              HasSubstr("there is no metric lm/ppl here"));
  EXPECT_THAT(text_of(R"({"family": "reference", "loss": "quiz/acc", "score": "lm/nll"})"),
              HasSubstr("quiz/acc must be a loss"));
  EXPECT_THAT(text_of(R"({"family": "dense", "loss": "lm/nll", "score": "quiz/acc"})"),
              HasSubstr("cannot be fitted to the 1 models of family dense"));
}

}  // namespace
}  // namespace allometer::report
