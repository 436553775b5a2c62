#include "report/levers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "report/fake_sweep.hpp"

namespace allometer::report {
namespace {

using ::testing::ElementsAre;
using testing::FakeSweep;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// A sweep whose cells have published values, without questions.
class PublishedSweep {
 public:
  explicit PublishedSweep(const std::string& analysis = R"({"bootstrap_draws": 200})") {
    sweep_.analysis(analysis);
  }

  int add_model(const std::string& family, std::int64_t size,
                std::map<std::string, std::string> levers) {
    const std::string name =
        family + "-" + std::to_string(size) + "-" + (levers.empty() ? "" : levers.begin()->second);
    return sweep_.add_model(name, size, family, false, std::move(levers));
  }

  /// Scores between 0 for guessing and 1 for perfect.
  int add_task(const std::string& name, const std::string& ability = "") {
    results::PlannedTask task;
    task.name = name;
    task.ability = ability;
    task.metrics.emplace_back();
    task.metrics[0].name = "acc";
    task.metrics[0].aggregation = "mean";
    task.metrics[0].best = 1;
    source().plan.tasks.push_back(task);
    return static_cast<int>(source().plan.tasks.size()) - 1;
  }

  void add_value(int model, int task, int shots, double value, double standard_error = kUndefined) {
    results::CellRow row;
    row.cell.variant = model;
    row.cell.task = task;
    row.cell.num_fewshot = shots;
    row.status = results::CellStatus::done;
    source().cells.push_back(row);
    results::PublishedValue published;
    published.metric = "acc";
    published.value = value;
    published.standard_error = standard_error;
    values_.push_back(published);
  }

  Source& source() { return sweep_.source(); }

  Report analyse() {
    source().published = [this](std::int32_t cell,
                                std::int32_t) -> std::optional<results::PublishedValue> {
      return values_.at(static_cast<std::size_t>(cell));
    };
    return sweep_.analyse();
  }

 private:
  FakeSweep sweep_;
  std::vector<results::PublishedValue> values_;
};

const LeverRow& row_of(const Report& report, const std::string& lever, const std::string& level,
                       std::int32_t task = 0) {
  for (const LeverRow& row : report.lever_rows) {
    if (row.lever == lever && row.level == level && row.task == task) return row;
  }
  throw std::runtime_error("no row of " + lever + " " + level);
}

const nlohmann::json& reference() {
  static const nlohmann::json all = [] {
    std::ifstream file(std::string(ALLOMETER_SOURCE_DIR) + "/tests/report/lever_reference.json");
    return nlohmann::json::parse(file);
  }();
  return all;
}

/// The points of a reference case as a sweep of one task.
PublishedSweep sweep_of(const nlohmann::json& points) {
  PublishedSweep sweep;
  const int task = sweep.add_task("task");
  std::map<std::string, int> models;
  for (const auto& point : points) {
    const std::string data = point["deduplicated"] == 1 ? "deduplicated" : "plain";
    const std::string key = point["family"].get<std::string>() + point["size"].dump() + data;
    if (!models.contains(key))
      models[key] = sweep.add_model(point["family"], point["size"], {{"data", data}});
    sweep.add_value(models[key], task, point["five"] == 1 ? 5 : 0, point["y"]);
  }
  return sweep;
}

void expect_effect(const Effect& effect, const nlohmann::json& expected, const std::string& what) {
  EXPECT_NEAR(effect.value, expected["value"], 1e-10) << what;
  EXPECT_NEAR(effect.low, expected["low"], 1e-9) << what;
  EXPECT_NEAR(effect.high, expected["high"], 1e-9) << what;
  EXPECT_NEAR(effect.p, expected["p"], 1e-9) << what;
}

class LeverReference : public ::testing::TestWithParam<std::string> {};

TEST_P(LeverReference, IsWhatRSays) {
  const auto& expected = reference()[GetParam()];
  const Report report = sweep_of(expected["points"]).analyse();
  ASSERT_EQ(report.lever_rows.size(), 2u);
  for (const auto& row : expected["rows"]) {
    const bool is_data = row["lever"] == "deduplicated";
    const LeverRow& found =
        is_data ? row_of(report, "data", "deduplicated") : row_of(report, "shots", "5");
    EXPECT_EQ(found.reference, is_data ? "plain" : "0");
    EXPECT_EQ(found.num_points, expected["points"].size());
    expect_effect(found.effect, row["effect"], found.lever + " effect");
    expect_effect(found.decade, row["decade"], found.lever + " decade");
    expect_effect(found.interaction, row["interaction"], found.lever + " interaction");
    expect_effect(found.matched, row["matched"], found.lever + " matched");
    EXPECT_EQ(found.num_matched, row["matched"]["sizes"]);
    EXPECT_NEAR(found.exchange, found.effect.value / found.decade.value, 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(All, LeverReference, ::testing::Values("two_families", "nine_families"));

/// One family of five sizes, plain and tuned; tuning adds as much as half a decade.
PublishedSweep tuned_sweep(double effect, double slope, double scatter,
                           const std::string& analysis = R"({"bootstrap_draws": 200})") {
  PublishedSweep sweep(analysis);
  sweep.add_task("task");
  int i = 0;
  for (const std::int64_t size : {1000000, 3000000, 10000000, 30000000, 100000000}) {
    for (const std::string tuning : {"base", "chat"}) {
      const int model = sweep.add_model("f", size, {{"tuning", tuning}});
      const double noise = scatter * (testing::noise(i++, 0) - 0.5);
      sweep.add_value(
          model, 0, 0,
          0.1 + slope * std::log10(static_cast<double>(size)) + (tuning == "chat") * effect + noise,
          0.01);
    }
  }
  return sweep;
}

TEST(Levers, AreWorthDecadesOfParameters) {
  const LeverRow row = row_of(tuned_sweep(0.025, 0.05, 0.002).analyse(), "tuning", "chat");
  EXPECT_NEAR(row.exchange, 0.5, 0.05);
  EXPECT_EQ(row.exchange_interval, ExchangeInterval::bounded);
  EXPECT_LT(row.exchange_low, 0.5);
  EXPECT_GT(row.exchange_high, 0.5);
  EXPECT_LT(row.exchange_high - row.exchange_low, 0.2);
}

TEST(Levers, HaveNoBoundedWorthWhereSizeMayDoNothing) {
  const Report report = tuned_sweep(0.025, 0, 0.03).analyse();
  const LeverRow& row = row_of(report, "tuning", "chat");
  EXPECT_LT(row.decade.low, 0);
  EXPECT_GT(row.decade.high, 0);
  EXPECT_THAT(row.exchange_interval,
              ::testing::AnyOf(ExchangeInterval::outside, ExchangeInterval::everything));
  EXPECT_THAT(format_tables(report), HasSubstr("has no bounded interval"));
}

TEST(Levers, AreComparedWithTheReferenceOfTheSettings) {
  const Report report =
      tuned_sweep(0.025, 0.05, 0.002, R"({"bootstrap_draws": 50, "reference": {"tuning": "chat"}})")
          .analyse();
  ASSERT_EQ(report.lever_rows.size(), 1u);
  EXPECT_EQ(report.lever_rows[0].level, "base");
  EXPECT_EQ(report.lever_rows[0].reference, "chat");
  EXPECT_NEAR(report.lever_rows[0].exchange, -0.5, 0.05);
  EXPECT_EQ(report.pair_rows.at(0).from, "chat");
}

TEST(Levers, RefuseAReferenceThatIsNotThere) {
  const auto message_of = [](const std::string& reference) -> std::string {
    try {
      tuned_sweep(0, 0, 0, R"({"reference": )" + reference + "}").analyse();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message_of(R"({"tuning": "sft"})"),
              HasSubstr("lever tuning is \"sft\", but its levels are \"base\", \"chat\""));
  EXPECT_THAT(message_of(R"({"tunning": "base"})"),
              HasSubstr("is of lever tunning, which no model has; there are precision, shots, "
                        "tuning"));
}

TEST(Levers, OfTwoSizesHaveNoIntervalOfSize) {
  PublishedSweep sweep;
  sweep.add_task("task");
  for (const std::string family : {"a", "b", "c"}) {
    for (const std::int64_t size : {1000, 100000}) {
      for (const std::string tuning : {"base", "chat"}) {
        const int model = sweep.add_model(family, size, {{"tuning", tuning}});
        sweep.add_value(model, 0, 0, 0.1 * testing::noise(model, 1));
      }
    }
  }
  const LeverRow row = row_of(sweep.analyse(), "tuning", "chat");
  EXPECT_FALSE(std::isnan(row.effect.low));
  EXPECT_FALSE(std::isnan(row.decade.value));
  EXPECT_TRUE(std::isnan(row.decade.low));
  EXPECT_EQ(row.exchange_interval, ExchangeInterval::none);
}

TEST(Levers, ThatGoWithTheFamilyAreNotTold) {
  PublishedSweep sweep;
  sweep.add_task("task");
  for (const std::int64_t size : {1000, 10000, 100000, 1000000}) {
    for (const std::string family : {"a", "b"}) {
      const int model = sweep.add_model(family, size, {{"data", family == "a" ? "web" : "books"}});
      sweep.add_value(model, 0, 0, 0.1 * testing::noise(model, 2));
    }
  }
  const Report report = sweep.analyse();
  const LeverRow& row = row_of(report, "data", "books");
  EXPECT_TRUE(std::isnan(row.effect.value));
  EXPECT_FALSE(std::isnan(row.decade.value)) << "what size does is told all the same";
  EXPECT_EQ(row.num_matched, 0);
  EXPECT_TRUE(report.pair_rows.empty()) << "models of two families are no pair";
}

TEST(Levers, OfAnAbilityAreThoseOfItsMeanScore) {
  PublishedSweep sweep;
  for (const char* task : {"one", "two"}) sweep.add_task(task, "reading");
  for (const std::int64_t size : {1000, 10000, 100000, 1000000}) {
    for (const std::string tuning : {"base", "chat"}) {
      const int model = sweep.add_model("f", size, {{"tuning", tuning}});
      for (int task : {0, 1}) {
        const double gain = tuning == "chat" ? 0.1 + 0.1 * task : 0;
        sweep.add_value(model, task, 0, gain + 0.01 * testing::noise(model, task));
        // The second task alone was asked with five shots, too.
        if (task == 1) sweep.add_value(model, task, 5, 0.5);
      }
    }
  }
  const Report report = sweep.analyse();
  EXPECT_EQ(report.lever_rows.front().ability, "reading") << "abilities first";
  const LeverRow& reading = row_of(report, "tuning", "chat", -1);
  EXPECT_EQ(reading.num_points, 16) << "of the only task with both numbers of shots";
  const double both = row_of(report, "tuning", "chat", 1).effect.value;
  EXPECT_NEAR(reading.effect.value, both, 1e-12);
}

TEST(Levers, NoneIsNoTable) {
  FakeSweep sweep;
  sweep.ladder();
  sweep.add_task("coin", 20, {.name = "acc"}, testing::coin);
  const Report report = sweep.analyse();
  EXPECT_TRUE(report.lever_rows.empty());
  EXPECT_TRUE(report.pair_rows.empty());
  EXPECT_THAT(format_tables(report), Not(HasSubstr("lever")));
}

/// Published results of Pythia, plain and deduplicated, zero- and five-shot.
class PythiaLevers : public ::testing::Test {
 protected:
  PythiaLevers() : sweep_(R"({"bootstrap_draws": 200, "reference": {"data": "plain"}})") {}

  void SetUp() override {
    const char* data = std::getenv("ALLOMETER_SHARED_DATA");
    if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
    for (std::size_t t = 0; t < kTasks.size(); ++t) {
      sweep_.add_task(kTasks[t].name, kTasks[t].name == "wsc" ? "" : "language");
      sweep_.source().plan.tasks[t].metrics[0].chance = kTasks[t].chance;
    }
    for (const auto& [name, parameters] : kSizes) {
      for (const std::string deduped : {"", "-deduped"}) {
        int model = -1;
        for (const int shots : {0, 5}) {
          std::ifstream file(std::string(data) + "/pythia/pythia-" + name + deduped +
                             (shots == 0 ? "_zero" : "_five") + "-shot.json");
          if (!file) continue;
          if (model < 0)
            model = sweep_.add_model("pythia", parameters,
                                     {{"data", deduped.empty() ? "plain" : "deduplicated"}});
          add_values(nlohmann::json::parse(file)["results"], model, shots);
        }
      }
    }
    ASSERT_EQ(sweep_.source().plan.models.size(), 15u);
    report_ = sweep_.analyse();
  }

  void add_values(const nlohmann::json& results, int model, int shots) {
    for (std::size_t t = 0; t < kTasks.size(); ++t) {
      const auto& of_task = results.at(kTasks[t].name);
      sweep_.add_value(model, static_cast<int>(t), shots, of_task.at("acc"),
                       of_task.at("acc_stderr"));
    }
  }

  struct Task {
    std::string name;
    double chance;
  };
  inline static const std::vector<Task> kTasks = {
      {"lambada_openai", 0}, {"piqa", 0.5}, {"arc_easy", 0.25}, {"logiqa", 0.25}, {"wsc", 0.5}};
  inline static const std::vector<std::pair<std::string, std::int64_t>> kSizes = {
      {"70m", 18915328},    {"160m", 85056000},   {"410m", 302311424},  {"1b", 805736448},
      {"1.4b", 1208602624}, {"2.8b", 2517652480}, {"6.9b", 6444163072}, {"12b", 11327027200}};
  PublishedSweep sweep_;
  Report report_;
};

TEST_F(PythiaLevers, AreToldBesideSize) {
  // Coefficients of statsmodels.OLS on constant, log10 N, deduplicated, five shots.
  struct Expected {
    double size, data, shots;
  };
  const std::vector<Expected> expected = {{0.19582741, 0.01328929, -0.04803674},
                                          {0.13368424, 0.00909252, -0.00406239},
                                          {0.16607977, 0.00336008, 0.02547699},
                                          {0.00640809, 0.00404252, 0.01884281},
                                          {0.01969527, -0.01933973, -0.09487179}};
  for (std::size_t t = 0; t < expected.size(); ++t) {
    const auto& data = row_of(report_, "data", "deduplicated", static_cast<int>(t));
    const auto& shots = row_of(report_, "shots", "5", static_cast<int>(t));
    EXPECT_EQ(data.num_points, 30);
    EXPECT_EQ(data.num_matched, 7) << "there is no plain 1b";
    EXPECT_NEAR(data.decade.value, expected[t].size, 1e-7) << kTasks[t].name;
    EXPECT_NEAR(data.effect.value, expected[t].data, 1e-7) << kTasks[t].name;
    EXPECT_NEAR(shots.effect.value, expected[t].shots, 1e-7) << kTasks[t].name;
    EXPECT_EQ(shots.num_matched, 8);
    EXPECT_LT(data.effect.low, data.effect.value);
    EXPECT_GT(data.effect.high, data.effect.value);
  }
  const auto& lambada = row_of(report_, "shots", "5", 0);
  EXPECT_EQ(lambada.exchange_interval, ExchangeInterval::bounded);
  EXPECT_NEAR(lambada.exchange, -0.2453, 1e-4) << "five shots cost a quarter of a decade";
  const auto& logiqa = row_of(report_, "shots", "5", 3);
  EXPECT_NE(logiqa.exchange_interval, ExchangeInterval::bounded) << "size does nothing there";
  EXPECT_EQ(row_of(report_, "data", "deduplicated", -1).ability, "language");
}

TEST_F(PythiaLevers, ArePairsAndGains) {
  // Seven sizes with both data times two numbers of shots; fifteen models with both shots.
  EXPECT_EQ(report_.pair_rows.size(), kTasks.size() * (7 * 2 + 15));
  for (const PairRow& row : report_.pair_rows) EXPECT_EQ(row.method, PairMethod::unpaired);
  // What five demonstrations add: by data, and each model's gain is its difference over ln 6.
  const auto found = std::ranges::find_if(report_.shots_rows, [](const ShotsRow& row) {
    return row.task == 0 && row.models == "family pythia, data = plain";
  });
  ASSERT_NE(found, report_.shots_rows.end());
  ASSERT_EQ(found->points.size(), 7u);
  const ShotsPoint& largest = found->points.back();
  EXPECT_THAT(largest.shots, ElementsAre(0, 5));
  EXPECT_NEAR(largest.gain, (largest.values[1] - largest.values[0]) / std::log(6), 1e-12);
  EXPECT_EQ(found->gain.num_sizes, 7);
  EXPECT_FALSE(std::isnan(found->gain.spearman.p));
  const std::string text = format_tables(report_);
  EXPECT_THAT(text, HasSubstr("(data plain, shots 0)"));
  EXPECT_THAT(text, HasSubstr("What demonstrations add"));
  EXPECT_THAT(text, HasSubstr("What it cost is unknown"));
}

// --- pairs

/// Plain and tuned models of five sizes; a question asked of the tuned one is right more often.
FakeSweep tuned_questions() {
  FakeSweep sweep;
  for (const std::int64_t size : {1000, 3000, 10000, 30000, 100000}) {
    for (const std::string tuning : {"base", "chat"})
      sweep.add_model("m" + std::to_string(size) + tuning, size, "f", false, {{"tuning", tuning}});
  }
  return sweep;
}

std::pair<double, double> tuned_answer(int model, int question) {
  // Both models of a size share the luck of a question.
  const double luck = testing::noise(model / 2, question);
  return {luck < 0.4 + 0.15 * (model % 2) ? 1 : 0, 1};
}

TEST(Pairs, OfRightAndWrongAnswersCountWhatOneAloneHasRight) {
  FakeSweep sweep = tuned_questions();
  sweep.add_task("t", 300, {.name = "acc"}, tuned_answer);
  const Report report = sweep.analyse();
  ASSERT_EQ(report.pair_rows.size(), 5u);
  const PairRow& row = report.pair_rows[1];
  EXPECT_EQ(report.plan.variants[static_cast<std::size_t>(row.variant_from)].name, "m3000base/f32");
  EXPECT_EQ(report.plan.variants[static_cast<std::size_t>(row.variant_to)].name, "m3000chat/f32");
  int gained = 0;
  for (int q = 0; q < 300; ++q)
    gained += tuned_answer(3, q).first == 1 && tuned_answer(2, q).first == 0;
  EXPECT_EQ(row.method, PairMethod::right_or_wrong);
  EXPECT_EQ(row.only_from_right, 0);
  EXPECT_EQ(row.only_to_right, gained);
  EXPECT_NEAR(row.difference, gained / 300.0, 1e-12);
  EXPECT_EQ(row.p, row.mcnemar_mid_p);
  // With nothing lost, the exact p is that of as many heads in a row, and the mid-p half of it.
  EXPECT_NEAR(row.mcnemar_exact_p / std::pow(2, 1 - gained), 1, 1e-9);
  EXPECT_NEAR(row.mcnemar_mid_p / std::pow(2, -gained), 1, 1e-9);
  // A paired bootstrap of a share: the interval of gained / 300 questions, far narrower than that
  // of two independent samples.
  const double share = gained / 300.0;
  const double deviation = std::sqrt(share * (1 - share) / 300);
  EXPECT_NEAR((row.ci_high - row.ci_low) / (2 * 1.96 * deviation), 1, 0.12);
}

TEST(Pairs, OfOtherValuesHaveThePOfTheBootstrap) {
  FakeSweep sweep = tuned_questions();
  sweep.analysis(R"({"bootstrap_draws": 2000})");
  sweep.add_task("t", 100, {.name = "nll", .aggregation = "negative", .higher_is_better = false},
                 [](int model, int q) {
                   const double gain = model == 1 ? 0.4 : 0;
                   return std::pair(
                       -2 + gain * testing::noise(7, q) + 0.3 * testing::noise(model, q), 1.0);
                 });
  const Report report = sweep.analyse();
  ASSERT_EQ(report.pair_rows.size(), 5u);
  const PairRow& gain = report.pair_rows[0];
  EXPECT_EQ(gain.method, PairMethod::questions);
  EXPECT_TRUE(std::isnan(gain.mcnemar_mid_p));
  EXPECT_NEAR(gain.p, 2.0 / 2001, 1e-12) << "no draw on the other side";
  EXPECT_LT(gain.ci_high, 0);
  for (std::size_t i = 1; i < 5; ++i) {
    const PairRow& row = report.pair_rows[i];
    // Nothing differs: p and interval tell the same story.
    EXPECT_EQ((row.p < 0.05), (row.ci_low > 0 || row.ci_high < 0));
    EXPECT_GE(row.p_adjusted, row.p);
  }
}

TEST(Pairs, OfPublishedValuesTakeTwoStandardErrors) {
  PublishedSweep sweep;
  sweep.add_task("task");
  const int base = sweep.add_model("f", 1000, {{"tuning", "base"}});
  const int chat = sweep.add_model("f", 1000, {{"tuning", "chat"}});
  const int none = sweep.add_model("f", 1000, {{"tuning", "none"}});
  sweep.add_value(base, 0, 0, 0.5, 0.03);
  sweep.add_value(chat, 0, 0, 0.6, 0.04);
  sweep.add_value(none, 0, 0, 0.7);
  const Report report = sweep.analyse();
  ASSERT_EQ(report.pair_rows.size(), 3u);
  const PairRow& row = report.pair_rows[0];
  EXPECT_EQ(row.method, PairMethod::unpaired);
  EXPECT_NEAR(row.difference, 0.1, 1e-12);
  // scipy.stats.norm: 0.1 -+ norm.ppf(.975) * .05, 2 * norm.sf(2)
  EXPECT_NEAR(row.ci_low, 0.0020018007729973016, 1e-12);
  EXPECT_NEAR(row.ci_high, 0.19799819922700269, 1e-12);
  EXPECT_NEAR(row.p, 0.04550026389635839, 1e-12);
  EXPECT_TRUE(std::isnan(report.pair_rows[1].p)) << "one standard error is unknown";
  EXPECT_NEAR(report.pair_rows[1].difference, 0.2, 1e-12);
  EXPECT_THAT(format_tables(report), HasSubstr("unpaired, published"));
}

TEST(Pairs, DifferInOneLeverAlone) {
  FakeSweep sweep;
  const std::vector<std::map<std::string, std::string>> levers = {
      {{"tuning", "base"}, {"data", "web"}},
      {{"tuning", "chat"}, {"data", "web"}},
      {{"tuning", "base"}, {"data", "books"}},
      {{"tuning", "chat"}, {"data", "books"}}};
  for (std::size_t i = 0; i < levers.size(); ++i)
    sweep.add_model("m" + std::to_string(i), 1000, "f", false, levers[i]);
  sweep.add_model("larger", 2000, "f", false, levers[1]);
  sweep.add_model("other", 1000, "g", false, levers[1]);
  sweep.add_model("random", 1000, "f", true, levers[1]);
  sweep.add_task("t", 50, {.name = "acc"}, testing::coin);
  const Report report = sweep.analyse();
  std::vector<std::string> pairs;
  for (const PairRow& row : report.pair_rows) {
    pairs.push_back(row.lever + " " +
                    report.plan.variants[static_cast<std::size_t>(row.variant_from)].name + " " +
                    report.plan.variants[static_cast<std::size_t>(row.variant_to)].name);
  }
  EXPECT_THAT(pairs, UnorderedElementsAre("data m0/f32 m2/f32", "data m1/f32 m3/f32",
                                          "tuning m0/f32 m1/f32", "tuning m2/f32 m3/f32"));
}

TEST(Pairs, StandInTheFileAndAreSummedUpInTheText) {
  FakeSweep sweep = tuned_questions();
  sweep.add_task("t", 300, {.name = "acc", .chance = 0.25}, tuned_answer);
  const Report report = sweep.analyse();
  const auto tables = tables_of(report);
  const auto table_of = [&](const std::string& name) {
    return *std::ranges::find(tables, name, &results::AnalysisTable::name);
  };
  const auto pairs = table_of("analysis_pairs");
  for (const auto& column : pairs.number_columns) EXPECT_EQ(column.values.size(), 5u);
  for (const auto& [name, values] : pairs.text_columns) EXPECT_EQ(values.size(), 5u) << name;
  EXPECT_EQ(table_of("analysis_lever").number_columns.front().values.size(), 1u);
  const std::string text = format_tables(report);
  EXPECT_THAT(text, HasSubstr("What levers do, beside ten-fold size"));
  EXPECT_THAT(text, HasSubstr("tuning base chat     5      5     0"));
  EXPECT_THAT(text, HasSubstr("Smallest p:"));
}

TEST(Pairs, ComeTaskAfterTask) {
  FakeSweep sweep = tuned_questions();
  sweep.add_task("t", 100, {.name = "acc", .chance = 0.25}, tuned_answer);
  sweep.add_task("u", 80, {.name = "acc", .chance = 0.25}, testing::growing);
  // The parts of an analysis come by ability, the other way round.
  sweep.source().plan.tasks[0].ability = "z";
  sweep.source().plan.tasks[1].ability = "a";
  const Report whole = sweep.analyse();
  EXPECT_EQ(whole.pair_rows.size(), 10u);
  EXPECT_EQ(whole.pair_rows[4].task, 0);
  EXPECT_EQ(whole.pair_rows[5].task, 1);
}

}  // namespace
}  // namespace allometer::report
