#pragma once
/// LIME for text (Ribeiro et al. 2016) with the choices of its authors' package (marcotcr/lime):
/// how texts are perturbed, how near they count as being, and the linear model that is fitted to
/// the answers.

#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "explain/mask.hpp"

namespace allometer::explain {

/// Which features the linear model may use.
enum class Selection {
  none,               ///< all
  highest_weights,    ///< the largest |weight| of a ridge regression with penalty 0.01
  forward_selection,  ///< one after the other the one that raises R2 most
  automatic,          ///< forward_selection for up to six, else highest_weights
};

/// LIME's own default number of masks.
inline constexpr int kLimeSamples = 5000;

/// The first mask is full; of every other s ~ U{1..num_features} features are taken out, drawn
/// without replacement. num_samples >= 1.
std::vector<Mask> lime_masks(int num_features, int num_samples, SplitMix64 random);

/// 100 times the cosine distance of a mask with `kept` ones to the full mask: 100 (1 - sqrt(kept /
/// num_features)).
double lime_distance(int kept, int num_features);

/// sqrt(exp(-distance^2 / 25^2)).
double lime_kernel(double distance);

/// The weighted linear model around the text.
struct Surrogate {
  /// The selected features, by falling |weight|; ties in the order of selection.
  std::vector<int> features;
  Eigen::VectorXd weights;  ///< [features of the text]; 0 where not selected
  /// Of the weights, as Visani et al. 2020 have it: the square roots of the diagonal of
  /// s^2 (Z'WZ + I)^-1 Z'WZ (Z'WZ + I)^-1, where s^2 is the weighted sum of squared residuals per
  /// degree of freedom. 0 where not selected, or where there are no degrees of freedom.
  Eigen::VectorXd standard_errors;
  double intercept = 0;
  double r2 = 0;                ///< weighted; 1 for answers that do not vary
  double local_prediction = 0;  ///< for the full text
};

/// Ridge regression with penalty 1 and an unpenalised intercept. masks: [samples x features], the
/// full text first; responses and sample_weights: [samples]. num_features: that a selection keeps,
/// at least 1.
Surrogate fit_surrogate(const Eigen::Ref<const Eigen::MatrixXd>& masks,
                        const Eigen::Ref<const Eigen::VectorXd>& responses,
                        const Eigen::Ref<const Eigen::VectorXd>& sample_weights,
                        Selection selection, int num_features);

}  // namespace allometer::explain
