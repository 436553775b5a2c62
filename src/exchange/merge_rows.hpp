#pragma once
/// Which rows of which files make the rows of a merged file.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "results/results_file.hpp"

namespace allometer::exchange {

/// A results file that is merged.
struct MergeInput {
  explicit MergeInput(const std::filesystem::path& file);

  std::filesystem::path path;
  results::ResultsFile results;
  io::Hdf5File file;
  io::Hdf5Group job;
  std::vector<io::ColumnLayout> layouts;  ///< of the job's columns and dimensions, in their order
};

/// Rows [begin, begin + count) of one file.
struct RowRange {
  std::size_t file = 0;
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

/// The rows of one dimension of the merged file.
class MergedRows {
 public:
  /// Takes rows over; neighbours become one range. Returns the first one's place.
  std::int64_t add(std::size_t file, std::int64_t begin, std::int64_t count);
  /// Says that a row that is not taken over is the same as the one at `place`.
  void set_place(std::size_t file, std::int64_t row, std::int64_t place);

  const std::vector<RowRange>& ranges() const { return ranges_; }
  std::int64_t size() const { return size_; }
  /// Where a row of a file is in the merged one; -1 if it is not there.
  std::int32_t place(std::size_t file, std::int64_t row) const;

 private:
  std::vector<RowRange> ranges_;
  std::vector<std::vector<std::int32_t>> places_;  ///< [file][row], -1: nowhere
  std::int64_t size_ = 0;
};

struct MergePlan {
  std::map<std::string, MergedRows> dimensions;  ///< by name; all but `ability`
  std::int64_t num_same_cells = 0;
};

/// Throws ConfigError where the files contradict each other.
MergePlan plan_merge(const std::vector<MergeInput>& inputs);

}  // namespace allometer::exchange
