#pragma once
/// From the tasks of an ability to one number per model, and how that goes with size.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/size_table.hpp"

namespace allometer::report {

/// The headline metric of a task, of the models of one ladder: one measure of its ability.
struct AbilityMeasure {
  struct Model {
    Point point;
    std::string family;
    Eigen::ArrayXd draws;  ///< estimates, [draws]
  };
  std::string ability;
  std::string precision;
  std::string levers;
  bool random_weights = false;
  std::int32_t task = 0;  ///< index into the plan's tasks
  bool higher_is_better = true;
  std::vector<Model> models;  ///< smallest N first
};

/// Nothing if the metric is not the task's headline. Rungs: as of size_rows.
std::optional<AbilityMeasure> ability_measure(const Ladder& ladder, std::int32_t metric,
                                              std::span<const Rung> rungs, const Source& source);

/// Puts the measures of each ability together.
class AbilityTable {
 public:
  explicit AbilityTable(const Settings& settings) : settings_(settings) {}

  void add(AbilityMeasure measure);
  /// Makes the rows of the abilities that were added, of which no more will come, and lets go of
  /// their draws.
  void close();
  /// One row per ability and models that share levers and precision, weakest correlation first.
  /// Only models that answered all tasks of an ability count.
  std::vector<AbilityRow> rows();

 private:
  struct Key {
    std::string ability;
    std::string precision;
    std::string levers;
    bool random_weights = false;
    auto operator<=>(const Key&) const = default;
  };

  AbilityRow row_of(const Key& key, const std::vector<AbilityMeasure>& measures) const;

  const Settings& settings_;
  std::map<Key, std::vector<AbilityMeasure>> measures_;
  std::vector<AbilityRow> rows_;
};

}  // namespace allometer::report
