#pragma once
/// The journals of a job, read back; and the HDF5 file that is built from them.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "results/job_record.hpp"
#include "results/record.hpp"

namespace allometer::results {

/// Where an intact shard result lies: payload bytes of a journal record.
struct ShardLocation {
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t file = 0;
  std::int64_t offset = 0;
  std::int64_t num_bytes = 0;
  Cost cost;
  std::string host;
};

/// A range that was handed out and neither finished nor handed back.
struct OpenLease {
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t attempts = 0;
  std::vector<std::string> hosts;  ///< of each attempt
};

/// What the journals hold of one cell.
struct CellState {
  std::vector<ShardLocation> shards;   ///< sorted by begin, not overlapping
  std::vector<OpenLease> open_leases;  ///< sorted by begin
  std::optional<FailureRecord> failure;
  std::string artifact;                   ///< that it has made for other cells; empty if none
  std::vector<PublishedValue> published;  ///< instead of shards: what others reported
  std::int32_t questions_done() const;
};

/// Everything the journal directory `OUTPUT.journal/` says; shard payloads stay on disk.
class JournalIndex {
 public:
  /// Reads every *.journal below `directory` in name order; a directory that does not exist is an
  /// empty index. Damage is reported through log::warning with file, offset and bytes lost, and
  /// kept in damage().
  static JournalIndex read(const std::filesystem::path& directory);

  const std::vector<StartRecord>& starts() const { return starts_; }
  const std::vector<FinishRecord>& finishes() const { return finishes_; }
  const std::vector<MachineRecord>& machines() const { return machines_; }
  const std::optional<PlanRecord>& plan() const { return plan_; }
  const std::map<Digest, CellState>& cells() const { return cells_; }
  /// Cells of earlier plans that the last plan lacks, with the plan each came from (latest);
  /// indices into that plan.
  struct FormerCell {
    PlanRecord const* plan = nullptr;
    PlannedCell cell;
  };
  std::vector<FormerCell> former_cells() const;
  ShardResult load(const ShardLocation& location) const;
  std::int64_t damaged_bytes() const { return damaged_bytes_; }

 private:
  friend class JournalReader;

  std::vector<std::filesystem::path> files_;
  std::vector<StartRecord> starts_;
  std::vector<FinishRecord> finishes_;
  std::vector<MachineRecord> machines_;
  std::optional<PlanRecord> plan_;
  std::vector<PlanRecord> former_plans_;
  std::map<Digest, CellState> cells_;
  std::int64_t damaged_bytes_ = 0;
};

/// OUTPUT.journal
std::filesystem::path journal_directory(const std::filesystem::path& output);

/// Builds the HDF5 file from an index: to a temporary name, then renamed. Unfinished and failed
/// cells are in it too. Memory: one shard of records, plus one row per cell and per question of a
/// task.
void write_results_file(const JournalIndex& index, const std::filesystem::path& output);

}  // namespace allometer::results
