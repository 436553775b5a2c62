#pragma once
/// From the tasks of an ability to one number per model, and how that goes with size.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <Eigen/Core>

#include "report/judged.hpp"
#include "report/ladder.hpp"
#include "report/report.hpp"
#include "report/rung.hpp"

namespace allometer::report {

/// The rescaled headline metric of a task at one number of shots, of models with any levers: one
/// measure of the task's ability.
struct AbilityMeasure {
  std::string ability;
  std::string precision;
  bool random_weights = false;
  std::int32_t task = 0;  ///< index into the plan's tasks
  std::int32_t num_fewshot = 0;
  std::int32_t num_questions = 0;
  ScoreUnit unit = ScoreUnit::range;
  /// As rescaled() makes them. Empty where the metric has no scale.
  std::vector<Rung> models;
};

/// `shared`: what the rungs share, whatever their levers.
AbilityMeasure ability_measure(const Ladder& shared, const results::PlannedTask& task,
                               const results::PlannedMetric& metric,
                               std::span<const Rung* const> rungs);

/// Adds up the measures of each ability.
class AbilityTable {
 public:
  explicit AbilityTable(const Settings& settings) : settings_(settings) {}

  void add(const AbilityMeasure& measure);
  /// Makes the rows of the abilities that were added, of which no more will come, and lets go of
  /// their draws.
  void close();
  /// One row per ability and models that share levers and precision, and where there are several
  /// settings of levers one over all of them; weakest correlation first. Only models count that
  /// answered all measures of the ability that any model of the row answered.
  std::vector<AbilityRow> rows();
  /// The abilities of trained models, over all their levers, by name.
  const std::vector<Judged>& judged() const { return judged_; }

 private:
  /// Task, number of shots, number of questions.
  using Measure = std::tuple<std::int32_t, std::int32_t, std::int32_t>;
  struct Key {
    std::string ability;
    std::string precision;
    bool random_weights = false;
    auto operator<=>(const Key&) const = default;
  };
  /// A model: sums over measures.
  struct Member {
    Rung sum;
    std::size_t num_measures = 0;
  };
  struct Ability {
    std::map<std::int32_t, Member> members;               ///< by model
    std::map<std::string, std::set<Measure>> of_setting;  ///< measures by levers
    std::set<ScoreUnit> units;
    std::int32_t num_left_out = 0;
  };

  void add_rows(const Key& key, const Ability& ability);
  /// `settings`: of the levers that the row is over.
  void add_row(const Key& key, const Ability& ability, const std::set<std::string>& settings);
  std::vector<Rung> scores_of(const Ability& ability, const std::set<std::string>& settings,
                              std::size_t num_measures) const;

  const Settings& settings_;
  std::map<Key, Ability> abilities_;
  std::vector<AbilityRow> rows_;
  std::vector<Judged> judged_;
};

}  // namespace allometer::report
