#include "sweep/rank.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/instruction_set.hpp"
#include "core/provenance.hpp"
#include "model/backend.hpp"
#include "sweep/plan.hpp"
#include "sweep/run_cell.hpp"

namespace allometer::sweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kHeartbeatSeconds = 10;
constexpr auto kShortestNap = std::chrono::microseconds(250);
constexpr auto kLongestNap = std::chrono::microseconds(2000);
constexpr int kRoot = 0;

volatile std::sig_atomic_t g_signal = 0;

void remember_signal(int signal) {
  g_signal = signal;
}

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

int tag_of(Tag tag) {
  return static_cast<int>(tag);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = remember_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) ::sigaction(signal, &action, nullptr);
}

std::optional<std::string> caught_stop_signal() {
  switch (g_signal) {
    case 0:
      return std::nullopt;
    case SIGUSR1:
      return "SIGUSR1";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGINT";
  }
}

Rank::Rank(mpi::Session& session)
    : session_(session),
      hello_{host_name(), std::string(name_of(detect_instruction_set())), model::available_cpus(),
             model::wanted_num_threads().value_or(0), memory_limit_bytes()},
      last_heartbeat_sent_(Clock::now()),
      last_heard_of_root_(Clock::now()) {
  session_.send(kRoot, tag_of(Tag::hello), encode(hello_));
}

void Rank::set_up(const SetupMessage& setup) {
  setup_ = setup;
  model::limit_instruction_set(parse_instruction_set(setup.instruction_set).value());
  if (setup.keeper == session_.rank()) {
    remove_stale_weights();
    keeper_ = std::make_unique<JournalKeeper>(setup.journal_directory, setup.start, hello_.host);
  }
  worker_ = std::make_unique<Worker>(*setup_, hello_.host, session_.rank());
}

void Rank::stop_computing() {
  worker_.reset();
  remove_stale_weights();
}

void Rank::handle(const mpi::Message& message) {
  if (message.source == kRoot) last_heard_of_root_ = Clock::now();
  switch (static_cast<Tag>(message.tag)) {
    case Tag::identify: {
      const auto request = decode<IdentifyMessage>(message.payload);
      const ModelIdentity identity = identify_model(request.path, digest_cache_file());
      IdentifiedMessage answer;
      answer.model = request.model;
      answer.digest = identity.digest.hex();
      answer.tokenizer = identity.tokenizer.hex();
      answer.failed = identity.failure.has_value();
      if (identity.failure) {
        answer.kind = identity.failure->kind;
        answer.reason = identity.failure->reason;
      }
      session_.send(kRoot, tag_of(Tag::identified), encode(answer));
      break;
    }
    case Tag::setup:
      set_up(decode<SetupMessage>(message.payload));
      break;
    case Tag::assign:
      worker_->push(decode<Assignment>(message.payload));
      break;
    case Tag::result:
      keeper_->append(decode<ResultMessage>(message.payload));
      break;
    case Tag::stop:
      if (worker_) worker_->cancel();
      break;
    case Tag::analyse:
      if (!part_server_) part_server_ = std::make_unique<PartServer>(setup_->threads);
      part_server_->push(decode<AnalyseMessage>(message.payload));
      break;
    case Tag::end:
      stop_computing();
      exit_code_ = decode<EndMessage>(message.payload).exit_code;
      break;
    case Tag::heartbeat:
      break;
    default:
      throw FormatError(
          fmt::format("rank {} sent a message of unknown kind {}", message.source, message.tag));
  }
}

bool Rank::step(const std::function<void(const mpi::Message&)>& on_root_message) {
  bool something_happened = false;
  while (const auto message = session_.receive()) {
    something_happened = true;
    switch (static_cast<Tag>(message->tag)) {
      case Tag::hello:
      case Tag::identified:
      case Tag::ready:
      case Tag::durable:
      case Tag::released:
      case Tag::analysed:
        on_root_message(*message);
        break;
      case Tag::stop:  // to the root: a rank asks for a stop; from the root: stop
      case Tag::heartbeat:
        if (session_.rank() == kRoot) on_root_message(*message);
        handle(*message);
        break;
      default:
        handle(*message);
    }
  }
  something_happened |= move_results();
  watch();
  return something_happened;
}

void Rank::flush_journal() {
  if (!keeper_) return;
  for (const DurableMessage& durable : keeper_->flush()) {
    session_.send(kRoot, tag_of(Tag::durable), encode(durable));
  }
}

bool Rank::move_results() {
  bool something_happened = false;
  if (worker_) {
    if (const auto ready = worker_->ready()) {
      session_.send(kRoot, tag_of(Tag::ready), encode(*ready));
      something_happened = true;
    }
    while (const auto result = worker_->poll()) {
      session_.send(setup_->keeper, tag_of(Tag::result), encode(*result));
      something_happened = true;
    }
    if (const auto leases = worker_->released()) {
      session_.send(kRoot, tag_of(Tag::released), encode(ReleasedMessage{*leases}));
      something_happened = true;
    }
  }
  if (part_server_) {
    while (const auto done = part_server_->poll()) {
      session_.send(kRoot, tag_of(Tag::analysed), encode(*done));
      something_happened = true;
    }
  }
  flush_journal();
  return something_happened;
}

void Rank::watch() {
  if (!told_stop_) {
    if (const auto signal = caught_stop_signal()) {
      told_stop_ = true;
      session_.send(kRoot, tag_of(Tag::stop), encode(StopMessage{*signal}));
    }
  }
  if (!setup_) return;
  const double interval = std::min(kHeartbeatSeconds, setup_->watchdog_seconds / 4);
  if (seconds_since(last_heartbeat_sent_) > interval) {
    last_heartbeat_sent_ = Clock::now();
    if (session_.rank() == kRoot) {
      for (int rank = 1; rank < session_.size(); ++rank)
        session_.send(rank, tag_of(Tag::heartbeat), {});
    } else {
      session_.send(kRoot, tag_of(Tag::heartbeat), {});
    }
  }
  if (session_.rank() != kRoot && seconds_since(last_heard_of_root_) > setup_->watchdog_seconds) {
    throw BackendError(fmt::format(
        "nothing was heard of rank 0 for {:.0f} s: its node or the network is down; start "
        "the job again, finished work is kept",
        seconds_since(last_heard_of_root_)));
  }
  if (!worker_) return;
  const auto activity = worker_->activity();
  if (activity && activity->silent_seconds > activity->allowed_seconds) {
    throw BackendError(fmt::format(
        "cell {} made no progress for {:.0f} s on {}: the node hangs or its storage does; "
        "start the job again, finished work is kept",
        activity->cell, activity->silent_seconds, hello_.host));
  }
}

void Rank::nap(bool something_happened) {
  nap_ = something_happened ? kShortestNap
                            : std::min(2 * nap_, std::chrono::microseconds(kLongestNap));
  std::this_thread::sleep_for(nap_);
}

}  // namespace allometer::sweep
