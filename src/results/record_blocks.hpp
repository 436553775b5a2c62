#pragma once
/// Columns of numbers over a results file's records, read in any order. Cells of one task lie far
/// apart in the file, and a compressed column is read by whole blocks: what was read is kept, in as
/// few bytes as it takes.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5.hpp"

namespace allometer::results {

/// `job` must outlive it. Not thread-safe.
class RecordBlocks {
 public:
  /// Keeps at most `most_bytes`; where columns are longer, blocks are read again when they are
  /// needed again.
  explicit RecordBlocks(const io::Hdf5Group& job, std::size_t most_bytes = std::size_t{1} << 30)
      : job_(job), most_bytes_(most_bytes) {}

  /// Rows [begin, begin + count) of a column, as Hdf5Group::read_rows.
  std::vector<double> read(const std::string& column, std::int64_t begin, std::int64_t count);

  /// Bytes that are kept now.
  std::size_t bytes() const { return bytes_; }

 private:
  /// One of: the same number everywhere; whole numbers of a byte, -1 for NaN; any numbers.
  struct Block {
    double constant = 0;
    std::size_t size = 0;
    std::vector<std::int8_t> small;
    std::vector<double> any;

    explicit Block(const std::vector<double>& values);
    double at(std::size_t row) const;
    std::size_t bytes() const;
  };

  const Block& block(const std::string& column, std::int64_t index);

  const io::Hdf5Group& job_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::int64_t> num_rows_;  ///< by column
  std::map<std::pair<std::string, std::int64_t>, Block> blocks_;
};

}  // namespace allometer::results
