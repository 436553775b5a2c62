#include "stats/linear_model.hpp"

#include <cmath>

#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using nlohmann::json;
using testing::expect_close;
using testing::matrix_of;
using testing::reference;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const json& cases() {
  return reference("linear_model_reference.json");
}

LinearModel model_of(const json& expected) {
  return {matrix_of(expected["design"]), expected["y"].get<Values>(),
          expected["cluster"].get<std::vector<int>>()};
}

void expect_test(const CoefficientTest& test, const json& expected, std::size_t k,
                 const std::string& what) {
  ASSERT_EQ(test.interval_undefined, Undefined::no) << what;
  expect_close(test.standard_error, expected["standard_error"][k], what + " standard error");
  expect_close(test.t, expected["t"][k], what + " t");
  expect_close(test.p, expected["p"][k], what + " p");
  expect_close(test.low, expected["low"][k], what + " low");
  expect_close(test.high, expected["high"][k], what + " high");
}

TEST(LinearModel, AgreesWithClubSandwich) {
  for (const auto& [name, expected] : cases().items()) {
    const LinearModel model = model_of(expected);
    EXPECT_EQ(model.rank(), expected["rank"].get<Index>()) << name;
    if (model.rank() < static_cast<Index>(expected["design"][0].size())) continue;
    for (std::size_t k = 0; k < expected["columns"].size(); ++k) {
      const std::string what = name + " coefficient " + std::to_string(k);
      const Index column = expected["columns"][k];
      const auto test = [&](Errors errors) {
        return model.test_coefficient(column, errors, expected["confidence"]);
      };
      expect_close(test(Errors::classical).estimate, expected["estimate"][k], what);
      expect_test(test(Errors::classical), expected["classical"], k, what + " classical");
      const CoefficientTest clustered = test(Errors::clustered);
      expect_test(clustered, expected["clustered"], k, what + " CR2");
      expect_close(clustered.degrees_of_freedom, expected["clustered"]["degrees_of_freedom"][k],
                   what + " degrees of freedom");
    }
  }
}

TEST(LinearModel, AgreesWithStatsmodels) {
  for (const auto& [name, expected] :
       reference("models_reference.json")["ordinary_least_squares"].items()) {
    const LinearModel model(matrix_of(expected["design"]), expected["y"].get<Values>());
    expect_close(model.residuals().squaredNorm(), expected["rss"], name + " RSS");
    for (std::size_t k = 0; k < expected["estimate"].size(); ++k) {
      const std::string what = name + " coefficient " + std::to_string(k);
      const auto column = static_cast<Index>(k);
      const CoefficientTest test = model.test_coefficient(column, Errors::classical, 0.9);
      expect_close(test.estimate, expected["estimate"][k], what);
      expect_close(test.standard_error, expected["standard_error"][k], what + " standard error");
      expect_close(test.p, expected["p"][k], what + " p");
      expect_close(test.low, expected["low_90"][k], what + " low");
      expect_close(test.high, expected["high_90"][k], what + " high");
      expect_close(model.test_coefficient(column, Errors::clustered, 0.9).standard_error,
                   expected["hc2_standard_error"][k], what + " HC2");
    }
  }
}

TEST(LinearModel, CovariancesAgreeWithClubSandwich) {
  for (const auto& [name, expected] : cases().items()) {
    const LinearModel model = model_of(expected);
    const auto p = static_cast<Index>(expected["design"][0].size());
    if (model.rank() < p) continue;
    for (Index i = 0; i < p; ++i) {
      for (Index j = 0; j < p; ++j) {
        const auto covariance = [&](Errors errors) {
          return model.covariance(VectorXd::Unit(p, i), VectorXd::Unit(p, j), errors);
        };
        const auto at = [&](const char* kind) {
          const json& row = expected[kind]["covariance"][static_cast<std::size_t>(i)];
          return row[static_cast<std::size_t>(j)].get<double>();
        };
        // Of the size of the variances, which the units of a column make large or small.
        const auto bound = [&](const char* kind) {
          const json& all = expected[kind]["covariance"];
          const auto ii = static_cast<std::size_t>(i);
          const auto jj = static_cast<std::size_t>(j);
          return 1e-10 * std::sqrt(all[ii][ii].get<double>() * all[jj][jj].get<double>());
        };
        EXPECT_NEAR(covariance(Errors::classical), at("classical"), bound("classical")) << name;
        EXPECT_NEAR(covariance(Errors::clustered), at("clustered"), bound("clustered")) << name;
      }
    }
  }
}

TEST(LinearModel, ContrastIsTheTestOfATurnedDesign) {
  // The line's value at 9.5 is the intercept of the line over x - 9.5.
  const json& expected = cases()["uneven_families"];
  const auto y = expected["y"].get<Values>();
  const auto cluster = expected["cluster"].get<std::vector<int>>();
  MatrixXd design = matrix_of(expected["design"]);
  const LinearModel model(design, y, cluster);
  design.col(1).array() -= 9.5;
  const LinearModel moved(design, y, cluster);
  for (const Errors errors : {Errors::classical, Errors::clustered}) {
    const CoefficientTest a = model.test(Eigen::Vector2d(1, 9.5), errors, 0.95, 0.5);
    const CoefficientTest b = moved.test_coefficient(0, errors, 0.95, 0.5);
    expect_close(a.estimate, b.estimate, "estimate");
    expect_close(a.standard_error, b.standard_error, "standard error");
    expect_close(a.degrees_of_freedom, b.degrees_of_freedom, "degrees of freedom");
    expect_close(a.p, b.p, "p");
    expect_close(a.t, (a.estimate - 0.5) / a.standard_error, "t against the null value");
  }
}

TEST(LinearModel, UnitsOfAColumnDoNotMatter) {
  const json& expected = cases()["lever_and_interaction"];
  MatrixXd design = matrix_of(expected["design"]);
  design.col(1) *= 1e-6;
  const LinearModel model(design, expected["y"].get<Values>(),
                          expected["cluster"].get<std::vector<int>>());
  EXPECT_EQ(model.rank(), 4);
  const CoefficientTest test = model.test_coefficient(1, Errors::clustered, 0.99);
  expect_close(test.estimate * 1e-6, expected["estimate"][1], "estimate");
  expect_close(test.t, expected["clustered"]["t"][1], "t");
  expect_close(test.degrees_of_freedom, expected["clustered"]["degrees_of_freedom"][1], "df");
}

TEST(LinearModel, SaysWhatARankDeficientDesignCannotTell) {
  const json& expected = cases()["rank_deficient"];
  const LinearModel model = model_of(expected);
  // doubled = 2 x - 3: only the lever and fitted values have one value.
  for (const Index column : {0, 1, 2}) {
    const CoefficientTest test = model.test_coefficient(column, Errors::clustered, 0.95);
    EXPECT_EQ(test.undefined, Undefined::not_identified) << column;
    EXPECT_EQ(test.interval_undefined, Undefined::not_identified);
    EXPECT_TRUE(std::isnan(test.estimate));
    EXPECT_TRUE(std::isnan(
        model.covariance(VectorXd::Unit(4, column), VectorXd::Unit(4, 3), Errors::classical)));
  }
  EXPECT_EQ(name_of(Undefined::not_identified), "not identified");
  const CoefficientTest lever = model.test_coefficient(3, Errors::clustered, 0.95);
  expect_close(lever.estimate, expected["estimate"][2], "lever");
  expect_test(lever, expected["clustered"], 2, "lever CR2");
  expect_test(model.test_coefficient(3, Errors::classical, 0.95), expected["classical"], 2,
              "lever");
  // A fitted value: intercept + 9 x + 15 doubled.
  const auto& e = expected["estimate"];
  const CoefficientTest fitted = model.test(Eigen::Vector4d(1, 9, 15, 0), Errors::classical, 0.95);
  expect_close(fitted.estimate, e[0].get<double>() + 9 * e[1].get<double>(), "fitted");
  const LinearModel empty_column(MatrixXd::Zero(5, 1), Values{1, 2, 3, 4, 6});
  EXPECT_EQ(empty_column.test_coefficient(0, Errors::classical, 0.95).undefined,
            Undefined::not_identified);
}

MatrixXd line_over(const Values& x) {
  MatrixXd design = MatrixXd::Ones(static_cast<Index>(x.size()), 2);
  for (Index i = 0; i < design.rows(); ++i) design(i, 1) = x[static_cast<std::size_t>(i)];
  return design;
}

TEST(LinearModel, TwoPointsHaveASlopeAndNoError) {
  const LinearModel model(line_over({8, 10}), Values{0.25, 0.5});
  EXPECT_EQ(model.residual_degrees_of_freedom(), 0);
  for (const Errors errors : {Errors::classical, Errors::clustered}) {
    const CoefficientTest test = model.test_coefficient(1, errors, 0.95);
    EXPECT_EQ(test.undefined, Undefined::no);
    EXPECT_NEAR(test.estimate, 0.125, 1e-15);
    EXPECT_EQ(test.interval_undefined, Undefined::too_few);
    EXPECT_TRUE(std::isnan(test.standard_error) && std::isnan(test.low) && std::isnan(test.p));
  }
}

TEST(LinearModel, OneClusterHasNoClusteredError) {
  const Values x = {8, 8.5, 9, 9.7, 10};
  const Values y = {0.2, 0.31, 0.35, 0.33, 0.47};
  const LinearModel model(line_over(x), y, std::vector<int>(5, 3));
  EXPECT_EQ(model.test_coefficient(1, Errors::clustered, 0.95).interval_undefined,
            Undefined::too_few);
  EXPECT_EQ(model.test_coefficient(1, Errors::classical, 0.95).interval_undefined, Undefined::no);
}

TEST(LinearModel, PerfectFitHasAnIntervalOfNoWidth) {
  const Values x = {8, 8.3, 9.1, 9.6, 10.2};
  Values y;
  for (const double v : x) y.push_back(0.3 * v - 1.7);
  const LinearModel model(line_over(x), y);
  EXPECT_EQ(model.residuals().norm(), 0);
  for (const Errors errors : {Errors::classical, Errors::clustered}) {
    const CoefficientTest test = model.test_coefficient(1, errors, 0.95);
    EXPECT_NEAR(test.estimate, 0.3, 1e-13);
    EXPECT_EQ(test.standard_error, 0);
    EXPECT_EQ(test.low, test.estimate);
    EXPECT_EQ(test.high, test.estimate);
    EXPECT_TRUE(std::isinf(test.t));
    EXPECT_EQ(test.p, 0);
  }
}

TEST(LinearModel, EqualValuesHaveNoSlope) {
  for (const double value : {0.1, 1.0 / 3.0, -7e-9, 0.0}) {
    const Values x = {8, 8.3, 9.1, 9.6, 10.2, 10.4};
    const LinearModel model(line_over(x), Values(x.size(), value));
    const CoefficientTest test = model.test_coefficient(1, Errors::clustered, 0.95);
    EXPECT_EQ(test.estimate, 0) << value;
    EXPECT_EQ(test.low, 0);
    EXPECT_EQ(test.high, 0);
    EXPECT_TRUE(std::isnan(test.t)) << "0/0";
    EXPECT_TRUE(std::isnan(test.p));
  }
}

TEST(LinearModel, NanIsSaid) {
  const Values x = {8, 9, 10, 11};
  const LinearModel bad_y(line_over(x), Values{1, kNan, 3, 4});
  EXPECT_EQ(bad_y.test_coefficient(1, Errors::clustered, 0.95).undefined, Undefined::not_finite);
  const LinearModel bad_x(line_over({8, 9, INFINITY, 11}), Values{1, 2, 3, 4});
  EXPECT_EQ(bad_x.test_coefficient(0, Errors::classical, 0.95).interval_undefined,
            Undefined::not_finite);
  const LinearModel nothing(MatrixXd(0, 2), Values{});
  EXPECT_EQ(nothing.test_coefficient(1, Errors::classical, 0.95).undefined, Undefined::too_few);
  const LinearModel large(line_over(x), Values{1e200, 3e200, -2e200, 1e200});
  EXPECT_EQ(large.test_coefficient(1, Errors::clustered, 0.95).interval_undefined,
            Undefined::not_finite);
}

TEST(LinearModel, WeightedSumOfTheModelsOwnWeightsIsItsCoefficient) {
  const json& expected = cases()["five_points"];
  const LinearModel model = model_of(expected);
  const VectorXd x = matrix_of(expected["design"]).col(1);
  const VectorXd centred = x.array() - x.mean();
  const CoefficientTest test =
      model.test_weighted_sum(centred / centred.squaredNorm(), Errors::clustered, 0.95);
  expect_close(test.estimate, expected["estimate"][1], "slope");
  expect_test(test, expected["clustered"], 1, "slope");
}

TEST(LinearModel, LeverageOfAPointThatDeterminesACoefficientIsOne) {
  const json& expected = cases()["family_intercepts_with_singles"];
  const VectorXd leverages = model_of(expected).leverages();
  EXPECT_NEAR(leverages.sum(), expected["rank"].get<double>(), 1e-12);
  EXPECT_NEAR(leverages[0], 1, 1e-12);
  EXPECT_LT(leverages[1], 0.9999);
}

}  // namespace
}  // namespace allometer::stats
