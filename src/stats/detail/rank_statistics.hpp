#pragma once
/// What Spearman's and Kendall's coefficients are made of, for many y against the same x: whole
/// numbers, in n log n steps a time.

#include <cstdint>
#include <span>
#include <vector>

#include "stats/detail/kernels.hpp"

namespace allometer::stats::detail {

/// Below, up to and place of every value, in their order; not NaN.
class Ranker {
 public:
  /// Valid until the next call.
  std::span<const RankedPoint> rank(std::span<const double> values);

 private:
  struct Entry {
    double value;
    std::int32_t index;
  };
  void sort(std::span<const double> values);

  std::vector<Entry> entries_;
  std::vector<std::int32_t> bucket_begin_;
  std::vector<std::int32_t> bucket_;
  std::vector<RankedPoint> ranked_;
};

/// A point's average rank, doubled and centred: how many are smaller less how many are greater.
constexpr std::int64_t centred_rank(const RankedPoint& point, std::size_t n) {
  return std::int64_t{point.below} + point.up_to - static_cast<std::int64_t>(n);
}

/// Concordant less discordant pairs (Kendall 1938). After Knight (1966), in n log n steps; the
/// search tree is a table of bits.
class PairScore {
 public:
  /// `tie_begin`: of every point, in rising order of x, the first with the same x.
  explicit PairScore(std::vector<std::int32_t> tie_begin);
  /// The y of the points, in the order of x.
  std::int64_t operator()(std::span<const RankedPoint> points);

 private:
  std::vector<std::int32_t> tie_begin_;
  std::vector<std::uint64_t> seen_;
  std::vector<std::int32_t> seen_before_;
};

}  // namespace allometer::stats::detail
