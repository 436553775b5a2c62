#pragma once
/// How many questions stand behind a share of right answers.

#include <cstdint>
#include <span>

namespace allometer::exchange {

struct ShareEstimate {
  double value = 0;  ///< p
  double standard_error =
      0;  ///< as lm-evaluation-harness gives it: sqrt(p (1 - p) / (n - 1)); may be NaN
};

/// The whole number n = p (1 - p) / SE^2 + 1 that every estimate names, for which p n is whole too;
/// 0 if there is none. Estimates of 0 or 1 and without a standard error say nothing.
std::int32_t questions_behind(std::span<const ShareEstimate> estimates);

/// sqrt(p (1 - p) / (n - 1)), the sample standard deviation of n zeros and ones over sqrt(n); NaN
/// unless n > 1 and p n is a whole number, as a mean of zeros and ones must have it.
double standard_error_of_share(double p, std::int32_t n);

}  // namespace allometer::exchange
