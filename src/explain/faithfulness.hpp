#pragma once
/// Does a ranking of features name those that the prediction hangs on? By taking the first of them
/// out of the text, and by keeping only them (DeYoung et al. 2020, ERASER).

#include <functional>
#include <vector>

#include <Eigen/Core>

#include "explain/mask.hpp"

namespace allometer::explain {

/// Features by falling signed weight; ties: the earlier in the text first.
std::vector<int> ranking_of(const Eigen::Ref<const Eigen::VectorXd>& weights);

/// ceil(share * num_features), at least 1 and at most num_features.
int num_top(double share, int num_features);

/// p(c|x) is the probability of the explained class for the full text, and k = num_top(t, n).
struct Faithfulness {
  double comprehensiveness = 0;  ///< mean over t in {.1, .3, .5} of p(c|x) - p(c|x without the top
                                 ///< k) (Heyen et al. 2024)
  double sufficiency = 0;        ///< the same of p(c|x) - p(c|the top k alone)
  double aopc_comprehensiveness = 0;  ///< over t in {.01, .05, .1, .2, .5} (ERASER)
  double aopc_sufficiency = 0;
};

/// Every mask that faithfulness() asks about; some may stand in it twice.
std::vector<Mask> faithfulness_masks(const std::vector<int>& ranking);

/// `probability`: of the explained class, for the full mask and those of faithfulness_masks.
Faithfulness faithfulness(const std::vector<int>& ranking,
                          const std::function<double(const Mask&)>& probability);

}  // namespace allometer::explain
