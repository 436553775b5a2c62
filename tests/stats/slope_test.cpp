#include "stats/slope.hpp"

#include <cmath>

#include "stats/correlation.hpp"
#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using nlohmann::json;
using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;
using Labels = std::vector<int>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Data {
  Values x;
  Values y;
  Labels family;
};

/// The data of a case of clubSandwich; x stands in the given column of its design.
Data data_of(const json& expected, std::size_t x_column) {
  Data data;
  for (const json& row : expected["design"]) data.x.push_back(row[x_column]);
  data.y = expected["y"].get<Values>();
  data.family = expected["cluster"].get<Labels>();
  return data;
}

void expect_same(const CoefficientTest& test, const json& expected, std::size_t k,
                 const std::string& what) {
  expect_close(test.estimate, expected["estimate"][k], what);
  const json& clustered = expected["clustered"];
  expect_close(test.standard_error, clustered["standard_error"][k], what + " error");
  expect_close(test.degrees_of_freedom, clustered["degrees_of_freedom"][k], what + " df");
  expect_close(test.low, clustered["low"][k], what + " low");
  expect_close(test.high, clustered["high"][k], what + " high");
  expect_close(test.p, clustered["p"][k], what + " p");
}

TEST(Slope, ManyFamiliesAreClusters) {
  const json& all = reference("linear_model_reference.json");
  for (const char* name : {"line_by_family", "uneven_families"}) {
    const Data data = data_of(all[name], 1);
    const Slope slope = pooled_slope(data.x, data.y, data.family, 0.95);
    EXPECT_EQ(slope.errors, SlopeErrors::families);
    EXPECT_EQ(slope.num_families, 10);
    expect_same(slope.test, all[name], 1, name);
  }
  const Data data = data_of(all["family_intercepts"], 10);
  const Slope within = within_slope(data.x, data.y, data.family, 0.95);
  EXPECT_EQ(within.errors, SlopeErrors::families);
  expect_same(within.test, all["family_intercepts"], 10, "within");
}

TEST(Slope, FamiliesOfOneSizeSayNothingWithinFamilies) {
  // Ten families, two of them of one model: the reference keeps those, which changes nothing.
  const json& expected = reference("linear_model_reference.json")["family_intercepts_with_singles"];
  const Data data = data_of(expected, 10);
  const Slope slope = within_slope(data.x, data.y, data.family, 0.95);
  EXPECT_EQ(slope.num_families, 8);
  EXPECT_EQ(slope.num_models, 32);
  EXPECT_EQ(slope.errors, SlopeErrors::families);
  expect_same(slope.test, expected, 10, "within");
}

TEST(Slope, FewFamiliesAreGiven) {
  const json& expected = reference("linear_model_reference.json")["family_intercepts_models_alone"];
  Data data = data_of(expected, 3);
  for (const json& row : expected["design"]) {
    data.family.push_back(row[0] == 1 ? 7 : row[1] == 1 ? -2 : 4);
  }
  const Slope within = within_slope(data.x, data.y, data.family, 0.95);
  EXPECT_EQ(within.errors, SlopeErrors::models);
  EXPECT_EQ(within.num_families, 3);
  expect_same(within.test, expected, 3, "within");
  // The pooled estimate is that of one line; its error does not hold the offsets of families.
  const Slope pooled = pooled_slope(data.x, data.y, data.family, 0.95);
  EXPECT_EQ(pooled.errors, SlopeErrors::models);
  expect_close(pooled.test.estimate, least_squares(data.x, data.y, 0.95).slope, "pooled");
  for (std::size_t i = 0; i < data.y.size(); ++i) data.y[i] += 3 * data.family[i];
  const Slope moved = pooled_slope(data.x, data.y, data.family, 0.95);
  EXPECT_GT(std::abs(moved.test.estimate - pooled.test.estimate), 0.01);
  expect_close(moved.test.standard_error, pooled.test.standard_error, "error");
  expect_close(moved.test.degrees_of_freedom, pooled.test.degrees_of_freedom, "df");
  expect_close(within_slope(data.x, data.y, data.family, 0.95).test.estimate, within.test.estimate,
               "within");
}

TEST(Slope, OneFamilyIsALineWithEachModelByItself) {
  const json& expected = reference("linear_model_reference.json")["five_points"];
  const Data data = data_of(expected, 1);
  for (const Labels& family : {Labels{}, Labels(5, 9)}) {
    for (const Slope& slope :
         {pooled_slope(data.x, data.y, family, 0.95), within_slope(data.x, data.y, family, 0.95)}) {
      EXPECT_EQ(slope.errors, SlopeErrors::models);
      EXPECT_EQ(slope.num_sizes, 5);
      expect_same(slope.test, expected, 1, "one family");
    }
  }
}

TEST(Slope, AModelAloneInItsFamilyIsTakenToScatterLikeTheOthers) {
  const Values x = {8, 8.6, 9.1, 9.9, 8.3, 9.2, 10};
  const Values y = {0.2, 0.31, 0.3, 0.44, 0.27, 0.5, 0.61};
  const Labels family = {0, 0, 0, 0, 1, 2, 1};
  const Slope slope = pooled_slope(x, y, family, 0.95);
  EXPECT_EQ(slope.errors, SlopeErrors::models_alike);
  EXPECT_EQ(slope.test.degrees_of_freedom, 7 - 3 - 1);
  // s of the lines within the two families that have some, and the weights of the pooled slope.
  const Slope within = within_slope(x, y, family, 0.95);
  EXPECT_EQ(within.num_models, 6);
  Eigen::MatrixXd lines = Eigen::MatrixXd::Zero(6, 3);
  lines.col(0).head(4).setOnes();
  lines.col(1).tail(2).setOnes();
  lines.col(2) << 8, 8.6, 9.1, 9.9, 8.3, 10;
  const LinearModel fit(lines, Values{0.2, 0.31, 0.3, 0.44, 0.27, 0.61});
  const double s = std::sqrt(fit.residuals().squaredNorm() / 3);
  const Eigen::Map<const Eigen::VectorXd> all(x.data(), 7);
  expect_close(slope.test.standard_error, s / (all.array() - all.mean()).matrix().norm(), "error");
}

TEST(Slope, FamiliesOfOneModelAreAllClusters) {
  const json& expected = reference("linear_model_reference.json")["five_points"];
  const Data data = data_of(expected, 1);
  const Slope slope = pooled_slope(data.x, data.y, Labels{4, 3, 2, 1, 0}, 0.95);
  EXPECT_EQ(slope.errors, SlopeErrors::families);
  expect_same(slope.test, expected, 1, "a family each");
  const Slope within = within_slope(data.x, data.y, Labels{4, 3, 2, 1, 0}, 0.95);
  EXPECT_EQ(within.test.undefined, Undefined::too_few);
  EXPECT_EQ(within_correlation(data.x, data.y, Labels{4, 3, 2, 1, 0}).undefined,
            Undefined::too_few);
}

TEST(Slope, BelowThreeSizesThereIsNoInterval) {
  const Values x = {8, 8, 9, 9, 8, 9};
  const Values y = {0.2, 0.25, 0.4, 0.38, 0.1, 0.33};
  const Labels family = {0, 0, 0, 0, 1, 1};
  for (const Slope& slope : {pooled_slope(x, y, family, 0.95), within_slope(x, y, family, 0.95)}) {
    EXPECT_EQ(slope.num_sizes, 2);
    EXPECT_EQ(slope.test.undefined, Undefined::no);
    EXPECT_GT(slope.test.estimate, 0.1);
    EXPECT_EQ(slope.test.interval_undefined, Undefined::too_few);
    EXPECT_TRUE(std::isnan(slope.test.low) && std::isnan(slope.test.p));
    EXPECT_TRUE(std::isnan(slope.test.standard_error));
  }
}

TEST(Slope, SaysWhyThereIsNone) {
  const auto expect_none = [](const Values& x, const Values& y, Undefined reason) {
    EXPECT_EQ(pooled_slope(x, y, {}, 0.95).test.undefined, reason);
    EXPECT_EQ(within_slope(x, y, {}, 0.95).test.undefined, reason);
    EXPECT_EQ(within_slope(x, y, {}, 0.95).test.interval_undefined, reason);
    EXPECT_EQ(within_correlation(x, y, {}).undefined, reason);
    EXPECT_TRUE(std::isnan(within_correlation(x, y, {}).value));
  };
  expect_none({}, {}, Undefined::too_few);
  expect_none({8}, {1}, Undefined::too_few);
  expect_none({8, 8, 8}, {1, 2, 3}, Undefined::constant);
  expect_none({8, 9, 10}, {1, kNan, 3}, Undefined::not_finite);
  expect_none({8, INFINITY, 10}, {1, 2, 3}, Undefined::not_finite);
  EXPECT_EQ(name_of(SlopeErrors::models_alike), "models alike");
}

TEST(Slope, EqualValuesAreFlat) {
  const Values x = {8, 8.6, 9.1, 9.9, 8.3, 9.2, 10};
  const Values y(7, 0.1);
  const Labels family = {0, 0, 0, 0, 1, 1, 1};
  for (const Slope& slope : {pooled_slope(x, y, family, 0.95), within_slope(x, y, family, 0.95)}) {
    EXPECT_EQ(slope.test.estimate, 0);
    EXPECT_EQ(slope.test.low, 0);
    EXPECT_EQ(slope.test.high, 0);
  }
  EXPECT_EQ(within_correlation(x, y, family).undefined, Undefined::constant);
}

TEST(WithinCorrelation, IsThatOfValuesLessTheirFamilyMeans) {
  const Values x = {8, 8.6, 9.1, 9.9, 8.3, 9.2, 10, 11};
  const Values y = {0.2, 0.31, 0.3, 0.44, 0.27, 0.5, 0.4, 9};
  const Labels family = {0, 0, 0, 0, 1, 1, 1, 2};
  const Values centred_x = {-0.9, -0.3, 0.2, 1.0, 8.3 - 27.5 / 3, 9.2 - 27.5 / 3, 10 - 27.5 / 3};
  const Values centred_y = {-0.1125, -0.0025, -0.0125, 0.1275, -0.12, 0.11, 0.01};
  const PartialCorrelation within = within_correlation(x, y, family);
  EXPECT_EQ(within.undefined, Undefined::no);
  expect_close(within.value, pearson(centred_x, centred_y).value, "r");
  EXPECT_EQ(within.degrees_of_freedom, 4);
  // The t of the correlation is that of the common slope.
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(7, 3);
  design.col(0).head(4).setOnes();
  design.col(1).tail(3).setOnes();
  design.col(2) = Eigen::Map<const Eigen::VectorXd>(x.data(), 7);
  const LinearModel model(design, Values(y.begin(), y.end() - 1));
  expect_close(within.p, model.test_coefficient(2, Errors::classical, 0.95).p, "p");
}

TEST(WithinCorrelation, OfOneFamilyIsPearsons) {
  const Values x = {3.766, 4.527, 5.008, 5.357, 5.785};
  const Values y = {2.7049, 2.1943, 1.9284, 1.2903, 1.7141};
  expect_close(within_correlation(x, y, {}).value, pearson(x, y).value, "r");
  const PartialCorrelation two = within_correlation(Values{1, 2}, Values{5, 4}, {});
  EXPECT_DOUBLE_EQ(two.value, -1);
  EXPECT_TRUE(std::isnan(two.p)) << "no degrees of freedom";
}

}  // namespace
}  // namespace allometer::stats
