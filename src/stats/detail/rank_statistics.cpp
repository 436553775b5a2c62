#include "stats/detail/rank_statistics.hpp"

#include <algorithm>
#include <utility>

namespace allometer::stats::detail {

void Ranker::sort(std::span<const double> values) {
  const std::size_t n = values.size();
  entries_.resize(n);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double width = *high - *low;
  const double per_value = static_cast<double>(n - 1) / width;
  // As many buckets as values: most hold a few, which are then next to their places.
  bucket_begin_.assign(n + 1, 0);
  bucket_.resize(n);
  const double least = *low;
  for (std::size_t i = 0; i < n; ++i) {
    // Also where the width overflows or vanishes, the bucket is some bucket, in rising order.
    const double position = (values[i] - least) * per_value;
    bucket_[i] = position >= 1
                     ? static_cast<std::int32_t>(std::min(position, static_cast<double>(n - 1)))
                     : 0;
    ++bucket_begin_[static_cast<std::size_t>(bucket_[i]) + 1];
  }
  for (std::size_t b = 0; b < n; ++b) bucket_begin_[b + 1] += bucket_begin_[b];
  for (std::size_t i = 0; i < n; ++i) {
    const auto place = bucket_begin_[static_cast<std::size_t>(bucket_[i])]++;
    entries_[static_cast<std::size_t>(place)] = {values[i], static_cast<std::int32_t>(i)};
  }
  const auto less = [](const Entry& a, const Entry& b) { return a.value < b.value; };
  // bucket_begin_ has moved on to the ends.
  constexpr std::int32_t kFew = 16;
  std::int32_t begin = 0;
  for (std::size_t b = 0; b < n; ++b) {
    const std::int32_t end = bucket_begin_[b];
    if (end - begin > kFew) {
      std::sort(entries_.begin() + begin, entries_.begin() + end, less);
    } else {
      for (std::int32_t i = begin + 1; i < end; ++i) {
        const Entry entry = entries_[static_cast<std::size_t>(i)];
        std::int32_t hole = i;
        for (; hole > begin && entry.value < entries_[static_cast<std::size_t>(hole - 1)].value;
             --hole) {
          entries_[static_cast<std::size_t>(hole)] = entries_[static_cast<std::size_t>(hole - 1)];
        }
        entries_[static_cast<std::size_t>(hole)] = entry;
      }
    }
    begin = end;
  }
}

std::span<const RankedPoint> Ranker::rank(std::span<const double> values) {
  ranked_.resize(values.size());
  if (values.empty()) return ranked_;
  sort(values);
  const auto n = static_cast<std::int32_t>(values.size());
  for (std::int32_t begin = 0; begin < n;) {
    const double value = entries_[static_cast<std::size_t>(begin)].value;
    std::int32_t end = begin + 1;
    while (end < n && entries_[static_cast<std::size_t>(end)].value == value) ++end;
    for (std::int32_t place = begin; place < end; ++place) {
      const auto index = static_cast<std::size_t>(entries_[static_cast<std::size_t>(place)].index);
      ranked_[index] = {begin, end, place};
    }
    begin = end;
  }
  return ranked_;
}

PairScore::PairScore(std::vector<std::int32_t> tie_begin)
    : tie_begin_(std::move(tie_begin)),
      seen_((tie_begin_.size() + 63) / 64),
      seen_before_(seen_.size()) {}

std::int64_t PairScore::operator()(std::span<const RankedPoint> points) {
  std::fill(seen_.begin(), seen_.end(), 0);
  std::fill(seen_before_.begin(), seen_before_.end(), 0);
  return kernels().pair_score(points.data(), tie_begin_.data(),
                              static_cast<std::int32_t>(points.size()), seen_.data(),
                              seen_before_.data());
}

}  // namespace allometer::stats::detail
