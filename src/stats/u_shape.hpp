#pragma once
/// Does a score fall with size and then rise, or rise and then fall? And does it fall throughout?

#include <limits>
#include <span>
#include <string_view>

#include "stats/linear_model.hpp"
#include "stats/ratio.hpp"

namespace allometer::stats {

enum class Bend {
  none,        ///< one direction throughout
  u,           ///< down, then up
  inverted_u,  ///< up, then down
};

/// "none", "U", "inverted U".
std::string_view name_of(Bend bend);

// Both tests take x (log10 of the size) and y of each model, and a label of its family (empty: all
// are of one); every family has an intercept of its own, and models whose family has no second size
// do not count. With eight families or more, errors are CR2 by family. With fewer the families are
// given and models scatter alike (classical t): the three or four models on one side of a break
// leave errors of each model by itself about one degree of freedom, with which nothing is found.

/// y = intercept of the family + b1 x + b2 x^2. A quadratic term that differs from nought does not
/// show a U: a curve may flatten without turning. A U slopes down at the smallest size and up at
/// the largest, but a curve that levels off passes for that too where its scatter is small: believe
/// the two lines rather.
struct QuadraticTest {
  Bend bend = Bend::none;             ///< by the sign of b2
  CoefficientTest curvature;          ///< b2
  CoefficientTest slope_at_smallest;  ///< b1 + 2 b2 min x
  CoefficientTest slope_at_largest;   ///< b1 + 2 b2 max x
  /// The larger of the one-sided p of both slopes having the signs of the bend; above 0.5 where the
  /// turning point is outside the sizes (Lind and Mehlum 2010, Oxford Bulletin of Economics and
  /// Statistics 72).
  double p = std::numeric_limits<double>::quiet_NaN();
  Ratio turning_point;  ///< -b1 / (2 b2), with Fieller's interval, in x
  bool turns_inside = false;
  int num_sizes = 0;
  Undefined undefined = Undefined::too_few;  ///< of p: four sizes at least
};

QuadraticTest quadratic_test(std::span<const double> x, std::span<const double> y,
                             std::span<const int> family, double confidence);

/// Two straight lines, up to a break and from it on, with a jump between them (Simonsohn 2018,
/// Advances in Methods and Practices in Psychological Science 1): a U if both slopes differ from
/// nought and have opposite signs. The size at the break belongs to both lines, in two regressions.
struct TwoLinesTest {
  double break_point = std::numeric_limits<double>::quiet_NaN();  ///< in x, an observed size
  CoefficientTest first;                                          ///< slope up to the break
  CoefficientTest second;                                         ///< slope from the break on
  Bend bend = Bend::none;                                         ///< by the signs of the slopes
  /// The larger of both p where signs are opposite, else 1.
  double p = std::numeric_limits<double>::quiet_NaN();
  int num_sizes = 0;
  Undefined undefined = Undefined::too_few;  ///< of p
};

/// Sizes on each side of a break, itself among them; hence five sizes at least.
inline constexpr int kSizesPerLine = 3;

/// The break is set by Simonsohn's "Robin Hood" rule among the observed sizes, with a quadratic in
/// place of his spline, which needs more points than a sweep has sizes: of the sizes whose fitted
/// value is within one standard error of the fitted extreme, first the median; then, with t1 and t2
/// of the two slopes there, the quantile |t2| / (|t1| + |t2|), which gives points to the weaker
/// line; in any case kSizesPerLine sizes for both. In simulations of 1,000 to 4,000 sweeps each (a
/// straight, two saturating and an accelerating rise; 5, 6, 8 and 12 sizes of one family, 5 sizes
/// of 4 and 10, 8 of 3; scatter of 1, 3, 10 and 33 % of the rise) a U or inverted U at p < 0.05 was
/// found in at most 3.0 %. The quadratic test found one in up to 100 % of them.
TwoLinesTest two_lines_test(std::span<const double> x, std::span<const double> y,
                            std::span<const int> family, double confidence);

/// Inverse scaling (McKenzie et al. 2023, arXiv 2306.09479) in every pair of sizes: in no family
/// has a larger model a higher value than a smaller one, and at least one has a lower value, both
/// but for noise: differences count where they exceed z standard errors, z the normal quantile at
/// (1 + confidence) / 2. standard_error: of each y, or empty (y as it is). False below three
/// distinct sizes, or for NaN or infinity.
bool declines_throughout(std::span<const double> x, std::span<const double> y,
                         std::span<const double> standard_error, std::span<const int> family,
                         double confidence);

}  // namespace allometer::stats
