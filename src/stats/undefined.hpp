#pragma once
/// Why a statistic has no value. Degenerate input is an everyday case of a sweep (two models, a
/// score that never moves), so it is an outcome and not an error.

#include <string_view>

namespace allometer::stats {

enum class Undefined {
  no,              ///< it has a value
  too_few,         ///< too few points, or too few distinct ones
  constant,        ///< one side does not vary
  not_finite,      ///< NaN or infinity among the input, or overflow on the way
  not_identified,  ///< the data cannot tell this parameter from others (a rank-deficient design)
  not_converged,   ///< an iteration found no optimum
  separated,       ///< an effect without bound: something tells right from wrong without error
};

/// "", "too few points", "constant", "not finite", "not identified", "not converged",
/// "separated".
std::string_view name_of(Undefined reason);

}  // namespace allometer::stats
