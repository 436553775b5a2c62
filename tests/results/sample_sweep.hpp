#pragma once
/// A small sweep for tests: two models, three tasks, a failed cell, an unfinished one and an
/// earlier plan.

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <unistd.h>
#include <vector>

#include "core/digest.hpp"
#include "io/journal.hpp"
#include "results/job_record.hpp"
#include "results/record.hpp"

namespace allometer::results::sample {

/// A directory of its own, removed at the end.
class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allometer-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline PlannedTask make_task(const std::string& name, int questions,
                             std::vector<PlannedMetric> metrics) {
  PlannedTask task;
  task.name = name;
  task.ability = name == "story_lm" ? "language" : "reading";
  task.description = "what " + name + " asks";
  task.output_type = name == "story_cloze" ? "multiple_choice" : "generate_until";
  task.metrics = std::move(metrics);
  for (int i = 0; i < questions; ++i) {
    task.question_ids.push_back("q" + std::to_string(i));
    task.question_texts.push_back("Once upon a time there was a cat, größer than " +
                                  std::to_string(i) + " mice — 猫.");
    task.question_targets.push_back(i % 3 == 0 ? "" : "mouse " + std::to_string(i));
    task.num_choices.push_back(name == "story_cloze" ? 4 : 0);
    if (name == "story_cloze") task.difficulties.push_back(i % 2 == 0 ? 1.5 : kNaN);
  }
  task.digest = sha256("task " + name);
  return task;
}

inline PlanRecord make_plan() {
  PlanRecord plan;
  plan.job_name = "stories: small/ladder";
  plan.job_text = "models: [a, b]\n# a line of UTF-8: ü\n";
  plan.job_digest = sha256(plan.job_text);
  plan.numerics = "avx512_bf16, oneDNN 2.6.3, kernels 1";
  plan.analysis = R"({"confidence": 0.95})";
  plan.models = {{"stories-50k",
                  "/data/50k",
                  "stories",
                  "llama",
                  50000,
                  30000,
                  false,
                  {{"data set", "tiny"}, {"tuning", "base"}},
                  sha256("50k")},
                 {"stories-260k",
                  "/data/260k",
                  "stories",
                  "llama",
                  260000,
                  230000,
                  true,
                  {{"tuning", "sft"}},
                  sha256("260k")}};
  plan.variants = {{0, "f32", "stories-50k/f32"}, {1, "bf16", "stories-260k/bf16"}};
  const PlannedMetric acc{"acc", "mean", true, "1", "share of right answers", true, 0.25, 0.3};
  const PlannedMetric norm{"acc_norm", "mean", true, "1", "acc by length", true, 0.25, 0.3};
  const PlannedMetric bits{"bits_per_byte", "bits", false, "bit",
                           "bits per byte", false,  kNaN,  kNaN};
  const PlannedMetric match{"exact,match", "mean", true, "1", "same text", true, 0};
  plan.tasks = {make_task("story_cloze", 7, {acc, norm}), make_task("story_lm", 5, {bits}),
                make_task("story_continue", 4, {match})};
  for (int variant = 0; variant < 2; ++variant) {
    for (int task = 0; task < 3; ++task) {
      PlannedCell cell;
      cell.digest = sha256("cell " + std::to_string(variant) + std::to_string(task));
      cell.variant = variant;
      cell.task = task;
      cell.num_fewshot = task == 0 ? 2 : 0;
      cell.seed = task == 1 ? 0xFFFFFFFFFFFFFFFFULL : 1234;
      cell.sampler = "fixed";
      cell.num_questions =
          static_cast<std::int32_t>(plan.tasks[static_cast<std::size_t>(task)].question_ids.size());
      plan.cells.push_back(cell);
    }
  }
  return plan;
}

/// Numbers that tell cell and question apart.
inline QuestionRecord make_record(const PlannedTask& task, int cell, std::int32_t question) {
  QuestionRecord record;
  record.question = question;
  record.context_tokens = 100 * cell + question;
  record.truncated = question % 2 == 1;
  const int requests = task.num_choices[static_cast<std::size_t>(question)] > 0 ? 4 : 1;
  for (int i = 0; i < requests; ++i) {
    record.log_likelihood.push_back(-1.0 / 3.0 * (1 + cell) - question - 0.125 * i);
    record.is_greedy.push_back(i == question % 4);
    record.num_tokens.push_back(3 + i);
  }
  if (task.name == "story_continue") {
    record.generated = {"text of cell " + std::to_string(cell) + " — " +
                        std::string(static_cast<std::size_t>(question), 'x')};
  }
  for (std::size_t i = 0; i < task.metrics.size(); ++i) {
    record.metric_value.push_back(0.1 * cell + question + 0.01 * static_cast<double>(i));
    record.metric_weight.push_back(1.0 + question);
  }
  return record;
}

inline ShardResult make_shard(const PlanRecord& plan, int cell, std::int32_t begin,
                              std::int32_t end) {
  const PlannedCell& planned = plan.cells[static_cast<std::size_t>(cell)];
  ShardResult shard;
  shard.cell = planned.digest;
  shard.begin = begin;
  shard.end = end;
  shard.rank = cell % 2;
  shard.host = cell % 2 == 0 ? "n1" : "n2";
  shard.cost.wall_seconds = 0.5;
  shard.cost.load_seconds = 0.25;
  shard.cost.tokens_computed = 1000 + cell;
  shard.cost.tokens_requested = 4000;
  shard.cost.flops = 1e9;
  shard.cost.peak_memory_bytes = 1 << (20 + cell);
  if (cell != 1) shard.cost.energy_joules = 2.5;
  for (std::int32_t question = begin; question < end; ++question) {
    shard.records.push_back(
        make_record(plan.tasks[static_cast<std::size_t>(planned.task)], cell, question));
  }
  return shard;
}

inline StartRecord make_start(int number) {
  StartRecord start;
  start.start = number;
  start.time = "2026-01-0" + std::to_string(number + 1) + "T12:00:00Z";
  start.version = "0.1.0";
  start.git_revision = "abcdef";
  start.argv = {"allometer", "run", "jobs/stories.yaml"};
  start.hosts = {"n1", "n2"};
  start.mpi = "Open MPI";
  start.onednn = "2.6.3";
  start.hdf5 = "1.10.8";
  start.cpu = "a CPU";
  start.slurm = {{"SLURM_JOB_ID", "17"}};
  return start;
}

inline void append(io::JournalWriter& journal, RecordType type, const std::string& payload) {
  journal.append(static_cast<std::uint32_t>(type), payload);
}

/// Two starts: the first had a cell that the job then lost. Cell 0 done in two shards, 1 done, 2
/// partial, 3 failed, 4 not begun, 5 done.
inline void write_journals(const std::filesystem::path& directory) {
  const PlanRecord plan = make_plan();
  std::filesystem::create_directories(directory);
  {
    PlanRecord former = plan;
    former.variants.push_back({1, "f32", "stories-260k/f32"});
    PlannedCell extra = former.cells[3];
    extra.digest = sha256("a cell that the job lost");
    extra.variant = 2;
    former.cells.push_back(extra);
    io::JournalWriter journal(directory / "00000-n1.journal");
    append(journal, RecordType::start, make_start(0).encode());
    append(journal, RecordType::plan, former.encode());
    append(journal, RecordType::machine,
           MachineRecord{"n1", 2, 1, {{"f32", 1e11}}, "powercap: package-0"}.encode());
    append(journal, RecordType::shard, make_shard(plan, 0, 3, 7).encode());
    append(journal, RecordType::shard, make_shard(former, 6, 0, 7).encode());
    append(journal, RecordType::finish,
           FinishRecord{0, "2026-01-01T13:00:00Z", "stopped: time limit", 3600, 1.5}.encode());
    journal.sync();
  }
  io::JournalWriter journal(directory / "00001-n1.journal");
  append(journal, RecordType::start, make_start(1).encode());
  append(journal, RecordType::plan, plan.encode());
  append(
      journal, RecordType::machine,
      MachineRecord{"n2", 2, 1, {{"bf16", 4e11}}, "unmeasured: powercap is not readable"}.encode());
  append(journal, RecordType::shard, make_shard(plan, 0, 0, 3).encode());
  append(journal, RecordType::shard, make_shard(plan, 1, 0, 5).encode());
  append(journal, RecordType::shard, make_shard(plan, 2, 1, 3).encode());
  append(journal, RecordType::failure,
         FailureRecord{plan.cells[3].digest, "format", "tensor 'x' is missing", "n2", 1}.encode());
  append(journal, RecordType::shard, make_shard(plan, 5, 0, 4).encode());
  journal.sync();
}

}  // namespace allometer::results::sample
