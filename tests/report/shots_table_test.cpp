#include "report/shots_table.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/fake_sweep.hpp"

namespace allometer::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Five models asked with seven numbers of shots in five draws each, as the reference has them.
class ShotsTable : public ::testing::Test {
 protected:
  ShotsTable() {
    std::ifstream file(std::string(ALLOMETER_SOURCE_DIR) + "/tests/report/shots_reference.json");
    reference_ = nlohmann::json::parse(file);
    sweep_.ladder();
    sweep_.add_task("words", 10, {}, testing::coin, {});
    const auto& models = reference_["models"];
    for (std::size_t m = 0; m < models.size(); ++m) {
      EXPECT_EQ(source().plan.models[m].num_parameters_without_embeddings, models[m]["parameters"]);
      for (std::size_t draw = 0; draw < 5; ++draw) {
        for (std::size_t k = 0; k < reference_["shots"].size(); ++k)
          add_cell(m, draw, reference_["shots"][k], models[m]["values"][draw][k]);
      }
    }
  }

  Source& source() { return sweep_.source(); }

  void add_cell(std::size_t model, std::size_t draw, int shots, double estimate) {
    results::CellRow row;
    row.cell.variant = static_cast<std::int32_t>(model);
    row.cell.num_fewshot = shots;
    row.cell.seed = draw;
    row.cell.num_questions = 10;
    row.status = results::CellStatus::done;
    results::ResultsFile::Estimate made;
    made.cell = static_cast<std::int32_t>(source().cells.size());
    made.metric = "acc";
    made.estimate = estimate;
    estimates_.push_back(made);
    source().cells.push_back(row);
  }

  std::vector<ShotsRow> rows() {
    std::map<Ladder, std::vector<std::int32_t>> ladders;
    for (std::size_t i = 0; i < source().cells.size(); ++i) {
      const Ladder ladder{0, 10, source().cells[i].cell.num_fewshot, "f32", "", false, true};
      ladders[ladder].push_back(static_cast<std::int32_t>(i));
    }
    Settings settings;
    settings.bootstrap_draws = 2000;
    return shots_rows(ladders, estimates_, source(), settings);
  }

  nlohmann::json reference_;
  testing::FakeSweep sweep_;
  std::vector<results::ResultsFile::Estimate> estimates_;
};

TEST_F(ShotsTable, FitsAndCorrelatesAsNumPyAndSciPyDo) {
  const auto made = rows();
  ASSERT_EQ(made.size(), 1U);
  const ShotsRow& row = made[0];
  ASSERT_EQ(row.points.size(), 5U);
  for (std::size_t m = 0; m < 5; ++m) {
    const auto& expected = reference_["models"][m];
    const ShotsPoint& point = row.points[m];
    EXPECT_NEAR(point.level, expected["level"].get<double>(), 1e-12);
    EXPECT_NEAR(point.gain, expected["gain"].get<double>(), 1e-12);
    EXPECT_NEAR(point.gain_t_low, expected["gain_t_low"].get<double>(), 1e-9);
    EXPECT_NEAR(point.gain_t_high, expected["gain_t_high"].get<double>(), 1e-9);
    EXPECT_NEAR(point.spread, expected["spread"].get<double>(), 1e-12);
    EXPECT_NEAR(point.gain_spread, expected["gain_spread"].get<double>(), 1e-12);
    EXPECT_EQ(point.num_draws, 5);
  }
  EXPECT_NEAR(row.level.pearson.value, reference_["level"]["pearson"].get<double>(), 1e-12);
  EXPECT_NEAR(row.level.spearman.value, reference_["level"]["spearman"].get<double>(), 1e-12);
  EXPECT_NEAR(row.gain.pearson.value, reference_["gain"]["pearson"].get<double>(), 1e-12);
  EXPECT_NEAR(row.gain.spearman.value, reference_["gain"]["spearman"].get<double>(), 1e-12);
  for (const Correlation& correlation :
       {row.level.pearson, row.level.spearman, row.gain.pearson, row.gain.spearman}) {
    // But for rounding: of perfect order every draw has the same.
    EXPECT_LE(correlation.ci_low, correlation.value + 1e-12);
    EXPECT_GE(correlation.ci_high, correlation.value - 1e-12);
    EXPECT_GE(correlation.p, correlation.smallest_p);
  }
  // The gains were made to fall with size, five times as much as they scatter.
  EXPECT_LT(row.gain.pearson.ci_high, 0);
}

TEST_F(ShotsTable, ADrawThatLacksANumberOfShotsIsLeftOut) {
  source().cells[0].status = results::CellStatus::partial;  // model 0, draw 0, no shots
  const auto made = rows();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].points[0].num_draws, 4);
  EXPECT_EQ(made[0].points[1].num_draws, 5);
  EXPECT_NEAR(made[0].points[1].gain, reference_["models"][1]["gain"].get<double>(), 1e-12);
  EXPECT_FALSE(std::isnan(made[0].gain.pearson.ci_low));  // over the four that all have
}

TEST_F(ShotsTable, OneDrawHasNoSpreadAndOneNumberOfShotsNoRow) {
  for (auto& cell : source().cells) {
    if (cell.cell.seed > 0) cell.status = results::CellStatus::planned;
  }
  const auto one_draw = rows();
  ASSERT_EQ(one_draw.size(), 1U);
  EXPECT_TRUE(std::isnan(one_draw[0].points[0].spread));
  EXPECT_TRUE(std::isnan(one_draw[0].gain.spearman.ci_low));
  EXPECT_FALSE(std::isnan(one_draw[0].gain.spearman.value));
  for (auto& cell : source().cells) {
    if (cell.cell.num_fewshot != 4) cell.status = results::CellStatus::planned;
  }
  EXPECT_TRUE(rows().empty());
}

TEST_F(ShotsTable, StandsInTheTextAndInTheTables) {
  Report report;
  report.plan = source().plan;
  report.shots_rows = rows();
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("value = level + gain x ln(1 + shots)"));
  EXPECT_THAT(text, HasSubstr("0..32"));
  const auto tables = tables_of(report);
  ASSERT_EQ(tables.size(), 7U);
  EXPECT_EQ(tables[5].name, "analysis_shots");
  EXPECT_THAT(tables[5].text_columns[0].second, ElementsAre("words"));
  EXPECT_EQ(tables[6].name, "analysis_shots_points");
  EXPECT_EQ(tables[6].number_columns[0].values.size(), 5U);
}

}  // namespace
}  // namespace allometer::report
