#pragma once
/// The HDF5 results file as the statistics read it (schema: docs/results_schema.md), and where they
/// write their own.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/job_record.hpp"
#include "results/record.hpp"

namespace allometer::results {

/// Root attribute `schema_version`. Raise it when a column changes its meaning or goes away.
inline constexpr std::int32_t kSchemaVersion = 1;

enum class CellStatus : std::int16_t { planned = 0, partial = 1, done = 2, failed = 3 };
std::string_view name_of(CellStatus status);

struct CellRow {
  PlannedCell cell;
  CellStatus status = CellStatus::planned;
  std::int32_t questions_done = 0;
  std::string reason;  ///< of a failure
  Cost cost;
  double flops_per_second_peak = 0;  ///< measured at start for this precision; 0 if not measured
};

/// Sum and count of one metric over a cell's questions, and the per-question pairs.
struct MetricColumn {
  std::vector<std::int32_t> question;
  std::vector<double> value;
  std::vector<double> weight;
};

/// One named table of the statistics: columns of equal length.
struct AnalysisTable {
  std::string name;       ///< group below the job's group, as "analysis_size"
  std::string dimension;  ///< "row" name of its axis
  std::vector<std::pair<std::string, std::vector<std::string>>> text_columns;
  struct NumberColumn {
    std::string name;
    std::string unit;
    std::string long_name;
    std::vector<double> values;
  };
  std::vector<NumberColumn> number_columns;
};

/// Reads and extends a file that write_results_file made. Not thread-safe.
class ResultsFile {
 public:
  /// Throws IoError or FormatError naming file and dataset.
  explicit ResultsFile(const std::filesystem::path& path);
  ~ResultsFile();
  ResultsFile(ResultsFile&&) noexcept;

  const PlanRecord& plan() const;  ///< without question texts
  const std::vector<CellRow>& cells() const;
  const std::vector<MachineRecord>& machines() const;
  /// Per-question values of one metric (index into the task's metrics) of one cell (index into
  /// cells()).
  MetricColumn metric(std::int32_t cell, std::int32_t metric) const;
  /// ISO 8601 UTC; empty if no start is known.
  std::string last_start_time() const;
  /// Everything that is kept of a cell's questions, in their order.
  std::vector<QuestionRecord> records(std::int32_t cell) const;
  /// Texts and right answers of a task's questions, in the order of
  /// plan().tasks[task].question_ids.
  std::vector<std::string> question_texts(std::int32_t task) const;
  std::vector<std::string> question_targets(std::int32_t task) const;
  /// What others reported of a metric of a cell whose questions are not known; nothing for cells of
  /// a sweep.
  std::optional<PublishedValue> published(std::int32_t cell, std::int32_t metric) const;

  /// Per-cell estimates: [cell][metric of its task]; NaN where undefined. Written as columns over
  /// (estimate).
  struct Estimate {
    std::int32_t cell = 0;
    std::string metric;
    double estimate = 0;
    double standard_error = 0;  ///< NaN where lm-evaluation-harness has none
    double ci_low = 0;
    double ci_high = 0;
    std::int32_t num_questions = 0;
  };

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Adds estimates and tables to a results file: a copy is extended and renamed over it, so a kill
/// leaves the old one. `plan`: of the file, with the analysis settings that they were made with.
void write_analysis(const std::filesystem::path& path, const PlanRecord& plan,
                    const std::vector<ResultsFile::Estimate>& estimates,
                    const std::vector<AnalysisTable>& tables);

}  // namespace allometer::results
