#include "stats/mcnemar.hpp"

#include <cmath>

#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(McNemar, AgreesWithStatsmodels) {
  for (const auto& expected : reference("paired_reference.json")["mcnemar"]) {
    const auto& in = expected["input"];
    const McNemarTest test = mcnemar(in[0], in[1]);
    expect_close(test.exact_p, expected["exact_p"], "exact " + in.dump());
    expect_close(test.mid_p, expected["mid_p"], "mid " + in.dump());
    expect_close(test.chi_squared, expected["chi_squared"], "chi squared " + in.dump());
    expect_close(test.chi_squared_p, expected["chi_squared_p"], "chi squared p " + in.dump());
  }
}

// Airway responsiveness before and after a transplantation (Fagerland, Lydersen and Laake 2013,
// table 3): 1 and 7 of 21 children changed.
TEST(McNemar, IsThePublishedOne) {
  EXPECT_NEAR(mcnemar(1, 7).exact_p, 0.0703, 5e-5);
  EXPECT_NEAR(mcnemar(1, 7).mid_p, 0.0391, 5e-5);
  EXPECT_NEAR(mcnemar(1, 7).chi_squared_p, 0.077, 5e-4);
}

TEST(McNemar, WithoutADifferingQuestionNothingSpeaksForADifference) {
  const McNemarTest test = mcnemar(0, 0);
  EXPECT_EQ(test.exact_p, 1);
  EXPECT_EQ(test.mid_p, 1);
  EXPECT_TRUE(std::isnan(test.chi_squared));
  EXPECT_TRUE(std::isnan(test.chi_squared_p));
}

TEST(PairedAnswers, AreCountedQuestionByQuestion) {
  const Values first = {1, 1, 0, 0, 1, kNan, 0, 1, kNan};
  const Values second = {1, 0, 1, 0, 0, 1, kNan, 0, kNan};
  const PairedAnswers counts = count_paired_answers(first, second);
  EXPECT_EQ(counts.both, 1);
  EXPECT_EQ(counts.first_only, 3);
  EXPECT_EQ(counts.second_only, 1);
  EXPECT_EQ(counts.neither, 1);
  EXPECT_EQ(counts.left_out, 3);
  EXPECT_EQ(count_paired_answers({}, {}).both, 0);
}

}  // namespace
}  // namespace allometer::stats
