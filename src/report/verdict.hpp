#pragma once
/// What a row shows of size, in one word: from numbers to a verdict, by fixed rules.

#include <cstdint>
#include <span>
#include <vector>

#include "report/report.hpp"

namespace allometer::report {

/// The p of each claim by itself. Of "flat": two one-sided tests against the margin; where models
/// do not scatter at all, the error over questions takes the place of theirs.
Claims claims_of(const Evidence& evidence, double margin);

/// Adjusts each kind of claim over all rows (Holm 1979).
std::vector<Claims> adjusted_by_holm(std::span<const Claims> rows);

/// In this order: U-shaped, flat, grows or shrinks where the adjusted p of the claim is below
/// alpha; grows and shrinks only if the permutation p is so too. Else it cannot tell, also where
/// the permutation p could not be below alpha however the models lay.
Verdict verdict_of(const Evidence& evidence, const Claims& adjusted, double alpha);

/// What would do to tell with 80 % power: a slope as steep as this one from nought or, if it is
/// below the margin, a slope of nought from the margin. num_rows: judged together, so that one of
/// them is held against alpha / num_rows.
Needs needs_of(const Evidence& evidence, double margin, double alpha, std::int64_t num_rows);

/// The fewest sizes, over so many families alike, whose permutation p can be below alpha: with n
/// sizes in each, 2 / n!^families < alpha.
std::int64_t sizes_for_permutation(double alpha, std::int32_t num_families);

}  // namespace allometer::report
