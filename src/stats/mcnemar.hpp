#pragma once
/// Does one model answer more of the same questions than another? Only the questions that one of
/// them has right and the other wrong can tell (McNemar 1947, Psychometrika 12).

#include <cstdint>
#include <limits>
#include <span>

namespace allometer::stats {

/// Questions by who has them right.
struct PairedAnswers {
  std::int64_t both = 0;
  std::int64_t first_only = 0;
  std::int64_t second_only = 0;
  std::int64_t neither = 0;
  std::int64_t left_out = 0;  ///< without a value in one of the two
};

/// first, second: per question 1 (right), 0 (wrong) or NaN (no value), in the same order.
PairedAnswers count_paired_answers(std::span<const double> first, std::span<const double> second);

/// Two-sided p of "the questions on which they differ fall to either alike". Without such a
/// question nothing speaks for a difference: exact_p and mid_p are 1, chi_squared is NaN.
struct McNemarTest {
  double exact_p = 1;  ///< binomial
  /// exact_p with half the probability of what was observed (Fagerland, Lydersen and Laake 2013,
  /// BMC Med. Res. Methodol. 13): closer to its nominal level, where exact_p is too large.
  double mid_p = 1;
  /// (|first_only - second_only| - 1)^2 / (first_only + second_only), with Edwards' correction
  /// (1948, Psychometrika 13); for many questions.
  double chi_squared = std::numeric_limits<double>::quiet_NaN();
  double chi_squared_p = std::numeric_limits<double>::quiet_NaN();  ///< one degree of freedom
};

McNemarTest mcnemar(std::int64_t first_only, std::int64_t second_only);

}  // namespace allometer::stats
