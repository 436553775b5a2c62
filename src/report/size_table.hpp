#pragma once
/// From the rungs of models that share task, shots, precision and levers to rows of the size table.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "report/ladder.hpp"
#include "report/part.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"

namespace allometer::report {

/// Makes the rows of one task while the draws of its rungs are at hand.
class SizeTable {
 public:
  /// `part` gets the rows, and the measures of abilities.
  SizeTable(const Source& source, const Settings& settings, Part& part)
      : source_(source), settings_(settings), part_(part) {}

  /// One metric of a ladder's cells that are done. Rows: one per family of at least two sizes, and
  /// one of all families if there are several. Ladders that differ in nothing but levers and random
  /// weights come one after another, and have a row over all their levers.
  void add(const Ladder& ladder, std::int32_t metric, std::vector<Rung> rungs);
  /// No more ladders come.
  void finish();

 private:
  /// The rungs of one metric, by levers, of models that are trained or random alike.
  struct Group {
    Ladder shared;
    std::int32_t metric = 0;
    std::map<std::string, std::vector<Rung>> of_setting;
  };

  void add_rows(const Ladder& ladder, std::int32_t metric, std::span<const Rung> rungs);
  void add_row_of_all_levers(const Group& group, std::vector<const Rung*> rungs);
  SizeRow& add_row(const Ladder& ladder, std::int32_t metric, std::span<const Rung* const> rungs);

  const Source& source_;
  const Settings& settings_;
  Part& part_;
  std::vector<Group> groups_;
};

/// |rho|, then |r|; a constant measure counts as nought, one that has no correlation for want of
/// models goes last.
void sort_weakest_first(std::vector<SizeRow>& rows);

}  // namespace allometer::report
