#pragma once
/// What the journal knows of a job beside its shards: the grid that was planned, each start,
/// leases, failures. Every type has encode() and decode(); JSON text, so that a person can read a
/// journal with strings(1).

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"

namespace allometer::results {

/// Journal record types. Never renumber.
enum class RecordType : std::uint32_t {
  start = 1,  ///< StartRecord
  plan = 2,   ///< PlanRecord
  lease = 3,  ///< LeaseRecord: a shard was handed out
  release =
      4,  ///< LeaseRecord: handed back unfinished by an orderly stop; that attempt does not count
  shard = 5,       ///< ShardResult (record.hpp)
  failure = 6,     ///< FailureRecord: a cell failed
  machine = 7,     ///< MachineRecord: rates measured at start
  finish = 8,      ///< FinishRecord: one orderly end of a start
  retry = 9,       ///< LeaseRecord: the user asked for a failed cell again; its failure and lost
                   ///< attempts count no more
  published = 10,  ///< PublishedRecord: what others found, without the questions behind it
};

/// A number that nobody stated (JSON null, a missing value in HDF5).
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct PlannedModel {
  std::string name;
  std::string path;
  std::string family;
  std::string architecture;
  std::int64_t num_parameters = 0;
  std::int64_t num_parameters_without_embeddings = 0;
  bool random_weights = false;  ///< made by make-model: its numbers mean nothing
  std::map<std::string, std::string> levers;
  Digest digest;
  double training_tokens = kUnknown;  ///< seen in training; NaN unknown
  double training_flops = kUnknown;   ///< spent in training; NaN unknown
};

struct PlannedVariant {
  std::int32_t model = 0;  ///< index
  std::string precision;
  std::string name;  ///< "stories-50k/bf16"
};

struct PlannedMetric {
  std::string name;
  std::string aggregation;  ///< tasks::name_of(Aggregation)
  bool higher_is_better = true;
  std::string unit;
  std::string long_name;
  bool has_standard_error = true;
  double chance = 0;    ///< NaN where there is none (JSON null)
  double majority = 0;  ///< NaN where there is none
  double best =
      kUnknown;  ///< of a perfect model: 1 for shares, 0 for losses; NaN where there is none
};

struct PlannedTask {
  std::string name;
  std::string ability;
  std::string description;
  std::string output_type;
  std::string headline;  ///< the metric that speaks for the task; empty: the first
  std::vector<PlannedMetric> metrics;
  /// The task's questions in order; those beyond the job's limit are not there.
  std::vector<std::string> question_ids;
  std::vector<std::string> question_texts;
  std::vector<std::string> question_targets;
  std::vector<std::int32_t> num_choices;
  std::vector<double> difficulties;  ///< NaN where a question has none; empty where none has
  Digest digest;

  /// Does this one of the task's metrics speak for it? None does where `headline` names none.
  bool is_headline(const PlannedMetric& candidate) const {
    const bool is_first = !metrics.empty() && candidate.name == metrics.front().name;
    return headline.empty() ? is_first : candidate.name == headline;
  }
};

struct PlannedCell {
  Digest digest;
  std::int32_t variant = 0;
  std::int32_t task = 0;
  std::int32_t num_fewshot = 0;
  std::uint64_t seed = 0;
  std::string sampler;
  std::int32_t num_questions = 0;
  bool in_job = true;  ///< false: done by an earlier version of the job, not part of this one
  /// Index of the cell whose artifact decides how this one's questions are asked; nothing: none.
  std::optional<std::int32_t> needs{};
};

/// The whole grid, written at each start; the last one counts, earlier ones describe cells that are
/// no longer in the job.
struct PlanRecord {
  std::string job_name;
  std::string job_text;
  Digest job_digest;
  std::string numerics;  ///< instruction set, oneDNN, kernel revision
  std::string analysis;  ///< JSON of the job's analysis settings
  std::vector<PlannedModel> models;
  std::vector<PlannedVariant> variants;
  std::vector<PlannedTask> tasks;
  std::vector<PlannedCell> cells;

  std::string encode() const;
  static PlanRecord decode(std::string_view bytes);
};

struct StartRecord {
  std::int32_t start = 0;  ///< 0, 1, 2... over the job's life
  std::string time;        ///< ISO 8601 UTC
  std::string version;
  std::string git_revision;
  std::vector<std::string> argv;
  std::vector<std::string> hosts;  ///< one per rank
  std::string mpi;
  std::string onednn;
  std::string hdf5;
  std::string cpu;
  std::map<std::string, std::string> slurm;  ///< SLURM_* variables

  std::string encode() const;
  static StartRecord decode(std::string_view bytes);
};

struct LeaseRecord {
  Digest cell;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t attempt = 1;
  std::int32_t rank = 0;
  std::string host;

  std::string encode() const;
  static LeaseRecord decode(std::string_view bytes);
};

struct FailureRecord {
  Digest cell;
  std::string kind;  ///< Error::kind(), or "attempts"
  std::string reason;
  std::string host;
  std::int32_t rank = 0;

  std::string encode() const;
  static FailureRecord decode(std::string_view bytes);
};

/// One aggregate as somebody else reported it.
struct PublishedValue {
  std::string metric;
  double value = 0;
  double standard_error = kUnknown;
  std::int32_t num_questions = 0;  ///< 0: unknown

  bool operator==(const PublishedValue&) const = default;
};

/// A cell that others ran: its values, where the questions behind them are not known.
struct PublishedRecord {
  Digest cell;
  std::vector<PublishedValue> values;

  std::string encode() const;
  static PublishedRecord decode(std::string_view bytes);
};

/// Peak of one node, all its ranks busy: best of five matrix products of M = 256.
struct MachineRecord {
  std::string host;
  std::int32_t ranks = 0;
  std::int32_t threads_per_rank = 0;
  std::map<std::string, double> flops_per_second;  ///< per precision, per rank
  std::string energy_source;  ///< "powercap: package-0, dram" or "unmeasured: <reason>"

  std::string encode() const;
  static MachineRecord decode(std::string_view bytes);
};

struct FinishRecord {
  std::int32_t start = 0;
  std::string time;
  std::string outcome;  ///< "done", "failed cells", "stopped: <reason>"
  double wall_seconds = 0;
  double coordination_cpu_seconds = 0;  ///< of rank 0's coordinating thread

  std::string encode() const;
  static FinishRecord decode(std::string_view bytes);
};

}  // namespace allometer::results
