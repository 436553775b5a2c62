#pragma once
/// From the samples of models that share task, shots, precision and levers to rows of the size
/// table.

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "report/rung.hpp"

namespace allometer::report {

/// What the cells of one ladder share: one rung per model, seeds pooled.
struct Ladder {
  std::int32_t task = 0;
  std::int32_t num_questions = 0;
  std::int32_t num_fewshot = 0;
  std::string precision;
  std::string levers;  ///< "tuning = base, data = web"; empty if none
  bool random_weights = false;
  bool in_job = true;

  auto operator<=>(const Ladder&) const = default;
};

/// "family stories", "families a and b, tuning = base", "4 families (random weights)".
std::string name_of_models(const std::set<std::string>& families, const Ladder& ladder);

/// Rows of one metric: one per family of at least two sizes, and one of all families if there are
/// several. Rungs: of the ladder's cells that are done.
std::vector<SizeRow> size_rows(const Ladder& ladder, std::int32_t metric,
                               std::span<const Rung> rungs, const Source& source,
                               const Settings& settings);

/// |rho|, then |r|; a constant measure counts as nought, one that has no correlation for want of
/// models goes last.
void sort_weakest_first(std::vector<SizeRow>& rows);

}  // namespace allometer::report
