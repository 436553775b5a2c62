#include "stats/dependent_correlations.hpp"

#include <cmath>

#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::expect_close;
using testing::reference;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(WilliamsT, AgreesWithPsych) {
  for (const auto& expected : reference("correlation_reference.json")["williams"]) {
    const auto& in = expected["input"];
    const WilliamsTest test = williams_t(in[0], in[1], in[2], in[3]);
    expect_close(test.t, expected["t"], "t " + in.dump());
    expect_close(test.p, expected["p"], "p " + in.dump());
    EXPECT_EQ(test.degrees_of_freedom, in[3].get<double>() - 3);
  }
}

TEST(WilliamsT, IsThePublishedOne) {
  EXPECT_NEAR(williams_t(0.4, 0.5, 0.1, 103).t, -0.8913, 5e-5);
  EXPECT_NEAR(williams_t(0.5, 0.4, 0.1, 103).t, 0.8913, 5e-5);
}

TEST(WilliamsT, DegenerateInputHasItsReason) {
  for (const std::int64_t n : {0, 2, 3}) {
    EXPECT_EQ(williams_t(0.4, 0.5, 0.1, n).undefined, Undefined::too_few);
    EXPECT_TRUE(std::isnan(williams_t(0.4, 0.5, 0.1, n).p));
  }
  EXPECT_EQ(williams_t(0.4, 0.5, 0.1, 4).undefined, Undefined::no);
  EXPECT_EQ(williams_t(kNan, 0.5, 0.1, 9).undefined, Undefined::not_finite);
  EXPECT_EQ(williams_t(0.5, 0.5, kNan, 9).undefined, Undefined::not_finite);
  // The same measure twice; two that are each other's mirror.
  EXPECT_EQ(williams_t(0.7, 0.7, 1, 9).undefined, Undefined::constant);
  EXPECT_EQ(williams_t(1, -1, -1, 9).undefined, Undefined::constant);
  // Equal correlations of different measures.
  EXPECT_EQ(williams_t(0.7, 0.7, 0.2, 9).t, 0);
  EXPECT_EQ(williams_t(0.7, 0.7, 0.2, 9).p, 1);
}

TEST(FisherInterval, AgreesWithPsych) {
  for (const auto& expected : reference("correlation_reference.json")["fisher"]) {
    const auto& in = expected["input"];
    const CorrelationInterval interval = fisher_interval(in[0], in[1], 0.95);
    EXPECT_EQ(interval.estimate, in[0].get<double>());
    expect_close(interval.low, expected["low"], "low " + in.dump());
    expect_close(interval.high, expected["high"], "high " + in.dump());
  }
}

TEST(FisherInterval, DegenerateInputHasItsOutcome) {
  EXPECT_EQ(fisher_interval(0.4, 3, 0.95).undefined, Undefined::too_few);
  EXPECT_EQ(fisher_interval(0.4, 3, 0.95).estimate, 0.4);
  EXPECT_TRUE(std::isnan(fisher_interval(0.4, 3, 0.95).low));
  EXPECT_EQ(fisher_interval(kNan, 30, 0.95).undefined, Undefined::not_finite);
  for (const double r : {-1.0, 1.0}) {
    EXPECT_EQ(fisher_interval(r, 10, 0.95).low, r);
    EXPECT_EQ(fisher_interval(r, 10, 0.95).high, r);
  }
}

TEST(ZouInterval, AgreesWithTheFormulaInNumPy) {
  for (const auto& expected : reference("test_reference.json")["zou"]) {
    const auto& in = expected["input"];
    const CorrelationInterval interval = zou_interval(in[0], in[1], in[2], in[3], in[4]);
    expect_close(interval.low, expected["low"], "low " + in.dump());
    expect_close(interval.high, expected["high"], "high " + in.dump());
  }
}

TEST(ZouInterval, IsThePublishedOne) {
  const CorrelationInterval interval = zou_interval(0.396, 0.179, 0.088, 200, 0.95);
  EXPECT_NEAR(interval.estimate, 0.217, 1e-12);
  EXPECT_NEAR(interval.low, 0.0415, 5e-5);
  EXPECT_NEAR(interval.high, 0.3892, 5e-5);
}

TEST(ZouInterval, DegenerateInputHasItsOutcome) {
  EXPECT_EQ(zou_interval(0.4, 0.5, 0.1, 3, 0.95).undefined, Undefined::too_few);
  EXPECT_NEAR(zou_interval(0.4, 0.5, 0.1, 3, 0.95).estimate, -0.1, 1e-15);
  EXPECT_EQ(zou_interval(0.4, kNan, 0.1, 30, 0.95).undefined, Undefined::not_finite);
  EXPECT_EQ(zou_interval(0.4, 0.5, kNan, 30, 0.95).undefined, Undefined::not_finite);
  // A perfect correlation does not move: the rest is the interval of the other one.
  const CorrelationInterval other = fisher_interval(0.6, 10, 0.95);
  const CorrelationInterval interval = zou_interval(1, 0.6, 0.6, 10, 0.95);
  EXPECT_NEAR(interval.low, 1 - other.high, 1e-15);
  EXPECT_NEAR(interval.high, 1 - other.low, 1e-15);
  // Equal correlations: around nought, evenly.
  const CorrelationInterval equal = zou_interval(0.5, 0.5, 0.2, 20, 0.95);
  EXPECT_NEAR(equal.low, -equal.high, 1e-15);
  EXPECT_GT(equal.high, 0);
}

}  // namespace
}  // namespace allometer::stats
