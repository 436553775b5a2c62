#include "explain/attribution.hpp"

#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"
#include "explain/shapley.hpp"

namespace allometer::explain {
namespace {

class Lime final : public Attributor {
 public:
  Lime(const MethodSettings& settings, int num_features, SplitMix64 random)
      : settings_(settings),
        masks_(lime_masks(num_features,
                          settings.num_samples > 0 ? settings.num_samples : kLimeSamples, random)) {
  }

  const std::vector<Mask>& masks() const override { return masks_; }

  Attribution attribute(const Eigen::VectorXd& responses) const override {
    const auto num_features = static_cast<int>(masks_.front().size());
    Eigen::MatrixXd design(static_cast<Eigen::Index>(masks_.size()), num_features);
    Eigen::VectorXd weights(design.rows());
    for (Eigen::Index row = 0; row < design.rows(); ++row) {
      const Mask& mask = masks_[static_cast<std::size_t>(row)];
      for (Eigen::Index i = 0; i < num_features; ++i)
        design(row, i) = mask[static_cast<std::size_t>(i)];
      const int kept = std::accumulate(mask.begin(), mask.end(), 0);
      weights[row] = lime_kernel(lime_distance(kept, num_features));
    }
    Surrogate fit =
        fit_surrogate(design, responses, weights, settings_.selection, settings_.num_features);
    return {std::move(fit.weights), std::move(fit.standard_errors), fit.r2};
  }

 private:
  MethodSettings settings_;
  std::vector<Mask> masks_;
};

/// The empty and the full coalition stand in front of the others.
class KernelShap final : public Attributor {
 public:
  KernelShap(const MethodSettings& settings, int num_features, SplitMix64 random)
      : coalitions_(kernel_shap_coalitions(
            num_features,
            settings.num_samples > 0 ? settings.num_samples : kernel_shap_samples(num_features),
            random)),
        masks_{empty_mask(num_features), full_mask(num_features)} {
    masks_.insert(masks_.end(), coalitions_.masks.begin(), coalitions_.masks.end());
  }

  const std::vector<Mask>& masks() const override { return masks_; }

  Attribution attribute(const Eigen::VectorXd& responses) const override {
    ShapleyEstimate estimate = solve_kernel_shap(coalitions_, responses.tail(responses.size() - 2),
                                                 responses[0], responses[1]);
    return {std::move(estimate.values), std::move(estimate.standard_errors)};
  }

 private:
  WeightedCoalitions coalitions_;
  std::vector<Mask> masks_;
};

class ExactShapley final : public Attributor {
 public:
  explicit ExactShapley(int num_features) {
    if (num_features > kMaxExactFeatures) {
      throw ConfigError(
          fmt::format("exact_shapley asks about every subset of the features, and {} are too many "
                      "(at most {}); use method: shap",
                      num_features, kMaxExactFeatures));
    }
    masks_ = all_coalitions(num_features);
  }

  const std::vector<Mask>& masks() const override { return masks_; }

  Attribution attribute(const Eigen::VectorXd& responses) const override {
    Eigen::VectorXd values = exact_shapley(responses);
    const Eigen::Index count = values.size();
    return {std::move(values), Eigen::VectorXd::Zero(count)};
  }

 private:
  std::vector<Mask> masks_;
};

/// The full text first, then each with one feature left out.
class Occlusion final : public Attributor {
 public:
  explicit Occlusion(int num_features)
      : masks_(static_cast<std::size_t>(num_features) + 1, full_mask(num_features)) {
    for (std::size_t i = 1; i < masks_.size(); ++i) masks_[i][i - 1] = 0;
  }

  const std::vector<Mask>& masks() const override { return masks_; }

  Attribution attribute(const Eigen::VectorXd& responses) const override {
    const Eigen::Index count = responses.size() - 1;
    return {responses[0] - responses.tail(count).array(), Eigen::VectorXd::Zero(count)};
  }

 private:
  std::vector<Mask> masks_;
};

class RandomRanking final : public Attributor {
 public:
  RandomRanking(int num_features, SplitMix64 random) : weights_(num_features) {
    for (double& weight : weights_) weight = random.uniform();
  }

  const std::vector<Mask>& masks() const override { return masks_; }
  Attribution attribute(const Eigen::VectorXd&) const override {
    return {weights_, Eigen::VectorXd::Zero(weights_.size())};
  }

 private:
  Eigen::VectorXd weights_;
  std::vector<Mask> masks_;
};

}  // namespace

std::unique_ptr<Attributor> make_attributor(const MethodSettings& settings, int num_features,
                                            SplitMix64 random) {
  switch (settings.method) {
    case Method::lime:
      return std::make_unique<Lime>(settings, num_features, random);
    case Method::kernel_shap:
      return std::make_unique<KernelShap>(settings, num_features, random);
    case Method::exact_shapley:
      return std::make_unique<ExactShapley>(num_features);
    case Method::occlusion:
      return std::make_unique<Occlusion>(num_features);
    case Method::random:
      return std::make_unique<RandomRanking>(num_features, random);
  }
  return nullptr;
}

}  // namespace allometer::explain
