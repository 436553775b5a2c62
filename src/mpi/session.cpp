#include "mpi/session.hpp"

#include <cstdlib>
#include <limits>
#include <thread>
#include <utility>

#include <mpi.h>

#include "core/contract.hpp"
#include "core/error.hpp"

namespace allometer::mpi {
namespace {

constexpr auto kNap = std::chrono::microseconds(500);

/// MPI_ERRORS_RETURN is set, so that a failure becomes an exception with MPI's own words.
void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw BackendError(std::string(call) +
                     " failed: " + std::string(text, static_cast<std::size_t>(length)));
}

}  // namespace

struct Session::Pending {
  std::string payload;
  MPI_Request request = MPI_REQUEST_NULL;
};

Session::Session(int* argc, char*** argv) {
  int provided = 0;
  check(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  if (provided < MPI_THREAD_FUNNELED) {
    throw BackendError(
        "this MPI library gives no MPI_THREAD_FUNNELED, which Allometer needs to compute beside "
        "it: "
        "use a build with thread support");
  }
}

Session::~Session() = default;

std::string Session::library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string version(text, static_cast<std::size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));
}

void Session::send(int destination, int tag, std::string payload) {
  ALLOMETER_EXPECT(destination >= 0 && destination < size_);
  if (destination == rank_) {
    to_self_.push_back({rank_, tag, std::move(payload)});
    return;
  }
  if (payload.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw BackendError(
        "a message of " + std::to_string(payload.size()) +
        " bytes is larger than MPI sends in one piece: use smaller shards (engine.shard_seconds)");
  }
  auto pending = std::make_unique<Pending>();
  pending->payload = std::move(payload);
  check(MPI_Isend(pending->payload.data(), static_cast<int>(pending->payload.size()), MPI_BYTE,
                  destination, tag, MPI_COMM_WORLD, &pending->request),
        "MPI_Isend");
  pending_.push_back(std::move(pending));
}

void Session::reap() {
  for (auto it = pending_.begin(); it != pending_.end();) {
    int done = 0;
    check(MPI_Test(&(*it)->request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    it = done ? pending_.erase(it) : it + 1;
  }
}

bool Session::all_sent() {
  reap();
  return pending_.empty();
}

std::optional<Message> Session::receive() {
  reap();
  if (!to_self_.empty()) {
    Message message = std::move(to_self_.front());
    to_self_.pop_front();
    return message;
  }
  int arrived = 0;
  MPI_Status status;
  check(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &arrived, &status), "MPI_Iprobe");
  if (!arrived) return std::nullopt;
  int num_bytes = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &num_bytes), "MPI_Get_count");
  Message message{status.MPI_SOURCE, status.MPI_TAG,
                  std::string(static_cast<std::size_t>(num_bytes), '\0')};
  check(MPI_Recv(message.payload.data(), num_bytes, MPI_BYTE, message.source, message.tag,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE),
        "MPI_Recv");
  return message;
}

std::optional<Message> Session::receive_within(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    if (auto message = receive()) return message;
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(kNap);
  }
}

void Session::finish() {
  if (std::exchange(finished_, true)) return;
  // What nobody waits for any more is taken and dropped: its sender could not leave otherwise.
  const auto drop_and_nap = [this] {
    while (receive()) {
    }
    std::this_thread::sleep_for(kNap);
  };
  while (!all_sent()) drop_and_nap();
  MPI_Request barrier = MPI_REQUEST_NULL;
  check(MPI_Ibarrier(MPI_COMM_WORLD, &barrier), "MPI_Ibarrier");
  int all_are_here = 0;
  while (true) {
    check(MPI_Test(&barrier, &all_are_here, MPI_STATUS_IGNORE), "MPI_Test");
    if (all_are_here) break;
    drop_and_nap();
  }
  check(MPI_Finalize(), "MPI_Finalize");
}

void Session::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace allometer::mpi
