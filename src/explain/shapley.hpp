#pragma once
/// Shapley values (Shapley 1953) of a game over features: exact, and estimated by KernelSHAP
/// (Lundberg and Lee 2017) with the choices of its authors' package (shap).

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "explain/mask.hpp"

namespace allometer::explain {

/// All 2^num_features coalitions; bit i of the place is feature i. num_features <=
/// kMaxExactFeatures.
std::vector<Mask> all_coalitions(int num_features);

/// values: of all_coalitions, [2^features]. The sum of the result is the value of the full
/// coalition less that of the empty one.
Eigen::VectorXd exact_shapley(const Eigen::Ref<const Eigen::VectorXd>& values);

/// Coalitions between the empty and the full one, with their weights in the regression.
struct WeightedCoalitions {
  std::vector<Mask> masks;
  std::vector<double> weights;
};

/// shap's default number of coalitions.
int kernel_shap_samples(int num_features);

/// At most `num_samples` (>= 1) coalitions, none twice. A coalition of size s has weight (M - 1) /
/// (s (M - s)), shared by those of its size. The smallest sizes, each with its complements, are
/// enumerated while the budget would give each of their coalitions at least one sample; what is
/// left of the budget draws coalitions of the other sizes with their complements, which share the
/// weight that is left by how often they were drawn. With 2^M - 2 samples all are enumerated.
WeightedCoalitions kernel_shap_coalitions(int num_features, int num_samples, SplitMix64 random);

struct ShapleyEstimate {
  Eigen::VectorXd values;           ///< [features]
  Eigen::VectorXd standard_errors;  ///< of the weighted least squares; 0 without freedom
};

/// Weighted least squares of the coalitions' values, constrained by elimination of the last
/// feature so that the estimates sum to full - empty (to rounding). Where the coalitions do not
/// determine the values, the solution of least norm.
ShapleyEstimate solve_kernel_shap(const WeightedCoalitions& coalitions,
                                  const Eigen::Ref<const Eigen::VectorXd>& values, double empty,
                                  double full);

}  // namespace allometer::explain
