#include <algorithm>
#include <string>

#include "job/job.hpp"

namespace allometer::job {
namespace {

bool matches_one(const std::string& key, const std::string& wanted, const CellKey& cell) {
  if (key == "model") return glob_match(wanted, cell.model);
  if (key == "task") return glob_match(wanted, cell.task);
  if (key == "family") return wanted == cell.family;
  if (key == "precision") return wanted == cell.precision;
  if (key == "shots") return wanted == std::to_string(cell.shots);
  if (key == "seed") return wanted == std::to_string(cell.seed);
  if (cell.levers == nullptr) return false;
  const auto lever = cell.levers->find(key);
  return lever != cell.levers->end() && lever->second == wanted;
}

bool matches_any(const std::vector<Rule>& rules, const CellKey& cell) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return matches(rule, cell); });
}

}  // namespace

bool matches(const Rule& rule, const CellKey& cell) {
  return std::all_of(rule.match.begin(), rule.match.end(), [&](const auto& entry) {
    return std::any_of(entry.second.begin(), entry.second.end(), [&](const std::string& wanted) {
      return matches_one(entry.first, wanted, cell);
    });
  });
}

bool selects(const Job& job, const CellKey& cell) {
  if (!job.include.empty() && !matches_any(job.include, cell)) return false;
  return !matches_any(job.exclude, cell);
}

}  // namespace allometer::job
