#include "stats/partial_correlation.hpp"

#include <cmath>

#include "stats/correlation.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using nlohmann::json;
using testing::expect_close;
using testing::matrix_of;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void expect_same(const PartialCorrelation& actual, const json& expected, const std::string& what) {
  EXPECT_EQ(actual.undefined, Undefined::no) << what;
  expect_close(actual.value, expected["r"], what + " r");
  EXPECT_EQ(actual.degrees_of_freedom, expected["df"].get<int>()) << what;
  expect_close(actual.p, expected["p"], what + " p");
}

TEST(PartialCorrelation, AgreesWithRegressionOnTheLevers) {
  for (const auto& [name, expected] :
       reference("models_reference.json")["partial_correlations"].items()) {
    const Values x = expected["x"];
    const Values y = expected["y"];
    const MatrixXd given = matrix_of(expected["given"]);
    expect_same(partial_pearson(x, y, given), expected["pearson"], name + " Pearson");
    expect_same(partial_spearman(x, y, given), expected["spearman"], name + " Spearman");
  }
}

TEST(PartialCorrelation, SizeThatALeverDeterminesCannotBeToldApart) {
  const Values x = {8, 8, 9, 9, 9};
  const Values y = {0.1, 0.2, 0.3, 0.5, 0.4};
  const MatrixXd lever = Eigen::VectorXd{{0, 0, 1, 1, 1}};
  EXPECT_EQ(partial_pearson(x, y, lever).undefined, Undefined::constant);
  EXPECT_EQ(partial_spearman(x, y, lever).undefined, Undefined::constant);
  EXPECT_TRUE(std::isnan(partial_pearson(x, y, lever).p));
}

TEST(PartialCorrelation, SaysWhyThereIsNone) {
  const auto expect_none = [](const Values& x, const Values& y, const MatrixXd& given,
                              Undefined reason) {
    for (const auto& r : {partial_pearson(x, y, given), partial_spearman(x, y, given)}) {
      EXPECT_TRUE(std::isnan(r.value));
      EXPECT_TRUE(std::isnan(r.p));
      EXPECT_EQ(r.undefined, reason) << name_of(r.undefined);
    }
  };
  expect_none({}, {}, MatrixXd(0, 0), Undefined::too_few);
  expect_none({8}, {1}, MatrixXd::Ones(1, 1), Undefined::too_few);
  expect_none({8, 9}, {1, 2}, Eigen::VectorXd{{0, 1}}, Undefined::too_few);
  expect_none({8, 9, 10}, {2, 2, 2}, MatrixXd(3, 0), Undefined::constant);
  expect_none({8, kNan, 10}, {1, 3, 2}, MatrixXd(3, 0), Undefined::not_finite);
  expect_none({8, 9, 10}, {1, 3, 2}, Eigen::VectorXd{{0, kNan, 1}}, Undefined::not_finite);
  const PartialCorrelation two = partial_pearson(Values{8, 9}, Values{2, 1}, MatrixXd(2, 0));
  EXPECT_DOUBLE_EQ(two.value, -1);
  EXPECT_TRUE(std::isnan(two.p)) << "no degrees of freedom";
}

TEST(PartialCorrelation, PerfectHasPOfNought) {
  const MatrixXd lever = Eigen::VectorXd{{0, 1, 0, 1, 0}};
  const Values x = {1, 2, 3, 4, 6};
  const Values y = {3, 105, 7, 109, 13};
  const PartialCorrelation r = partial_pearson(x, y, lever);
  EXPECT_NEAR(r.value, 1, 1e-14);
  EXPECT_NEAR(r.p, 0, 1e-12);
}

}  // namespace
}  // namespace allometer::stats
