#pragma once
/// Games over features with known answers, for the tests of explanations.

#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "explain/mask.hpp"

namespace allometer::explain {

inline Mask mask_from(const std::string& bits) {
  Mask mask;
  for (const char bit : bits) mask.push_back(bit == '1' ? 1 : 0);
  return mask;
}

/// A value in [0, 1) for every coalition, without any structure.
class RandomGame {
 public:
  explicit RandomGame(std::uint64_t seed) : seed_(seed) {}
  double operator()(const Mask& mask) const {
    std::uint64_t state = seed_;
    for (const std::int8_t present : mask)
      state = SplitMix64(state * 2 + static_cast<std::uint64_t>(present))();
    return SplitMix64(state).uniform();
  }
  Eigen::VectorXd operator()(const std::vector<Mask>& masks) const {
    Eigen::VectorXd values(static_cast<Eigen::Index>(masks.size()));
    for (std::size_t i = 0; i < masks.size(); ++i)
      values[static_cast<Eigen::Index>(i)] = (*this)(masks[i]);
    return values;
  }

 private:
  std::uint64_t seed_;
};

inline Eigen::VectorXd random_weights(int count, SplitMix64& random) {
  Eigen::VectorXd weights(count);
  for (double& weight : weights) weight = random.normal();
  return weights;
}

}  // namespace allometer::explain
