#include "sweep/root.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <limits>
#include <set>
#include <thread>
#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/provenance.hpp"
#include "io/hdf5_version.hpp"
#include "model/backend.hpp"
#include "model/cost.hpp"
#include "model/load.hpp"
#include "report/report.hpp"
#include "results/store.hpp"

namespace allometer::sweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr auto kStateInterval = std::chrono::seconds(5);
constexpr double kWatchdogSeconds = 600;
/// Storage slower than this is taken to hang.
constexpr double kSlowestLoadBytesPerSecond = 20e6;
/// What building a results file takes at least, for the decision whether there is time for it.
constexpr double kBuildBytesPerSecond = 20e6;
constexpr double kBuildSecondsAllowed = 30;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double watchdog_seconds() {
  const char* text = std::getenv("ALLOMETER_WATCHDOG_SECONDS");
  const double seconds = text ? std::atof(text) : 0;
  return seconds > 0 ? seconds : kWatchdogSeconds;
}

std::string owner_text(const std::string& job) {
  std::string owner =
      fmt::format("job '{}', process {} on {}, since {}", job, ::getpid(), host_name(), utc_now());
  if (const char* id = std::getenv("SLURM_JOB_ID")) owner += fmt::format(", Slurm job {}", id);
  return owner;
}

std::uintmax_t bytes_below(const std::filesystem::path& directory) {
  std::uintmax_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
    if (const auto size = entry.file_size(ignored); !ignored) bytes += size;
  return bytes;
}

void print_resume(const ResumeSummary& summary, int cells) {
  log::info(
      fmt::format("{} cells: {} new, {} to be continued, {} finished before ({} questions kept); "
                  "{} finished cells "
                  "of an earlier job are not in this one",
                  cells, summary.cells_added, summary.cells_continued, summary.cells_kept,
                  summary.questions_kept, summary.cells_not_in_job));
}

/// For a dry run, on standard output.
void print_cells(std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  fmt::print("{} cells {}:\n", names.size(), what);
  for (const std::string& name : names) fmt::print("  {}\n", name);
}

/// Absolute. Throws ConfigError when there is none or its directory is missing.
std::filesystem::path output_of(const job::Job& job, const RunOptions& options) {
  std::filesystem::path output = options.output.empty() ? job.output : options.output;
  if (output.empty()) {
    throw ConfigError(options.job_file.string() +
                      ": no output: give -o FILE.h5 or the key `output`");
  }
  output = std::filesystem::absolute(output).lexically_normal();
  std::error_code ignored;
  if (!std::filesystem::is_directory(output.parent_path(), ignored)) {
    throw ConfigError("the output's directory " + output.parent_path().string() +
                      " does not exist: make it first");
  }
  return output;
}

}  // namespace

Root::Root(mpi::Session& session, Rank& rank, const RunOptions& options)
    : session_(session),
      rank_(rank),
      options_(options),
      start_time_(Clock::now()),
      hellos_(static_cast<std::size_t>(session.size())),
      last_heard_(static_cast<std::size_t>(session.size()), Clock::now()) {}
Root::~Root() = default;

int Root::run() {
  job::Job job = job::load_job(options_.job_file);
  output_ = output_of(job, options_);
  std::vector<PlannedTaskInput> tasks = load_tasks(job);
  if (!options_.dry_run) lock_ = std::make_unique<OutputLock>(output_, owner_text(job.name));
  if (lock_) write_first_state(job.name, Outcome::running);

  meet_ranks();
  const auto index = results::JournalIndex::read(results::journal_directory(output_));
  const std::vector<ModelIdentity> identities = identify_models(job, index);
  if (stop_reason_ && lock_) {
    write_first_state(job.name, Outcome::stopped);
    return exit_code_of(Outcome::stopped);
  }
  describe_start();
  plan_ = make_plan(std::move(job), std::move(tasks),
                    model::numerics_version(*parse_instruction_set(instruction_set_)), identities);
  fail_cells_beyond_memory(plan_, nodes_);
  start_.start = next_start(index);
  const ResumeSummary resume = summarize_resume(plan_, index, options_.retry_failed);
  print_resume(resume, static_cast<int>(plan_.record.cells.size()));
  if (options_.dry_run) {
    print_cells("new", resume.added);
    print_cells("no longer in the job, kept in the file and marked", resume.not_in_job);
    return 0;
  }

  work_began_ = true;
  send_setup();
  begin_journal(index);
  coordinator_ =
      std::make_unique<Coordinator>(plan_, index, ranks_,
                                    CoordinatorOptions{.shard_seconds = plan_.job.shard_seconds,
                                                       .retry_failed = options_.retry_failed},
                                    *rank_.keeper());
  sweep();
  return finish();
}

/// A journal whose first record was lost with its job still has its name: the next start needs
/// another.
std::int32_t Root::next_start(const results::JournalIndex& index) const {
  auto next = static_cast<std::int32_t>(index.starts().size());
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(results::journal_directory(output_), none)) {
    next = std::max(next, std::atoi(entry.path().filename().c_str()) + 1);
  }
  return next;
}

void Root::write_first_state(const std::string& job, Outcome outcome) {
  State state;
  state.outcome = outcome;
  state.reason = stop_reason_.value_or("");
  state.job = job;
  state.host = host_name();
  state.pid = ::getpid();
  state.updated = utc_now();
  write_state(output_, state);
}

void Root::handle(const mpi::Message& message) {
  const auto source = static_cast<std::size_t>(message.source);
  last_heard_[source] = Clock::now();
  switch (static_cast<Tag>(message.tag)) {
    case Tag::hello:
      hellos_[source] = decode<HelloMessage>(message.payload);
      ++num_hellos_;
      break;
    case Tag::identified: {
      const auto answer = decode<IdentifiedMessage>(message.payload);
      auto& identity = identities_.at(static_cast<std::size_t>(answer.model));
      identity.digest = Digest::from_hex(answer.digest);
      identity.tokenizer = Digest::from_hex(answer.tokenizer);
      if (answer.failed) identity.failure = InputFailure{answer.kind, answer.reason};
      ++num_identified_;
      break;
    }
    case Tag::ready:
      ready_[message.source] = decode<ReadyMessage>(message.payload);
      coordinator_->on_ready(message.source, ready_[message.source]);
      break;
    case Tag::durable:
      coordinator_->on_durable(decode<DurableMessage>(message.payload));
      break;
    case Tag::released:
      coordinator_->on_released(message.source, decode<ReleasedMessage>(message.payload));
      break;
    case Tag::analysed:
      // Late ones come after the time for them was up.
      if (part_dealer_)
        part_dealer_->take(message.source, decode<AnalysedMessage>(message.payload));
      break;
    case Tag::stop:
      // The root's own broadcast comes back here too; the first reason counts.
      if (!stop_reason_) stop_reason_ = decode<StopMessage>(message.payload).reason;
      break;
    default:
      break;
  }
}

void Root::step() {
  bool something_happened = rank_.step([this](const mpi::Message& message) { handle(message); });
  if (coordinator_) {
    if (stop_reason_ && !stopping_) stop_all();
    const auto outgoing = coordinator_->hand_out();
    if (!outgoing.empty()) {
      // A lease is durable before anyone computes it, so that no attempt goes uncounted.
      rank_.flush_journal();
      for (const auto& [rank, assignment] : outgoing) {
        session_.send(rank, static_cast<int>(Tag::assign), encode(assignment));
      }
      something_happened = true;
    }
  }
  rank_.nap(something_happened);
}

void Root::stop_all() {
  stopping_ = true;
  log::info("stopping (" + *stop_reason_ +
            "): running shards are handed back, finished ones are kept");
  coordinator_->stop(*stop_reason_);
  for (int rank = 0; rank < session_.size(); ++rank) {
    session_.send(rank, static_cast<int>(Tag::stop), encode(StopMessage{*stop_reason_}));
  }
}

void Root::meet_ranks() {
  while (num_hellos_ < hellos_.size()) step();
  std::map<std::string, int> keeper_of_host;
  std::map<std::string, int> node_of_host;
  for (int rank = 0; rank < session_.size(); ++rank) {
    const std::string& host = hellos_[static_cast<std::size_t>(rank)].host;
    keeper_of_host.emplace(host, rank);
    node_of_host.emplace(host, static_cast<int>(node_of_host.size()));
    ranks_.push_back({host, node_of_host.at(host), keeper_of_host.at(host)});
    meet_node(hellos_[static_cast<std::size_t>(rank)]);
  }
  auto lowest = InstructionSet::avx512_bf16;
  for (const HelloMessage& hello : hellos_) {
    lowest = std::min(lowest, parse_instruction_set(hello.instruction_set).value());
  }
  instruction_set_ = name_of(lowest);
}

void Root::meet_node(const HelloMessage& hello) {
  const std::int64_t memory =
      options_.node_memory_bytes > 0 ? options_.node_memory_bytes : hello.memory_bytes;
  const auto known = std::find_if(nodes_.begin(), nodes_.end(),
                                  [&](const Node& node) { return node.name == hello.host; });
  if (known == nodes_.end()) {
    nodes_.push_back({hello.host, memory, 1});
    return;
  }
  ++known->ranks;
  known->memory_bytes = std::min(known->memory_bytes, memory);
}

std::vector<ModelIdentity> Root::identify_models(const job::Job& job,
                                                 const results::JournalIndex& index) {
  identities_.resize(job.models.size());
  for (std::size_t i = 0; i < job.models.size(); ++i) {
    if (auto failure = find_too_large(job, job.models[i], nodes_)) {
      identities_[i] =
          identity_of_too_large(job.models[i], *std::move(failure), digest_cache_file(), index);
      ++num_identified_;
      continue;
    }
    const int rank = static_cast<int>(i % static_cast<std::size_t>(session_.size()));
    session_.send(
        rank, static_cast<int>(Tag::identify),
        encode(IdentifyMessage{static_cast<std::int32_t>(i), job.models[i].path.string()}));
  }
  while (num_identified_ < identities_.size() && !stop_reason_) step();
  return identities_;
}

void Root::describe_start() {
  start_.time = utc_now();
  start_.version = program_version();
  start_.git_revision = git_revision();
  start_.argv = options_.argv;
  for (const RankInfo& rank : ranks_) start_.hosts.push_back(rank.host);
  start_.mpi = mpi::Session::library_version();
  start_.onednn = model::backend_version();
  start_.hdf5 = io::hdf5_version();
  start_.cpu = cpu_model();
  start_.slurm = environment_with_prefix("SLURM_");
}

SetupMessage Root::common_setup() const {
  SetupMessage setup;
  const auto& record = plan_.record;
  for (std::size_t i = 0; i < plan_.models.size(); ++i) {
    setup.models.push_back({plan_.models[i].path.string(), record.models[i].digest.hex()});
  }
  for (std::size_t i = 0; i < plan_.tasks.size(); ++i) {
    setup.tasks.push_back({plan_.tasks[i].file.string(), record.tasks[i].digest.hex(),
                           plan_.tasks[i].is_preparation});
  }
  for (const auto& variant : record.variants) {
    const auto& model = plan_.models[static_cast<std::size_t>(variant.model)];
    SetupMessage::Variant entry{variant.model, variant.precision};
    if (!model.failure) {
      entry.chunk_flops =
          plan_.job.chunk_tokens *
          model::Flops(model.config).forward(std::max(0, model.config.max_position_embeddings - 1));
      entry.load_seconds = static_cast<double>(model::packed_bytes(
                               model.config, *parse_precision(variant.precision))) /
                           kSlowestLoadBytesPerSecond;
    }
    setup.variants.push_back(std::move(entry));
  }
  setup.instruction_set = instruction_set_;
  setup.start = start_.start;
  setup.journal_directory = results::journal_directory(output_).string();
  setup.chunk_tokens = plan_.job.chunk_tokens;
  setup.generation_bytes = static_cast<std::int64_t>(plan_.job.generation_bytes);
  setup.watchdog_seconds = watchdog_seconds();
  return setup;
}

SetupMessage Root::setup_for(int rank, SetupMessage setup) const {
  setup.ranks_on_node = 1;
  std::set<int> cpus;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i].node != ranks_[static_cast<std::size_t>(rank)].node) continue;
    cpus.insert(hellos_[i].cpus.begin(), hellos_[i].cpus.end());
    setup.ranks_on_node += i == static_cast<std::size_t>(rank) ? 0 : 1;
  }
  const int fair_share = std::max(1, static_cast<int>(cpus.size()) / setup.ranks_on_node);
  const int wanted = hellos_[static_cast<std::size_t>(rank)].wanted_threads;
  setup.threads = options_.threads > 0 ? options_.threads : wanted > 0 ? wanted : fair_share;
  setup.keeper = ranks_[static_cast<std::size_t>(rank)].keeper;
  return setup;
}

void Root::send_setup() {
  const SetupMessage common = common_setup();
  const SetupMessage own = setup_for(0, common);
  num_threads_ = {own.threads};
  rank_.set_up(own);
  for (int rank = 1; rank < session_.size(); ++rank) {
    const SetupMessage setup = setup_for(rank, common);
    num_threads_.push_back(setup.threads);
    session_.send(rank, static_cast<int>(Tag::setup), encode(setup));
  }
}

void Root::begin_journal(const results::JournalIndex& index) {
  rank_.keeper()->append(results::RecordType::start, start_.encode());
  // The plan may be large: it is written again only when it changed.
  const std::string plan = plan_.record.encode();
  if (!index.plan() || index.plan()->encode() != plan) {
    rank_.keeper()->append(results::RecordType::plan, plan);
  }
}

void Root::record_machines() {
  std::map<std::string, results::MachineRecord> machines;
  for (const auto& [rank, ready] : ready_) {
    const std::string& host = ranks_[static_cast<std::size_t>(rank)].host;
    results::MachineRecord& machine = machines[host];
    machine.host = host;
    machine.threads_per_rank = num_threads_.front();
    machine.energy_source = ready.energy_source;
    ++machine.ranks;
    for (const auto& [precision, flops_per_second] : ready.flops_per_second) {
      machine.flops_per_second[precision] += flops_per_second;
    }
  }
  for (auto& [host, machine] : machines) {
    for (auto& [precision, flops_per_second] : machine.flops_per_second)
      flops_per_second /= machine.ranks;
    rank_.keeper()->append(results::RecordType::machine, machine.encode());
  }
  machines_recorded_ = true;
}

void Root::sweep() {
  const double done_at_start = coordinator_->flops_done();
  progress_ = std::make_unique<Progress>(plan_.record.job_name, coordinator_->flops_total(),
                                         Progress::on_stderr(60, done_at_start));
  last_heard_.assign(last_heard_.size(), Clock::now());
  save_state(Outcome::running);
  const double cpu_before = thread_cpu_seconds();
  const auto start = Clock::now();
  while (!coordinator_->finished() || ready_.size() < ranks_.size()) {
    step();
    if (!machines_recorded_ && ready_.size() == ranks_.size()) record_machines();
    if (options_.time_limit_seconds > 0 && !stop_reason_ &&
        seconds_since(start_time_) > options_.time_limit_seconds) {
      stop_reason_ = "time limit";
    }
    watch_ranks();
    if (Clock::now() - last_shown_ > kProgressInterval) show_progress(false);
    if (Clock::now() - last_state_ > kStateInterval) save_state(Outcome::running);
  }
  show_progress(true);
  const Outcome outcome = coordinator_->outcome();
  const std::string text = outcome == Outcome::done ? "done"
                           : outcome == Outcome::failed_cells
                               ? "failed cells"
                               : "stopped: " + coordinator_->state().reason;
  results::FinishRecord finish{start_.start, utc_now(), text, seconds_since(start),
                               thread_cpu_seconds() - cpu_before};
  rank_.keeper()->append(results::RecordType::finish, finish.encode());
  rank_.flush_journal();
}

void Root::watch_ranks() {
  for (int rank = 1; rank < session_.size(); ++rank) {
    const double silent_seconds = seconds_since(last_heard_[static_cast<std::size_t>(rank)]);
    if (silent_seconds > watchdog_seconds()) {
      throw BackendError(fmt::format(
          "nothing was heard of rank {} on {} for {:.0f} s: its node or the network is down; "
          "start the job again, finished work is kept",
          rank, ranks_[static_cast<std::size_t>(rank)].host, silent_seconds));
    }
  }
}

void Root::show_progress(bool last) {
  last_shown_ = Clock::now();
  const State state = coordinator_->state();
  const double seconds = std::max(1e-3, seconds_since(start_time_));
  progress_->update(
      coordinator_->flops_done(),
      fmt::format("{}/{} cells  {:.1f} ktok/s", state.cells_done + state.cells_failed,
                  state.cells_total,
                  static_cast<double>(coordinator_->tokens_computed()) / seconds * 1e-3));
  if (last) progress_->finish();
}

void Root::save_state(Outcome outcome) {
  State state = coordinator_->state();
  state.outcome = outcome;
  state.pid = ::getpid();
  state.start = start_.start;
  write_state(output_, state);
  last_state_ = Clock::now();
}

/// That a batch system leaves for file and statistics after a stop; infinite without one.
double Root::seconds_for_results() const {
  if (coordinator_->outcome() != Outcome::stopped) return std::numeric_limits<double>::infinity();
  // After SIGTERM the batch system kills within seconds.
  if (coordinator_->state().reason == "SIGTERM") return 0;
  double seconds = kBuildSecondsAllowed;
  if (const char* end = std::getenv("SLURM_JOB_END_TIME")) {
    seconds = std::min(seconds, std::atof(end) - static_cast<double>(::time(nullptr)) - 10);
  }
  return seconds;
}

template <class T>
T Root::run_beside_messages(std::function<T()> work) {
  // Not std::async, whose future would wait for the work even on the way to an abort. There the
  // work outlives this object: it must hold whatever it uses.
  auto promise = std::make_shared<std::promise<T>>();
  auto result = promise->get_future();
  std::thread([promise, work] {
    try {
      promise->set_value(work());
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  }).detach();
  while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) step();
  return result.get();
}

/// False where the time does not suffice.
bool Root::build_results(double seconds) {
  const double needed = 2 + static_cast<double>(bytes_below(results::journal_directory(output_))) /
                                kBuildBytesPerSecond;
  if (needed >= seconds) {
    log::info("no time left to build " + output_.string() +
              ": `allometer collect` does it from the journals");
    return false;
  }
  return run_beside_messages<bool>([output = output_] {
    build_results_file(output);
    return true;
  });
}

/// Nothing where the time does not suffice. The report is not written yet.
std::optional<report::Report> Root::analyse_results(double seconds) {
  const auto start = Clock::now();
  part_dealer_ = run_beside_messages<std::shared_ptr<PartDealer>>(
      [&session = session_, output = output_, threads = num_threads_] {
        return std::make_shared<PartDealer>(session, output, report::AnalysisRequest{}, threads);
      });
  while (!part_dealer_->complete() && seconds_since(start) < seconds) {
    part_dealer_->deal();
    step();
    watch_ranks();
  }
  const std::shared_ptr<PartDealer> dealer = std::move(part_dealer_);
  if (!dealer->complete()) {
    log::info("no time left for the statistics of " + output_.string() +
              ": `allometer analyze` makes them");
    return std::nullopt;
  }
  return run_beside_messages<report::Report>([dealer] { return dealer->finish(); });
}

int Root::finish() {
  rank_.stop_computing();
  const Outcome outcome = coordinator_->outcome();
  // Should the batch system kill us while the file is built, it is to know that there is more to
  // do.
  if (outcome == Outcome::stopped) save_state(outcome);
  const auto start = Clock::now();
  const double seconds = seconds_for_results();
  if (build_results(seconds)) {
    if (auto report = analyse_results(seconds - seconds_since(start))) {
      const auto kept = std::make_shared<report::Report>(std::move(*report));
      fmt::print("{}", run_beside_messages<std::string>([kept, output = output_] {
                   return report::deliver(output, report::AnalysisRequest{}, *kept);
                 }));
    }
    fmt::print("\nResults: {}\n", output_.string());
  }
  std::fflush(stdout);
  save_state(outcome);
  if (outcome == Outcome::stopped) {
    log::info("stopped (" + coordinator_->state().reason +
              "): the same command carries on from here");
  }
  return exit_code_of(outcome);
}

void Root::end_all(int exit_code) {
  for (int rank = 1; rank < session_.size(); ++rank) {
    session_.send(rank, static_cast<int>(Tag::end), encode(EndMessage{exit_code}));
  }
}

}  // namespace allometer::sweep
