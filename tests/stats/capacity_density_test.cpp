#include "stats/capacity_density.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "stats/reference.hpp"

namespace allometer::stats {
namespace {

using testing::reference;
using Values = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::optional<double> floor_of(const nlohmann::json& set) {
  if (set["floor"].is_null()) return {};
  return set["floor"].get<double>();
}

DensityLaw law_of(const nlohmann::json& set) {
  return fit_density_law(set["parameters"].get<Values>(), set["tokens"].get<Values>(),
                         set["loss"].get<Values>(), set["score"].get<Values>(), floor_of(set));
}

void expect_relative(double actual, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(actual / expected, 1, tolerance) << what;
}

TEST(DensityLaw, AgreesWithSciPy) {
  for (const auto& [name, set] : reference("capacity_density_reference.json").items()) {
    const DensityLaw law = law_of(set);
    ASSERT_EQ(law.undefined, Undefined::no) << name;
    const Values loss = set["loss_fit"];
    const Values score = set["score_fit"];
    EXPECT_EQ(law.has_tokens, loss.size() == 4) << name;
    expect_relative(law.a, loss[0], 1e-6, name + " a");
    expect_relative(law.alpha, loss[1], 1e-6, name + " alpha");
    if (law.has_tokens) {
      expect_relative(law.b, loss[2], 1e-6, name + " b");
      expect_relative(law.beta, loss[3], 1e-6, name + " beta");
    }
    expect_relative(law.c, score[0], 1e-6, name + " c");
    expect_relative(law.gamma, score[1], 1e-6, name + " gamma");
    expect_relative(law.l, score[2], 1e-6, name + " l");
    expect_relative(law.d, score.size() == 4 ? score[3] : set["floor"].get<double>(), 1e-6,
                    name + " d");
    expect_relative(law.loss_fit.residual_sum_of_squares, set["loss_rss"], 1e-9, name);
    expect_relative(law.score_fit.residual_sum_of_squares, set["score_rss"], 1e-9, name);
    // The error of ln alpha is that of alpha over alpha.
    const Values loss_error = set["loss_error"];
    const Values score_error = set["score_error"];
    expect_relative(std::sqrt(law.loss_fit.covariance(1, 1)), loss_error[1] / loss[1], 1e-5, name);
    expect_relative(std::sqrt(law.score_fit.covariance(0, 0)), score_error[0] / score[0], 1e-5,
                    name);
    expect_relative(std::sqrt(law.score_fit.covariance(2, 2)), score_error[2], 1e-5, name);
    for (const auto& model : set["models"]) {
      const CapacityDensity density =
          capacity_density(law, model["size"], model["score"], 0, 0.95, "key", 200);
      expect_relative(density.effective_parameters, model["effective"], 1e-5, name);
      expect_relative(density.density, model["density"], 1e-5, name);
      EXPECT_LT(density.interval.low, density.density) << name;
      EXPECT_GT(density.interval.high, density.density) << name;
    }
  }
}

/// Without scatter: loss 8 N^-0.11 + 70 D^-0.14, score 0.7 / (1 + exp(4 (L - 2.3))) + 0.25.
struct Exact {
  Values parameters;
  Values tokens;
  Values loss;
  Values score;

  static double loss_at(double n, double d) {
    return 8 * std::pow(n, -0.11) + 70 * std::pow(d, -0.14);
  }
  static double score_at(double loss) { return 0.7 / (1 + std::exp(4 * (loss - 2.3))) + 0.25; }

  void add(double n, double d) {
    parameters.push_back(n);
    tokens.push_back(d);
    loss.push_back(loss_at(n, d));
    score.push_back(score_at(loss.back()));
  }
  DensityLaw law() const { return fit_density_law(parameters, tokens, loss, score, {}); }
};

Exact exact() {
  Exact models;
  for (const double n : {1e8, 4e8, 1e9, 3e9, 1.2e10}) {
    for (const double d : {5e9, 1e11, 2e12}) models.add(n, d);
  }
  return models;
}

TEST(CapacityDensity, AReferenceModelOfATrillionTokensHasDensityOne) {
  const DensityLaw law = exact().law();
  ASSERT_EQ(law.undefined, Undefined::no);
  EXPECT_NEAR(law.alpha, 0.11, 1e-6);
  EXPECT_NEAR(law.beta, 0.14, 1e-6);
  EXPECT_NEAR(law.gamma, -4, 1e-5);
  for (const double n : {2e8, 7e9}) {
    const double score = Exact::score_at(Exact::loss_at(n, kReferenceTokens));
    EXPECT_NEAR(law.score_at(law.loss_at(n, kReferenceTokens)), score, 1e-8);
    EXPECT_NEAR(capacity_density(law, n, score, 0, 0.95, "k", 0).density, 1, 1e-4);
    EXPECT_NEAR(capacity_density(law, n / 2, score, 0, 0.95, "k", 0).density, 2, 2e-4);
  }
}

TEST(CapacityDensity, ScoresBeyondTheLawAreMovedIntoItAndSaidToBe) {
  Exact models;
  for (const double n : {1e7, 1e8, 4e8, 1e9, 3e9, 1.2e10}) models.add(n, 1e12);
  const DensityLaw law = models.law();
  ASSERT_EQ(law.undefined, Undefined::no);
  EXPECT_FALSE(law.has_tokens);
  const auto of = [&](double score) { return capacity_density(law, 1e9, score, 0, 0.95, "k", 0); };
  EXPECT_TRUE(of(0.1).at_floor);
  EXPECT_TRUE(of(law.d).at_floor);
  EXPECT_FALSE(of(0.1).at_ceiling);
  EXPECT_TRUE(of(0.99).at_ceiling);
  EXPECT_TRUE(of(std::numeric_limits<double>::infinity()).at_ceiling);
  EXPECT_FALSE(of(0.6).at_floor || of(0.6).at_ceiling);
  EXPECT_EQ(of(0.1).density, of(0.2).density);
  EXPECT_LT(of(0.1).density, of(0.4).density);
  EXPECT_EQ(of(0.99).density, of(1.0).density);
  EXPECT_EQ(of(kNaN).undefined, Undefined::not_finite);
}

TEST(CapacityDensity, ALossThatNoSizeReachesIsSaid) {
  Exact models = exact();
  const DensityLaw law = models.law();
  // Tokens alone leave more loss than this score has.
  const double least = law.loss_at(std::numeric_limits<double>::infinity(), kReferenceTokens);
  const CapacityDensity density =
      capacity_density(law, 1e9, Exact::score_at(least - 0.01), 0.001, 0.95, "k", 50);
  EXPECT_EQ(density.undefined, Undefined::not_finite);
  EXPECT_TRUE(std::isnan(density.density));
  EXPECT_EQ(density.num_draws, 50);
  EXPECT_GT(density.unreachable_draws, 25);
  EXPECT_TRUE(std::isinf(density.interval.high));
}

TEST(CapacityDensity, IntervalHoldsTheTrueDensityAsOftenAsItSays) {
  // Reference models of equal tokens, scatter in loss and score, and the floor known.
  constexpr int kDataSets = 300;
  const double alpha = 0.09;
  const auto loss_at = [&](double n) { return 12.8 * std::pow(n, -alpha); };
  int covered = 0;
  int defined = 0;
  for (int i = 0; i < kDataSets; ++i) {
    const std::string key = "coverage/" + std::to_string(i);
    SplitMix64 random(seed_from(key));
    Values n;
    Values loss;
    Values score;
    for (const double size : {7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10}) {
      n.push_back(size);
      loss.push_back(loss_at(size) + 0.01 * random.normal());
      score.push_back(Exact::score_at(loss.back()) + 0.01 * random.normal());
    }
    const double measured = Exact::score_at(loss_at(1e9)) + 0.01 * random.normal();
    const DensityLaw law = fit_density_law(n, {}, loss, score, 0.25);
    const CapacityDensity density = capacity_density(law, 1e9, measured, 0.01, 0.95, key, 400);
    if (density.interval_undefined != Undefined::no) continue;
    ++defined;
    covered += density.interval.low <= 1 && 1 <= density.interval.high;
  }
  EXPECT_GT(defined, 0.95 * kDataSets);
  // The standard error of 0.95 over 300 data sets is 0.0126.
  EXPECT_NEAR(static_cast<double>(covered) / defined, 0.95, 0.04);
}

TEST(CapacityDensity, DrawsDependOnTheKeyAlone) {
  const DensityLaw law = law_of(reference("capacity_density_reference.json")["equal_tokens"]);
  const auto interval = [&](const char* key, double error) {
    return capacity_density(law, 1e9, 0.6, error, 0.95, key, 300).interval;
  };
  EXPECT_EQ(interval("a", 0.01).low, interval("a", 0.01).low);
  EXPECT_NE(interval("a", 0.01).low, interval("b", 0.01).low);
  // An uncertain score widens it.
  EXPECT_LT(interval("a", 0.02).low, interval("a", 0).low);
  EXPECT_GT(interval("a", 0.02).high, interval("a", 0).high);
}

TEST(DensityLaw, SaysWhyThereIsNone) {
  const Exact all = exact();
  const auto reason = [](const Values& n, const Values& d, const Values& loss,
                         const Values& score) {
    const DensityLaw law = fit_density_law(n, d, loss, score, {});
    EXPECT_TRUE(std::isnan(capacity_density(law, 1e9, 0.5, 0, 0.95, "k", 10).density));
    return law.undefined;
  };
  const Values two(2, 1.0);
  EXPECT_EQ(reason({1e8, 1e9}, {}, two, two), Undefined::too_few);
  EXPECT_EQ(reason({}, {}, {}, {}), Undefined::too_few);
  EXPECT_EQ(reason(all.parameters, all.tokens, Values(15, 2.0), all.score), Undefined::constant);
  EXPECT_EQ(reason(all.parameters, all.tokens, all.loss, Values(15, 0.25)), Undefined::constant);
  Values broken = all.loss;
  broken[3] = kNaN;
  EXPECT_EQ(reason(all.parameters, all.tokens, broken, all.score), Undefined::not_finite);
  // Four sizes: enough for a power law, not for a sigmoid and its scatter.
  const Values n = {1e8, 1e9, 4e9, 1e10};
  Values loss;
  Values score;
  for (const double size : n) {
    loss.push_back(Exact::loss_at(size, 1e12));
    score.push_back(Exact::score_at(loss.back()));
  }
  EXPECT_EQ(reason(n, {}, loss, score), Undefined::too_few);
  // A token count that is not known leaves the term of tokens out.
  Values unknown = all.tokens;
  unknown[0] = kNaN;
  EXPECT_FALSE(fit_density_law(all.parameters, unknown, all.loss, all.score, {}).has_tokens);
}

}  // namespace
}  // namespace allometer::stats
