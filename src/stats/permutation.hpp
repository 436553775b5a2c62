#pragma once
/// Is a correlation more than chance? Permutation tests (Fisher 1935; Pitman 1937) need no
/// distribution, and with a handful of models every permutation can be counted.

#include <cstdint>
#include <limits>
#include <span>

namespace allometer::stats {

/// NaN where the coefficient itself is undefined.
struct PermutationP {
  /// Share of permutations whose |coefficient| is at least the observed one, the observed order
  /// included.
  double p = std::numeric_limits<double>::quiet_NaN();
  /// The p of the strongest order of these very values, ties included: no data of this shape can
  /// show less.
  double smallest_p = std::numeric_limits<double>::quiet_NaN();
};

struct PermutationTest {
  PermutationP pearson;
  PermutationP spearman;
  PermutationP kendall;
  /// Orders counted: n! (or the product over strata) if exact, else the number drawn.
  std::int64_t permutations = 0;
  bool exact = true;
};

/// As many orders as nine points have: up to here all are counted.
inline constexpr std::int64_t kMaxExactPermutations = 362880;

/// Two-sided tests of no association between x and y, by permuting y. `stratum` (empty, or one
/// label per point) confines the permutations to points of equal label, as models of one family.
/// Beyond kMaxExactPermutations orders, `num_draws` are drawn from `seed` and p = (b + 1) /
/// (num_draws + 1) (Phipson and Smyth 2010). Ties of coefficients that differ only by rounding
/// count as equal.
PermutationTest permutation_test(std::span<const double> x, std::span<const double> y,
                                 std::span<const int> stratum = {}, std::uint64_t seed = 0,
                                 std::int64_t num_draws = 9999);

}  // namespace allometer::stats
