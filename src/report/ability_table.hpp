#pragma once
/// From the tasks of an ability to one number per model, and how that goes with size.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "report/rung.hpp"
#include "report/size_table.hpp"

namespace allometer::report {

/// Gathers the headline metrics of tasks while their draws are at hand.
class AbilityTable {
 public:
  AbilityTable(const Source& source, const Settings& settings)
      : source_(source), settings_(settings) {}

  /// The samples of one ladder, as of size_rows; anything but the task's headline metric is passed
  /// over.
  void add(const Ladder& ladder, std::int32_t metric, std::span<const Sample* const> samples);

  /// One row per ability and models that share levers and precision, weakest correlation first.
  /// Only models that answered all tasks of an ability count.
  std::vector<AbilityRow> rows() const;

 private:
  struct Part {
    std::int32_t task = 0;
    bool higher_is_better = true;
    std::vector<Rung> rungs;
  };
  struct Key {
    std::string ability;
    std::string precision;
    std::string levers;
    bool random_weights = false;
    auto operator<=>(const Key&) const = default;
  };

  AbilityRow row_of(const Key& key, const std::vector<Part>& parts) const;

  const Source& source_;
  const Settings& settings_;
  std::map<Key, std::vector<Part>> parts_;
};

}  // namespace allometer::report
