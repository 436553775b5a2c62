#pragma once
/// How well do a task's questions tell models apart, and how much closer would its correlation with
/// size be if they told them apart without error?

#include <cstdint>
#include <limits>
#include <string_view>

#include <Eigen/Core>

#include "stats/bootstrap.hpp"
#include "stats/undefined.hpp"

namespace allometer::stats {

/// Sums of every column over either half of the questions: [num_splits x columns] each.
struct HalfSums {
  Eigen::MatrixXd first;   ///< over questions / 2, rounded down
  Eigen::MatrixXd second;  ///< over the others
};

/// columns: [questions x columns], finite. The halves of a split depend on (key, split) and the
/// number of questions alone, so that all models are split alike; sums are exact (whole_columns),
/// the same to the last bit for any blocking.
HalfSums split_half_sums(std::string_view key, std::int32_t num_splits,
                         const Eigen::Ref<const Eigen::MatrixXd>& columns);

/// Reliability of a test `factor` times as long as one of this reliability (Spearman 1910; Brown
/// 1910, Br. J. Psychol. 3). At or below -1/(factor - 1) there is none: NaN.
double spearman_brown(double reliability, double factor);

struct Reliability {
  /// Of estimates from all questions: 1 tells the models apart without error, 0 or less not at
  /// all.
  double value = std::numeric_limits<double>::quiet_NaN();
  double mean_correlation = std::numeric_limits<double>::quiet_NaN();  ///< between halves
  std::int32_t splits = 0;                                             ///< that had a correlation
  Undefined undefined = Undefined::too_few;
};

/// Split-half reliability across models: the Spearman-Brown formula of the mean over splits of
/// Pearson's r between the models' estimates from either half. first, second: [num_splits x
/// models]. A split in which a half is constant or not finite over models is left out. Fewer than
/// three models: too_few.
Reliability split_half_reliability(const Eigen::Ref<const Eigen::MatrixXd>& first,
                                   const Eigen::Ref<const Eigen::MatrixXd>& second);

/// What became of a correction for attenuation.
enum class Attenuation {
  corrected,
  above_one,   ///< |r / sqrt(reliabilities)| exceeds 1: cut to 1
  unreliable,  ///< a reliability is 0, less or unknown, or r is: no value
};

/// "", "above one", "unreliable".
std::string_view name_of(Attenuation outcome);

struct CorrectedCorrelation {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval;  ///< cut to [-1, 1]
  Attenuation outcome = Attenuation::unreliable;
};

/// r / sqrt(reliability_x reliability_y): the correlation of what both measure (Spearman 1904, Am.
/// J. Psychol. 15). The ends of r's interval (NaN: none) are divided alike, the reliabilities taken
/// as known (Hunter and Schmidt 2004, Methods of Meta-Analysis, 3): the interval is too narrow by
/// what is not known of them. A size is known without error: reliability 1.
CorrectedCorrelation correct_for_attenuation(double r, const Interval& interval,
                                             double reliability_x, double reliability_y);

}  // namespace allometer::stats
