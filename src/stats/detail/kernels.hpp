#pragma once
/// The loops that the time of the statistics goes into. One source (stats/kernels/kernels.cpp) is
/// compiled per instruction set; all results are exact whole numbers, the same under any.
///
/// Nothing but plain types here: the kernels are compiled with wider instructions than the rest of
/// the program, and an inline function shared with other files could be linked in its wide version.

#include <cstddef>
#include <cstdint>

namespace allometer::stats::detail {

/// Bytes of a row of small numbers are a multiple of this, filled up with zeros.
inline constexpr std::ptrdiff_t kSmallRow = 64;
/// The largest value that sum_small takes.
inline constexpr int kMostSmall = 15;

/// A point among n: how many values are smaller, how many are not greater, and a place between the
/// two that no other point has.
struct RankedPoint {
  std::int32_t below;
  std::int32_t up_to;
  std::int32_t place;
};

struct Kernels {
  /// sums[column * stride + draw] = sum over questions of count x value, for rows of `row` bytes
  /// (a multiple of kSmallRow): counts [draws][row], values [columns][row], each at most
  /// kMostSmall. Below 2^31.
  void (*sum_small)(const std::uint8_t* counts, std::ptrdiff_t draws, const std::int8_t* values,
                    std::ptrdiff_t columns, std::ptrdiff_t row, double* sums,
                    std::ptrdiff_t stride);

  /// The same for a tile of whole numbers whose sums are below 2^53:
  /// out[column][draw] = sum over questions of counts[question][draw] x values[question][column].
  void (*sum_tile)(const double* counts, const double* values, std::ptrdiff_t questions,
                   double* out);
  std::ptrdiff_t tile_draws;
  std::ptrdiff_t tile_columns;

  /// Concordant less discordant pairs of n points in rising order of x; tie_begin[i] is the first
  /// point with the x of point i. seen, seen_before: (n + 63) / 64 zeros each, which are changed.
  std::int64_t (*pair_score)(const RankedPoint* points, const std::int32_t* tie_begin,
                             std::int32_t n, std::uint64_t* seen, std::int32_t* seen_before);
};

extern const Kernels kKernels_avx2;
extern const Kernels kKernels_avx512;

/// Those of this CPU.
const Kernels& kernels();

}  // namespace allometer::stats::detail
