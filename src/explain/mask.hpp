#pragma once
/// Which features of a text a perturbed copy of it still has.

#include <cstdint>
#include <vector>

namespace allometer::explain {

/// One entry per feature: 1 where it is present, 0 where it was taken out.
using Mask = std::vector<std::int8_t>;

inline Mask full_mask(int num_features) {
  return Mask(static_cast<std::size_t>(num_features), 1);
}
inline Mask empty_mask(int num_features) {
  return Mask(static_cast<std::size_t>(num_features), 0);
}

}  // namespace allometer::explain
