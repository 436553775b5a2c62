#pragma once
/// What a method says about the features of one text, and how it comes to say it: masks to ask the
/// model about, then weights from the answers.

#include <limits>
#include <memory>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "explain/lime.hpp"
#include "explain/mask.hpp"

namespace allometer::explain {

/// Signed weights: how much a feature speaks for the explained class.
struct Attribution {
  Eigen::VectorXd weights;          ///< [features]; 0 where LIME did not select the feature
  Eigen::VectorXd standard_errors;  ///< [features]; 0 where a weight is not an estimate
  /// Of LIME's linear model; NaN for the other methods.
  double r2 = std::numeric_limits<double>::quiet_NaN();
};

enum class Method {
  lime,           ///< Ribeiro et al. 2016, as its authors' package does it for text
  kernel_shap,    ///< Lundberg and Lee 2017
  exact_shapley,  ///< Shapley 1953, by all 2^features coalitions
  occlusion,      ///< what the probability loses with the feature left out
  random,         ///< no method at all: the floor
};

struct MethodSettings {
  Method method = Method::lime;
  int num_samples = 0;  ///< masks of LIME or KernelSHAP; 0: the method's own default
  Selection selection = Selection::automatic;  ///< LIME's
  int num_features = 10;                       ///< that a selection keeps
};

/// As many features have 2^12 coalitions.
inline constexpr int kMaxExactFeatures = 12;

/// One run of a method over one text.
class Attributor {
 public:
  virtual ~Attributor() = default;
  /// What the model must be asked about; the same mask may stand in it more than once.
  virtual const std::vector<Mask>& masks() const = 0;
  /// `responses`: the probability of the explained class for each of masks().
  virtual Attribution attribute(const Eigen::VectorXd& responses) const = 0;
};

/// num_features >= 1: those of the text. Throws ConfigError for exact_shapley of more than
/// kMaxExactFeatures features.
std::unique_ptr<Attributor> make_attributor(const MethodSettings& settings, int num_features,
                                            SplitMix64 random);

}  // namespace allometer::explain
