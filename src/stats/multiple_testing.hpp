#pragma once
/// p values of many tests at once, adjusted so that each can be held against the level of the whole
/// table.

#include <span>
#include <vector>

namespace allometer::stats {

/// Of both: p in [0, 1] in any order; NaN is a test that was not made: it counts for nothing and
/// stays NaN. The result has the order of p and values in [0, 1]; equal p stay equal.

/// Holm's step-down adjustment (Holm 1979, Scand. J. Statist. 6): rejecting where the result is
/// below alpha makes any false rejection at all at most alpha likely, however the tests depend.
std::vector<double> holm(std::span<const double> p);

/// Step-up adjustment of Benjamini and Hochberg (1995, J. R. Statist. Soc. B 57): rejecting where
/// the result is below q keeps the expected share of false rejections among all at most q, for
/// tests that are independent or positively dependent.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace allometer::stats
