#include "explain/explanation.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "explain/random_game.hpp"
#include "stats/correlation.hpp"

namespace allometer::explain {
namespace {

constexpr Method kMethods[]{Method::lime, Method::kernel_shap, Method::exact_shapley,
                            Method::occlusion};

struct Answered {
  Outcome outcome;
  int rounds = 0;
  std::set<Mask> asked;
  int num_asked = 0;
};

/// Answers every round of an explanation: two classes, `probability` is that of the second.
template <class Probability>
Answered answer(Explanation explanation, Probability&& probability) {
  Answered run;
  while (!explanation.next_masks().empty()) {
    const std::vector<Mask>& masks = explanation.next_masks();
    Eigen::MatrixXd answers(static_cast<Eigen::Index>(masks.size()), 2);
    for (std::size_t i = 0; i < masks.size(); ++i) {
      const double p = probability(masks[i]);
      answers.row(static_cast<Eigen::Index>(i)) << 1 - p, p;
      run.asked.insert(masks[i]);
      ++run.num_asked;
    }
    explanation.absorb(answers);
    ++run.rounds;
  }
  run.outcome = explanation.outcome();
  return run;
}

TEST(Explanation, EveryMethodRanksThePlantedFeatureFirst) {
  for (const int features : {1, 2, 5, 12}) {
    for (const Method method : kMethods) {
      for (const int planted : {0, features / 2, features - 1}) {
        const MethodSettings settings{method, method == Method::lime ? 100 : 0};
        const Answered run =
            answer(Explanation(settings, features, 1, "key"), [&](const Mask& mask) {
              return mask[static_cast<std::size_t>(planted)] != 0 ? .9 : .2;
            });
        EXPECT_EQ(run.outcome.explained_class, 1);
        EXPECT_DOUBLE_EQ(run.outcome.probability(), .9);
        EXPECT_EQ(ranking_of(run.outcome.attribution.weights).front(), planted);
        EXPECT_NEAR(run.outcome.faithfulness.comprehensiveness, .7, 1e-12);
        EXPECT_NEAR(run.outcome.faithfulness.sufficiency, 0, 1e-12);
        EXPECT_LE(run.rounds, 2);
      }
    }
  }
}

TEST(Explanation, EqualMasksAreAskedAboutOnce) {
  for (const Method method : kMethods) {
    // 1,000 samples over 31 masks that are not full.
    const MethodSettings settings{method, 1000};
    const Answered run = answer(Explanation(settings, 5, 3, "key"), RandomGame(4));
    EXPECT_EQ(run.asked.size(), static_cast<std::size_t>(run.num_asked));
    EXPECT_LE(run.num_asked, 32);
    EXPECT_TRUE(run.asked.contains(full_mask(5)));
  }
}

TEST(Explanation, OutcomeIsMadeOfItsParts) {
  constexpr int kFeatures = 9;
  const RandomGame game(12);
  const MethodSettings settings{Method::lime, 200, Selection::none};
  const Outcome outcome = answer(Explanation(settings, kFeatures, 3, "key"), game).outcome;
  // The explained class is the likelier one; its probability is the game's or one less that.
  const bool second = game(full_mask(kFeatures)) > .5;
  const auto probability = [&](const Mask& mask) { return second ? game(mask) : 1 - game(mask); };
  EXPECT_EQ(outcome.explained_class, second ? 1 : 0);
  EXPECT_NEAR(outcome.probabilities.sum(), 1, 1e-12);

  std::vector<Attribution> runs;
  for (int run = 0; run < 3; ++run) {
    const auto attributor =
        make_attributor(settings, kFeatures, SplitMix64(seed_from("key/" + std::to_string(run))));
    Eigen::VectorXd responses(200);
    for (Eigen::Index i = 0; i < 200; ++i)
      responses[i] = probability(attributor->masks()[static_cast<std::size_t>(i)]);
    runs.push_back(attributor->attribute(responses));
  }
  EXPECT_EQ(outcome.attribution.weights, runs[0].weights);
  EXPECT_EQ(outcome.attribution.r2, runs[0].r2);
  EXPECT_NE(runs[0].weights, runs[1].weights);
  EXPECT_EQ(outcome.stability.csi, stability(runs, settings.num_features).csi);
  EXPECT_EQ(outcome.stability.vsi, stability(runs, settings.num_features).vsi);
  const Faithfulness expected = faithfulness(ranking_of(runs[0].weights), probability);
  EXPECT_EQ(outcome.faithfulness.aopc_sufficiency, expected.aopc_sufficiency);
  std::vector<double> weights;
  std::vector<double> drops;
  for (int i = 0; i < kFeatures; ++i) {
    Mask mask = full_mask(kFeatures);
    mask[static_cast<std::size_t>(i)] = 0;
    weights.push_back(runs[0].weights[i]);
    drops.push_back(probability(full_mask(kFeatures)) - probability(mask));
  }
  EXPECT_DOUBLE_EQ(outcome.tau_leave_one_out, stats::kendall_tau_b(weights, drops).value);
}

TEST(Explanation, DependsOnItsKeyAlone) {
  const MethodSettings settings{Method::lime, 50};
  const RandomGame game(1);
  const auto weights = [&](const std::string& key) {
    return answer(Explanation(settings, 8, 1, key), game).outcome.attribution.weights;
  };
  EXPECT_EQ(weights("a"), weights("a"));
  EXPECT_NE(weights("a"), weights("b"));
}

TEST(Explanation, TheRandomRankingIsTheFloor) {
  // Over many texts a drawn ranking is as good as the floor that it is held against.
  double difference = 0;
  double floor = 0;
  for (int text = 0; text < 400; ++text) {
    const std::string key = std::to_string(text);
    const Outcome outcome = answer(Explanation({Method::random}, 10, 1, key), [](const Mask& mask) {
                              return mask[3] != 0 ? .9 : .2;
                            }).outcome;
    difference += (outcome.faithfulness.comprehensiveness - outcome.random.comprehensiveness) / 400;
    floor += outcome.random.comprehensiveness / 400;
  }
  EXPECT_NEAR(difference, 0, .07);  // five standard errors
  EXPECT_NEAR(floor, .7 * (.1 + .3 + .5) / 3, .06);
}

TEST(Explanation, ExactShapleyRefusesWhatItCannotEnumerate) {
  try {
    Explanation({Method::exact_shapley}, 13, 1, "key");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("13 are too many (at most 12)"));
  }
}

}  // namespace
}  // namespace allometer::explain
