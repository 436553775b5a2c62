#include "explain/lime.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "explain/random_game.hpp"

namespace allometer::explain {
namespace {

using nlohmann::json;

int num_kept(const Mask& mask) {
  return std::accumulate(mask.begin(), mask.end(), 0);
}

struct Samples {
  Eigen::MatrixXd masks;
  Eigen::VectorXd responses;
  Eigen::VectorXd weights;
};

/// From masks, with distances and kernel weights of our own.
Samples make_samples(const std::vector<Mask>& masks, const Eigen::VectorXd& responses) {
  const auto features = static_cast<int>(masks.front().size());
  Samples samples{{static_cast<Eigen::Index>(masks.size()), features}, responses, responses};
  for (Eigen::Index row = 0; row < samples.masks.rows(); ++row) {
    const Mask& mask = masks[static_cast<std::size_t>(row)];
    for (Eigen::Index i = 0; i < features; ++i)
      samples.masks(row, i) = mask[static_cast<std::size_t>(i)];
    samples.weights[row] = lime_kernel(lime_distance(num_kept(mask), features));
  }
  return samples;
}

TEST(Lime, DistanceAndKernelHaveThePublishedValues) {
  const auto weight = [](int kept) { return lime_kernel(lime_distance(kept, 10)); };
  EXPECT_DOUBLE_EQ(lime_distance(10, 10), 0);
  EXPECT_DOUBLE_EQ(lime_distance(0, 10), 100);
  EXPECT_NEAR(lime_distance(5, 10), 29.289321881345254, 1e-12);
  EXPECT_NEAR(weight(10), 1, 1e-15);
  EXPECT_NEAR(weight(9), .979153, 5e-7);
  EXPECT_NEAR(weight(5), .50344, 5e-6);
  EXPECT_NEAR(weight(1), .023746, 5e-7);
  EXPECT_NEAR(weight(0), .000335, 5e-7);
}

/// One selection and number of features of one text of the public package.
void expect_explanation(const Samples& samples, const json& expected, const std::string& what) {
  static const std::map<std::string, Selection> selections{
      {"none", Selection::none},
      {"highest_weights", Selection::highest_weights},
      {"forward_selection", Selection::forward_selection},
      {"auto", Selection::automatic}};
  const auto selection = selections.find(expected["feature_selection"].get<std::string>());
  if (selection == selections.end()) return;  // lasso_path
  const Surrogate fit = fit_surrogate(samples.masks, samples.responses, samples.weights,
                                      selection->second, expected["num_features"].get<int>());
  EXPECT_NEAR(fit.intercept, expected["intercept"], 1e-6) << what;
  EXPECT_NEAR(fit.r2, expected["r2"], 1e-6) << what;
  EXPECT_NEAR(fit.local_prediction, expected["local_prediction"], 1e-6) << what;
  ASSERT_EQ(fit.features.size(), expected["coefficients"].size()) << what;
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(samples.masks.cols());
  for (std::size_t i = 0; i < fit.features.size(); ++i) {
    const json& coefficient = expected["coefficients"][i];
    weights[coefficient[0].get<int>()] = coefficient[1];
    EXPECT_EQ(fit.features[i], coefficient[0]) << what << ", place " << i;
  }
  EXPECT_LT((fit.weights - weights).cwiseAbs().maxCoeff(), 1e-6) << what;
}

TEST(Lime, ReproducesThePublicPackage) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  std::ifstream file(std::string(data) + "/lime/lime_text.json");
  const json cases = json::parse(file);
  ASSERT_GE(cases.size(), 12U);
  for (const json& one : cases) {
    std::vector<Mask> masks;
    for (const json& bits : one["masks"]) masks.push_back(mask_from(bits));
    const auto probability = one["probability"].get<std::vector<double>>();
    const Samples samples =
        make_samples(masks, Eigen::Map<const Eigen::VectorXd>(
                                probability.data(), static_cast<Eigen::Index>(probability.size())));
    const std::string what = one["text"].get<std::string>() + ", " + one["num_samples"].dump();
    for (std::size_t row = 0; row < masks.size(); ++row) {
      const double distance =
          lime_distance(num_kept(masks[row]), static_cast<int>(masks[row].size()));
      ASSERT_NEAR(distance, one["distance"][row], 1e-6) << what;
      ASSERT_NEAR(lime_kernel(distance), one["kernel_weight"][row], 1e-6) << what;
    }
    for (const json& expected : one["explanations"])
      expect_explanation(samples, expected, what + ": " + expected.dump());
  }
}

TEST(Lime, RemovesEveryNumberOfFeaturesEquallyOften) {
  constexpr int kFeatures = 7;
  constexpr int kSamples = 70001;
  const std::vector<Mask> masks = lime_masks(kFeatures, kSamples, SplitMix64(3));
  ASSERT_EQ(masks.size(), static_cast<std::size_t>(kSamples));
  EXPECT_EQ(masks.front(), full_mask(kFeatures));
  std::vector<int> of_size(kFeatures + 1);
  std::vector<int> of_feature(kFeatures);
  for (std::size_t row = 1; row < masks.size(); ++row) {
    ++of_size[static_cast<std::size_t>(num_kept(masks[row]))];
    for (std::size_t i = 0; i < kFeatures; ++i) of_feature[i] += masks[row][i];
  }
  EXPECT_EQ(of_size[kFeatures], 0);
  // Five standard deviations of a binomial count; a feature is kept in 3 of 7 samples.
  for (int kept = 0; kept < kFeatures; ++kept)
    EXPECT_NEAR(of_size[static_cast<std::size_t>(kept)], 10000, 5 * 93) << kept;
  for (const int count : of_feature) EXPECT_NEAR(count, 30000, 5 * 131);
  EXPECT_EQ(lime_masks(kFeatures, 50, SplitMix64(3)),
            std::vector<Mask>(masks.begin(), masks.begin() + 50));
  EXPECT_NE(lime_masks(kFeatures, 50, SplitMix64(4)),
            std::vector<Mask>(masks.begin(), masks.begin() + 50));
}

TEST(Lime, AnswersThatDoNotVaryGiveNoWeights) {
  const std::vector<Mask> masks = lime_masks(5, 100, SplitMix64(1));
  const Samples samples = make_samples(masks, Eigen::VectorXd::Constant(100, 0.1));
  for (const Selection selection :
       {Selection::none, Selection::highest_weights, Selection::forward_selection}) {
    const Surrogate fit =
        fit_surrogate(samples.masks, samples.responses, samples.weights, selection, 3);
    EXPECT_EQ(fit.weights, Eigen::VectorXd::Zero(5));
    EXPECT_EQ(fit.standard_errors, Eigen::VectorXd::Zero(5));
    EXPECT_EQ(fit.r2, 1);
    EXPECT_EQ(fit.local_prediction, 0.1);
  }
}

TEST(Lime, StandardErrorsAreThoseOfRepeatedFits) {
  // Answers that are linear but for noise: the spread of the weights over fits of fresh noise is
  // what a standard error foretells, given that the noise has the variance that weights stand for.
  constexpr int kFits = 400;
  const std::vector<Mask> masks = lime_masks(4, 200, SplitMix64(1));
  Samples samples = make_samples(masks, Eigen::VectorXd::Zero(200));
  SplitMix64 random(5);
  Eigen::MatrixXd weights(kFits, 4);
  Eigen::VectorXd foretold = Eigen::VectorXd::Zero(4);
  for (int fit = 0; fit < kFits; ++fit) {
    for (Eigen::Index row = 0; row < 200; ++row) {
      samples.responses[row] =
          0.5 * samples.masks(row, 1) + 0.1 * random.normal() / std::sqrt(samples.weights[row]);
    }
    const Surrogate one =
        fit_surrogate(samples.masks, samples.responses, samples.weights, Selection::none, 4);
    weights.row(fit) = one.weights;
    foretold += one.standard_errors / kFits;
  }
  const Eigen::MatrixXd centred = weights.rowwise() - weights.colwise().mean();
  const Eigen::VectorXd spread = (centred.colwise().squaredNorm() / (kFits - 1)).cwiseSqrt();
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(foretold[i] / spread[i], 1, 0.15) << i;
}

TEST(Lime, OneFeatureAndOneSample) {
  const std::vector<Mask> masks = lime_masks(1, 1, SplitMix64(1));
  const Samples samples = make_samples(masks, Eigen::VectorXd::Constant(1, 0.7));
  const Surrogate fit =
      fit_surrogate(samples.masks, samples.responses, samples.weights, Selection::automatic, 10);
  EXPECT_EQ(fit.weights[0], 0);
  EXPECT_EQ(fit.local_prediction, 0.7);
}

}  // namespace
}  // namespace allometer::explain
