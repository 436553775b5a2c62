#pragma once
/// What ranks tell one another. Every message is one MPI message: a tag and a payload, JSON but for
/// results and parts of the analysis.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/record.hpp"
#include "sweep/schedule.hpp"
#include "tasks/task.hpp"

namespace allometer::sweep {

enum class Tag : int {
  hello = 1,   ///< worker -> root: HelloMessage
  identify,    ///< root -> worker: IdentifyMessage
  identified,  ///< worker -> root: IdentifiedMessage
  setup,       ///< root -> worker: SetupMessage
  ready,       ///< worker -> root: ReadyMessage, measured and waiting for work
  assign,      ///< root -> worker: Assignment
  result,      ///< worker -> keeper of its node: ResultMessage
  durable,     ///< keeper -> root: DurableMessage
  stop,        ///< anyone -> root, root -> all: StopMessage: hand back what is not finished
  released,    ///< worker -> root: ReleasedMessage
  analyse,     ///< root -> all: AnalyseMessage: a part of the analysis of the results file
  analysed,    ///< all -> root: AnalysedMessage
  heartbeat,   ///< both ways, every few seconds, empty
  end,         ///< root -> worker: EndMessage, leave
};

/// What a rank is.
struct HelloMessage {
  std::string host;
  std::string instruction_set;
  std::vector<int> cpus;            ///< that its threads may run on
  std::int32_t wanted_threads = 0;  ///< $OMP_NUM_THREADS; 0: not set
  std::int64_t memory_bytes = 0;    ///< that the ranks of its node may hold together
};

struct IdentifyMessage {
  std::int32_t model = 0;
  std::string path;
};

struct IdentifiedMessage {
  std::int32_t model = 0;
  std::string digest;
  std::string tokenizer;  ///< its digest
  bool failed = false;
  std::string kind;
  std::string reason;
};

/// Everything that a rank needs to compute any cell, beside the cell itself.
struct SetupMessage {
  struct Model {
    std::string path;
    std::string digest;
  };
  struct Task {
    std::string file;
    std::string digest;
    /// The task is the preparation of the one that the file describes (Task::preparation).
    bool is_preparation = false;
  };
  struct Variant {
    std::int32_t model = 0;
    std::string precision;
    double chunk_flops = 0;   ///< of a full chunk at the model's last position: for the watchdog
    double load_seconds = 0;  ///< that loading may take on slow storage: for the watchdog
  };
  std::vector<Model> models;
  std::vector<Task> tasks;
  std::vector<Variant> variants;
  std::string instruction_set;  ///< the lowest of all ranks
  std::int32_t threads = 1;     ///< of this rank
  std::int32_t keeper = 0;      ///< rank that writes this node's journal
  std::int32_t start = 0;       ///< number of this start of the job
  std::string journal_directory;
  std::int32_t chunk_tokens = 256;
  std::int64_t generation_bytes = 0;
  std::int32_t ranks_on_node = 1;
  double watchdog_seconds = 600;
};

struct ReadyMessage {
  std::vector<std::pair<std::string, double>> flops_per_second;  ///< per precision
  std::string energy_source;
};

/// A lease with all that its cell is.
struct Assignment {
  Lease lease;
  std::string cell_digest;
  std::string cell_name;
  std::int32_t variant = 0;
  std::int32_t task = 0;
  tasks::PromptSettings settings;
};

/// A shard's records, or why there are none.
struct ResultMessage {
  std::int64_t lease = 0;
  bool failed = false;
  std::string payload;  ///< results::ShardResult::encode() or results::FailureRecord::encode()
  double wall_seconds = 0;
};

struct DurableMessage {
  std::int64_t lease = 0;
  bool failed = false;
  std::string reason;
  double wall_seconds = 0;
  std::int64_t tokens_computed = 0;
  std::string artifact;  ///< made by the cell, whole with this shard
};

struct StopMessage {
  std::string reason;
};

struct ReleasedMessage {
  std::vector<std::int64_t> leases;
};

/// A part to work out; file and request are the same in all messages of a job.
struct AnalyseMessage {
  std::string file;
  std::int64_t file_bytes = 0;  ///< as rank 0 sees it; elsewhere the same name may be another file
  std::int64_t file_time = 0;   ///< of its last change
  std::string settings;         ///< report::AnalysisRequest::settings
  std::vector<std::string> tasks;  ///< report::AnalysisRequest::tasks
  std::int32_t part = 0;
};

struct AnalysedMessage {
  std::int32_t part = 0;
  bool failed = false;
  std::string payload;  ///< of report::Analysis::work_out, or why it failed
};

struct EndMessage {
  std::int32_t exit_code = 0;
};

std::string encode(const HelloMessage&);
std::string encode(const IdentifyMessage&);
std::string encode(const IdentifiedMessage&);
std::string encode(const SetupMessage&);
std::string encode(const ReadyMessage&);
std::string encode(const Assignment&);
std::string encode(const ResultMessage&);
std::string encode(const DurableMessage&);
std::string encode(const StopMessage&);
std::string encode(const ReleasedMessage&);
std::string encode(const AnalyseMessage&);
std::string encode(const AnalysedMessage&);
std::string encode(const EndMessage&);

/// T is one of the above. Throws FormatError on bytes that encode cannot have written.
template <class T>
T decode(std::string_view payload);

}  // namespace allometer::sweep
