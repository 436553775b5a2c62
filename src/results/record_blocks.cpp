#include "results/record_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace allometer::results {
namespace {

/// As many rows as a chunk of the file has.
constexpr std::int64_t kBlockRows = 16384;

bool same(double a, double b) {
  return a == b ? std::signbit(a) == std::signbit(b) : std::isnan(a) && std::isnan(b);
}

bool is_small(double value) {
  return std::isnan(value) ||
         (value >= 0 && value <= 127 && value == std::rint(value) && !std::signbit(value));
}

}  // namespace

RecordBlocks::Block::Block(const std::vector<double>& values)
    : constant(values.empty() ? 0 : values.front()), size(values.size()) {
  if (std::all_of(values.begin(), values.end(), [&](double v) { return same(v, constant); }))
    return;
  if (!std::all_of(values.begin(), values.end(), is_small)) {
    any = values;
    return;
  }
  small.reserve(values.size());
  for (const double value : values)
    small.push_back(std::isnan(value) ? std::int8_t{-1} : static_cast<std::int8_t>(value));
}

double RecordBlocks::Block::at(std::size_t row) const {
  if (!any.empty()) return any[row];
  if (small.empty()) return constant;
  return small[row] < 0 ? std::numeric_limits<double>::quiet_NaN() : small[row];
}

std::size_t RecordBlocks::Block::bytes() const {
  return sizeof(Block) + small.size() + any.size() * sizeof(double);
}

const RecordBlocks::Block& RecordBlocks::block(const std::string& column, std::int64_t index) {
  const auto found = blocks_.find({column, index});
  if (found != blocks_.end()) return found->second;
  const auto rows = num_rows_.find(column);
  const std::int64_t total =
      rows != num_rows_.end() ? rows->second : (num_rows_[column] = job_.num_rows(column));
  const std::int64_t begin = index * kBlockRows;
  Block read(job_.read_rows<double>(column, begin, std::min(kBlockRows, total - begin)));
  if (bytes_ + read.bytes() > most_bytes_) {
    blocks_.clear();
    bytes_ = 0;
  }
  bytes_ += read.bytes();
  return blocks_.emplace(std::pair(column, index), std::move(read)).first->second;
}

std::vector<double> RecordBlocks::read(const std::string& column, std::int64_t begin,
                                       std::int64_t count) {
  if (begin < 0 || count < 0) return job_.read_rows<double>(column, begin, count);  // says so
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::int64_t row = begin; row < begin + count;) {
    const Block& from = block(column, row / kBlockRows);
    const auto first = static_cast<std::size_t>(row % kBlockRows);
    const std::size_t some = std::min(from.size - std::min(first, from.size),
                                      static_cast<std::size_t>(begin + count - row));
    // Past the last row: the file says so, naming the column.
    if (some == 0) return job_.read_rows<double>(column, begin, count);
    for (std::size_t i = first; i < first + some; ++i) values.push_back(from.at(i));
    row += static_cast<std::int64_t>(some);
  }
  return values;
}

}  // namespace allometer::results
