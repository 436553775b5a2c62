#pragma once
/// The curve that describes scores against size best, and whether they turn.

#include <span>

#include "report/report.hpp"

namespace allometer::report {

/// A turn needs this many sizes.
inline constexpr int kSizesForTurn = 6;

/// log10 of the size, rescaled score and its standard error over questions (empty: unknown) of each
/// model. Curves (stats/curve_fit.hpp) are fitted through the models of all families alike, from
/// the score of guessing on where there is one; the tests of a turn give each family a level of its
/// own.
Shape shape_of(std::span<const double> log_size, std::span<const double> scores,
               std::span<const double> errors, std::span<const int> family, ScoreUnit unit,
               double confidence);

}  // namespace allometer::report
