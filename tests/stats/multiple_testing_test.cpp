#include "stats/multiple_testing.hpp"

#include <cmath>

#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// JSON has no NaN: null stands for it.
Values with_nan(const nlohmann::json& values) {
  Values all;
  for (const auto& value : values) all.push_back(value.is_null() ? kNan : value.get<double>());
  return all;
}

void expect_equal(const Values& actual, const Values& expected, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(std::isnan(actual[i]), std::isnan(expected[i])) << what << " " << i;
    if (std::isnan(expected[i])) continue;
    EXPECT_NEAR(actual[i], expected[i], 1e-12) << what << " " << i;
  }
}

TEST(MultipleTesting, AgreesWithStatsmodels) {
  const nlohmann::json& cases = testing::reference("test_reference.json")["adjusted"];
  ASSERT_GE(cases.size(), 9u);
  for (const auto& [name, expected] : cases.items()) {
    const Values p = with_nan(expected["p"]);
    expect_equal(holm(p), with_nan(expected["holm"]), name + " holm");
    expect_equal(benjamini_hochberg(p), with_nan(expected["benjamini_hochberg"]), name + " bh");
  }
}

TEST(MultipleTesting, AMissingTestCountsForNothing) {
  EXPECT_EQ(holm(Values{0.01, 0.04})[0], 0.02);
  EXPECT_EQ(holm(Values{kNan, 0.01, kNan, 0.04})[1], 0.02);
  EXPECT_EQ(benjamini_hochberg(Values{kNan, 0.01, kNan, 0.04})[3], 0.04);
}

TEST(MultipleTesting, KeepsTheOrderOfTheTestsAndNeverLowersAP) {
  const Values p = {0.2, 0.001, 0.04, 0.04, 0.9};
  for (const Values& adjusted : {holm(p), benjamini_hochberg(p)}) {
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_GE(adjusted[i], p[i]);
      EXPECT_LE(adjusted[i], 1);
      for (std::size_t j = 0; j < p.size(); ++j) {
        EXPECT_TRUE(p[i] > p[j] || adjusted[i] <= adjusted[j]);
      }
    }
    EXPECT_EQ(adjusted[2], adjusted[3]);
  }
}

}  // namespace
}  // namespace allometer::stats
