#pragma once
/// How few questions of a task would do: anchors, and how far estimates from them are off.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "report/ladder.hpp"
#include "report/report.hpp"
#include "report/sample.hpp"

namespace allometer::report {

/// Of one task; only on request (Settings::item_response), for a fit takes its time.
class FewerQuestions {
 public:
  FewerQuestions(const Source& source, const Settings& settings)
      : source_(source), settings_(settings) {}

  /// Samples: one per cell of the ladder that is done. Passed over: what is not the task's headline
  /// metric or not right or wrong, and random weights.
  void add(const Ladder& ladder, std::int32_t metric, std::span<const Sample* const> samples);

  /// For every number of shots that was added: a row for each of kNumAnchors that is below the
  /// number of questions, up to as many as models answer differently, if there are models enough.
  /// Errors are over models of families that were left out, or over models left out in turn where
  /// without a family fewer than four would remain.
  std::vector<AnchorRow> take_rows();

 private:
  /// What the models of a task were asked alike.
  struct Key {
    std::int32_t task = 0;
    std::int32_t num_fewshot = 0;
    std::int32_t num_questions = 0;
    auto operator<=>(const Key&) const = default;
  };
  /// Answers of a variant's first seed.
  struct Column {
    std::uint64_t seed = 0;
    std::vector<double> answers;
  };

  void add_rows(const Key& key, const std::map<std::int32_t, Column>& columns,
                std::vector<AnchorRow>& rows) const;

  const Source& source_;
  const Settings& settings_;
  std::map<Key, std::map<std::int32_t, Column>> columns_;  ///< by variant
};

inline constexpr std::int32_t kNumAnchors[] = {10, 30, 100};

}  // namespace allometer::report
