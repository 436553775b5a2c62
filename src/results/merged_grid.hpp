#pragma once
/// The last plan and what earlier plans add to it, as one grid without copies of the questions.

#include <cstdint>
#include <vector>

#include "results/job_record.hpp"
#include "results/store.hpp"

namespace allometer::results {

/// Points into the index it was made from. Indices in variants and cells are into these lists.
struct MergedGrid {
  std::vector<const PlannedModel*> models;
  std::vector<PlannedVariant> variants;
  std::vector<const PlannedTask*> tasks;
  std::vector<PlannedCell> cells;  ///< the last plan's in its order, then former ones with results
};

/// Throws FormatError if the journals hold no plan.
MergedGrid merge_plans(const JournalIndex& index);

}  // namespace allometer::results
