#include "stats/bootstrap.hpp"

#include <cmath>
#include <string>

#include "core/random.hpp"
#include "stats/correlation.hpp"
#include "stats/reference.hpp"
#include "stats/regression.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;
using Values = std::vector<double>;

Eigen::MatrixXd random_columns(Eigen::Index questions, Eigen::Index columns) {
  SplitMix64 random(3);
  Eigen::MatrixXd all(questions, columns);
  for (Eigen::Index c = 0; c < columns; ++c) {
    for (Eigen::Index q = 0; q < questions; ++q)
      all(q, c) = random.normal() * std::pow(10.0, static_cast<double>(c % 7));
  }
  return all;
}

/// The definition, question by question.
double naive_sum(const std::string& key, int draw, const Eigen::VectorXd& column) {
  SplitMix64 seeds(seed_from(key));
  for (int i = 0; i < draw; ++i) seeds();
  SplitMix64 random(seeds());
  long double sum = 0;
  for (Eigen::Index i = 0; i < column.size(); ++i) {
    sum +=
        column[static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(column.size())))];
  }
  return static_cast<double>(sum);
}

TEST(ResampledSums, AreTheSumsOfTheDrawnQuestions) {
  const Eigen::MatrixXd columns = random_columns(57, 9);
  const Eigen::MatrixXd sums = resampled_sums("story_cloze", 40, columns);
  ASSERT_EQ(sums.rows(), 40);
  ASSERT_EQ(sums.cols(), 9);
  for (int draw = 0; draw < 40; ++draw) {
    for (Eigen::Index c = 0; c < 9; ++c) {
      const double scale = columns.col(c).cwiseAbs().sum();
      EXPECT_NEAR(sums(draw, c), naive_sum("story_cloze", draw, columns.col(c)), 1e-12 * scale);
    }
  }
}

TEST(ResampledSums, AreTheSameToTheLastBitForAnyBlocking) {
  const Eigen::MatrixXd columns = random_columns(201, 23);
  const Eigen::MatrixXd whole = resampled_sums("key", 100, columns);
  for (const int block : {1, 3, 16, 64, 100, 1000}) {
    EXPECT_EQ(resampled_sums("key", 100, columns, block), whole) << block;
  }
  // A column's sums do not depend on its neighbours, nor a draw on how many there are.
  for (const Eigen::Index c : {0, 7, 22}) {
    EXPECT_EQ(resampled_sums("key", 100, columns.col(c)), whole.col(c));
  }
  EXPECT_EQ(resampled_sums("key", 30, columns), whole.topRows(30));
  EXPECT_NE(resampled_sums("another key", 100, columns), whole);
}

TEST(ResampledSums, SmallNumbersBesideOthersGiveWhatEachGivesAlone) {
  // Rows of bytes end within a vector, at its end, and past where 16 bits are widened.
  for (const Eigen::Index questions : {1, 63, 64, 65, 257, 1000}) {
    Eigen::MatrixXd columns = random_columns(questions, 11);
    SplitMix64 random(5);
    for (const Eigen::Index c : {0, 3, 4, 5, 9, 10}) {
      for (Eigen::Index q = 0; q < questions; ++q)
        columns(q, c) = static_cast<double>(random.below(c == 9 ? 16 : 2));
    }
    const Eigen::MatrixXd sums = resampled_sums("small", 37, columns);
    // Halves are whole numbers no longer, and take the other way.
    const Eigen::MatrixXd of_halves = 2 * resampled_sums("small", 37, columns / 2);
    for (Eigen::Index c = 0; c < columns.cols(); ++c)
      EXPECT_EQ(sums.col(c), of_halves.col(c)) << questions << " questions, column " << c;
    for (const int draw : {0, 36}) {
      for (const Eigen::Index c : {0, 5, 9, 10})
        EXPECT_EQ(sums(draw, c), naive_sum("small", draw, columns.col(c)));
    }
  }
}

TEST(ResampledSums, WholeNumbersAreExact) {
  Eigen::MatrixXd ones = Eigen::MatrixXd::Ones(333, 2);
  ones.col(1).setZero();
  const Eigen::MatrixXd sums = resampled_sums("k", 50, ones);
  EXPECT_TRUE((sums.col(0).array() == 333).all());
  EXPECT_TRUE((sums.col(1).array() == 0).all());
  EXPECT_EQ(resampled_sums("k", 5, Eigen::MatrixXd(0, 3)), Eigen::MatrixXd::Zero(5, 3));
}

TEST(Bootstrap, IntervalOfARatioAgreesWithSciPy) {
  const auto& expected = reference()["bootstrap"];
  const Values values = expected["values"];
  const Values weights = expected["weights"];
  Eigen::MatrixXd columns(static_cast<Eigen::Index>(values.size()), 2);
  for (Eigen::Index q = 0; q < columns.rows(); ++q) {
    columns(q, 0) = values[static_cast<std::size_t>(q)];
    columns(q, 1) = weights[static_cast<std::size_t>(q)];
  }
  const Eigen::MatrixXd sums = resampled_sums("ratio", 10000, columns);
  const Eigen::ArrayXd ratios = sums.col(0).array() / sums.col(1).array();
  const std::span<const double> draws(ratios.data(), static_cast<std::size_t>(ratios.size()));
  const double error = expected["standard_error"];
  // A 2.5% quantile of 10,000 normal draws errs by 2.67 standard deviations / 100; five of those.
  const double tolerance = 5 * 0.0267 * error;
  const Interval interval = percentile_interval(draws, 0.95);
  EXPECT_NEAR(interval.low, expected["low"], tolerance);
  EXPECT_NEAR(interval.high, expected["high"], tolerance);
  // The standard deviation of as many draws errs by 1 / sqrt(2 * 10,000).
  EXPECT_NEAR(standard_deviation(draws) / error, 1, 5 * 0.0071);
}

TEST(Bootstrap, QuantilesAndDeviationAgreeWithNumPy) {
  const auto& expected = reference()["quantile"];
  const Values values = expected["values"];
  for (std::size_t i = 0; i < expected["confidence"].size(); ++i) {
    const Interval interval = percentile_interval(values, expected["confidence"][i]);
    expect_close(interval.low, expected["low"][i], "low");
    expect_close(interval.high, expected["high"][i], "high");
  }
  expect_close(standard_deviation(values), expected["standard_deviation"], "standard deviation");
  for (const auto& [name, data] : reference()["data_sets"].items()) {
    expect_close(standard_error_of_mean(data["y"].get<Values>()), data["standard_error_of_mean"],
                 name);
  }
}

TEST(Bootstrap, UndefinedDrawsAreLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Interval interval = percentile_interval(Values{nan, 1, 3, nan}, 0.5);
  EXPECT_DOUBLE_EQ(interval.low, 1.5);
  EXPECT_DOUBLE_EQ(interval.high, 2.5);
  EXPECT_TRUE(std::isnan(percentile_interval(Values{nan, nan}, 0.95).low));
  EXPECT_TRUE(std::isnan(percentile_interval(Values{}, 0.95).high));
  EXPECT_TRUE(std::isnan(standard_deviation(Values{1})));
  EXPECT_TRUE(std::isnan(standard_error_of_mean(Values{})));
}

TEST(DrawnCoefficients, AreThoseOfEachDraw) {
  const Values x = {1, 2, 2, 4, 7};
  Eigen::MatrixXd estimates = random_columns(600, 5);
  estimates.row(0) << 1, 1, 2, 2, 3;  // ties
  const DrawnCoefficients drawn = drawn_coefficients(x, estimates);
  for (Eigen::Index d = 0; d < estimates.rows(); ++d) {
    const Eigen::RowVectorXd row = estimates.row(d);
    const Values y(row.data(), row.data() + row.size());
    expect_close(drawn.pearson[d], pearson(x, y).value, "r");
    expect_close(drawn.spearman[d], spearman(x, y).value, "rho");
    expect_close(drawn.kendall[d], kendall_tau_b(x, y).value, "tau");
    expect_close(drawn.slope[d], least_squares(x, y, 0.95).slope, "slope");
  }
}

TEST(DrawnCoefficients, AreThoseOfEachDrawOfManyModels) {
  // Beyond a handful of models they are made by sorting; more than 64 fill several words.
  SplitMix64 random(8);
  for (const Eigen::Index models : {17, 64, 65, 200}) {
    Values x;
    for (Eigen::Index m = 0; m < models; ++m) x.push_back(static_cast<double>(random.below(40)));
    Eigen::MatrixXd estimates = random_columns(30, models);
    estimates.topRows(10) = (estimates.topRows(10) * 1e-3).array().rint();  // ties
    estimates(3, 5) = 1e300;  // all others are in one bucket
    estimates.row(4).setConstant(0.25);
    estimates(5, 0) = std::numeric_limits<double>::quiet_NaN();
    const DrawnCoefficients drawn = drawn_coefficients(x, estimates);
    for (Eigen::Index d = 0; d < estimates.rows(); ++d) {
      const Eigen::RowVectorXd row = estimates.row(d);
      const Values y(row.data(), row.data() + row.size());
      if (d == 4 || d == 5) {
        EXPECT_TRUE(std::isnan(drawn.spearman[d]) && std::isnan(drawn.kendall[d]));
        continue;
      }
      expect_close(drawn.spearman[d], spearman(x, y).value, "rho");
      expect_close(drawn.kendall[d], kendall_tau_b(x, y).value, "tau");
      if (d != 3) expect_close(drawn.pearson[d], pearson(x, y).value, "r");
    }
  }
}

TEST(DrawnCoefficients, AConstantDrawHasNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Eigen::MatrixXd estimates(2, 3);
  estimates << 0.1, 0.1, 0.1, 1, nan, 3;
  const DrawnCoefficients drawn = drawn_coefficients(Values{1, 2, 3}, estimates);
  for (const Eigen::ArrayXd& coefficient : {drawn.pearson, drawn.spearman, drawn.kendall}) {
    EXPECT_TRUE(coefficient.isNaN().all());
  }
  EXPECT_NEAR(drawn.slope[0], 0, 1e-15);
}

}  // namespace
}  // namespace allometer::stats
