#include "sweep/share_analysis.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/provenance.hpp"
#include "model/backend.hpp"

namespace allometer::sweep {
namespace {

constexpr int kRoot = 0;
constexpr int kCrash = 1;

int tag_of(Tag tag) {
  return static_cast<int>(tag);
}

/// Was this process started as one of several? Open MPI, Slurm, MPICH and its kin say so.
bool has_peers() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* size = std::getenv(name);
    if (size != nullptr && std::atoi(size) > 1) return true;
  }
  return false;
}

/// Until the root says that it is over.
void serve(mpi::Session& session, PartServer& server) {
  while (true) {
    while (const auto done = server.poll()) {
      session.send(kRoot, tag_of(Tag::analysed), encode(*done));
    }
    const auto message = session.receive_within(std::chrono::milliseconds(2));
    if (!message) continue;
    if (static_cast<Tag>(message->tag) == Tag::end) return;
    server.push(decode<AnalyseMessage>(message->payload));
  }
}

/// All parts, over all ranks.
report::Report lead(mpi::Session& session, PartServer& server, PartDealer& dealer) {
  while (!dealer.complete()) {
    dealer.deal();
    while (const auto done = server.poll()) dealer.take(kRoot, *done);
    const auto message = session.receive_within(std::chrono::milliseconds(2));
    if (!message) continue;
    if (static_cast<Tag>(message->tag) == Tag::analyse) {
      server.push(decode<AnalyseMessage>(message->payload));
    } else {
      dealer.take(message->source, decode<AnalysedMessage>(message->payload));
    }
  }
  return dealer.finish();
}

/// Reads what is to be analysed; nothing, and the mistake, where the user asked for what is not
/// there.
std::unique_ptr<PartDealer> open_dealer(mpi::Session& session, const std::filesystem::path& file,
                                        const report::AnalysisRequest& request,
                                        const std::function<void()>& build,
                                        std::exception_ptr& mistake) {
  try {
    if (build) build();
    return std::make_unique<PartDealer>(
        session, file, request, std::vector<int>(static_cast<std::size_t>(session.size()), 1));
  } catch (const ConfigError&) {
    mistake = std::current_exception();
  } catch (const FormatError&) {
    mistake = std::current_exception();
  }
  return nullptr;
}

std::int64_t time_of(const std::filesystem::path& file) {
  return std::filesystem::last_write_time(file).time_since_epoch().count();
}

/// Throws IoError where this is not the file that rank 0 sees.
std::shared_ptr<const report::Analysis> open_as_rank_0(const AnalyseMessage& message) {
  const std::filesystem::path file = message.file;
  std::error_code gone;
  const bool is_it =
      std::filesystem::exists(file, gone) &&
      static_cast<std::int64_t>(std::filesystem::file_size(file)) == message.file_bytes &&
      time_of(file) == message.file_time;
  if (!is_it) {
    throw IoError(message.file + ": on " + host_name() + " it is missing or another file");
  }
  return report::open_analysis(file, {message.settings, message.tasks, false});
}

}  // namespace

void PartServer::push(const AnalyseMessage& message) {
  if (!workers_) {
    workers_ = std::make_unique<report::PartWorkers>([message] { return open_as_rank_0(message); },
                                                     num_threads_);
  }
  workers_->push(message.part);
}

std::optional<AnalysedMessage> PartServer::poll() {
  auto outcome = workers_ ? workers_->poll() : std::nullopt;
  if (!outcome) return std::nullopt;
  AnalysedMessage message{outcome->part, false, std::move(outcome->bytes)};
  if (outcome->error) {
    message.failed = true;
    try {
      std::rethrow_exception(outcome->error);
    } catch (const std::exception& error) {
      message.payload = error.what();
    }
  }
  return message;
}

PartDealer::PartDealer(mpi::Session& session, const std::filesystem::path& file,
                       const report::AnalysisRequest& request, std::vector<int> num_threads)
    : session_(session),
      free_threads_(std::move(num_threads)),
      able_(free_threads_.size(), true),
      assembly_(std::make_unique<report::Assembly>(report::open_analysis(file, request))) {
  message_.file = file.string();
  message_.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
  message_.file_time = time_of(file);
  message_.settings = request.settings;
  message_.tasks = request.tasks;
  for (const int threads : free_threads_) most_open_ += 2 * threads;
}

std::int32_t PartDealer::next_for(int rank) {
  if (rank == kRoot && !returned_.empty()) {
    const std::int32_t part = returned_.front();
    returned_.pop_front();
    return part;
  }
  return assembly_->next_part(most_open_);
}

void PartDealer::deal() {
  for (int rank = 0; rank < session_.size(); ++rank) {
    int& free = free_threads_[static_cast<std::size_t>(rank)];
    while (free > 0 && able_[static_cast<std::size_t>(rank)]) {
      message_.part = next_for(rank);
      if (message_.part < 0) break;
      --free;
      session_.send(rank, tag_of(Tag::analyse), encode(message_));
    }
  }
}

void PartDealer::take(int rank, AnalysedMessage message) {
  ++free_threads_[static_cast<std::size_t>(rank)];
  if (!message.failed) {
    assembly_->add(message.part, std::move(message.payload));
    return;
  }
  if (rank == kRoot) throw IoError(message.payload);
  if (able_[static_cast<std::size_t>(rank)]) {
    log::info(fmt::format("rank {} cannot help with the statistics, rank 0 does its share: {}",
                          rank, message.payload));
  }
  able_[static_cast<std::size_t>(rank)] = false;
  returned_.push_back(message.part);
}

report::Report PartDealer::finish() {
  report::Report report = assembly_->finish();
  assembly_.reset();
  return report;
}

int analysis_threads() {
  return model::wanted_num_threads().value_or(
      std::max(1, static_cast<int>(model::available_cpus().size())));
}

std::optional<std::string> analyse_with_ranks(const std::filesystem::path& file,
                                              const report::AnalysisRequest& request,
                                              const std::function<void()>& build) {
  if (!has_peers()) {
    if (build) build();
    return report::analyse_file(file, request, analysis_threads());
  }
  mpi::Session session(nullptr, nullptr);
  std::optional<std::string> text;
  std::exception_ptr mistake;
  // One thread each: as many ranks as cores is how jobs are started. Outside the block below: on
  // the way to abort nobody may wait for a computing thread.
  PartServer server(1);
  try {
    if (session.rank() == kRoot) {
      const auto path = std::filesystem::absolute(file);
      if (const auto dealer = open_dealer(session, path, request, build, mistake))
        text = report::deliver(path, request, lead(session, server, *dealer));
      for (int rank = 1; rank < session.size(); ++rank) session.send(rank, tag_of(Tag::end), {});
    } else {
      serve(session, server);
    }
  } catch (const std::exception& error) {
    log::set_prefix(fmt::format("rank {} on {}: ", session.rank(), host_name()));
    log::error(error.what());
    session.abort(kCrash);
  }
  session.finish();
  if (mistake) std::rethrow_exception(mistake);
  return text;
}

}  // namespace allometer::sweep
