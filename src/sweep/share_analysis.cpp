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

std::string lead(mpi::Session& session, PartServer& server, const std::filesystem::path& file,
                 const report::AnalysisRequest& request) {
  PartDealer dealer(session, file, request,
                    std::vector<int>(static_cast<std::size_t>(session.size()), 1));
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
  return report::deliver(file, request, dealer.finish());
}

}  // namespace

void PartServer::push(const AnalyseMessage& message) {
  if (!workers_) {
    const report::AnalysisRequest request{message.settings, message.tasks, false};
    workers_ = std::make_unique<report::PartWorkers>(
        [request, file = message.file] { return report::open_analysis(file, request); },
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

PartDealer::PartDealer(mpi::Session& session, std::filesystem::path file,
                       report::AnalysisRequest request, std::vector<int> num_threads)
    : session_(session),
      file_(std::move(file)),
      request_(std::move(request)),
      free_threads_(std::move(num_threads)),
      able_(free_threads_.size(), true),
      assembly_(std::make_unique<report::Assembly>(report::open_analysis(file_, request_))) {
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

bool PartDealer::deal() {
  bool any = false;
  for (int rank = 0; rank < session_.size(); ++rank) {
    int& free = free_threads_[static_cast<std::size_t>(rank)];
    while (free > 0 && able_[static_cast<std::size_t>(rank)]) {
      const std::int32_t part = next_for(rank);
      if (part < 0) break;
      --free;
      any = true;
      session_.send(
          rank, tag_of(Tag::analyse),
          encode(AnalyseMessage{file_.string(), request_.settings, request_.tasks, part}));
    }
  }
  return any;
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
  try {
    // One thread each: as many ranks as cores is how jobs are started.
    PartServer server(1);
    if (session.rank() == kRoot) {
      if (build) build();
      text = lead(session, server, std::filesystem::absolute(file), request);
      for (int rank = 1; rank < session.size(); ++rank) session.send(rank, tag_of(Tag::end), {});
    } else {
      serve(session, server);
    }
  } catch (const std::exception& error) {
    log::error(error.what());
    session.abort(kCrash);
  }
  session.finish();
  return text;
}

}  // namespace allometer::sweep
