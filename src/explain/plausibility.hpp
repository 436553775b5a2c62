#pragma once
/// Does an explanation name the words that people say are the reason?

#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

namespace allometer::explain {

/// A gold rationale over the features of a text.
struct Rationale {
  std::vector<std::uint8_t> is_gold;  ///< one per feature
  /// One per feature: equal numbers are the same word but for punctuation; -1 is none at all.
  std::vector<int> word;
  /// k = num_top(share, features) features are predicted; 0: as many as are gold.
  double share = 0;
};

/// NaN where nothing is gold.
struct Plausibility {
  static constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  /// |predicted and gold| / |predicted or gold| of the sets of words (Heyen et al. 2024).
  double token_iou = kUndefined;
  /// F1 of the predicted features (ERASER; the task's value is the mean over questions).
  double token_f1 = kUndefined;
  /// Area under the precision-recall curve of the signed weights, by trapezoids between their
  /// distinct values, from precision 1 at recall 0 (ERASER).
  double auprc = kUndefined;
};

Plausibility plausibility(const Eigen::Ref<const Eigen::VectorXd>& weights,
                          const Rationale& rationale);

}  // namespace allometer::explain
